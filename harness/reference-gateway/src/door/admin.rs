//! The admin API: `GET /admin/health`, `GET` and `POST /admin/states`, `POST /admin/reset`.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Asked, House, Reply, reply};
use crate::account::bearer;

/// `None` for everything else: without the admin key these routes are as unknown as any other.
pub(crate) fn answer(house: &House, asked: &Asked) -> Option<Reply> {
    let route = asked.path().strip_prefix("/admin/")?;
    if (asked.method(), route) == (&Method::GET, "health") {
        return Some(respond(StatusCode::OK, &json!({"ok": true})));
    }
    if bearer(asked.headers()) != Some(house.admin_key.as_str()) {
        return None;
    }
    match (asked.method(), route) {
        (&Method::GET, "states") => Some(respond(StatusCode::OK, &states(house))),
        (&Method::POST, "states") => Some(switch(house, asked)),
        (&Method::POST, "reset") => {
            house.page.reset();
            Some(respond(StatusCode::OK, &states(house)))
        }
        _ => None,
    }
}

/// Sets every state named in the body, or none of them.
fn switch(house: &House, asked: &Asked) -> Reply {
    let wanted: Option<Map<String, Value>> =
        asked.body.as_ref().ok().and_then(|body| serde_json::from_slice(body).ok());
    let known = |wanted: &Map<String, Value>| {
        wanted
            .iter()
            .all(|(name, on)| on.is_boolean() && house.page.switches().list().any(|(it, _)| it == name))
    };
    let Some(wanted) = wanted.filter(known) else {
        let refusal =
            json!({"error": "an object of known states and booleans is needed", "states": states(house)});
        return respond(StatusCode::BAD_REQUEST, &refusal);
    };
    for (name, on) in &wanted {
        house.page.switches().set(name, on.as_bool().unwrap_or_default());
    }
    respond(StatusCode::OK, &states(house))
}

fn states(house: &House) -> Value {
    house
        .page
        .switches()
        .list()
        .map(|(name, on)| (name.to_owned(), Value::Bool(on)))
        .collect::<Map<_, _>>()
        .into()
}

fn respond(status: StatusCode, body: &Value) -> Reply {
    reply::json(status, body.to_string())
}
