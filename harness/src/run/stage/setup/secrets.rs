//! Every text of a target that nobody may be shown: credentials, keys of admin calls, headers sent with every request.

use std::path::Path;

use crate::arrange::credentials::{Credentials, bound};
use crate::spec::target::{Binding, GatewaySource, HeaderValue, HttpCall, Target};

/// The secrets of a target, as far as they are bound.
pub(in crate::run) fn of(target: &Target, credentials: &Credentials, base_dir: &Path) -> Vec<String> {
    let calls = calls(target);
    // What a header names of providers is hidden with their keys.
    let own = target.headers.iter().filter_map(|(name, value)| match value {
        HeaderValue::Bound(binding) => Some((name, binding)),
        HeaderValue::Named(_) => None,
    });
    let called = calls.iter().flat_map(|call| call.headers.iter().map(|(name, binding)| (name, binding)));
    let headers = own.chain(called).filter(|(name, _)| !is_plain(name));
    let keys = headers.filter_map(|(_, binding)| key(binding, base_dir));
    keys.chain(credentials.texts().map(str::to_owned)).collect()
}

fn calls(target: &Target) -> Vec<&HttpCall> {
    let states = target.states.iter().flat_map(|(_, state)| [&state.enter, &state.leave]);
    let configurations = target.configurations.iter().flat_map(|configuration| {
        let ready = match &configuration.gateway {
            GatewaySource::Launch(launch) => Some(&launch.ready),
            _ => None,
        };
        ready.into_iter().chain(&configuration.reset)
    });
    states.chain(configurations).collect()
}

/// What follows the scheme, where there is one: a gateway that repeats a key need not repeat the scheme.
fn key(binding: &Binding, base_dir: &Path) -> Option<String> {
    let text = bound(binding, base_dir).ok()?;
    let key = text.rsplit(' ').next().unwrap_or_default().to_owned();
    (key.len() >= SHORTEST).then_some(key)
}

/// Headers that say what everybody may know, and whose words stand all over a report.
fn is_plain(name: &str) -> bool {
    ["accept", "content-type", "user-agent"].iter().any(|plain| name.eq_ignore_ascii_case(plain))
}

/// Shorter values are switches such as `true`.
const SHORTEST: usize = 8;
