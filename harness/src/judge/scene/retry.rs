//! Whether a client sends a request again, computed from the head of the answer.

use std::time::SystemTime;

use bytes::Bytes;

use crate::spec::clients::{self, Client};
use crate::wire::exchange::{End, Exchange};
use crate::wire::header;

/// What the clients of this name do; `None` where they do not agree, or where the exchange says nothing of it.
pub(in crate::judge) fn asks_again(name: &str, exchange: &Exchange) -> Option<bool> {
    let mut answers = clients::named(name).into_iter().map(|client| one(client, exchange));
    let first = answers.next()??;
    answers.all(|answer| answer == Some(first)).then_some(first)
}

fn one(client: &Client, exchange: &Exchange) -> Option<bool> {
    let Some(head) = &exchange.head else {
        // Connections that fail, and answers that do not come in time, are asked for again.
        return (exchange.end != End::Complete).then_some(true);
    };
    if (200..300).contains(&head.status) {
        // What has begun well is read, and whatever then goes wrong is not asked for again.
        return Some(false);
    }
    let arrived = exchange.started_wall + head.at;
    let wait = client.waits_by.iter().find_map(|header| seconds(&head.headers, header, arrived));
    if let (Some(wait), Some(most)) = (wait, client.gives_up_above)
        && wait > most
    {
        return Some(false);
    }
    let overruled = header::text(&head.headers, &client.overruled_by);
    Some(match overruled.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => client.statuses.contains(&head.status) || head.status >= client.statuses_from,
    })
}

fn seconds(headers: &[(String, Bytes)], name: &str, arrived: SystemTime) -> Option<f64> {
    let text = header::text(headers, name)?;
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    if name.ends_with("-ms") {
        return number.map(|milliseconds| milliseconds / 1000.0);
    }
    let date = || httpdate::parse_http_date(text.trim()).ok();
    number.or_else(|| Some(date()?.duration_since(arrived).unwrap_or_default().as_secs_f64()))
}
