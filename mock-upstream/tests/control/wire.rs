//! One request on a connection of its own, and what came back.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far longer than anything here takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The stable word of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Sends the bytes as they are and reads to the end.
pub(crate) async fn send(addr: SocketAddr, bytes: &[u8]) -> Answer {
    let read = async {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut read = Vec::new();
        // A refused body ends with a reset once the answer has been read.
        let _ = stream.read_to_end(&mut read).await;
        read
    };
    let read = timeout(PATIENCE, read).await.expect("an answer within the patience");
    let split = read.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(read[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: read[split + 4..].to_vec() }
}

/// A request with these fields beside its own.
pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Vec<u8> {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{method} {path} HTTP/1.1\r\n{fields}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A chat request to a provider.
pub(crate) fn chat(text: &str) -> Vec<u8> {
    let body = format!(r#"{{"model":"gpt-5","messages":[{{"role":"user","content":"say {text}"}}]}}"#);
    let fields = [("host", "upstream"), ("content-type", "application/json")];
    request("POST", "/v1/chat/completions", &fields, &body)
}
