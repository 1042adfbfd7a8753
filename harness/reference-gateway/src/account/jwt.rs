//! Bearer tokens that say for themselves who calls: JSON Web Tokens signed with a shared secret.

use http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::bearer;
use crate::mutant::{Flaw, Flaws};

/// Who calls, as the token says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
    pub(crate) roles: Vec<String>,
    pub(crate) tier: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// No Authorization header, another scheme, or nothing behind the scheme.
    Missing,
    /// Not a token, or one that is not to be trusted, not yet or not any more.
    Invalid,
}

pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
    flaws: Flaws,
}

impl Tokens {
    /// Trusts what `issuer` signed with `secret`, from the moment a token names to the one it ends at.
    pub(crate) fn new(issuer: &str, secret: &[u8], flaws: Flaws) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.leeway = 0;
        validation.validate_exp = !flaws.has(Flaw::ExpiredTokenAccepted);
        validation.validate_nbf = !flaws.has(Flaw::EarlyTokenAccepted);
        if flaws.has(Flaw::SignatureUnchecked) {
            validation.insecure_disable_signature_validation();
        }
        Self { key: DecodingKey::from_secret(secret), validation, flaws }
    }

    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Caller, TokenRefusal> {
        let token = bearer(headers).ok_or(TokenRefusal::Missing)?;
        if self.flaws.has(Flaw::UnsignedTokenAccepted)
            && let Some(caller) = unsigned(token)
        {
            return Ok(caller);
        }
        let token = decode::<Caller>(token, &self.key, &self.validation);
        token.map(|it| it.claims).map_err(|_| TokenRefusal::Invalid)
    }
}

/// What a token says that calls itself unsigned, which only a flawed gateway believes.
fn unsigned(token: &str) -> Option<Caller> {
    let claims = token.strip_suffix('.')?;
    if decode_header(token).is_ok() {
        return None;
    }
    let mut trusting = Validation::new(Algorithm::HS256);
    trusting.insecure_disable_signature_validation();
    // Any header that names an algorithm will do in place of the one that names none.
    let (_, claims) = claims.split_once('.')?;
    let signed = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.AA");
    decode::<Caller>(&signed, &DecodingKey::from_secret(b""), &trusting).ok().map(|it| it.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::llm_orchestration as seed;

    fn identify(token: &str, flaws: Flaws) -> Result<Caller, TokenRefusal> {
        let tokens = Tokens::new(seed::ISSUER, seed::SECRET, flaws);
        let headers = [(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())];
        tokens.identify(&headers.into_iter().collect())
    }

    #[test]
    fn only_a_token_that_was_signed_and_is_in_its_time_is_trusted() {
        let caller = identify(seed::VALID, Flaws::default()).unwrap();
        assert_eq!((caller.tenant.as_str(), caller.tier.as_str()), ("t-main", "enterprise"));
        let bad = [
            seed::EXPIRED,
            seed::NOT_YET_VALID,
            seed::MALFORMED,
            seed::WRONG_SIGNATURE,
            seed::ALG_NONE,
            "token",
        ];
        for token in bad {
            assert_eq!(identify(token, Flaws::default()), Err(TokenRefusal::Invalid), "{token}");
        }
    }

    #[test]
    fn each_flaw_trusts_one_kind_of_bad_token() {
        let rows = [
            (Flaw::ExpiredTokenAccepted, seed::EXPIRED),
            (Flaw::EarlyTokenAccepted, seed::NOT_YET_VALID),
            (Flaw::SignatureUnchecked, seed::WRONG_SIGNATURE),
            (Flaw::UnsignedTokenAccepted, seed::ALG_NONE),
        ];
        for (flaw, token) in rows {
            assert!(identify(token, Flaws::of(Some(flaw))).is_ok(), "{flaw:?}");
        }
    }
}
