//! The way to a server: its authority, our certificate, and a proxy, out of the vault and the settings.

use std::{
    io::{Read as _, Write as _, copy},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use strongroom_contract::{
    agent::{KeyAdd, KeyRenew, KeyRenewArgs, Send},
    error::ErrorCode,
    exchange::{SendOptions, SendRequest},
    secret::Revealed,
    vault::{ItemKind, NewKey},
    window::Settings,
};
use strongroom_workbench::{
    activity::{Act, Subject},
    send, settings,
};

use crate::scene::{SECRET, Scene, Vault, call, in_file, key, secret};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// A name that only the proxy knows the way to.
const NAME: &str = "api.behind-the-proxy.test";

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            pem: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The certificate of `name` and its key, both in PEM.
    fn leaf(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A server called `name` that answers every connection once; with `asks`, only those that show a
    /// certificate of this authority.
    fn server(&self, name: &str, asks: bool) -> SocketAddr {
        let (certificate, key) = self.leaf(name);
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = if asks {
            let mut roots = RootCertStore::empty();
            let own = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
            roots.add(own).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.unwrap())
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                // A client that is refused in the handshake reads and writes no more.
                if stream.read(&mut [0; 8192]).is_ok_and(|count| count > 0) {
                    let _ = stream.write_all(ANSWER);
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        address
    }
}

/// A proxy for one tunnel, which it leads to `destination`; what it was asked.
fn proxy(destination: SocketAddr) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(destination).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let there = thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let _ = copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
        there.join().unwrap();
        String::from_utf8(asked).unwrap()
    });
    (address, asked)
}

fn get(url: &str, options: SendOptions) -> SendRequest {
    SendRequest {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body_base64: String::new(),
        key: None,
        scheme: None,
        settings: std::collections::BTreeMap::new(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 100_000,
        allow_plain_http: false,
        options,
    }
}

fn certificate(name: &str, pem: &str, private_key: &str, hosts: &[&str]) -> NewKey {
    NewKey {
        secret: Revealed::new(private_key.to_owned()),
        certificate: Some(pem.to_owned()),
        ..key(name, hosts)
    }
}

#[test]
fn certificates_of_the_vault_are_shown_and_trusted() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let authority = Authority::new();
    let (pem, private_key) = authority.leaf("somebody");
    let shown = certificate("somebody", &pem, &private_key, &["localhost"]);
    let item = call::<KeyAdd>(&mut client, &shown).unwrap();
    assert_eq!(item.kind, ItemKind::Certificate);
    assert!(item.expires.is_some());
    let trusted = certificate("corporate", &authority.pem, "", &[]);
    call::<KeyAdd>(&mut client, &trusted).unwrap();

    let port = authority.server("localhost", true).port();
    let url = format!("https://localhost:{port}/");
    let options = SendOptions {
        ca: vec!["corporate".into()],
        client_cert: Some("somebody".into()),
        ..SendOptions::default()
    };
    let answer = call::<Send>(&mut client, &get(&url, options.clone())).unwrap();
    assert_eq!(answer.body.as_deref(), Some("ok"));
    let entries = scene.session.activity().entries();
    let used = entries.iter().find(|entry| entry.act == Act::Used).unwrap();
    assert_eq!(
        used.subject.as_ref().and_then(Subject::known),
        Some("somebody")
    );

    // The same authority as a file would have it, for a request that is not composed.
    let without = SendOptions {
        ca_pem: vec![authority.pem.clone()],
        ..SendOptions::default()
    };
    let failure = call::<Send>(&mut client, &get(&url, without)).unwrap_err();
    assert_eq!(failure.details["problem"], "certificate_wanted");
    let elsewhere = format!("https://127.0.0.1:{port}/");
    let refused = call::<Send>(&mut client, &get(&elsewhere, options)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(refused.message.contains("certificate"), "{refused}");
}

#[test]
fn what_is_no_certificate_or_not_for_this_is_refused() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let authority = Authority::new();
    let (pem, private_key) = authority.leaf("somebody");
    let (_, other_key) = authority.leaf("somebody");
    for (pem, private_key, says) in [
        (pem.as_str(), other_key.as_str(), "does not belong"),
        (&pem, SECRET, "not a private key"),
        ("garbage", &private_key, "no certificate"),
        ("garbage", "", "no certificate"),
    ] {
        let item = certificate("wrong", pem, private_key, &[]);
        let refused = call::<KeyAdd>(&mut client, &item).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage);
        assert!(refused.message.contains(says), "{refused}");
        assert!(!refused.to_string().contains("CANARY"));
    }
    call::<KeyAdd>(&mut client, &key("payments", &["localhost"])).unwrap();
    let sound = certificate("somebody", &pem, &private_key, &["localhost"]);
    call::<KeyAdd>(&mut client, &sound).unwrap();
    let renewed = KeyRenewArgs {
        name: "somebody".into(),
        secret: secret(SECRET),
    };
    let refused = call::<KeyRenew>(&mut client, &renewed).unwrap_err();
    assert!(refused.message.contains("together with its key"));

    let mut sent = |options| call::<Send>(&mut client, &get("https://localhost:1/", options));
    let no_certificate = SendOptions {
        client_cert: Some("payments".into()),
        ..SendOptions::default()
    };
    let refused = sent(no_certificate).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    let missing = SendOptions {
        ca: vec!["nowhere".into()],
        ..SendOptions::default()
    };
    assert_eq!(sent(missing).unwrap_err().code, ErrorCode::NotFound);
    // A private key is nothing that a request carries.
    let mut as_key = get("https://localhost:1/", SendOptions::default());
    as_key.key = Some("somebody".into());
    let refused = call::<Send>(&mut client, &as_key).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "{refused}");
}

#[test]
fn the_proxy_of_the_settings_gets_its_password_and_nothing_else() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let authority = Authority::new();
    let (place, asked) = proxy(authority.server(NAME, false));
    let item = key("way-out", &[&place.to_string()]);
    call::<KeyAdd>(&mut client, &item).unwrap();
    let chosen = Settings {
        proxy: Some(format!("http://{place}")),
        proxy_key: Some("way-out".into()),
        ..Settings::default()
    };
    settings::write(&scene.home, &chosen).unwrap();

    let trusting = SendOptions {
        ca_pem: vec![authority.pem.clone()],
        ..SendOptions::default()
    };
    let mut request = get(&format!("https://{NAME}/x?in=the-tunnel"), trusting.clone());
    assert!(send::needs_the_vault(&scene.home, &request));
    let exchange = call::<Send>(&mut client, &request).unwrap();
    assert_eq!(exchange.status, 200);
    assert_eq!(exchange.proxy, Some(place.to_string()));
    assert!(!format!("{exchange:?}").contains("CANARY"));
    let asked = asked.join().unwrap();
    assert!(
        asked.starts_with(&format!("CONNECT {NAME}:443 HTTP/1.1\r\n")),
        "{asked}"
    );
    assert!(asked.contains("Proxy-Authorization: Basic ") && !asked.contains("tunnel"));

    request.options.no_proxy = true;
    let direct = call::<Send>(&mut client, &request).unwrap_err();
    assert_eq!(direct.details["phase"], "lookup");

    // The password goes to the proxies that its item names, as any secret does.
    request.options = SendOptions {
        proxy: Some("http://127.0.0.1:1".into()),
        proxy_key: Some("way-out".into()),
        ..trusting
    };
    let refused = call::<Send>(&mut client, &request).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert_eq!(refused.details["host"], "127.0.0.1:1");
}

#[tokio::test]
async fn without_the_vault_a_proxy_needs_no_password_and_a_certificate_cannot_be_had() {
    let scene = Scene::new();
    let authority = Authority::new();
    let (place, asked) = proxy(authority.server(NAME, false));
    let options = SendOptions {
        ca_pem: vec![authority.pem.clone()],
        proxy: Some(place.to_string()),
        ..SendOptions::default()
    };
    let url = format!("https://{NAME}/");
    let never = std::future::pending;
    let sent = send::without_key(&scene.home, &get(&url, options.clone()), never()).await;
    assert_eq!(sent.unwrap().status, 200);
    assert!(!asked.join().unwrap().contains("Authorization"));
    let shown = SendOptions {
        client_cert: Some("somebody".into()),
        ..options.clone()
    };
    let unsent = send::without_key(&scene.home, &get(&url, shown), never()).await;
    assert_eq!(unsent.unwrap_err().code, ErrorCode::Usage);
    let secret_in_url = SendOptions {
        proxy: Some("http://user:pass-CANARY@proxy.example:3128".into()),
        ..options
    };
    let refused = send::without_key(&scene.home, &get(&url, secret_in_url), never()).await;
    let refused = refused.unwrap_err();
    assert!(!refused.to_string().contains("CANARY"), "{refused}");
    assert!(refused.hint.unwrap().contains("--proxy-key"));
}
