//! Who calls, what they may do and what it costs: everything decided before an upstream is called.

mod catalogue;
mod keys;
mod ledger;
mod limiter;
mod request_id;
mod switches;

pub(crate) use catalogue::{Catalogue, ModelRefusal};
pub(crate) use keys::{KeyRefusal, Keys, bearer};
pub(crate) use ledger::{FundsRefusal, Ledger};
pub(crate) use limiter::{Limiter, OverRate};
pub(crate) use request_id::RequestIds;
pub(crate) use switches::Switches;
