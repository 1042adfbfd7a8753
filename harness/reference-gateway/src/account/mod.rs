//! Who calls, what they may do and what it costs: everything decided before an upstream is called.

mod blame;
mod catalogue;
mod hold;
mod jwt;
mod keys;
mod ledger;
mod limiter;
mod request_id;
mod runs;
mod similarity;
mod slots;
mod switches;
mod velocity;

pub(crate) use blame::Blame;
pub(crate) use catalogue::{Catalogue, ModelRefusal};
pub(crate) use hold::Hold;
pub(crate) use jwt::{Caller, TokenRefusal, Tokens};
pub(crate) use keys::{KeyRefusal, Keys, bearer};
pub(crate) use ledger::{FundsRefusal, Ledger, Short};
pub(crate) use limiter::{Limiter, OverRate};
pub(crate) use request_id::RequestIds;
pub(crate) use runs::{Run, RunSpent, Runs};
pub(crate) use similarity::{Question, Score, Similarity};
pub(crate) use slots::{Full, Slot, Slots};
pub(crate) use switches::Switches;
pub(crate) use velocity::{TooFast, Velocity};
