//! A raw socket that reads one request and then does as it is told.

use std::future::Future;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server of one connection.
pub(crate) struct Server {
    pub(crate) url: String,
    task: JoinHandle<Vec<u8>>,
}

impl Server {
    /// Reads a request up to the end of its body, then runs `answer` on the socket.
    pub(crate) async fn start<F, Fut>(answer: F) -> Self
    where
        F: FnOnce(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            answer(stream).await;
            request
        });
        Self { url, task }
    }

    /// Writes `bytes` and closes with FIN.
    pub(crate) async fn that_says(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(async move |mut stream: TcpStream| stream.write_all(&bytes).await.unwrap()).await
    }

    /// Writes `bytes` and resets once they were acknowledged.
    pub(crate) async fn that_says_and_resets(
        bytes: impl Into<Vec<u8>>,
        seen: tokio::sync::oneshot::Receiver<()>,
    ) -> Self {
        let bytes = bytes.into();
        Self::start(async move |mut stream: TcpStream| {
            stream.write_all(&bytes).await.unwrap();
            // A reset overtakes bytes that the other side has not read yet.
            let _ = seen.await;
            reset(stream);
        })
        .await
    }

    /// Writes `bytes` and stays silent until the client leaves.
    pub(crate) async fn that_says_and_stays(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(async move |mut stream: TcpStream| {
            stream.write_all(&bytes).await.unwrap();
            until_left(&mut stream).await;
        })
        .await
    }

    /// Writes `bytes` again and again until the client leaves.
    pub(crate) async fn that_floods(first: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>) -> Self {
        let (first, bytes) = (first.into(), bytes.into());
        Self::start(async move |mut stream: TcpStream| {
            let mut wrote = stream.write_all(&first).await;
            while wrote.is_ok() {
                wrote = stream.write_all(&bytes).await;
            }
        })
        .await
    }

    /// The bytes of the request, once the answer is over.
    pub(crate) async fn request(self) -> Vec<u8> {
        self.task.await.unwrap()
    }
}

/// Closes with RST.
pub(crate) fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

/// Returns when the other side has closed.
pub(crate) async fn until_left(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
}

async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return request;
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await.unwrap() {
            0 => return request,
            length => request.extend_from_slice(&piece[..length]),
        }
    }
}
