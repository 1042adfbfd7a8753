//! Makes ready what a case needs: the gateway, its state, its credentials, its requests and scripts.

pub mod credentials;
pub mod gateway;
pub mod hooks;
pub mod names;
pub mod process;
pub mod request;
pub mod script;

use std::path::Path;

use self::credentials::mask::Mask;
use crate::spec::language::value::Names;

/// What a target's texts are read against.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Answers references such as `$(provider.first.url)`; `$(port)` of a launched gateway is answered here.
    pub names: &'a dyn Names,
    /// The folder of the target file, to which its paths are relative.
    pub base_dir: &'a Path,
    /// What must not be shown when something fails.
    pub mask: &'a Mask,
}
