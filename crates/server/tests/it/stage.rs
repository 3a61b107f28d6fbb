//! A platform, and a client that trusts its authority.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use serde_json::{Value, json};
use strongroom_server::{Config, Running, Server, StartError};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How often a counted test runs what `make test` runs once.
pub(crate) fn soak() -> u32 {
    match std::env::var("STRONGROOM_SOAK") {
        Ok(factor) => factor.parse().unwrap(),
        Err(_) => 1,
    }
}

/// The headers of a `GET` of `path` that a key has signed by RFC 9421, at the real time.
pub(crate) fn sign(key: &Key, path: &str) -> Vec<(String, String)> {
    use strongroom_signing::{Credential, Request, Scheme, SigningContext, Target, sign};
    let target = Target::parse(&format!("https://localhost{path}")).unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let secret = strongroom_crypto::SecretText::new(key.secret.clone());
    let credential = Credential::new(&secret, "sr://test/secret").with_public_id(&key.app_id);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let context = SigningContext {
        now: strongroom_contract::time::UnixMillis::from_secs(now.as_secs()),
        nonce: strongroom_crypto::random::bytes(),
    };
    let signed = sign(Scheme::Rfc9421HmacSha256, &request, &credential, &context).unwrap();
    let headers = signed.headers.iter();
    headers
        .map(|header| {
            (
                header.name.clone().into_owned(),
                header.value.expose_secret().to_owned(),
            )
        })
        .collect()
}

/// Headers as they are sent.
pub(crate) fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

pub(crate) struct Stage {
    pub(crate) running: Running,
    owner: String,
    pub(crate) home: TempDir,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

pub(crate) struct Key {
    pub(crate) app_id: String,
    pub(crate) secret: String,
}

impl Key {
    pub(crate) fn pair(&self) -> [(&str, &str); 2] {
        [("app-id", &self.app_id), ("secret-key", &self.secret)]
    }
}

pub(crate) fn config(state_dir: PathBuf) -> Config {
    let mut config = Config::in_directory(state_dir);
    config.address.set_port(0);
    config
}

/// Starts a server; the directory of one that was dropped may be held a moment longer.
pub(crate) async fn start(config: &Config) -> Running {
    loop {
        match Server::start(config.clone()).await {
            Ok(running) => return running,
            Err(StartError::DirectoryInUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut config = config(home.path().join("state"));
        change(&mut config);
        let running = Server::start(config).await.unwrap();
        Self::of(running, home)
    }

    pub(crate) fn of(running: Running, home: TempDir) -> Self {
        let owner = std::fs::read_to_string(running.owner_key_path()).unwrap();
        Self {
            running,
            owner,
            home,
        }
    }

    pub(crate) async fn tls(&self) -> std::io::Result<TlsStream<TcpStream>> {
        self.tls_of(&[&TLS13, &TLS12]).await
    }

    pub(crate) async fn tls_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(self.running.ca_path()).unwrap();
        roots.add(certificate).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(versions)
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tcp = TcpStream::connect(self.running.local_addr()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await
    }

    pub(crate) async fn connect(&self) -> Connection {
        let stream = TokioIo::new(self.tls().await.unwrap());
        let (sender, connection) = handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Connection(sender)
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        self.connect()
            .await
            .send(method, target, headers, body)
            .await
    }

    /// The owner's `Authorization`.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.owner)
    }

    pub(crate) async fn manage(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let bearer = self.bearer();
        let target = format!("/manage/v1{path}");
        self.send(method, &target, &[("authorization", &bearer)], body)
            .await
    }

    pub(crate) async fn key(&self, wanted: Value) -> Key {
        let mut body = json!({ "name": "test" });
        body.as_object_mut()
            .unwrap()
            .extend(wanted.as_object().unwrap().clone());
        let reply = self.manage("POST", "/keys", body).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
        Key {
            app_id: text("app_id"),
            secret: text("secret_key"),
        }
    }
}

pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub(crate) async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        self.0.ready().await.unwrap();
        let response = self.0.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}
