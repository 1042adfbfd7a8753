//! Arguments that have a form of their own.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::control::nearest;
use crate::dialect::{Dialect, Quirk};
use crate::scenario::Ambient;

/// `NAME=DIALECT[@ADDR]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderFlag {
    pub(super) name: String,
    pub(super) dialect: Dialect,
    pub(super) listen: Option<SocketAddr>,
}

impl FromStr for ProviderFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is NAME=DIALECT or NAME=DIALECT@ADDRESS:PORT";
        let (name, rest) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(form)?;
        let (dialect, listen) = match rest.split_once('@') {
            Some((dialect, addr)) => (dialect, Some(address(addr)?)),
            None => (rest, None),
        };
        Ok(Self { name: name.to_owned(), dialect: self::dialect(dialect)?, listen })
    }
}

/// `METHOD PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AmbientFlag(pub(super) Ambient);

impl FromStr for AmbientFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is a method and a path without query, such as \"GET /health\"";
        let (method, path) = text.split_once(' ').ok_or(form)?;
        let fits = !method.is_empty() && path.starts_with('/') && !path.contains(['?', '#', ' ']);
        fits.then(|| Self(Ambient { method: method.to_owned(), path: path.to_owned() }))
            .ok_or_else(|| form.to_owned())
    }
}

/// `[NAME=]HOST[:PORT]`: under which name others reach the providers, or one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AdvertiseFlag {
    pub(super) provider: Option<String>,
    host: String,
    port: Option<u16>,
}

impl AdvertiseFlag {
    /// The URL of a provider that listens at this port.
    pub(super) fn url(&self, port: u16) -> String {
        format!("http://{}:{}", self.host, self.port.unwrap_or(port))
    }
}

impl FromStr for AdvertiseFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "it is HOST, HOST:PORT, NAME=HOST or NAME=HOST:PORT, with a version 6 address in brackets";
        let (provider, at) = match text.split_once('=') {
            Some((name, at)) => (Some(name.to_owned()), at),
            None => (None, text),
        };
        let authority: http::uri::Authority = at.parse().map_err(|_| form.to_owned())?;
        let plain = !authority.host().is_empty() && !at.contains('@');
        plain
            .then(|| Self { provider, host: authority.host().to_owned(), port: authority.port_u16() })
            .ok_or_else(|| form.to_owned())
    }
}

/// An address with its port; `localhost` is 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let literal = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let literal = literal.as_deref().unwrap_or(text);
    literal.parse().map_err(|_| format!("`{text}` is not an address with a port, such as 127.0.0.1:4711"))
}

/// The dialect of this name.
fn dialect(name: &str) -> Result<Dialect, String> {
    let sloppy = Quirk::ALL.map(Dialect::Sloppy);
    let plain = Dialect::ALL.into_iter().filter(|dialect| !sloppy.contains(dialect));
    let known: Vec<String> = plain.chain(sloppy).map(|dialect| dialect.to_string()).collect();
    Dialect::parse(name).ok_or_else(|| match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("there is no dialect `{name}`; did you mean `{near}`?"),
        None => format!("there is no dialect `{name}`; there are: {}", known.join(", ")),
    })
}
