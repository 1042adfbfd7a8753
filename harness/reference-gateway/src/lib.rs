//! The gateway the harness proves itself on.
