//! A mock with one provider, on threads of its own, and the requests that are sent to it.

use std::net::SocketAddr;
use std::sync::Arc;

use mock_upstream::journal::JournalCaps;
use mock_upstream::{Markers, MockUpstream, Options, ProviderOptions, Scenario, ScenarioSpec, Script};
use tokio::runtime::{Builder, Runtime};

/// What the threads of the servers that are compared are called.
pub(crate) const THREADS: &str = "server";

pub(crate) struct Stage {
    mock: MockUpstream,
    markers: Markers,
    pub(crate) addr: SocketAddr,
    _runtime: Runtime,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let runtime = runtime();
        let options = Options { providers: vec![ProviderOptions::named("first")], ..Options::default() };
        let mock = runtime.block_on(MockUpstream::start(options)).unwrap();
        let addr = mock.provider("first").unwrap().addr();
        Self { mock, markers: Markers::seeded(1), addr, _runtime: runtime }
    }

    /// A scenario that plays this script to the requests that come with it.
    pub(crate) fn scenario(
        &mut self,
        script: Script,
        journal: JournalCaps,
        stream: bool,
    ) -> (Scenario, Arc<[u8]>) {
        let scenario = self.mock.open(ScenarioSpec { name: "bench".into(), journal });
        let word = self.markers.fresh();
        scenario.mark(word.as_str(), 1).unwrap();
        scenario.script(None, script).unwrap();
        (scenario, chat(word.as_str(), stream))
    }
}

/// The runtime that every compared server gets.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name(THREADS).enable_all().build().unwrap()
}

fn chat(word: &str, stream: bool) -> Arc<[u8]> {
    let body = format!(
        r#"{{"model":"gpt-5","stream":{stream},"messages":[{{"role":"user","content":"say {word}"}}]}}"#
    );
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: upstream\r\nauthorization: Bearer sk-0123456789\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes().into()
}
