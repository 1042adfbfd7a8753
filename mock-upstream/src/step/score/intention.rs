//! What a reply is meant to say, however it is framed.

use bytes::{Bytes, BytesMut};

/// The body that is meant to be written: mostly one piece, which is then not copied.
#[derive(Debug, Default)]
pub(super) struct Intention {
    first: Bytes,
    all: BytesMut,
}

impl Intention {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(super) fn add(&mut self, piece: &Bytes) {
        if self.is_empty() {
            self.first = piece.clone();
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(piece);
    }

    pub(super) fn body(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
