//! Starting, and what can be in the way.

use std::net::TcpListener;

use serde_json::json;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_server::Server;
use tokio_rustls::rustls::{
    ProtocolVersion,
    version::{TLS12, TLS13},
};

use crate::stage::{Stage, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    config.address = taken.local_addr().unwrap();
    let failure = Failure::from(Server::start(config).await.map(|_| ()).unwrap_err());
    assert_eq!(failure.code, ErrorCode::InUse);
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(failure.message.contains(&port), "{failure}");
    assert!(failure.hint.unwrap().contains("--port"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_directory_is_told_of_the_first() {
    let stage = Stage::new().await;
    let second = config(stage.home.path().join("state"));
    let failure = Failure::from(Server::start(second).await.map(|_| ()).unwrap_err());
    assert_eq!(failure.code, ErrorCode::InUse);
    assert!(failure.message.contains(stage.running.url()), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_key_or_a_damaged_store_is_told() {
    let stage = Stage::new().await;
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let state = home.path().join("state");
    let start = || Server::start(config(state.clone()));
    let pepper = std::fs::read(state.join("pepper.key")).unwrap();
    std::fs::remove_file(state.join("pepper.key")).unwrap();
    let failure = Failure::from(start().await.map(|_| ()).unwrap_err());
    assert_eq!(failure.code, ErrorCode::Damaged, "{failure}");
    std::fs::write(state.join("pepper.key"), &pepper).unwrap();
    let failure = Failure::from(start().await.map(|_| ()).unwrap_err());
    assert_eq!(
        failure.code,
        ErrorCode::Refused,
        "readable by others: {failure}"
    );
    use std::os::unix::fs::PermissionsExt as _;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(state.join("pepper.key"), private).unwrap();
    std::fs::write(
        state.join("platform.db"),
        b"this is no database, but long enough to be one",
    )
    .unwrap();
    let failure = Failure::from(start().await.map(|_| ()).unwrap_err());
    assert_eq!(failure.code, ErrorCode::Damaged, "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_of_tls_are_spoken() {
    let stage = Stage::new().await;
    for (version, spoken) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let stream = stage.tls_of(&[version]).await.unwrap();
        let (_, connection) = stream.get_ref();
        assert_eq!(connection.protocol_version(), Some(spoken));
        assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    let key = stage.key(json!({})).await;
    let mut kept_alive = stage.connect().await;
    for _ in 0..3 {
        let reply = kept_alive
            .send("GET", "/api/v1/ping", &key.pair(), "")
            .await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_lets_go_of_everything() {
    let stage = Stage::new().await;
    let mut open = stage.connect().await;
    assert_eq!(open.send("GET", "/api/v1/ping", &[], "").await.status, 401);
    let address = stage.running.local_addr();
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let again = Server::start(config(home.path().join("state")))
        .await
        .unwrap();
    again.shutdown().await;
}
