//! HTTP and server-sent events as data: heads, bodies with the instants of their pieces, how an exchange ended; pure.

pub mod exchange;
pub mod header;
pub mod json;
pub mod sse;
