//! The shipped spec files, compiled in; a test keeps the list complete.

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../specs/", $name)))),*]
    };
}

/// Path relative to the specs folder, and text; `UPDATE_SPECS=1 cargo test --test specs` writes the list.
pub(super) const FILES: &[(&str, &str)] = shipped![
    "cogito/auth.yaml",
    "cogito/billing.yaml",
    "cogito/contract.yaml",
    "cogito/request-id.yaml",
    "cogito/retry-after.yaml",
    "cogito/routing.yaml",
    "cogito/streams.yaml",
    "cogito/upstream.yaml",
    "cogito/validation.yaml",
    "openai/auth.yaml",
    "openai/contract.yaml",
    "openai/error-bodies.yaml",
    "openai/headers.yaml",
    "openai/requests.yaml",
    "openai/statuses.yaml",
    "openai/streams.yaml",
    "targets/builtin-cogito.yaml",
    "targets/litellm.yaml",
    "targets/other-hands-cogito.yaml",
];
