//! A mock with its control API in this process, and requests to it that are held against the document.

use std::collections::BTreeSet;
use std::sync::Mutex;

use mock_upstream::control::{Client, Control, ControlOptions, Guard, Standing, Token};
use mock_upstream::script::{Play, Script, StatusPlay, Turn};
use mock_upstream::{MockUpstream, Options, ProviderOptions};
use serde_json::Value;

use crate::schema;
use crate::wire::{Answer, request, send};

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

pub(crate) struct Api {
    pub(crate) mock: MockUpstream,
    pub(crate) control: Control,
    /// The routes that have answered.
    pub(crate) visited: Mutex<BTreeSet<(String, String)>>,
}

pub(crate) fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}

pub(crate) fn status(status: u16) -> Script {
    Script::of([Turn::play(Play::Status(StatusPlay::of(status)))])
}

impl Api {
    /// With the providers `first`, which has no script, and `standing`, which answers 418.
    pub(crate) async fn new() -> Self {
        Self::guarded(Guard::Token(token())).await
    }

    pub(crate) async fn guarded(guard: Guard) -> Self {
        let providers = ["first", "standing"].map(ProviderOptions::named).to_vec();
        let mock = MockUpstream::start(Options { providers, ..Options::default() }).await.unwrap();
        let standing = vec![Standing { provider: "standing".into(), script: status(418) }];
        let options = ControlOptions { standing, ..ControlOptions::guarded(guard) };
        let control = Control::start(mock.clone(), options).await.unwrap();
        Self { mock, control, visited: Mutex::default() }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.control.url(), Some(&token())).await.unwrap()
    }

    /// Asks with the token; what comes back conforms to the document, and what was sent does if it was taken.
    pub(crate) async fn ask(&self, method: &str, template: &str, names: &[&str], body: Value) -> Answer {
        self.ask_with(method, template, names, "", body).await
    }

    /// The same with a query.
    pub(crate) async fn ask_with(
        &self,
        method: &str,
        template: &str,
        names: &[&str],
        query: &str,
        body: Value,
    ) -> Answer {
        let mut path = template.to_owned();
        for name in names {
            let (head, tail) = path.split_once('{').unwrap();
            path = format!("{head}{name}{}", tail.split_once('}').unwrap().1);
        }
        let bearer = format!("Bearer {TOKEN}");
        let fields = [("host", "mock"), ("authorization", bearer.as_str())];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let sent = request(&method.to_uppercase(), &format!("{path}{query}"), &fields, &text);
        let answer = send(self.control.addr(), &sent).await;
        let operation = schema::operation(method, template);
        match schema::answer_schema(operation, answer.status) {
            Some(schema) => schema::conforms(schema, &answer.json())
                .unwrap_or_else(|wrong| panic!("{method} {path} → {}: {wrong}", answer.status)),
            None => assert!(answer.body.is_empty(), "{method} {path} has no body: {answer:?}"),
        }
        if answer.status < 300 {
            self.visited.lock().unwrap().insert((method.to_owned(), template.to_owned()));
            if let Some(taken) = operation.pointer("/requestBody/content/application~1json/schema") {
                schema::conforms(taken, &body)
                    .unwrap_or_else(|wrong| panic!("{method} {path} took: {wrong}"));
            }
        }
        answer
    }
}
