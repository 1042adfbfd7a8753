//! Who answers, and when: what a reply depends on beside the request and the script.

use serde::{Deserialize, Serialize};

/// What distinguishes a provider; each has its own, so that a leak names its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The organisation that its headers and messages name.
    pub organization: String,
    /// What its request ids begin with.
    pub request_id_prefix: String,
    /// The host name that it gives away in headers and messages.
    pub host: String,
}

impl Identity {
    /// An identity made from the provider's name.
    pub fn of(name: &str) -> Self {
        Self {
            organization: format!("org-{name}-owner"),
            request_id_prefix: format!("req_{name}_"),
            host: format!("{name}.upstream.test"),
        }
    }
}

/// What a reply depends on beside the request and the script.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Who answers.
    pub identity: &'a Identity,
    /// The number of the reply, unique at the provider.
    pub serial: u64,
    /// The time in seconds since 1970.
    pub unix_time: u64,
}

impl Scene<'_> {
    /// The id that the provider gives to the request.
    pub fn request_id(&self) -> String {
        format!("{}{:016x}", self.identity.request_id_prefix, self.serial)
    }

    /// What every error message of the provider ends with: the words by which a leak is known.
    pub fn canary(&self) -> String {
        let Identity { host, organization, .. } = self.identity;
        format!("(host {host}, organization {organization}, request {})", self.request_id())
    }
}
