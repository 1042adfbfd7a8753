//! Slips: small bugs in how requests and failures are handled, which only somebody finds who sends what nobody thought of. They
//! lie around a page that is kept, several at a time, so that what a fuzzer finds can be told from what it was to find.

mod answers;
mod requests;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::account::Switches;
use crate::door::{self, Asked, Reply};
use crate::personality::Page;

/// One planted bug.
#[derive(Debug)]
pub struct Slip {
    /// Its name.
    pub name: &'static str,
    /// A beginning of the labels under which it shows; the first that fits is the right one.
    pub shows: &'static [&'static str],
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// In how a request is read.
    Request(fn(&Read<'_>) -> Option<Does>),
    /// In how a failure is told: status and code of the answer, and what becomes of it.
    Answer(fn(u16, &str) -> bool, fn(&mut Told)),
}

/// A request as a slip sees it.
struct Read<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a http::HeaderMap,
    body: &'a [u8],
    json: Option<Value>,
}

/// What a slip makes of a request.
enum Does {
    /// It falls over, and shows what it fell over.
    Crash,
    /// It falls over, in the shape of the page.
    CrashInShape,
    /// It answers with a status that the page does not have.
    Status(u16),
    /// It goes on with another body.
    Body(Vec<u8>),
    /// It goes on with another key.
    Key(String),
}

/// A failure that is about to be told.
struct Told {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

/// Every slip.
pub fn slips() -> impl Iterator<Item = &'static Slip> {
    requests::SLIPS.iter().chain(answers::SLIPS)
}

/// The slip of that name, if there is one.
pub fn slip(name: &str) -> Option<&'static Slip> {
    slips().find(|slip| slip.name == name)
}

/// A page with slips around it.
pub(crate) struct Slipping {
    page: Arc<dyn Page>,
    slips: Vec<&'static Slip>,
}

impl Slipping {
    /// The page as it is where there are none.
    pub(crate) fn around(page: Arc<dyn Page>, slips: Vec<&'static Slip>) -> Arc<dyn Page> {
        if slips.is_empty() { page } else { Arc::new(Self { page, slips }) }
    }
}

impl Page for Slipping {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        async move {
            let asked = match self.slipped(asked) {
                Ok(asked) => asked,
                Err(reply) => return reply,
            };
            let reply = self.page.clone().answer(asked).await;
            self.told(reply).await
        }
        .boxed()
    }

    fn unparsable(&self) -> Bytes {
        self.page.unparsable()
    }

    fn switches(&self) -> &Switches {
        self.page.switches()
    }

    fn reset(&self) {
        self.page.reset();
    }
}

impl Slipping {
    /// The request as it goes on, or what a slip answers in place of the page.
    #[expect(clippy::result_large_err, reason = "one of the two is what comes of a request")]
    fn slipped(&self, mut asked: Asked) -> Result<Asked, Reply> {
        for slip in &self.slips {
            let Kind::Request(slips) = slip.kind else { continue };
            let done = {
                let body = asked.body.as_deref().unwrap_or_default();
                slips(&Read {
                    method: asked.method().as_str(),
                    path: asked.path(),
                    query: asked.query(),
                    headers: asked.headers(),
                    body,
                    json: serde_json::from_slice(body).ok(),
                })
            };
            match done {
                None => {}
                Some(Does::Crash) => return Err(crash()),
                Some(Does::CrashInShape) => {
                    let body = serde_json::json!({"error": {
                        "type": "api_error", "code": "internal_error", "message": "Something went wrong.",
                        "request_id": format!("req_{:x}", std::process::id()),
                    }});
                    return Err(door::json(StatusCode::INTERNAL_SERVER_ERROR, body.to_string()));
                }
                Some(Does::Status(status)) => {
                    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                    return Err(door::json(status, r#"{"error":"not supported"}"#));
                }
                Some(Does::Body(body)) => asked.body = Ok(Bytes::from(body)),
                Some(Does::Key(key)) => asked.present(&key),
            }
        }
        Ok(asked)
    }

    /// A failure as it is told; successes and streams go by.
    async fn told(&self, reply: Reply) -> Reply {
        let mut answers = Vec::new();
        for slip in &self.slips {
            if let Kind::Answer(fits, spoil) = slip.kind {
                answers.push((fits, spoil));
            }
        }
        if answers.is_empty() || reply.status().as_u16() < 400 {
            return reply;
        }
        let (head, body) = reply.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = json.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut told = Told { status: head.status.as_u16(), headers: head.headers, body };
        for (fits, spoil) in answers {
            if fits(told.status, &code) {
                spoil(&mut told);
            }
        }
        let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = door::full(status, "application/json", told.body);
        *reply.headers_mut() = told.headers;
        reply
    }
}

fn crash() -> Reply {
    let text = "Traceback (most recent call last):\n  File \"/srv/gateway/app.py\", line 212, in handle\nValueError: unexpected input";
    door::full(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", text)
}
