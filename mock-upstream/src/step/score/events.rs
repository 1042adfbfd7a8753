//! The events of a healthy stream, as far as they were written.

use bytes::Bytes;

use super::Score;
use crate::dialect::{Content, Event, EventRole, Stream};

impl<'a> Score<'a> {
    /// Writes the next events that fit, at most so many.
    pub(in crate::step) fn events(&mut self, fits: impl Fn(EventRole) -> bool, at_most: usize) {
        let coming = self.coming();
        let count = coming.iter().take(at_most).take_while(|event| fits(event.role)).count();
        for event in &coming[..count] {
            self.foreign_event(&event.bytes);
        }
        self.pass(count);
    }

    /// Takes so many events for written.
    pub(in crate::step) fn pass(&mut self, count: usize) {
        self.event += count;
    }

    /// The events that have not been written yet.
    pub(in crate::step) fn coming(&self) -> &'a [Event] {
        match &self.healthy.content {
            Content::Events(events) => events.get(self.event..).unwrap_or_default(),
            Content::Whole(_) => &[],
        }
    }

    /// The stream as it is by now.
    pub(in crate::step) fn stream(&self) -> Stream<'a> {
        let sent = match &self.healthy.content {
            Content::Events(events) => events.get(..self.event).unwrap_or_default(),
            Content::Whole(_) => &[],
        };
        Stream { request: self.request, begun: !self.intended.is_empty(), sent }
    }

    /// Whether the healthy stream says at its end that it is over.
    pub(in crate::step) fn has_end_mark(&self) -> bool {
        match &self.healthy.content {
            Content::Events(events) => events.iter().any(|event| event.role == EventRole::Done),
            Content::Whole(_) => false,
        }
    }

    pub(in crate::step) fn foreign_event(&mut self, event: &Bytes) {
        self.remember_event(event);
        self.framed(event, 1);
    }

    /// Takes this for the event that was written last.
    pub(in crate::step) fn remember_event(&mut self, event: &Bytes) {
        self.latest_event = Some(event.clone());
    }

    /// The event that was written last.
    pub(in crate::step) fn latest_event(&self) -> Option<Bytes> {
        self.latest_event.clone()
    }

    pub(in crate::step) fn half_event(&mut self) {
        if let [event, ..] = self.coming() {
            self.fragment(&event.bytes.slice(..event.bytes.len() / 2));
        }
    }
}
