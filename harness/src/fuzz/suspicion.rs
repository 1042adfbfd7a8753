//! What looks wrong with the answers to a case, by the questions of the contract and by those of every gateway.

use mock_upstream::script::Script;

use crate::arrange::names::secret::Secret;
use crate::fuzz::finding::Signature;
use crate::fuzz::upstream::Failure;
use crate::fuzz::worker::{Line, Performed};
use crate::generate::campaign::Case;
use crate::generate::json::same::Numbers;
use crate::judge;
use crate::judge::oracle::{self, Known, Seen};
use crate::judge::verdict::{Finding, Verdict};
use crate::observe::{Observation, Observed, ObservedStep};
use crate::spec::case::Case as Questions;
use crate::spec::contract::Defect;

impl Line<'_, '_> {
    /// Says what looks wrong with the answers to a case.
    pub(super) fn judged(
        &self,
        case: Case,
        mut observed: Vec<Observed>,
        script: Option<Script>,
        failure: Option<&Failure<'_>>,
    ) -> Performed {
        let ground = self.ground;
        let instance = &ground.running.instances[self.instance];
        let lane = &ground.asked[case.lane];
        let fields: Vec<&str> = lane.kind.iter().map(String::as_str).collect();
        let label = match (failure, case.pair) {
            (Some(failure), _) => format!("upstream({})", failure.name),
            (None, Some(variant)) => {
                format!("{} {}", case.label.name().trim_start_matches(':'), variant.word())
            }
            (None, None) => case.label.name().trim_start_matches(':').to_owned(),
        };
        let asked = failure.map_or_else(|| lane.of(&case).0, |failure| failure.asked);
        // What the gateway handed on and its upstream would not read was odd to that one.
        let odd_upstream = case.label.defect == Some(Defect::Odd) && observed.iter().any(is_refused_upstream);
        let asked = if odd_upstream { lane.nothing() } else { asked };
        let mut suspects = Vec::new();
        let mut answers: Vec<Seen> = Vec::new();
        let mut foreign = false;
        for at in 0..observed.len() {
            let one = observed.swap_remove(at);
            let known = Known {
                valid: case.label.defect.is_none() && one.operation.is_some(),
                well: failure.is_none(),
                numbers: if case.label.defect == Some(Defect::Odd) {
                    Numbers::Doubles
                } else {
                    Numbers::Exact
                },
                claims: &lane.claims,
                rewrites: &lane.rewrites,
                // Where the client brings the provider's key, handing it on is what it is for.
                key: Some(self.key.as_str())
                    .filter(|key| instance.seats.iter().all(|seat| seat.names.key != **key)),
            };
            let mut findings = oracle::ask(&one, &known);
            let mut observation = self.observation(one);
            let elsewhere = case.sends[at].dress.path.is_some();
            let Judged { findings: judged, alien, seen } =
                self.judgement(asked, &mut observation, elsewhere, &fields);
            foreign |= alien;
            findings.extend(judged);
            suspects.extend(
                together(findings)
                    .into_iter()
                    .map(|finding| (self.signature(&case, &label, &finding, &seen), finding)),
            );
            observed.insert(at, taken(observation));
            answers.push(seen);
        }
        if let (Some(variant), [first, second, ..]) = (case.pair, answers.as_slice())
            && let Some(finding) = oracle::alike(first, second, variant.word(), &lane.claims)
        {
            suspects.push((self.signature(&case, &label, &finding, second), finding));
        }
        let mut known = std::collections::HashSet::new();
        suspects.retain(|(signature, _)| known.insert(signature.clone()));
        Performed { case, observed, suspects, script, foreign }
    }

    /// What the contract has against an exchange. A path that is `elsewhere` addresses
    /// no lane, so that any lane's shape will do.
    fn judgement(
        &self,
        asked: &Questions,
        observation: &mut Observation,
        elsewhere: bool,
        fields: &[&str],
    ) -> Judged {
        let contract = &*self.ground.stage.contract;
        let names = self.ground.names(&self.ground.running.instances[self.instance]);
        let others =
            contract.protocols.iter().filter(|_| elsewhere).map(|protocol| Some(protocol.name.value.clone()));
        let mut best: Option<Judged> = None;
        for protocol in std::iter::once(None).chain(others) {
            if let (Some(protocol), Some(exchange)) = (protocol, observation.steps[0].exchanges.first_mut()) {
                exchange.protocol = protocol;
            }
            let (judgement, seen) = judge::judge_proven(asked, contract, observation, &names, fields);
            let mut findings = judgement.shoulds;
            if let Verdict::Fail(failed) = judgement.verdict {
                findings.extend(failed.iter().cloned());
            }
            let fewer = best.as_ref().is_none_or(|known| findings.len() < known.findings.len());
            let sound = findings.is_empty();
            if fewer {
                best = Some(Judged { findings, alien: judgement.foreign_answers > 0, seen });
            }
            if sound {
                break;
            }
        }
        best.unwrap_or_default()
    }

    fn signature(&self, case: &Case, label: &str, finding: &Finding, seen: &Seen) -> Signature {
        Signature {
            operation: self.ground.campaign.lanes()[case.lane].name.clone(),
            label: label.to_owned(),
            check: finding.check.clone(),
            seen: seen.clone(),
        }
    }

    fn observation(&self, observed: Observed) -> Observation {
        let instance = &self.ground.running.instances[self.instance];
        let secrets = instance.seats.iter().flat_map(|seat| {
            let key = Secret { kind: "key".to_owned(), text: seat.names.key.clone() };
            let host = seat.names.field("host").map(|text| Secret { kind: "host".to_owned(), text });
            std::iter::once(key).chain(host)
        });
        Observation {
            control: None,
            steps: vec![ObservedStep { name: None, exchanges: vec![observed] }],
            liveness: None,
            secrets: secrets.collect(),
            limits: self.ground.running.limits.clone(),
            host_delay: std::time::Duration::ZERO,
            clock_error: self.ground.stage.upstream.mock.clock_error(),
            doubts: Vec::new(),
            imposed: Vec::new(),
        }
    }
}

/// What came of one exchange.
#[derive(Default)]
struct Judged {
    findings: Vec<Finding>,
    /// Whether its answer is somebody else's.
    alien: bool,
    seen: Seen,
}

/// What one answer got wrong is one finding, by the names of all checks that failed; the strongest speaks for them.
fn together(mut findings: Vec<Finding>) -> Option<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut checks: Vec<String> = findings.iter().map(|finding| finding.check.clone()).collect();
    checks.dedup();
    let first = findings.into_iter().next()?;
    Some(Finding { check: checks.join(", "), ..first })
}

/// The one exchange of an observation.
fn taken(observation: Observation) -> Observed {
    let exchange = observation.steps.into_iter().flat_map(|step| step.exchanges).next();
    exchange.unwrap_or_else(|| unreachable!("an observation of one exchange holds it"))
}

/// Whether the upstream refused a request by itself.
fn is_refused_upstream(observed: &Observed) -> bool {
    observed.attempts.iter().any(|attempt| {
        attempt.played.as_ref().is_some_and(|played| played.status.is_some_and(|status| status >= 400))
    })
}
