//! The word by which clients of the control API are known.

use std::fmt;
use std::path::Path;
use std::{fs, io};

/// The fewest characters of a token.
const SHORTEST: usize = 16;

/// A bearer token; never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token that this text is, without the blanks around it.
    ///
    /// # Errors
    /// It is shorter than sixteen characters, or has characters that a header field cannot carry.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() < SHORTEST {
            return Err(TokenError::Short);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the token from a file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        Self::parse(&fs::read_to_string(path).map_err(|error| TokenError::Unreadable(error.kind()))?)
    }

    /// A new token of 256 random bits.
    ///
    /// # Errors
    /// The system has no source of randomness.
    #[cfg(feature = "daemon")]
    pub fn random() -> io::Result<Self> {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;

        let mut bits = [0; 32];
        getrandom::fill(&mut bits).map_err(io::Error::other)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bits)))
    }

    /// The token itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the token, in a time that does not depend on where the two differ.
    #[cfg(feature = "daemon")]
    pub(super) fn is(&self, presented: &[u8]) -> bool {
        use sha2::{Digest as _, Sha256};
        use subtle::ConstantTimeEq as _;

        // Digests have one length, so that the comparison does not tell that of the token.
        Sha256::digest(&self.0).ct_eq(&Sha256::digest(presented)).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why a text or a file is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too short to be secret.
    #[error("a token has at least {SHORTEST} characters")]
    Short,
    /// Not carried by a header field.
    #[error("a token is one word of visible ASCII characters")]
    Characters,
    /// The file cannot be read.
    #[error("the token cannot be read: {0}")]
    Unreadable(io::ErrorKind),
}
