//! A client that costs as little as it can: prepared bytes on kept-alive connections, replies known by their length.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What a load is bounded by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// So much time.
    Elapsed(Duration),
    /// So many requests on each connection.
    Requests(u64),
}

/// Connections of one thread.
pub(crate) struct Client {
    runtime: Runtime,
    connections: Vec<TcpStream>,
}

impl Client {
    /// A client with so many connections.
    pub(crate) fn connect(addr: SocketAddr, connections: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connections = (0..connections).map(|_| {
            runtime.block_on(async {
                let stream = TcpStream::connect(addr).await.unwrap();
                stream.set_nodelay(true).unwrap();
                stream
            })
        });
        let connections = connections.collect();
        Self { runtime, connections }
    }

    /// One request; the whole reply, whose length its own framing tells.
    pub(crate) fn reply(&mut self, request: &[u8]) -> Vec<u8> {
        let stream = &mut self.connections[0];
        self.runtime.block_on(async {
            stream.write_all(request).await.unwrap();
            let mut reply = Vec::new();
            while !is_whole(&reply) {
                assert_ne!(
                    stream.read_buf(&mut reply).await.unwrap(),
                    0,
                    "{}",
                    String::from_utf8_lossy(&reply)
                );
            }
            reply
        })
    }

    /// Sends the request again and again on every connection, one at a time on each; how many were answered, and in
    /// what time.
    pub(crate) fn load(&mut self, request: &Arc<[u8]>, until: Until) -> (u64, Duration) {
        let length = self.reply(request).len();
        let begun = Instant::now();
        let streams = std::mem::take(&mut self.connections);
        let (streams, counts): (Vec<TcpStream>, Vec<u64>) = self.runtime.block_on(async {
            let exchanges =
                streams.into_iter().map(|stream| exchange(stream, Arc::clone(request), length, begun, until));
            exchanges.collect::<JoinSet<_>>().join_all().await.into_iter().unzip()
        });
        self.connections = streams;
        (counts.iter().sum(), begun.elapsed())
    }
}

async fn exchange(
    mut stream: TcpStream,
    request: Arc<[u8]>,
    length: usize,
    begun: Instant,
    until: Until,
) -> (TcpStream, u64) {
    let mut buffer = vec![0; length + 1];
    let mut count = 0;
    let goes_on = |count| match until {
        Until::Elapsed(time) => begun.elapsed() < time,
        Until::Requests(requests) => count < requests,
    };
    while goes_on(count) {
        stream.write_all(&request).await.unwrap();
        let mut read = 0;
        while read < length {
            let more = stream.read(&mut buffer[read..]).await.unwrap();
            assert_ne!(more, 0, "the server closed");
            read += more;
        }
        assert!(read == length && buffer.starts_with(b"HTTP/1.1 200 "), "replies have one length and status");
        count += 1;
    }
    (stream, count)
}

fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(reply, b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&reply[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    reply.len() == end + 4 + length.parse::<usize>().unwrap()
}
