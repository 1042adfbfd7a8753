//! TLS: the mock's own authority, its certificates, good and flawed, and the handshake.

mod authority;
mod handshake;
mod rewound;

pub(super) use authority::Authority;
pub(super) use handshake::{Greeting, begins, greeting, secure};
pub(super) use rewound::Rewound;
