//! `junit.xml`: a suite a topic, a test a case; what could not be told and the harness's own errors have types of their own.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::judge::verdict::Verdict;
use crate::report::console::printable::printable;
use crate::report::finding::in_words;
use crate::run::outcome::{CaseReport, ClaimReport, Outcome, RunReport};

/// The document.
///
/// # Errors
/// The XML writer's, which knows none for text that it escapes itself.
pub fn render(run: &RunReport) -> Result<String, quick_junit::SerializeError> {
    let mut document = Report::new(format!("gateway-conformance {}", run.contract.0));
    document.set_time(run.duration);
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in &run.cases {
        let (suite, test) = named(&case.id);
        let test = test_case(suite, test, case, &run.claims);
        match suites.iter_mut().find(|known| known.name.as_str() == suite) {
            Some(known) => known.add_test_case(test),
            None => {
                let mut new = TestSuite::new(suite);
                new.add_property(Property::new("target", &run.target.0));
                new.add_property(Property::new("seed", run.seed.to_string()));
                new.add_test_case(test);
                suites.push(new);
                continue;
            }
        };
    }
    document.add_test_suites(suites);
    document.to_string()
}

/// Everything before the last `::` outside the axes is the suite.
fn named(id: &str) -> (&str, &str) {
    let axes = id.find('[').unwrap_or(id.len());
    id[..axes].rfind("::").map_or(("cases", id), |at| (&id[..at], &id[at + 2..]))
}

fn test_case(suite: &str, name: &str, case: &CaseReport, claims: &[ClaimReport]) -> TestCase {
    let mut test = TestCase::new(name, status(case, claims));
    test.set_classname(suite).set_time(case.duration);
    test.add_property(Property::new("claims", case.claims.join(" ")));
    test.add_property(Property::new("written_at", case.written_at.to_string()));
    test.add_property(Property::new("upstream_attempts", case.upstream_attempts.to_string()));
    test
}

fn status(case: &CaseReport, claims: &[ClaimReport]) -> TestCaseStatus {
    match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Pass => TestCaseStatus::success(),
            Verdict::Fail(findings) => {
                let checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
                let message = format!("violates {}", checks.join(", "));
                failed(NonSuccessKind::Failure, "violation", &message, &in_words(case, claims))
            }
            Verdict::Inconclusive(why) => failed(NonSuccessKind::Failure, "inconclusive", why, &case.replay),
        },
        Outcome::Unready(why) => failed(NonSuccessKind::Failure, "inconclusive", why, ""),
        Outcome::Error(why) => failed(NonSuccessKind::Error, "harness", why, &case.replay),
        Outcome::NotApplicable(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(printable(why).as_ref()).set_type("not_applicable");
            status
        }
    }
}

fn failed(kind: NonSuccessKind, name: &str, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(printable(message).as_ref());
    if !description.is_empty() {
        status.set_description(printable(description).as_ref());
    }
    status
}
