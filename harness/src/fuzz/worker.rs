//! Sends cases over one kept connection, a batch to a scenario, and says what looks wrong with the answers.

use mock_upstream::control::Error;
use mock_upstream::control::mock::{Claim, Scenario};
use mock_upstream::scenario::MarkError;
use mock_upstream::script::{Play, Script, StatusPlay, Turn};

use crate::act::{ExchangeOptions, Kept};
use crate::fuzz::finding::Signature;
use crate::fuzz::ground::Ground;
use crate::fuzz::request::built;
use crate::fuzz::upstream::Failure;
use crate::generate::campaign::{Case, Phase, Sent};
use crate::generate::json::parse::parse;
use crate::generate::json::{Json, Spot};
use crate::judge::verdict::Finding;
use crate::observe::{Observed, join};
use crate::run::stage::upstream::in_words;
use crate::wire::exchange::{End, Exchange, Request};

/// One connection to one instance.
pub struct Line<'g, 's> {
    /// What is shared.
    pub ground: &'g Ground<'s>,
    /// Index of the instance.
    pub instance: usize,
    /// The connection.
    pub kept: Kept,
    /// The valid key.
    pub key: String,
}

/// A case with what came of it.
#[derive(Debug)]
pub struct Performed {
    /// The case.
    pub case: Case,
    /// Its exchanges.
    pub observed: Vec<Observed>,
    /// What looks wrong, by signature.
    pub suspects: Vec<(Signature, Finding)>,
    /// What the upstream was told to play.
    pub script: Option<Script>,
    /// Whether an answer holds a completion that the mock did not give.
    pub foreign: bool,
}

struct Job {
    sent: Sent,
    number: u32,
    marked: bool,
}

impl<'g, 's> Line<'g, 's> {
    /// A line to an instance.
    pub fn new(ground: &'g Ground<'s>, instance: usize, key: String) -> Self {
        let url = ground.running.instances[instance].gateway.base_url();
        Self { ground, instance, kept: ground.stage.client.kept(url), key }
    }

    /// Sends a batch. What carries its marker shares the instance with other lines; what does not has it alone. `alone` says
    /// that the caller has it alone already.
    ///
    /// # Errors
    /// In words, when the mock cannot be asked.
    pub async fn perform(&mut self, cases: Vec<Case>, alone: bool) -> Result<Vec<Performed>, String> {
        let ground = self.ground;
        let name = cases.first().map_or_else(String::new, |case| format!("fuzz {}", case.number));
        let scenario = ground.stage.upstream.open(&name).await.map_err(words)?;
        let mut done = Vec::new();
        let mut number = 0;
        for case in cases {
            let mut exchanges = Vec::new();
            let failure = self.failure(&case);
            let played =
                failure.as_ref().map(|failure| failure.script.clone()).or_else(|| self.refusal(&case));
            for sent in &case.sends {
                number += 1;
                let sent = self.marked(&scenario, sent.clone(), number).await?;
                if let Some(script) = &played {
                    scenario.script_for_send(number, None, script.clone()).await.map_err(words)?;
                }
                let job = Job { marked: sent.marker.is_some(), sent, number };
                let (exchange, stream) = self.send(&scenario, &case, job, alone).await?;
                exchanges.push((number, stream, exchange));
                if ground.stage.stopped().is_some() {
                    break;
                }
            }
            done.push((case, exchanges, played, failure));
        }
        settle(&scenario).await?;
        let closed = scenario.close().await.map_err(words)?;
        let instance = &ground.running.instances[self.instance];
        let performed = done.into_iter().map(|(case, exchanges, script, failure)| {
            let asked = &ground.asked[case.lane];
            let observed =
                exchanges.into_iter().zip(&case.sends).map(|((number, stream, exchange), sent)| {
                    let own = ground.stage.own(number, None);
                    let attempts =
                        join::attempts(&exchange, &closed.journal, &own, |name| instance.role(name));
                    let raw = sent.dress.method.is_some() || sent.dress.path.is_some();
                    Observed {
                        operation: (!raw).then(|| ground.campaign.lanes()[case.lane].name.clone()),
                        protocol: asked.protocol.clone(),
                        stream,
                        exchange,
                        attempts,
                    }
                });
            let observed: Vec<Observed> = observed.collect();
            self.judged(case, observed, script, failure.as_ref())
        });
        Ok(performed.collect())
    }

    /// The request with a marker by which the mock knows it. A word serves once: a request that is sent again gets another, of
    /// the same length.
    async fn marked(&self, scenario: &Scenario, mut sent: Sent, number: u32) -> Result<Sent, String> {
        while let Some(marker) = sent.marker.clone() {
            match scenario.mark(&marker, number).await {
                Ok(()) => break,
                Err(Error::Mark(MarkError::Taken(_))) => {
                    let fresh = self.ground.marker();
                    for at in memchr::memmem::find_iter(&sent.body.clone(), &marker) {
                        sent.body[at..at + marker.len()].copy_from_slice(fresh.as_bytes());
                    }
                    sent.marker = Some(fresh);
                }
                Err(error) => return Err(words(error)),
            }
        }
        Ok(sent)
    }

    async fn send(
        &mut self,
        scenario: &Scenario,
        case: &Case,
        job: Job,
        alone: bool,
    ) -> Result<(Exchange, bool), String> {
        let ground = self.ground;
        let lane = &ground.campaign.lanes()[case.lane];
        let instance = &ground.running.instances[self.instance];
        let stream = asks_for_a_stream(&job.sent.body);
        let (request, cuts) = built(ground.stage, instance, &lane.name, job.sent, &self.key);
        let options = ground.exchange_options();
        ground.count();
        let gate = &ground.gates[self.instance];
        let exchange = if job.marked && !alone {
            let _shared = gate.read().await;
            self.exchange(request, &cuts, &options).await
        } else {
            let guard = if alone { None } else { Some(gate.write().await) };
            let claims = self.claims(scenario, job.number).await?;
            let exchange = self.exchange(request, &cuts, &options).await;
            settle(scenario).await?;
            for claim in claims {
                claim.release().await.map_err(words)?;
            }
            drop(guard);
            exchange
        };
        Ok((exchange, stream))
    }

    /// Sends a request; once more where a connection that had served before ended without a word, since its end may have been
    /// meant for what went before.
    async fn exchange(&mut self, request: Request, cuts: &[usize], options: &ExchangeOptions) -> Exchange {
        let (exchange, used) = self.kept.exchange(request.clone(), cuts, options).await;
        let wordless = exchange.head.is_none() && matches!(exchange.end, End::Broken(_));
        if !(used && wordless) {
            return exchange;
        }
        self.kept.exchange(request, cuts, options).await.0
    }

    /// What arrives unmarked belongs to this send as long as these are held.
    async fn claims(&self, scenario: &Scenario, number: u32) -> Result<Vec<Claim>, String> {
        let mut claims = Vec::new();
        for seat in &self.ground.running.instances[self.instance].seats {
            let claim = self.ground.stage.upstream.mock.claim(seat.provider.name(), scenario, number).await;
            claims.push(claim.map_err(words)?);
        }
        Ok(claims)
    }

    /// What the upstream does under a case instead of answering.
    fn failure(&self, case: &Case) -> Option<Failure<'g>> {
        let ground = self.ground;
        let stream = case.sends.first().is_some_and(|sent| asks_for_a_stream(&sent.body));
        let nothing = ground.asked[case.lane].nothing();
        let names = ground.names(&ground.running.instances[self.instance]);
        let trouble = case.trouble.as_ref()?;
        Some(ground.failures[case.lane].chosen(trouble, stream, nothing, &names))
    }

    /// Where the gateway leaves the judgement to its upstream, that refuses as it would.
    fn refusal(&self, case: &Case) -> Option<Script> {
        let (_, passed_on) = self.ground.asked[case.lane].of(case);
        passed_on.then(|| {
            let refusal = Turn::play(Play::Status(StatusPlay::of(400)));
            Script::of([Turn { spare: true, ..refusal }])
        })
    }
}

/// Whether a body asks for a stream.
pub fn asks_for_a_stream(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"stream").is_some()
        && parse(body).is_ok_and(|json| json.at(&[Spot::Key("stream".to_owned())]) == Some(&Json::Bool(true)))
}

/// Whether a case is about a body that is valid as the schema says.
pub fn is_plain(case: &Case) -> bool {
    case.label.defect.is_none() && case.phase != Phase::Upstream
}

/// Waits for the upstream to be done; a gateway that never lets go of a connection is left alone.
async fn settle(scenario: &Scenario) -> Result<(), String> {
    tokio::time::timeout(Ground::SETTLE, scenario.idle()).await.unwrap_or(Ok(())).map_err(words)
}

fn words(error: Error) -> String {
    in_words(&error)
}
