//! What a run is about, and how it was asked for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use mock_upstream::control::Token;

use crate::plan::case::PlannedCase;
use crate::run::onlooker::Onlooker;
use crate::spec::contract::Contract;
use crate::spec::read::node::Source;
use crate::spec::target::Target;

/// What a run is about.
#[derive(Clone)]
pub struct Plan {
    /// The contract.
    pub contract: Arc<Contract>,
    /// The target.
    pub target: Arc<Target>,
    /// The cases, in plan order.
    pub cases: Vec<PlannedCase>,
    /// Whether the user asked for some of the cases only, so that claims without a case are no gap.
    pub partial: bool,
    /// Whether limits are as long as the page says, whatever the target declares.
    pub real_time: bool,
    /// Digest of the spec files, SHA-256, hexadecimal.
    pub specs_digest: String,
    /// What fuzzing found before in gateways of the contract, as it is stored.
    pub regressions: Vec<Source>,
}

/// Where the mock upstream runs.
#[derive(Clone, Debug, Default)]
pub enum MockAt {
    /// In this process, for as long as the run lasts.
    #[default]
    Here,
    /// In another, which serves it already.
    Remote {
        /// The URL of its control API.
        url: String,
        /// The bearer token, where the API wants one.
        token: Option<Token>,
    },
}

/// Options of a run; the default suits the built-in gateway.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides prompts, markers and secrets; the same seed sends the same bytes.
    pub seed: u64,
    /// How many cases run at once.
    pub jobs: usize,
    /// The built-in gateway's deliberate flaw, for proving the harness.
    pub mutant: Option<String>,
    /// Where the mock runs.
    pub mock: MockAt,
    /// Where the mock's first provider listens, overriding the target.
    pub mock_listen: Option<SocketAddr>,
    /// Whether a gateway that is not on loopback may be called.
    pub allow_remote: bool,
    /// The most requests a run may send to the gateway.
    pub max_requests: u64,
    /// The folder that relative paths of the target start from.
    pub base_dir: PathBuf,
    /// What a replay command names: the arguments that chose contract and target.
    pub replay: String,
    /// Is shown what was observed of each case.
    pub onlooker: Option<Onlooker>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            jobs: 64,
            mutant: None,
            mock: MockAt::Here,
            mock_listen: None,
            allow_remote: false,
            max_requests: 1_000_000,
            base_dir: PathBuf::from("."),
            replay: "gateway-conformance run".to_owned(),
            onlooker: None,
        }
    }
}
