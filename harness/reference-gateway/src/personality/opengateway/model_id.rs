//! Model ids: `org/model`, with a policy behind a colon where the provider is to be chosen by it.

use crate::mutant::{Flaw, Flaws};
use crate::seed::opengateway::ALIAS;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct ModelId<'a> {
    /// `org/model`, as the providers know it.
    pub(super) slug: &'a str,
    pub(super) policy: Policy,
}

/// By what a provider is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// The operator's order of preference.
    Declared,
    Fastest,
    Cheapest,
}

impl<'a> ModelId<'a> {
    /// `None` for what is no id and no alias.
    pub(super) fn parse(id: &'a str, flaws: Flaws) -> Option<Self> {
        let (name, policy) = match id.split_once(':') {
            None => (id, Policy::Declared),
            Some((name, "fastest")) => (name, Policy::Fastest),
            Some((name, "cheapest")) => (name, Policy::Cheapest),
            Some((name, _)) if flaws.has(Flaw::UnknownPolicyIgnored) => (name, Policy::Declared),
            Some(_) => return None,
        };
        if name == ALIAS.0 {
            return Some(Self { slug: ALIAS.1, policy });
        }
        let (org, model) = name.split_once('/')?;
        let written = |part: &str| {
            !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it))
        };
        (written(org) && written(model)).then_some(Self { slug: name, policy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(id: &str) -> Option<(&str, Policy)> {
        ModelId::parse(id, Flaws::default()).map(|it| (it.slug, it.policy))
    }

    #[test]
    fn an_id_is_org_and_model_and_perhaps_a_policy() {
        assert_eq!(parsed("meadow/chat-70b"), Some(("meadow/chat-70b", Policy::Declared)));
        assert_eq!(parsed("a.b/c_d:fastest"), Some(("a.b/c_d", Policy::Fastest)));
        assert_eq!(parsed("a/b:cheapest"), Some(("a/b", Policy::Cheapest)));
        assert_eq!(parsed("everyday:fastest"), Some((ALIAS.1, Policy::Fastest)));
    }

    #[test]
    fn everything_else_is_malformed() {
        for id in [
            "",
            "foo",
            "a/b/c",
            "a/",
            "/b",
            "a/b:",
            ":x",
            "a/b:soonest",
            "a/b:fastest:cheapest",
            "a b/c",
            "a/b ",
        ] {
            assert_eq!(parsed(id), None, "{id:?}");
        }
    }
}
