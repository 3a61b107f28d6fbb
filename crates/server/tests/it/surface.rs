//! What a key may call, as an integration meets it.

use serde_json::Value;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_shown_to_whoever_asks_and_leaves_a_row() {
    let stage = Stage::new().await;
    let shown = stage.send("GET", "/openapi.json", &[], "").await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("content-type"), "application/json");
    let document = shown.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/v1/ping"]["get"].is_object());
    assert_eq!(document, strongroom_server::openapi());
    let rows = stage.manage("GET", "/audit?limit=1", Value::Null).await;
    let row = &rows.json()["rows"][0];
    assert_eq!(row["route"], "GET /openapi.json");
    assert_eq!(row["request_id"], shown.header("x-request-id"));
    let posted = stage.send("POST", "/openapi.json", &[], "").await;
    assert_eq!(posted.status, 401, "anything else is decided as usual");
}
