//! Who is let in, and how much is read of what they send.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use mock_upstream::control::{Client, Control, ControlOptions, Error, Guard, Limits, Token, TokenError};
use mock_upstream::{MockUpstream, Options};

use crate::api::{Api, TOKEN};
use crate::wire::{request, send};

async fn status(api: &Api, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let answer = send(api.control.addr(), &request("GET", path, fields, "")).await;
    let code = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    (answer.status, code)
}

#[tokio::test]
async fn the_token_lets_in_and_nothing_else_does() {
    let api = Api::new().await;
    let with = |value: &str| value.to_owned();
    let right = with(&format!("Bearer {TOKEN}"));
    let wrong = [
        with(&format!("Bearer {TOKEN}x")),
        with(&format!("Bearer {}", &TOKEN[1..])),
        with(&format!("Basic {TOKEN}")),
        with(TOKEN),
        with("Bearer "),
        with("B"),
    ];
    let refused = (401, "unauthorized".to_owned());
    for path in ["/v1/clock", "/v1/scenarios", "/v1/nothing", "/"] {
        assert_eq!(status(&api, path, &[("host", "x")]).await, refused, "{path}");
        for wrong in &wrong {
            assert_eq!(status(&api, path, &[("host", "x"), ("authorization", wrong)]).await, refused);
        }
    }
    assert_eq!(status(&api, "/v1/clock", &[("host", "x"), ("authorization", &right)]).await.0, 200);
    let lower = right.replace("Bearer", "bearer");
    assert_eq!(status(&api, "/v1/clock", &[("host", "x"), ("authorization", &lower)]).await.0, 200);
    assert_eq!(status(&api, "/v1/health", &[("host", "x")]).await.0, 200);
    assert_eq!(status(&api, "/v1/openapi.json", &[("host", "x")]).await.0, 200);
    let answer = send(api.control.addr(), &request("GET", "/v1/clock", &[("host", "x")], "")).await;
    assert!(answer.head.to_lowercase().contains("\r\nwww-authenticate: bearer"), "{}", answer.head);
}

#[tokio::test]
async fn without_a_token_pages_of_a_browser_are_not_served() {
    let api = Api::guarded(Guard::Loopback).await;
    for host in ["127.0.0.1:4710", "localhost:4710", "[::1]:4710", "localhost"] {
        assert_eq!(status(&api, "/v1/clock", &[("host", host)]).await.0, 200, "{host}");
    }
    let refused = (403, "foreign_origin".to_owned());
    for host in ["evil.test", "localhost.evil.test", "10.0.0.1:4710"] {
        assert_eq!(status(&api, "/v1/clock", &[("host", host)]).await, refused, "{host}");
    }
    let page = [("host", "127.0.0.1:4710"), ("origin", "http://evil.test")];
    assert_eq!(status(&api, "/v1/clock", &page).await, refused);
    Client::connect(&api.control.url(), None).await.unwrap();
}

#[tokio::test]
async fn a_public_address_needs_a_token() {
    let mock = MockUpstream::start(Options::default()).await.unwrap();
    let public: SocketAddr = ([0, 0, 0, 0], 0).into();
    let options = ControlOptions { listen: public, ..ControlOptions::guarded(Guard::Loopback) };
    let error = Control::start(mock, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("needs a token"), "{error}");
}

#[tokio::test]
async fn the_client_tells_a_wrong_token_from_a_wrong_place() {
    let api = Api::new().await;
    let wrong = Token::parse("another-token-of-the-tests").unwrap();
    let refused = Client::connect(&api.control.url(), Some(&wrong)).await.unwrap_err();
    assert_eq!(refused.problem().unwrap().code.as_str(), "unauthorized");
    let url = api.control.url();
    api.control.stop().await;
    assert!(matches!(Client::connect(&url, None).await, Err(Error::Unreachable { .. })));
    assert!(matches!(Client::connect("https://127.0.0.1:1", None).await, Err(Error::Address(_))));
    assert!(matches!(Client::connect("http://127.0.0.1:1/x", None).await, Err(Error::Address(_))));
    let provider = api.mock.provider("first").unwrap().url();
    assert!(matches!(Client::connect(&provider, None).await, Err(Error::Unreadable { .. })));
}

#[test]
fn a_token_is_one_long_word_that_is_never_shown() {
    assert_eq!(Token::parse("short"), Err(TokenError::Short));
    assert_eq!(Token::parse("a token with blanks in it"), Err(TokenError::Characters));
    let token = Token::parse("  0123456789abcdef\n").unwrap();
    assert_eq!(token.reveal(), "0123456789abcdef");
    assert!(!format!("{token:?}").contains("0123"));
    assert_ne!(Token::random().unwrap(), Token::random().unwrap());
    assert!(Token::random().unwrap().reveal().len() >= 43);
}

#[tokio::test]
async fn a_body_is_read_up_to_the_cap_and_the_deadline() {
    let mock = MockUpstream::start(Options::default()).await.unwrap();
    let limits = Limits { body: 100, body_time: Duration::from_millis(50) };
    let options = ControlOptions { limits, ..ControlOptions::guarded(Guard::Loopback) };
    let control = Control::start(mock, options).await.unwrap();
    let fields = [("host", "localhost")];
    let open = async |name: String| {
        let body = format!(r#"{{"name":"{name}"}}"#);
        send(control.addr(), &request("POST", "/v1/scenarios", &fields, &body)).await
    };
    assert_eq!(open("x".repeat(89)).await.status, 201, "100 bytes");
    let long = open("x".repeat(90)).await;
    assert_eq!((long.status, long.code()), (413, "body_too_large".to_owned()));
    let mut half = request("POST", "/v1/scenarios", &fields, r#"{"name":"x"}"#);
    half.pop();
    let slow = send(control.addr(), &half).await;
    assert_eq!((slow.status, slow.code()), (408, "deadline".to_owned()));
}
