//! Hosts that are not there, servers that hang, and the stop button.

use std::time::Duration;

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_sender::{Options, Phase, SendError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

use crate::support::{
    Authority, CANARY, OK, deliver, deliver_watched, http_url, plain, read_request, request,
    request_with, serve, serve_tls, when,
};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(3_600);

fn within(timeout: Duration) -> Options {
    Options { timeout, ..plain() }
}

async fn phase_of_timeout(url: &str, body: &str) -> Phase {
    let outgoing = request_with("POST", url, &[("app-secret", CANARY)], body);
    let error = deliver(&outgoing, &within(SHORT)).await.unwrap_err();
    assert_eq!(Failure::from(&error).code, ErrorCode::Timeout);
    let SendError::Timeout { phase, after, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(after, SHORT);
    phase
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_named() {
    let error = deliver(
        &request("https://no-such-host.invalid/"),
        &Options::default(),
    )
    .await
    .unwrap_err();
    let failure = Failure::from(&error);
    assert_eq!(failure.code, ErrorCode::Network);
    assert_eq!(failure.details["phase"], "lookup");
    assert!(
        failure.message.contains("no-such-host.invalid"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_told_for_every_address() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = deliver(&request(&format!("http://localhost:{port}/")), &plain())
        .await
        .unwrap_err();
    let failure = Failure::from(&error);
    assert_eq!(failure.code, ErrorCode::Network);
    assert!(
        failure
            .hint
            .is_some_and(|hint| hint.contains("nothing listens"))
    );
    let SendError::Connect { tried, .. } = error else {
        panic!("{error:?}");
    };
    let addresses: Vec<_> = tried
        .iter()
        .map(|attempt| attempt.address.to_string())
        .collect();
    assert_eq!(
        addresses,
        [format!("127.0.0.1:{port}"), format!("[::1]:{port}")]
    );
    assert!(tried[0].refused);
}

#[tokio::test]
async fn the_next_address_is_tried() {
    // On a machine without IPv6 there is no second address to try.
    let Ok(listener) = TcpListener::bind(("::1", 0)).await else {
        return;
    };
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
    });
    let url = format!("http://localhost:{}/", address.port());
    let answer = deliver(&request(&url), &plain()).await.unwrap();
    assert_eq!(answer.peer, address);
    server.await.unwrap();
}

#[tokio::test]
async fn a_machine_that_swallows_packets_is_a_timeout_of_connecting() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // A listener whose queue is full drops what else comes.
    let mut queued = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    assert_eq!(
        phase_of_timeout(&http_url(address), "").await,
        Phase::Connect
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_a_timeout_of_the_phase_it_hangs_in() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("https://localhost:{}/", address.port());
    assert_eq!(phase_of_timeout(&url, "").await, Phase::Tls);
    assert_eq!(
        phase_of_timeout(&http_url(address), "").await,
        Phase::Answer
    );
    let unread = "x".repeat(64 * 1024 * 1024);
    assert_eq!(
        phase_of_timeout(&http_url(address), &unread).await,
        Phase::Request
    );

    for (said, phase) in [
        ("HTTP/1.1 200 OK\r\nX-", Phase::Answer),
        ("HTTP/1.1 100 Continue\r\n\r\n", Phase::Answer),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            Phase::Download,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", Phase::Download),
    ] {
        let (address, server) = serve(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            stream
        })
        .await;
        assert_eq!(
            phase_of_timeout(&http_url(address), "").await,
            phase,
            "{said:?}"
        );
        drop(server.await.unwrap());
    }
}

#[tokio::test]
async fn a_server_that_dribbles_does_not_outlast_the_whole_time() {
    let (address, server) = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    })
    .await;
    assert_eq!(
        phase_of_timeout(&http_url(address), "").await,
        Phase::Download
    );
    server.await.unwrap();
}

#[tokio::test]
async fn a_request_is_stopped_wherever_it_is() {
    for phase in [Phase::Answer, Phase::Download] {
        let (progress, begun) = when(phase);
        let (address, server) = serve(move |mut stream| async move {
            read_request(&mut stream).await;
            if phase == Phase::Download {
                let half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
                stream.write_all(half).await.unwrap();
            }
            // The connection ends with the request.
            stream.read_u8().await.is_err()
        })
        .await;
        let outgoing = request(&http_url(address));
        let error = deliver_watched(&outgoing, &within(LONG), begun, progress)
            .await
            .unwrap_err();
        assert_eq!(Failure::from(&error).code, ErrorCode::Cancelled);
        assert_eq!(error, SendError::Cancelled { phase });
        assert!(server.await.unwrap(), "still open");
    }
}

#[tokio::test]
async fn a_request_that_was_stopped_before_it_began_is_not_sent() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let outgoing = request(&http_url(listener.local_addr().unwrap()));
    let stopped = async {};
    let error = deliver_watched(&outgoing, &within(LONG), stopped, |_| ())
        .await
        .unwrap_err();
    let phase = Phase::Lookup;
    assert_eq!(error, SendError::Cancelled { phase });
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn the_future_can_be_spawned() {
    let authority = Authority::new("Strongroom Test CA");
    let (address, _server) = serve_tls(authority.leaf(|_| ()).modern(), OK).await;
    let options = authority.trusted();
    let sending = tokio::spawn(async move {
        let outgoing = request(&format!("https://{address}/"));
        deliver(&outgoing, &options).await
    });
    assert_eq!(sending.await.unwrap().unwrap().status, 200);
}
