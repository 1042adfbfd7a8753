//! Where a gateway is: the parts of its base URL that an exchange needs.

use reqwest::Url;

use crate::wire::exchange::Request;

/// A base URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Whether TLS is spoken.
    pub(super) tls: bool,
    /// The host without brackets, as name resolution and certificates want it.
    pub(super) host: String,
    /// The port, also where the URL leaves it out.
    pub(super) port: u16,
    authority: String,
    prefix: String,
}

impl Origin {
    /// Reads a base URL; the error says in words what is wrong with it.
    pub(super) fn parse(base_url: &str) -> Result<Self, String> {
        let url = Url::parse(base_url)
            .map_err(|error| format!("the base URL `{base_url}` is not a URL: {error}"))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(format!("the base URL `{base_url}` has the scheme `{other}`, not http or https"));
            }
        };
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(format!("the base URL `{base_url}` names no host"));
        };
        Ok(Self {
            tls,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The path that stands before every other; nothing where there is none.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The request as it goes out: the prefix before its path, and the headers without which HTTP/1.1 does not work.
    pub(super) fn complete(&self, mut request: Request) -> Request {
        if request.target.starts_with('/') {
            request.target.insert_str(0, &self.prefix);
        }
        let has = |name: &str| request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let framed = has("content-length") || has("transfer-encoding");
        let carries_body =
            !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        if !has("host") {
            request.headers.insert(0, ("host".to_owned(), self.authority.clone()));
        }
        if carries_body && !framed {
            request.headers.push(("content-length".to_owned(), request.body.len().to_string()));
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(method: &str, target: &str, body: &'static str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Bytes::from(body),
        }
    }

    #[test]
    fn a_base_url_gives_host_port_and_prefix() {
        let plain = Origin::parse("http://[::1]:8080").unwrap();
        assert_eq!((plain.tls, plain.host.as_str(), plain.port), (false, "::1", 8080));
        let secure = Origin::parse("https://gateway.example/llm/").unwrap();
        assert_eq!((secure.tls, secure.host.as_str(), secure.port), (true, "gateway.example", 443));
        let sent = secure.complete(request("GET", "/v1/models?a=/../b", ""));
        assert_eq!(sent.target, "/llm/v1/models?a=/../b");
        assert_eq!(sent.headers, [("host".to_owned(), "gateway.example".to_owned())]);
    }

    #[test]
    fn what_is_no_http_url_is_said_in_words() {
        assert!(Origin::parse("localhost:80").unwrap_err().contains("the scheme `localhost`"));
        assert!(Origin::parse("/v1").unwrap_err().contains("is not a URL"));
    }

    #[test]
    fn given_framing_is_left_alone_and_an_odd_target_too() {
        let origin = Origin::parse("http://127.0.0.1:1/p").unwrap();
        let mut odd = request("OPTIONS", "*", "");
        odd.headers = vec![("HOST".to_owned(), "other".to_owned())];
        let sent = origin.complete(odd);
        assert_eq!((sent.target.as_str(), sent.headers.len()), ("*", 1));
        let mut lying = request("POST", "/", "abc");
        lying.headers = vec![("Content-Length".to_owned(), "9".to_owned())];
        let names: Vec<_> = origin.complete(lying).headers.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["host", "Content-Length"]);
        assert_eq!(origin.complete(request("POST", "/", "")).headers[1].1, "0");
    }
}
