//! The OpenAPI document as a judge of requests and answers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use mock_upstream::control::{Code, OPENAPI, ROUTES};
use mock_upstream::dialect::Dialect;
use serde_json::{Value, json};

pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(OPENAPI).unwrap());

/// The operation of a method and a path of the document.
pub(crate) fn operation(method: &str, template: &str) -> &'static Value {
    let operation = &DOCUMENT["paths"][template][method];
    assert!(operation.is_object(), "{method} {template} is not in openapi.json");
    operation
}

/// What an answer of this status has to conform to; `None` when it has no body.
pub(crate) fn answer_schema(operation: &'static Value, status: u16) -> Option<&'static Value> {
    let responses = &operation["responses"];
    let response = responses.get(status.to_string()).unwrap_or_else(|| {
        assert!(status >= 400, "a success has the documented status, not {status}");
        &DOCUMENT["components"]["responses"]["Problem"]
    });
    response.pointer("/content/application~1json/schema")
}

pub(crate) fn conforms(schema: &Value, value: &Value) -> Result<(), String> {
    let mut whole = schema.as_object().unwrap().clone();
    whole.insert("components".to_owned(), DOCUMENT["components"].clone());
    let validator = jsonschema::draft202012::new(&Value::Object(whole)).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nin {value:#}", wrong.join("\n"))) }
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let methods = ["get", "put", "post", "delete", "patch"];
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let documented: BTreeSet<(&str, &str)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.keys().filter(|key| methods.contains(&key.as_str())).map(|key| (key.as_str(), path.as_str()))
        })
        .collect();
    assert_eq!(documented, ROUTES.iter().copied().collect());
    let ids: Vec<&str> =
        ROUTES.iter().map(|(m, p)| operation(m, p)["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "operation ids are unique");
}

#[test]
fn the_document_names_every_code() {
    let documented: Vec<&str> = DOCUMENT["components"]["schemas"]["Code"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    let sent: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(documented, sent);
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), json!(code.as_str()));
        assert!((400..500).contains(&code.status()));
    }
}

#[test]
fn every_schema_of_the_document_is_one_and_is_used() {
    let text = DOCUMENT.to_string();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
    }
}

#[test]
fn a_schema_refuses_what_does_not_conform() {
    let schema = json!({"$ref": "#/components/schemas/Health"});
    assert!(conforms(&schema, &json!({"status": "ok"})).is_ok());
    assert!(conforms(&schema, &json!({"status": "ok", "more": 1})).is_err());
    assert!(conforms(&schema, &json!({})).is_err());
}

#[test]
fn the_document_names_every_dialect() {
    let schema = json!({"$ref": "#/components/schemas/Dialect"});
    for dialect in Dialect::ALL {
        conforms(&schema, &serde_json::to_value(dialect).unwrap()).unwrap();
    }
}
