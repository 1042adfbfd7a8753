//! A mock with its control API, on a runtime of its own, so that it can end while others go on.

use std::net::SocketAddr;

use gateway_conformance::run::request::resolved::MockAt;
use mock_upstream::control::{Client, Control, ControlOptions, Guard, Token};
use mock_upstream::{MockUpstream, Options, ProviderOptions};
use tokio::runtime::Runtime;

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

pub(crate) struct Daemon {
    pub(crate) mock: MockUpstream,
    pub(crate) control: Control,
    runtime: Runtime,
}

impl Daemon {
    pub(crate) fn start(providers: &[&str]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let providers = providers.iter().map(|name| ProviderOptions::named(*name)).collect();
        let (mock, control) = runtime.block_on(async {
            let mock = MockUpstream::start(Options { providers, ..Options::default() }).await.unwrap();
            let options = ControlOptions::guarded(Guard::Token(token()));
            let control = Control::start(mock.clone(), options).await.unwrap();
            (mock, control)
        });
        Self { mock, control, runtime }
    }

    pub(crate) fn url(&self) -> String {
        self.control.url()
    }

    pub(crate) fn at(&self) -> MockAt {
        MockAt::Remote { url: self.url(), token: Some(token()) }
    }

    pub(crate) fn provider(&self, name: &str) -> SocketAddr {
        self.mock.provider(name).unwrap().addr()
    }

    /// What clients hold there: the names of scenarios and of providers.
    pub(crate) fn holds(&self) -> (Vec<String>, Vec<String>) {
        self.runtime.block_on(async {
            let client = Client::connect(&self.url(), Some(&token())).await.unwrap();
            let scenarios = client.scenarios().await.unwrap().into_iter().map(|open| open.name).collect();
            let providers = client.providers().await.unwrap();
            (scenarios, providers.iter().map(|provider| provider.name().to_owned()).collect())
        })
    }

    pub(crate) fn reset(&self) {
        self.runtime.block_on(async {
            Client::connect(&self.url(), Some(&token())).await.unwrap().reset().await.unwrap();
        });
    }

    /// Ends as a process does: every socket is closed.
    pub(crate) fn die(self) {
        let Self { mock, control, runtime } = self;
        drop((control, mock));
        runtime.shutdown_timeout(std::time::Duration::from_secs(20));
    }
}

fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}
