//! What the healthy reply has to say for a fault to have something to strike.

use serde::{Deserialize, Serialize};

/// What the healthy reply says where the script leaves that open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Premise {
    /// The text of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Tools that the answer calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
}

impl Premise {
    /// Whether it leaves everything open.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The function's name.
    pub name: String,
    /// Its arguments as the JSON text that the provider sends.
    pub arguments: String,
}
