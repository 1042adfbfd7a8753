//! A gateway's process: its group, what it printed last, and its end.

mod output;

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::time::timeout;

use self::output::Output;
use super::credentials::mask::Mask;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

const SIGTERM: i32 = 15;

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// A name found in `PATH`, or a path; a relative one is relative to `dir`.
    pub name: String,
    /// Its arguments; everybody on the machine can read them.
    pub args: Vec<String>,
    /// Environment variables added to the harness's own, proxy variables taken away first.
    pub env: Vec<(String, String)>,
    /// Its working directory; the harness's own where nothing is said.
    pub dir: Option<PathBuf>,
}

/// A running process and all that it started; dropping it kills them.
#[derive(Debug)]
pub struct Process {
    child: Box<dyn ChildWrapper>,
    output: Output,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts it in a process group of its own, without input.
    ///
    /// # Errors
    /// What the system says: above all that there is no such program.
    pub fn start(program: &Program, mask: Mask) -> io::Result<Self> {
        let mut command = CommandWrap::with_new(program.path()?, |command| {
            command.args(&program.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            std::env::vars_os().map(|(name, _)| name).filter(|name| is_proxy(name)).for_each(|name| {
                command.env_remove(name);
            });
            command.envs(program.env.iter().map(|(name, value)| (name, value)));
            if let Some(dir) = &program.dir {
                command.current_dir(dir);
            }
        });
        let mut child = command.wrap(KillOnDrop).wrap(ProcessGroup::leader()).spawn()?;
        let output = Output::capture(child.stdout().take(), child.stderr().take(), mask);
        Ok(Self { child, output, ended: None })
    }

    /// How it ended, once it has. Whatever it left running is killed then.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            // Failing to ask (the child was reaped elsewhere) is no end.
            self.ended = self.child.try_wait().ok().flatten();
            if self.ended.is_some() {
                self.kill_group();
                self.output.drained(GRACE).await;
            }
        }
        self.ended
    }

    /// The last lines that it printed, secrets hidden, oldest first.
    pub fn last_lines(&self) -> Vec<String> {
        self.output.last_lines()
    }

    /// Asks the group to end, waits for two seconds at most, kills what is left.
    pub async fn stop(mut self) {
        if self.ended.is_none() {
            // Both fail only when nothing is left to end.
            let _ = self.child.signal(SIGTERM);
            let asked = async {
                while self.ended().await.is_none() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            if timeout(GRACE, asked).await.is_err() {
                self.kill_group();
                let _ = timeout(GRACE, self.child.wait()).await;
            }
        }
    }

    /// `KillOnDrop` reaches the leader alone, so the group is killed by name.
    fn kill_group(&mut self) {
        let _ = self.child.start_kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A group that has ended is not killed again: its number may belong to somebody else by now.
        if self.ended.is_none() {
            self.kill_group();
        }
    }
}

impl Program {
    fn path(&self) -> io::Result<PathBuf> {
        let named = PathBuf::from(&self.name);
        if named.is_absolute() || named.components().count() < 2 {
            return Ok(named);
        }
        let from = match &self.dir {
            Some(dir) => dir.clone(),
            None => std::env::current_dir()?,
        };
        std::path::absolute(from.join(named))
    }

    /// Why it could not be started, in words.
    pub fn explain(&self, error: &io::Error) -> String {
        let dir = self.dir.as_ref().map(|dir| dir.display().to_string());
        match (error.kind(), dir) {
            (ErrorKind::NotFound, Some(dir)) if !PathBuf::from(&dir).is_dir() => {
                format!("the working directory `{dir}` does not exist")
            }
            (ErrorKind::NotFound, dir) if self.name.contains('/') => {
                let from = dir.unwrap_or_else(|| "the current directory".to_owned());
                format!("the program `{}` was not found (looked from {from})", self.name)
            }
            (ErrorKind::NotFound, _) => format!("the program `{}` was not found in PATH", self.name),
            (ErrorKind::PermissionDenied, _) => format!("the program `{}` may not be executed", self.name),
            _ => format!("the program `{}` could not be started: {error}", self.name),
        }
    }
}

/// A port that was free a moment ago, chosen by the system.
///
/// # Errors
/// When the system has none to give.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn is_proxy(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    matches!(
        name.as_str(),
        "http_proxy" | "https_proxy" | "all_proxy" | "no_proxy" | "ftp_proxy" | "ws_proxy"
    )
}
