//! The bytes of a request, exactly as it is written down.

use crate::wire::exchange::Request;

/// Request line, headers and body; nothing is escaped, reordered or checked, since odd requests are sent on purpose.
pub(super) fn bytes(request: &Request) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + request.body.len());
    out.extend_from_slice(format!("{} {} HTTP/1.1\r\n", request.method, request.target).as_bytes());
    for (name, value) in &request.headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&request.body);
    out
}
