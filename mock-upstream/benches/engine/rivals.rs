//! The servers that the mock is compared with: hyper with nothing around it, and wiremock.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage;

/// A reply taken apart: its fields without those that every server writes itself, and its body.
#[derive(Clone)]
pub(crate) struct Reply {
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    pub(crate) fn parse(reply: &[u8]) -> Self {
        let end = memchr::memmem::find(reply, b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&reply[..end]).unwrap();
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let own = fields.filter(|(name, _)| !["date", "content-length"].contains(name));
        let parsed = own.map(|(n, v)| (n.parse::<HeaderName>().unwrap(), v.parse::<HeaderValue>().unwrap()));
        Self { headers: parsed.collect(), body: Bytes::copy_from_slice(&reply[end + 4..]) }
    }

    /// The same body with no more than its type.
    pub(crate) fn plain(&self) -> Self {
        let headers = HeaderMap::from_iter([(
            hyper::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )]);
        Self { headers, body: self.body.clone() }
    }
}

/// hyper on a runtime like the mock's; it reads each request whole.
pub(crate) struct Hyper {
    pub(crate) addr: SocketAddr,
    _runtime: Runtime,
}

impl Hyper {
    pub(crate) fn start(reply: Reply) -> Self {
        let runtime = stage::runtime();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let addr = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, Arc::new(reply)));
        Self { addr, _runtime: runtime }
    }
}

async fn accept(listener: TcpListener, reply: Arc<Reply>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let reply = Arc::clone(&reply);
        let service = service_fn(move |request: Request<Incoming>| {
            let reply = Arc::clone(&reply);
            async move {
                let asked = request.into_body().collect().await.unwrap().to_bytes();
                assert!(!asked.is_empty());
                let mut response = Response::new(Full::new(reply.body.clone()));
                response.headers_mut().clone_from(&reply.headers);
                Ok::<_, Infallible>(response)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// wiremock, on the thread that it makes for itself.
pub(crate) struct Wiremock {
    server: MockServer,
    runtime: Runtime,
}

impl Wiremock {
    pub(crate) fn start(reply: &Reply) -> Self {
        let runtime = stage::runtime();
        let mut template = ResponseTemplate::new(200).set_body_raw(reply.body.to_vec(), "application/json");
        for (name, value) in &reply.headers {
            template = template.insert_header(name.clone(), value.clone());
        }
        let server = runtime.block_on(async {
            let server = MockServer::builder().disable_request_recording().start().await;
            Mock::given(method("POST"))
                .and(path("/v1/chat/completions"))
                .respond_with(template)
                .mount(&server)
                .await;
            server
        });
        Self { server, runtime }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        *self.server.address()
    }
}

impl Drop for Wiremock {
    fn drop(&mut self) {
        let _context = self.runtime.enter();
    }
}
