//! Where the mock upstream runs, as arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use mock_upstream::control::Token;

use crate::run::request::resolved::MockAt;

/// Where the mock upstream runs.
#[derive(Clone, Debug, Default, Args)]
pub struct MockArgs {
    /// Where the mock upstream listens, instead of where the target says.
    #[arg(long, value_name = "ADDR")]
    pub mock_listen: Option<SocketAddr>,
    /// Use the mock that `mock-upstream serve` runs, by the URL of its control API, instead of one of the harness's own.
    #[arg(long, value_name = "URL", conflicts_with = "mock_listen")]
    pub mock: Option<String>,
    /// The file with the token of that mock.
    #[arg(long, value_name = "FILE", requires = "mock")]
    pub mock_token_file: Option<PathBuf>,
}

impl MockArgs {
    /// What they ask for.
    ///
    /// # Errors
    /// A token that cannot be read.
    pub fn at(&self) -> anyhow::Result<MockAt> {
        let Some(url) = &self.mock else { return Ok(MockAt::Here) };
        let read = |file: &PathBuf| {
            Token::read(file).with_context(|| format!("--mock-token-file {}", file.display()))
        };
        let token = self.mock_token_file.as_ref().map(read).transpose()?;
        Ok(MockAt::Remote { url: url.clone(), token })
    }

    /// The arguments again, for a command that shows the same.
    pub(in crate::cli) fn again(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("--mock-listen", self.mock_listen.map(|address| address.to_string())),
            ("--mock", self.mock.clone()),
            ("--mock-token-file", self.mock_token_file.as_ref().map(|file| file.display().to_string())),
        ]
    }
}
