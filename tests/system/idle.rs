//! Connections that are opened and say nothing, as many as a platform is made for.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use strongroom_contract::platform::PlatformAddress;
use strongroom_testkit::{Home, Platform, Vault, raise_open_files};
use tokio::{
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    task::JoinSet,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    load::{Credentials, Load},
    scene::soak,
};

/// So many of them are opened at once.
const AT_ONCE: usize = 32;

fn connector(ca: &str) -> TlsConnector {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(Path::new(ca)).unwrap();
    roots.add(ca).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn port(platform: &PlatformAddress) -> u16 {
    let (_, port) = platform.url.rsplit_once(':').unwrap();
    port.parse().unwrap()
}

/// Two addresses of loopback in turn, each of which may have half of all places.
fn from(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 1 + u8::from(number % 2 == 1))
}

/// A connection from an address of loopback.
async fn connect(from: Ipv4Addr, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.connect(to).await.expect("a place for it")
}

/// The same with its handshake done.
async fn open(connector: TlsConnector, from: Ipv4Addr, port: u16) -> TlsStream<TcpStream> {
    let tcp = connect(from, port).await;
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, tcp).await.expect("a place for it")
}

/// 10,000 of them in `make soak`, from two addresses. The platform starts with the thousand files that
/// a shell gives it.
#[test]
fn idle_connections_are_all_taken_in_and_leave_the_others_served() {
    raise_open_files();
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&["--allow-read"]).exited(0);
    let mut command = Command::new("bash");
    home.surround(&mut command)
        .args(["-c", r#"ulimit -Sn 1024; exec "$@""#, "bash"])
        .arg(strongroom_testkit::program())
        .args(["serve", "--json", "--port", "0"]);
    let platform = Platform::start_command(&home, command);
    let _ = platform.issue(&home, "payments", &["--limit", "1000000"]);
    let credentials = Credentials::read(&home, "payments");
    let wanted = (200 * soak() as usize).min(10_000);

    let connector = connector(&platform.address().ca);
    let port = port(platform.address());
    let idle = Mutex::new(Vec::new());
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let load = Load::of(platform.address(), &credentials);
    let mut opened = 0;
    while opened < wanted {
        let batch = (wanted - opened).min(AT_ONCE * 8);
        runtime.block_on(async {
            let mut opening = JoinSet::new();
            for number in 0..batch {
                if opening.len() >= AT_ONCE {
                    let stream = opening.join_next().await.unwrap().unwrap();
                    idle.lock().unwrap().push(stream);
                }
                opening.spawn(open(connector.clone(), from(number), port));
            }
            while let Some(stream) = opening.join_next().await {
                idle.lock().unwrap().push(stream.unwrap());
            }
        });
        opened += batch;
        assert_eq!(load.ping().map(|(status, _)| status), Some(200));
    }
    let serves = || {
        for _ in 0..20 {
            let fresh = Load::of(platform.address(), &credentials);
            assert_eq!(fresh.ping().map(|(status, _)| status), Some(200));
        }
    };
    serves();
    assert_eq!(idle.into_inner().unwrap().len(), wanted);

    // Those come in as fast as they shake hands, so that the first may have gone as the last comes. As
    // many that don't even do that are all there at once.
    let pid = platform.address().pid;
    let held = || {
        let open = fs::read_dir(format!("/proc/{pid}/fd"));
        open.unwrap().count()
    };
    let deaf: Vec<_> = runtime.block_on(async {
        let mut deaf = Vec::with_capacity(wanted);
        for number in 0..wanted {
            deaf.push(connect(from(number), port).await);
        }
        deaf
    });
    while held() < wanted {
        thread::yield_now();
    }
    serves();
    drop(deaf);

    // A place is given back as its connection ends, and the log is whole.
    let fresh = Load::of(platform.address(), &credentials);
    assert_eq!(fresh.ping().map(|(status, _)| status), Some(200));
    let verified = home
        .run(&["platform", "audit", "verify", "--json"])
        .document();
    assert_eq!(verified["ok"], true, "{verified}");
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    assert!(!files.unwrap().contains(" 1024 "), "{files:?}");
}
