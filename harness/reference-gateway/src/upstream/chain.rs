//! Several providers asked in order for one answer: retried with backoff, failed over, and given up, as a policy says.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::client::Client;
use super::failure::UpstreamFailure;
use super::gate::{Admitted, Ended, Gate};
use super::policy::{Decision, Policy};
use super::retry_after;
use crate::config::{Limits, Upstream};
use crate::mutant::Flaws;

/// The clients of a gateway's providers, in order of preference.
pub(crate) fn clients(
    upstreams: Vec<Upstream>,
    limits: Limits,
    flaws: Flaws,
) -> io::Result<Vec<Arc<Client>>> {
    if upstreams.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a gateway needs at least one upstream"));
    }
    upstreams.into_iter().map(|it| Client::new(it, limits, flaws).map(Arc::new)).collect()
}

/// What came of asking: an answer, and the attempts that failed before it.
#[derive(Debug)]
pub(crate) struct Served<T> {
    pub(crate) answer: T,
    /// The provider that answered.
    #[cfg_attr(not(test), expect(dead_code, reason = "no page has to tell who answered"))]
    pub(crate) provider: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "no page has to tell what an answer cost"))]
    pub(crate) failed: Vec<Attempt>,
}

/// No provider answered.
#[derive(Debug)]
pub(crate) struct GaveUp {
    /// In their order; empty where no provider could be called at all.
    pub(crate) failed: Vec<Attempt>,
    /// Whether a hard stop ended it, rather than the end of the providers.
    pub(crate) stopped: bool,
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) provider: String,
    pub(crate) failure: UpstreamFailure,
}

/// Asks `providers` in their order until one answers. `attempt` is one call with its own deadlines and everything that makes
/// its answer count: a plain answer read and checked, or a stream with its first event in hand. What happens to a stream
/// later is no longer retried, because the client has seen its beginning.
pub(crate) async fn ask<T, F, Answering>(
    providers: &[Arc<Client>],
    policy: &Policy,
    gate: &dyn Gate,
    attempt: F,
) -> Result<Served<T>, GaveUp>
where
    F: Fn(Arc<Client>) -> Answering,
    Answering: Future<Output = Result<T, UpstreamFailure>>,
{
    let mut failed = Vec::new();
    for client in providers {
        let provider = &client.target().name;
        for nth in 1..=policy.attempts {
            let Some(admitted) = Admitted::ask(gate, provider) else { break };
            let failure = match attempt(client.clone()).await {
                Ok(answer) => {
                    admitted.ended(Ended::Answered);
                    return Ok(Served { answer, provider: provider.clone(), failed });
                }
                Err(failure) => failure,
            };
            admitted.ended(Ended::Failed(&failure));
            let decision = policy.decide(&failure);
            let wait = policy.backoff.wait(nth, asked(&failure), fastrand::f64());
            failed.push(Attempt { provider: provider.clone(), failure });
            match (decision, wait) {
                (Decision::Stop, _) => return Err(GaveUp { failed, stopped: true }),
                (Decision::Retry, Some(wait)) if nth < policy.attempts => tokio::time::sleep(wait).await,
                (Decision::Retry | Decision::FailOver, _) => break,
            }
        }
    }
    Err(GaveUp { failed, stopped: false })
}

/// How long the provider wants to be left alone.
fn asked(failure: &UpstreamFailure) -> Option<std::time::Duration> {
    match failure {
        UpstreamFailure::Refused(refused) => retry_after::asked(&refused.headers, SystemTime::now()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use tokio::time::Instant;

    use super::*;
    use crate::upstream::{AlwaysOpen, Backoff, Refused};

    fn providers() -> Vec<Arc<Client>> {
        let upstreams = ["a", "b"].map(|name| Upstream::new(name, "http://127.0.0.1:1", "key"));
        clients(upstreams.to_vec(), Limits::default(), Flaws::default()).unwrap()
    }

    fn policy() -> Policy {
        Policy {
            statuses: vec![
                (402..=402, Decision::Stop),
                (409..=409, Decision::FailOver),
                (429..=599, Decision::Retry),
            ],
            unavailable: Decision::Retry,
            timed_out: Decision::FailOver,
            unusable: Decision::Stop,
            attempts: 3,
            backoff: Backoff {
                first: Duration::from_millis(10),
                longest: Duration::from_secs(1),
                obeys: Duration::from_millis(1500),
            },
        }
    }

    fn refused(status: u16, retry_after: Option<&str>) -> UpstreamFailure {
        let headers: HeaderMap =
            retry_after.iter().map(|it| (http::header::RETRY_AFTER, it.parse().unwrap())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        UpstreamFailure::Refused(Box::new(Refused { status, headers, body: Bytes::new() }))
    }

    /// Who was asked, in order, and when; `fails` says how the nth call of all ends.
    async fn asked_of(
        gate: &dyn Gate,
        fails: impl Fn(usize) -> Option<UpstreamFailure>,
    ) -> (String, Vec<Instant>, Result<Served<()>, GaveUp>) {
        let seen = Mutex::new((String::new(), Vec::new()));
        let outcome = ask(&providers(), &policy(), gate, |client| {
            let nth = {
                let mut seen = seen.lock().unwrap();
                seen.0.push_str(&client.target().name);
                seen.1.push(Instant::now());
                seen.1.len()
            };
            let ends = fails(nth).map_or(Ok(()), Err);
            async { ends }
        })
        .await;
        let (who, when) = seen.into_inner().unwrap();
        (who, when, outcome)
    }

    #[tokio::test]
    async fn a_failure_is_retried_with_growing_gaps_then_failed_over() {
        let (who, when, outcome) = asked_of(&AlwaysOpen, |nth| (nth < 4).then(|| refused(503, None))).await;
        assert_eq!(who, "aaab");
        assert!(when[2] - when[1] > when[1] - when[0]);
        let served = outcome.unwrap();
        assert_eq!((served.provider.as_str(), served.failed.len()), ("b", 3));
    }

    #[tokio::test]
    async fn what_fails_over_is_not_retried_and_a_hard_stop_asks_nobody_else() {
        let (who, _, outcome) = asked_of(&AlwaysOpen, |_| Some(UpstreamFailure::TimedOut)).await;
        assert_eq!((who.as_str(), outcome.unwrap_err().stopped), ("ab", false));
        for stops in [402, 400] {
            let (who, _, outcome) = asked_of(&AlwaysOpen, |_| Some(refused(stops, None))).await;
            assert_eq!((who.as_str(), outcome.unwrap_err().stopped), ("a", true), "{stops}");
        }
    }

    #[tokio::test]
    async fn a_provider_gets_the_time_it_asks_for_and_one_that_asks_for_too_much_is_left() {
        let (who, when, _) = asked_of(&AlwaysOpen, |nth| (nth == 1).then(|| refused(429, Some("1")))).await;
        assert_eq!(who, "aa");
        assert!(when[1] - when[0] >= Duration::from_secs(1));
        let (who, ..) = asked_of(&AlwaysOpen, |nth| (nth == 1).then(|| refused(429, Some("2")))).await;
        assert_eq!(who, "ab");
    }

    /// Closed for one provider, and writes down what it is told.
    struct Recorder(&'static str, Mutex<Vec<String>>);

    impl Gate for Recorder {
        fn admits(&self, provider: &str) -> bool {
            provider != self.0
        }

        fn ended(&self, provider: &str, how: Ended<'_>) {
            self.1.lock().unwrap().push(format!("{provider} {how:?}"));
        }
    }

    #[tokio::test]
    async fn a_closed_gate_is_passed_by_and_each_attempt_is_reported_once() {
        let gate = Recorder("a", Mutex::default());
        let (who, _, outcome) =
            asked_of(&gate, |nth| (nth == 1).then(|| UpstreamFailure::Unavailable(String::new()))).await;
        assert_eq!((who.as_str(), outcome.is_ok()), ("bb", true));
        assert_eq!(*gate.1.lock().unwrap(), ["b Failed(Unavailable(\"\"))", "b Answered"]);
    }

    #[tokio::test]
    async fn an_attempt_that_nobody_waits_for_any_more_is_reported_too() {
        let gate = Recorder("a", Mutex::default());
        let (providers, policy) = (providers(), policy());
        let asking = ask(&providers, &policy, &gate, |_| std::future::pending::<Result<(), _>>());
        assert!(tokio::time::timeout(Duration::from_millis(20), asking).await.is_err());
        assert_eq!(*gate.1.lock().unwrap(), ["b Abandoned"]);
    }

    #[tokio::test]
    async fn where_every_gate_is_closed_nobody_is_asked() {
        struct Closed;
        impl Gate for Closed {
            fn admits(&self, _: &str) -> bool {
                false
            }
            fn ended(&self, _: &str, _: Ended<'_>) {}
        }
        let (who, _, outcome) = asked_of(&Closed, |_| None).await;
        let gave_up = outcome.unwrap_err();
        assert_eq!((who.as_str(), gave_up.failed.len(), gave_up.stopped), ("", 0, false));
    }
}
