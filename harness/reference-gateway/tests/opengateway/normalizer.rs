//! One normalizer: whatever a provider says, the lane's shape and nothing of the provider's.

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Behind, chat, embed, messages};
use crate::upstream::{KEY, Plays};

fn says(status: u16, content_type: &str, body: &str) -> Plays {
    let reply = ResponseTemplate::new(status).insert_header("x-request-id", "provider-7");
    Plays::Reply(reply.set_body_raw(body.to_owned(), content_type))
}

#[tokio::test]
async fn whatever_a_provider_says_the_lane_keeps_its_shape() {
    let json = json!({"error": {"message": format!("key {KEY} at 127.0.0.1"), "type": "t", "code": 400}});
    let json = json.to_string();
    for (content_type, body) in [
        ("application/json", json.as_str()),
        ("application/json", "{"),
        ("application/json", ""),
        ("text/html", "<h1>127.0.0.1</h1>"),
        ("text/event-stream", "data: {}\n\n"),
    ] {
        let behind = Behind::healthy([says(422, content_type, body), Plays::Ok]).await;
        let rejected = "422 invalid_request_error/provider_rejected | 1+0";
        for it in [chat(), chat().stream(), embed()] {
            assert_eq!(behind.shows(&it).await, rejected, "{body}");
        }
        for it in [messages(), messages().stream()] {
            assert_eq!(behind.shows(&it).await, "422 a.invalid_request_error | 1+0", "{body}");
        }
    }
}

#[tokio::test]
async fn a_200_that_is_no_answer_is_tried_elsewhere_and_then_told() {
    for body in ["", "{", "null", r#"{"error":{"message":"busy"}}"#, r#"{"choices":null,"content":null}"#] {
        let play = || says(200, "application/json", body);
        let behind = Behind::healthy([play(), Plays::Ok]).await;
        assert_eq!(behind.shows(&chat()).await, "200 hello | 1+1", "{body}");
        let behind = Behind::healthy([play(), play()]).await;
        assert_eq!(behind.shows(&chat()).await, "502 api_error/provider_invalid_response | 1+1", "{body}");
        assert_eq!(behind.shows(&messages()).await, "502 a.api_error | 1+1", "{body}");
    }
}

#[tokio::test]
async fn a_failed_connection_tells_no_address() {
    let behind = Behind::healthy([Plays::Refuses, Plays::Refuses]).await;
    assert_eq!(behind.shows(&chat()).await, "503 service_unavailable/provider_offline | 0+0");
    assert_eq!(behind.shows(&messages().stream()).await, "503 a.api_error | 0+0");
}
