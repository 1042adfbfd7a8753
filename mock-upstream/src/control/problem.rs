//! What the control API answers when it does not do what was asked.

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(any(feature = "client", feature = "daemon"))]
use crate::server::ImposeError;

/// Why a request to the control API failed; `{"error": {…}}` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Problem {
    /// The stable word for programs.
    pub code: Code,
    /// What happened, for people.
    pub message: String,
    /// The valid word that is nearest to a wrong one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// The scenario that holds a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), nearest: None, holder: None }
    }
}

#[cfg(any(feature = "client", feature = "daemon"))]
impl From<ImposeError> for Problem {
    fn from(error: ImposeError) -> Self {
        let code = match &error {
            ImposeError::PlayedByTurn(_) | ImposeError::Bind(_) => Code::NotImposable,
            ImposeError::Held(_) | ImposeError::System(_) => Code::ImpositionFailed,
        };
        Self::new(code, error.to_string())
    }
}

macro_rules! codes {
    ($($(#[doc = $says:literal])+ $code:ident = $status:literal $word:literal,)+) => {
        /// The kinds of problems. They are stable: programs may depend on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $says])+ #[serde(rename = $word)] $code,)+
            /// One that this version does not know; sent by none.
            #[serde(rename = "unknown", other)]
            Unknown,
        }

        impl Code {
            /// Every code that is sent.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The HTTP status that it is sent with.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                    Self::Unknown => 500,
                }
            }

            /// The word that is sent.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                    Self::Unknown => "unknown",
                }
            }
        }
    };
}

codes! {
    /// The token is missing or wrong.
    Unauthorized = 401 "unauthorized",
    /// Without a token, what a browser sends for a foreign page is refused.
    ForeignOrigin = 403 "foreign_origin",
    /// The path is none of the API's.
    NoSuchRoute = 404 "no_such_route",
    /// The path has no such method.
    MethodNotAllowed = 405 "method_not_allowed",
    /// The body is not the JSON that the route takes.
    BodyMalformed = 400 "body_malformed",
    /// The query has a parameter that the route does not take, or one out of range.
    QueryMalformed = 400 "query_malformed",
    /// The body is longer than the server reads.
    BodyTooLarge = 413 "body_too_large",
    /// The body came too slowly, or the work took too long.
    Deadline = 408 "deadline",
    /// There is no such scenario.
    NoSuchScenario = 404 "no_such_scenario",
    /// The scenario was closed.
    ScenarioClosed = 410 "scenario_closed",
    /// Nobody renewed the scenario within its time to live.
    ScenarioExpired = 410 "scenario_expired",
    /// The scenario belongs to the command line, not to a client.
    ScenarioStanding = 409 "scenario_standing",
    /// As many scenarios are open as the server holds.
    TooManyScenarios = 429 "too_many_scenarios",
    /// The word is not shaped like a marker.
    MarkerMalformed = 422 "marker_malformed",
    /// Another scenario has, or had, the marker.
    MarkerTaken = 409 "marker_taken",
    /// The script cannot be played.
    ScriptInvalid = 422 "script_invalid",
    /// There is no provider of this name.
    NoSuchProvider = 404 "no_such_provider",
    /// A provider of this name exists.
    ProviderExists = 409 "provider_exists",
    /// Another scenario holds the provider.
    ProviderHeld = 409 "provider_held",
    /// The provider was there from the start and stays.
    ProviderPermanent = 409 "provider_permanent",
    /// The address cannot be listened at.
    CannotListen = 409 "cannot_listen",
    /// There is no such claim.
    NoSuchClaim = 404 "no_such_claim",
    /// There is no such imposition, or it was lifted.
    NoSuchImposition = 404 "no_such_imposition",
    /// The fault does not exist, or does not strike before requests are read.
    NotImposable = 422 "not_imposable",
    /// The fault could not be put in force, or not be lifted.
    ImpositionFailed = 409 "imposition_failed",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
