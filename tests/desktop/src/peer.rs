//! A server of somebody else's, on this machine, over real TLS: with an authority of its own, and answers
//! of every kind.

use std::{
    io::{self, Read, Write as _, copy},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use serde_json::json;

const PICTURE: &[u8] = include_bytes!("../../../icons/256x256.png");
/// The path that is never answered.
const SILENT: &str = "/never";
/// How many payouts the long list has: more text than an editor takes at once.
const PAYOUTS: u32 = 20_000;

/// Who vouches for the server, and for those that it lets in.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its private key, both in PEM.
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The private key, in PKCS#8.
    pub private_key: String,
}

impl Authority {
    /// A new one.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no names are good names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        named(&mut params, name);
        let key = KeyPair::generate().expect("a key pair");
        Self {
            pem: params.self_signed(&key).expect("a certificate").pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for somebody who calls, that ends with this year.
    #[must_use]
    pub fn client(&self, name: &str, ends: i32) -> Pair {
        let mut params = CertificateParams::new([]).expect("no names are good names");
        named(&mut params, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(ends, 12, 31);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key pair");
        let certificate = params.signed_by(&key, &self.issuer);
        Pair {
            certificate: certificate.expect("a certificate").pem(),
            private_key: key.serialize_pem(),
        }
    }

    /// Serves `names` on a free port of this machine, for as long as the program runs. One that `asks`
    /// answers those alone that show a certificate of this authority.
    #[must_use]
    pub fn serve(&self, names: &[&str], asks: bool) -> u16 {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("names");
        let config = Arc::new(self.config(&self.sign(&params), asks));
        accept(move |stream| {
            let connection =
                ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            let path = request(&mut stream)?;
            if path == SILENT {
                return wait(&mut stream);
            }
            let shown = stream.conn.peer_certificates().is_some();
            stream.write_all(&answer(&path, shown))?;
            stream.conn.send_close_notify();
            stream.flush()
        })
    }

    fn config(&self, own: &Pair, asks: bool) -> ServerConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS");
        let certificate = |pem: &str| {
            CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate of ours")
        };
        let config = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(&self.pem)).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_slice(own.private_key.as_bytes()).expect("a key of ours");
        config
            .with_single_cert(vec![certificate(&own.certificate)], key)
            .expect("a pair of ours")
    }
}

fn named(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
}

/// The same answers without TLS; on which port.
#[must_use]
pub fn serve_plainly() -> u16 {
    accept(|mut stream| {
        let path = request(&mut stream)?;
        if path == SILENT {
            return wait(&mut stream);
        }
        stream.write_all(&answer(&path, false))
    })
}

/// A proxy that leads every tunnel to `port` of this machine, whatever name was asked for; its own port.
#[must_use]
pub fn proxy_to(port: u16) -> u16 {
    accept(move |mut client| {
        let _ = head(&mut client)?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        let mut server = TcpStream::connect(("127.0.0.1", port))?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        let there = thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
        let _ = there.join();
        Ok(())
    })
}

/// Accepts connections for as long as the program runs, each on a thread; on which port.
fn accept(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
    let port = listener.local_addr().expect("a bound port").port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            // Whoever is refused in the handshake, or gives up, reads and writes no more.
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// The lines before the body.
fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

/// Reads a request, and answers with the path that it asks for.
fn request(stream: &mut impl Read) -> io::Result<String> {
    let head = head(stream)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<u64>().ok())?
    });
    io::copy(&mut stream.take(length.unwrap_or(0)), &mut io::sink())?;
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// Waits until the other side gives up.
fn wait(stream: &mut impl Read) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(|_| ())
}

/// The bytes of the answer.
fn answer(path: &str, shown: bool) -> Vec<u8> {
    let json = |status: &str, value: &serde_json::Value| {
        whole(status, "application/json", "", value.to_string().as_bytes())
    };
    match path {
        "/refused" => json(
            "401 Unauthorized",
            &json!({ "error": "signature does not match" }),
        ),
        "/picture" => whole("200 OK", "image/png", "", PICTURE),
        "/statement" => {
            let bytes: Vec<u8> = (0..4096_u32)
                .flat_map(|at| (at.wrapping_mul(2_654_435_761)).to_be_bytes())
                .collect();
            whole("200 OK", "application/octet-stream", "", &bytes)
        }
        "/nested" => json("200 OK", &json!({ "outer": { "inner": ["deepest"] } })),
        "/latin-1" => whole("200 OK", "text/plain", "", b"Cr\xe9er"),
        "/payouts" => {
            let payouts: Vec<_> = (0..PAYOUTS).map(payout).collect();
            json("200 OK", &json!({ "payouts": payouts }))
        }
        "/old" => whole(
            "301 Moved Permanently",
            "text/plain",
            "location: /sign-in\r\n",
            b"",
        ),
        "/sign-in" => whole(
            "302 Found",
            "text/plain",
            "location: /account\r\nset-cookie: hop=1; Secure; HttpOnly\r\n",
            b"",
        ),
        "/account" => whole(
            "200 OK",
            "application/json",
            "set-cookie: session=b3BhcXVl; Path=/; Secure; HttpOnly; SameSite=Lax\r\nset-cookie: theme=dark; Max-Age=31536000\r\n",
            br#"{"id":"acc_1042","name":"Ada Lovelace","currency":"AUD"}"#,
        ),
        _ => json(
            "200 OK",
            &json!({ "path": path, "certificate_shown": shown }),
        ),
    }
}

fn payout(number: u32) -> serde_json::Value {
    json!({
        "id": format!("po_{number:05}"),
        "status": if number.is_multiple_of(3) { "pending" } else { "paid" },
        "amount": f64::from(number) * 1.25,
        "currency": "AUD",
    })
}

fn whole(status: &str, kind: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
