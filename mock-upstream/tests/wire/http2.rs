//! Faults of HTTP/2, met by a library that is not the mock's, and by clients that do not speak it.

use h2::Reason;
use h2::client::{self, SendRequest};
use mock_upstream::fault::Lane;
use mock_upstream::script::FaultPlay;
use tokio::net::TcpStream;

use crate::stage::Stage;

/// A client of HTTP/2 by prior knowledge, its connection driven on the side.
async fn client(stage: &Stage) -> SendRequest<bytes::Bytes> {
    let stream = TcpStream::connect(stage.provider.addr()).await.unwrap();
    let (sender, connection) = client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn get(sender: &SendRequest<bytes::Bytes>) -> Result<http::Response<h2::RecvStream>, h2::Error> {
    let request = http::Request::get("http://upstream/v1/models").body(()).unwrap();
    let (response, _) = sender.clone().ready().await?.send_request(request, true)?;
    response.await
}

#[tokio::test]
async fn every_stream_of_a_connection_is_refused() {
    let stage = Stage::new().await;
    let imposed = stage.provider.impose(&FaultPlay::of("h2_stream_refused")).await.unwrap();
    let sender = client(&stage).await;
    for _ in 0..3 {
        let error = get(&sender).await.unwrap_err();
        assert_eq!((error.is_reset(), error.reason()), (true, Some(Reason::REFUSED_STREAM)));
    }
    let lifted = imposed.lift().await.unwrap();
    assert_eq!((lifted.struck, lifted.connections.len()), (1, 1));
}

#[tokio::test]
async fn a_stream_that_is_reset_within_its_body_has_a_head() {
    let stage = Stage::new().await;
    let _imposed = stage.provider.impose(&FaultPlay::of("h2_stream_reset")).await.unwrap();
    let response = get(&client(&stage).await).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let mut body = response.into_body();
    assert!(body.data().await.unwrap().unwrap().starts_with(b"{\"id\""));
    assert_eq!(body.data().await.unwrap().unwrap_err().reason(), Some(Reason::INTERNAL_ERROR));
}

#[tokio::test]
async fn a_connection_goes_away_with_its_reason() {
    let stage = Stage::new().await;
    for (name, reason) in [("h2_goaway", Reason::NO_ERROR), ("h2_goaway_error", Reason::ENHANCE_YOUR_CALM)] {
        let _imposed = stage.provider.impose(&FaultPlay::of(name)).await.unwrap();
        let error = get(&client(&stage).await).await.unwrap_err();
        assert_eq!((error.is_go_away(), error.reason()), (true, Some(reason)), "{name}");
    }
}

#[tokio::test]
async fn frames_that_break_the_protocol_are_the_clients_error() {
    let stage = Stage::new().await;
    for name in ["h2_headers_malformed", "h2_frame_malformed"] {
        let _imposed = stage.provider.impose(&FaultPlay::of(name)).await.unwrap();
        let error = get(&client(&stage).await).await.unwrap_err();
        // This library gives the same reason for a head that cannot be decompressed.
        assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR), "{name}");
    }
}

#[tokio::test]
async fn who_speaks_no_http2_is_served_and_not_struck() {
    let stage = Stage::new().await;
    let imposed = stage.provider.impose(&FaultPlay::of("h2_goaway")).await.unwrap();
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    let lifted = imposed.lift().await.unwrap();
    assert_eq!(lifted.struck, 0);
    assert_eq!(lifted.connections[0].remark.as_deref(), Some("the peer speaks no HTTP/2"));
}
