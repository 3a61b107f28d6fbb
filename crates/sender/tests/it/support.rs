//! Servers for one connection each, certificates, and a request that carries a marked secret.

use std::{net::SocketAddr, sync::Arc};

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::danger::ClientCertVerifier,
};
use strongroom_contract::error::Failure;
use strongroom_crypto::{SecretBytes, SecretText};
use strongroom_sender::{Answer, Header, Options, Outgoing, Phase, SendError, Target, send};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// In every request: as a header's value, in the query and in the body. In no error, ever.
pub(crate) const CANARY: &str = "canary-5f1d7c";
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request to `url` that carries the canary.
pub(crate) fn request(url: &str) -> Outgoing {
    request_with("POST", url, &[("app-secret", CANARY)], CANARY)
}

pub(crate) fn request_with(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Outgoing {
    let headers = headers
        .iter()
        .map(|(name, value)| Header::new(name, SecretBytes::copy_of(value.as_bytes())))
        .collect::<Result<_, _>>()
        .unwrap();
    let body = SecretBytes::copy_of(body.as_bytes());
    Outgoing::new(method, Target::parse(url).unwrap(), headers, body).unwrap()
}

pub(crate) fn http_url(address: SocketAddr) -> String {
    format!("http://{address}/x?q={CANARY}")
}

/// Plain HTTP to loopback, and no certificates of the system's.
pub(crate) fn plain() -> Options {
    Options {
        allow_plain_http_on_loopback: true,
        use_system_roots: false,
        ..Options::default()
    }
}

/// Sends, and holds the answer or the error against the canary.
pub(crate) async fn deliver(outgoing: &Outgoing, options: &Options) -> Result<Answer, SendError> {
    deliver_watched(outgoing, options, std::future::pending(), |_| ()).await
}

/// The same, with a stop button and somebody who hears of each phase.
pub(crate) async fn deliver_watched(
    outgoing: &Outgoing,
    options: &Options,
    cancel: impl Future<Output = ()> + Send,
    progress: impl FnMut(Phase) + Send,
) -> Result<Answer, SendError> {
    let result = send(outgoing, options, cancel, progress).await;
    let shown = match &result {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => {
            let failure = Failure::from(error);
            assert!(!failure.message.is_empty());
            format!("{error} {error:?} {failure:?}")
        }
    };
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(!format!("{outgoing:?}").contains(CANARY));
    result
}

/// A progress callback that speaks up once, when `phase` begins.
pub(crate) fn when(phase: Phase) -> (impl FnMut(Phase) + Send, impl Future<Output = ()> + Send) {
    let (begun, heard) = oneshot::channel();
    let mut begun = Some(begun);
    let progress = move |at| {
        if at == phase {
            begun.take().unwrap().send(()).unwrap();
        }
    };
    (progress, async move { heard.await.unwrap() })
}

/// A server that handles one connection; what the handler returns can be awaited.
pub(crate) async fn serve<F, T>(
    handler: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let handling = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        handler(stream).await
    });
    (address, handling)
}

/// A plain server that reads a whole request, says `answer` and hangs up; it returns the request.
pub(crate) async fn serve_answer(answer: impl Into<Vec<u8>>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let answer = answer.into();
    serve(|mut stream| async move {
        let request = read_request(&mut stream).await;
        stream.write_all(&answer).await.unwrap();
        request
    })
    .await
}

/// A TLS server that reads a whole request, says `answer` and hangs up properly.
pub(crate) async fn serve_tls(
    config: ServerConfig,
    answer: &'static [u8],
) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    serve_tls_with(config, move |mut stream| async move {
        let request = read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        request
    })
    .await
}

/// A TLS server whose handler gets the stream if the handshake succeeds; it returns nothing
/// received if it does not.
pub(crate) async fn serve_tls_with<F>(
    config: ServerConfig,
    handler: impl FnOnce(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<Vec<u8>>)
where
    F: Future<Output = Vec<u8>> + Send,
{
    serve(|stream| async move {
        match TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            Ok(stream) => handler(stream).await,
            Err(_) => Vec::new(),
        }
    })
    .await
}

/// Reads a request: its head, and as much body as `Content-Length` says.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Vec<u8> {
    let mut received = Vec::new();
    loop {
        if let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&received[..head]).to_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if received.len() >= head + 4 + length {
                return received;
            }
        }
        if stream.read_buf(&mut received).await.unwrap() == 0 {
            return received;
        }
    }
}

/// Something that signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    pub(crate) certificate: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::of(authority_params(name), None)
    }

    /// An intermediate, with its own validity.
    pub(crate) fn intermediate(&self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = authority_params("Strongroom Test Intermediate");
        change(&mut params);
        Self::of(params, Some(self))
    }

    fn of(params: CertificateParams, parent: Option<&Self>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match parent {
            None => params.self_signed(&key).unwrap(),
            Some(parent) => params.signed_by(&key, &parent.issuer).unwrap(),
        };
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A server's certificate for localhost and both loopback addresses, changed as told.
    pub(crate) fn leaf(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = leaf_params();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            chain: vec![certificate.der().clone()],
            key,
        }
    }

    pub(crate) fn pem(&self) -> String {
        self.pem.clone()
    }

    /// Options that trust this authority alone.
    pub(crate) fn trusted(&self) -> Options {
        Options {
            extra_roots: vec![self.certificate.clone()],
            use_system_roots: false,
            ..Options::default()
        }
    }
}

/// A server's certificate chain and key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = leaf_params();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            chain: vec![certificate.der().clone()],
            key,
        }
    }

    /// A server's configuration for the TLS versions given.
    pub(crate) fn config(
        self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(versions)
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(self.chain, key)
                .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// The chain and the key as files hold them.
    pub(crate) fn pem(&self) -> (String, SecretText) {
        let chain = self.chain.iter().map(|certificate| {
            let text = base64::engine::general_purpose::STANDARD.encode(certificate);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        });
        (chain.collect(), SecretText::new(self.key.serialize_pem()))
    }

    /// A server that insists on a client's certificate.
    pub(crate) fn requiring(
        self,
        verifier: Arc<dyn ClientCertVerifier>,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain, key)
            .unwrap()
    }

    pub(crate) fn modern(self) -> ServerConfig {
        self.config(rustls::ALL_VERSIONS)
    }
}

fn leaf_params() -> CertificateParams {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "Strongroom Test Server");
    params
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}
