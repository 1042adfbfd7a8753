//! Bound texts and the pools of credentials that cases borrow from.

mod command;
mod mangle;
pub mod mask;
mod pace;
mod pool;

use std::path::{Path, PathBuf};

use crate::spec::target::Binding;

pub use self::pool::{Credentials, Hold, LendError, Loan};

/// Why a binding gives no text; never holds the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// The variable is not there or empty.
    #[error("the environment variable `{0}` is not set, or empty")]
    Env(String),
    /// The file is not there or not readable.
    #[error("the file `{}` cannot be read: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A pointer was given and the file is no JSON.
    #[error("the file `{}` is not JSON: {why}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong, without the text.
        why: String,
    },
    /// The pointer leads nowhere, or not to a text or number.
    #[error("the file `{}` has no text at `{at}`", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// The pointer.
        at: String,
    },
    /// The whole file is empty.
    #[error("the file `{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The program that makes the text did not.
    #[error("the command `{program}` {why}")]
    Command {
        /// The program, without its arguments.
        program: String,
        /// What it did instead.
        why: String,
    },
    /// The other credential is not there, or cannot be changed so.
    #[error("it is made of the credential `{role}`, {why}")]
    From {
        /// The other.
        role: String,
        /// What is wrong, without the text.
        why: String,
    },
}

/// The text of a binding; files are relative to `base_dir`, and the line end behind a whole file's text is dropped.
///
/// # Errors
/// There is no such variable, file or place in the file.
pub fn bound(binding: &Binding, base_dir: &Path) -> Result<String, BindingError> {
    match binding {
        Binding::Literal(text) => Ok(text.clone()),
        Binding::Env(name) => std::env::var(&name.value)
            .ok()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| BindingError::Env(name.value.clone())),
        Binding::File { path, at } => from_file(base_dir.join(&path.value), at.as_deref()),
        Binding::Command(command) => command::printed(command, base_dir),
        Binding::From { role, .. } => Err(BindingError::From {
            role: role.value.clone(),
            why: "which only a credential can be".to_owned(),
        }),
    }
}

fn from_file(path: PathBuf, at: Option<&str>) -> Result<String, BindingError> {
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(BindingError::File { path, why: error.to_string() }),
    };
    let Some(at) = at else {
        let text = text.trim_end_matches(['\r', '\n']);
        return if text.is_empty() { Err(BindingError::Empty { path }) } else { Ok(text.to_owned()) };
    };
    let json: serde_json::Value = match serde_json::from_str(&text) {
        Ok(json) => json,
        Err(error) => {
            let why = format!("line {}, column {}", error.line(), error.column());
            return Err(BindingError::NotJson { path, why });
        }
    };
    match json.pointer(at) {
        Some(serde_json::Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(serde_json::Value::Number(number)) => Ok(number.to_string()),
        _ => Err(BindingError::Nothing { path, at: at.to_owned() }),
    }
}
