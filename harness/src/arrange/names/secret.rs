//! What must not show at the client.

/// A text that only the upstream, the operator or the harness should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// `host`, `key`, `org`, `request_id`, ….
    pub kind: String,
    /// The text sought, plain; encodings are derived.
    pub text: String,
}
