//! One event of the healthy stream with other content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Arg, Hex, Spot};
use crate::dialect::Spoil;

/// The next event with changes in its JSON. Every spot that is named must be there, except that `set` by a pointer may
/// add a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventEdit {
    /// Other values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<Spot, Value>,
    /// Texts that become these bytes, be they UTF-8 or not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set_bytes: BTreeMap<Spot, Hex>,
    /// Texts that become so many times the letter `x`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<Spot, Arg>,
    /// What is taken out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<Spot>,
    /// How its framing breaks; then nothing else changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoil: Option<Spoil>,
    /// Whether the event itself still follows, so that this is one more.
    pub copy: bool,
}
