//! Upstreams for the tests: wiremock where a well-formed answer will do, a raw socket where it will not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const KEY: &str = "upstream-key-4d1f0c97";

/// What an upstream does with each call.
#[derive(Clone)]
pub(crate) enum Plays {
    /// A good answer for whatever is asked.
    Ok,
    /// A good answer, later.
    Slow(Duration),
    Reply(ResponseTemplate),
    Acts(Vec<Act>),
    /// The first connection gets the first acts, every later one the others.
    ActsThen(Vec<Act>, Vec<Act>),
    /// Nobody listens.
    Refuses,
}

/// One act on the raw socket; after the last one the connection is closed.
#[derive(Clone)]
pub(crate) enum Act {
    Say(String),
    /// Says one byte after another, so long after each.
    Drip(String, Duration),
    /// Says nothing more and stays.
    Stall,
    Reset,
}

pub(crate) struct Upstream {
    pub(crate) url: String,
    calls: Calls,
}

enum Calls {
    Server(MockServer),
    Raw(Arc<AtomicUsize>, JoinHandle<()>),
    None(#[expect(dead_code, reason = "keeps the port taken")] TcpSocket),
    Gone,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.calls, Calls::Gone) {
            Calls::Raw(_, task) => task.abort(),
            // It blocks on a lock when dropped, and would spin for ever in a task that has used up its budget.
            Calls::Server(server) => drop(std::thread::spawn(move || drop(server))),
            Calls::None(_) | Calls::Gone => {}
        }
    }
}

impl Upstream {
    pub(crate) async fn start(plays: Plays) -> Self {
        match plays {
            Plays::Ok => Self::serve(|request| good(request, Duration::ZERO)).await,
            Plays::Slow(delay) => Self::serve(move |request| good(request, delay)).await,
            Plays::Reply(reply) => Self::serve(move |_| reply.clone()).await,
            Plays::Acts(acts) => Self::act(acts.clone(), acts).await,
            Plays::ActsThen(first, later) => Self::act(first, later).await,
            Plays::Refuses => {
                // Bound and not listening: the port stays refused, and nobody else gets it.
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let url = format!("http://{}", socket.local_addr().unwrap());
                Self { url, calls: Calls::None(socket) }
            }
        }
    }

    pub(crate) async fn calls(&self) -> usize {
        match &self.calls {
            Calls::Server(server) => server.received_requests().await.unwrap().len(),
            Calls::Raw(calls, _) => calls.load(Ordering::SeqCst),
            Calls::None(_) | Calls::Gone => 0,
        }
    }

    pub(crate) async fn received(&self) -> Vec<wiremock::Request> {
        match &self.calls {
            Calls::Server(server) => server.received_requests().await.unwrap(),
            _ => Vec::new(),
        }
    }

    async fn serve(respond: impl Fn(&wiremock::Request) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { url: server.uri(), calls: Calls::Server(server) }
    }

    async fn act(first: Vec<Act>, later: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            let mut first = Some(first);
            while let Ok((stream, _)) = listener.accept().await {
                let acts = first.take().unwrap_or_else(|| later.clone());
                open.spawn(play(stream, acts, counter.clone()));
            }
        });
        Self { url, calls: Calls::Raw(calls, task) }
    }
}

fn good(request: &wiremock::Request, delay: Duration) -> ResponseTemplate {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let reply = ResponseTemplate::new(200).set_delay(delay);
    if request.url.path() == "/v1/embeddings" {
        return reply.set_body_json(json!({
            "object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
            "usage": {"total_tokens": 3},
        }));
    }
    if request.url.path() == "/v1/messages" {
        return match body["stream"] == true {
            true => reply.set_body_raw(message_stream(), "text/event-stream"),
            false => reply.set_body_json(message()),
        };
    }
    if body["stream"] == true {
        return reply.set_body_raw(stream(&[CHUNK, CHUNK, "[DONE]"]), "text/event-stream");
    }
    reply.set_body_json(completion())
}

pub(crate) fn completion() -> serde_json::Value {
    let message = json!({"role": "assistant", "content": "hello"});
    json!({
        "id": "c1", "object": "chat.completion", "usage": {"total_tokens": 9},
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    })
}

pub(crate) fn message() -> serde_json::Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 4, "output_tokens": 5},
    })
}

/// The events of a message, in their order.
pub(crate) const MESSAGE: [&str; 6] = [
    r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":4,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
    r#"{"type":"message_stop"}"#,
];

fn message_stream() -> String {
    stream(&MESSAGE)
}

pub(crate) const CHUNK: &str =
    r#"{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}"#;

/// The body of an event stream.
pub(crate) fn stream(events: &[&str]) -> String {
    events.iter().map(|it| format!("data: {it}\n\n")).collect()
}

/// The head of an unfinished event stream and these events, in chunks that are never closed.
pub(crate) fn cut_stream(events: &[&str]) -> Act {
    let body = stream(events);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked";
    Act::Say(format!("{head}\r\n\r\n{:x}\r\n{body}\r\n", body.len()))
}

/// A whole response of JSON.
pub(crate) fn whole(content_type: &str, body: &str) -> Plays {
    Plays::Reply(ResponseTemplate::new(200).set_body_raw(body, content_type))
}

/// The bytes of a whole answer, on a connection that ends with it.
pub(crate) fn said(body: &serde_json::Value) -> Act {
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    Act::Say(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

async fn play(mut stream: TcpStream, acts: Vec<Act>, calls: Arc<AtomicUsize>) {
    if !read_request(&mut stream).await {
        return;
    }
    calls.fetch_add(1, Ordering::SeqCst);
    for act in acts {
        match act {
            Act::Say(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::Drip(text, pause) => {
                for byte in text.bytes() {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
            }
            Act::Stall => {
                // Ends when the gateway gives the connection up.
                let mut rest = [0; 64];
                while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {}
                return;
            }
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = seen.windows(4).position(|it| it == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|it| it.strip_prefix("content-length:"));
            let length: usize = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
            if seen.len() >= end + 4 + length {
                return true;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => seen.extend_from_slice(&buffer[..read]),
            _ => return false,
        }
    }
}
