//! What a gateway remembers from one request to the next.

use crate::spec::read::place::At;

/// Something that a gateway remembers: a circuit, a budget, a registry. Cases that write the same cell never overlap.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its name.
    pub name: At<String>,
    /// What it belongs to.
    pub of: CellOf,
    /// What writes it.
    pub written_by: Vec<Writer>,
    /// The limit after which it is as if nothing had been written.
    pub heals: Option<At<String>>,
}

/// What a cell belongs to, and so what a case that writes it has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellOf {
    /// The running gateway.
    Instance,
    /// The providers that are asked.
    Provider,
    /// The credentials that are presented.
    Credential,
}

/// What writes a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Writer {
    /// An upstream that fails.
    UpstreamFailure,
    /// A call of this operation.
    Operation(At<String>),
    /// A request with this credential.
    Credential(At<String>),
}
