//! The client that calls a provider: no proxy, no redirect, no retry, pooled connections.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::Certificate;
use reqwest::redirect::Policy;

use super::deadline::Deadline;
use super::failure::{Refused, UpstreamFailure};
use super::protocol::Protocol;
use super::pump::Pump;
use super::{Answer, read_body};
use crate::config::{Limits, Upstream};
use crate::mutant::{Flaw, Flaws};

pub(crate) struct Client {
    http: reqwest::Client,
    target: Upstream,
    limits: Limits,
    flaws: Flaws,
    /// What the last failed connection said; only a flaw that tells it to somebody else looks at it.
    untold: Mutex<Option<String>>,
    /// Calls made so far; only a flaw that strikes at the fourth looks at it.
    made: AtomicUsize,
}

impl Client {
    pub(crate) fn new(target: Upstream, limits: Limits, flaws: Flaws) -> io::Result<Self> {
        // Another part of the process may have chosen a provider already: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .pool_idle_timeout(Duration::from_secs(15));
        // The limit decides how long a provider may take, and not how long the system goes on trying, half a minute by default.
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(None);
        }
        // Loading the system's certificates is slow, and plain HTTP has no use for them.
        if let Some(authority) = &target.trusted_ca {
            let trusted = Certificate::from_pem_bundle(authority.as_bytes()).map_err(io::Error::other)?;
            builder = builder.tls_certs_only(trusted);
        } else if target.base_url.starts_with("http:") {
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            http: builder.build().map_err(io::Error::other)?,
            target,
            limits,
            flaws,
            untold: Mutex::default(),
            made: AtomicUsize::new(0),
        })
    }

    /// Whether the operator configured a key for the provider.
    pub(crate) fn has_credentials(&self) -> bool {
        !self.target.api_key.is_empty()
    }

    /// One call whose answer is read whole; anything but a readable 200 is a failure.
    pub(crate) async fn call(
        &self,
        protocol: Protocol,
        path: &str,
        body: Vec<u8>,
        id: &str,
    ) -> Result<Answer, UpstreamFailure> {
        let deadline = Deadline::after(self.limits.upstream);
        let response = self.send(protocol, path, body, id, "application/json", deadline).await?;
        let headers = response.headers().clone();
        let deadline = self.body_deadline(deadline);
        let body = read_body(response, deadline, self.limits, self.flaws).await?;
        Ok(Answer { headers, body })
    }

    /// One call whose answer is a stream; returns with its first event in hand.
    pub(crate) async fn open(
        &self,
        protocol: Protocol,
        path: &str,
        body: Vec<u8>,
        id: &str,
    ) -> Result<Pump, UpstreamFailure> {
        let deadline = Deadline::after(self.limits.upstream);
        let response = self.send(protocol, path, body, id, "text/event-stream", deadline).await?;
        Pump::open(response, protocol, self.body_deadline(deadline), self.limits, self.flaws).await
    }

    /// Sends the call and waits for a head that says 200.
    async fn send(
        &self,
        protocol: Protocol,
        path: &str,
        body: Vec<u8>,
        id: &str,
        accept: &'static str,
        deadline: Deadline,
    ) -> Result<reqwest::Response, UpstreamFailure> {
        let nth = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let request = self
            .http
            .post(format!("{}{path}", self.target.base_url.trim_end_matches('/')))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, accept)
            .header("x-request-id", id)
            .body(body);
        let request = protocol.sign(request, &self.target.api_key);
        let head = if self.flaws.has(Flaw::HeadDeadlineMissing) { Deadline::never() } else { deadline };
        let response =
            head.guard(request.send()).await?.map_err(|error| UpstreamFailure::before_head(&error));
        let response = self.tell_twice(response)?;
        if response.status() == http::StatusCode::OK {
            if self.flaws.has(Flaw::KeptConnectionFails) && nth == 4 {
                return Err(UpstreamFailure::Unavailable("connection closed".to_owned()));
            }
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        // The status is known; a body that does not arrive changes nothing.
        let body = read_body(response, deadline, self.limits, Flaws::default()).await.unwrap_or_default();
        Err(UpstreamFailure::Refused(Box::new(Refused { status, headers, body })))
    }

    /// Passes on what became of a connection, and what became of the one before where the flaw is to tell it again.
    fn tell_twice(
        &self,
        response: Result<reqwest::Response, UpstreamFailure>,
    ) -> Result<reqwest::Response, UpstreamFailure> {
        if !self.flaws.has(Flaw::ConnectFailureToldTwice) {
            return response;
        }
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        match (response, untold.take()) {
            (Ok(_), Some(cause)) => Err(UpstreamFailure::Unavailable(cause)),
            (Err(UpstreamFailure::Unavailable(cause)), None) => {
                *untold = Some(cause.clone());
                Err(UpstreamFailure::Unavailable(cause))
            }
            (response, _) => response,
        }
    }

    fn body_deadline(&self, deadline: Deadline) -> Deadline {
        if self.flaws.has(Flaw::BodyDeadlineMissing) { Deadline::never() } else { deadline }
    }

    /// What the operator configured, for flaws that leak it.
    pub(crate) fn target(&self) -> &Upstream {
        &self.target
    }
}
