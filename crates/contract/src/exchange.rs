//! A request that was sent, and what came back.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
};

use crate::{secret::Revealed, time::UnixMillis};

/// A request to be signed and sent.
#[derive(Clone, Serialize, Deserialize)]
pub struct SendRequest {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, base64.
    pub body_base64: String,
    /// The vault item to sign with, by name or id.
    pub key: Option<String>,
    /// The scheme; the item's own if absent.
    pub scheme: Option<String>,
    /// What the scheme is told beside the key, such as a region.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// PEM of certificates to trust beside the system's.
    pub ca_pem: Vec<String>,
    /// The whole time allowed, in milliseconds.
    pub timeout_ms: u64,
    /// How many bytes of the answer's body are kept.
    pub body_limit: u64,
    /// Whether plain HTTP to a loopback address was agreed to.
    pub allow_plain_http: bool,
    /// How else it is sent.
    #[serde(default)]
    pub options: SendOptions,
}

/// How a request is sent, beyond what it is. The defaults suit most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct SendOptions {
    /// Whether redirects are followed rather than shown. A credential never goes to another origin.
    pub follow_redirects: bool,
    /// PEM of certificates to trust beside the system's.
    pub ca_pem: Vec<String>,
    /// Whether it was agreed that the request goes to production.
    pub confirm_production: bool,
    /// Whether plain HTTP to a loopback address was agreed to.
    pub allow_plain_http: bool,
    /// How many bytes of the answer's body are kept; 1 MiB if absent.
    pub body_limit: Option<u64>,
    /// Whether the request is left out of the history.
    pub off_the_record: bool,
    /// The certificates of these items of the vault are trusted beside the system's, by name or id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<String>>"))]
    pub ca: Vec<String>,
    /// The proxy on the way to other machines, as `http://HOST:PORT`; the one of the settings if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub proxy: Option<String>,
    /// The item of the vault whose id and secret the proxy is given as user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub proxy_key: Option<String>,
    /// Whether no proxy is used, whatever the settings say.
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub no_proxy: bool,
    /// The item of the vault whose certificate is shown to a server that asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub client_cert: Option<String>,
}

/// A request to be signed and shown, and not sent.
#[derive(Serialize, Deserialize)]
pub struct SignArgs {
    /// The request.
    pub request: SendRequest,
    /// The time that is signed; the present if absent.
    pub at: Option<UnixMillis>,
    /// The nonce; a fresh one if absent.
    pub nonce: Option<String>,
}

/// A request as it would go out, ready to be sent by any program.
#[derive(Serialize, Deserialize)]
pub struct SignedRequest {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: Revealed,
    /// Every header that was typed and then those that signing added; without `Host` and
    /// `Content-Length`, which whoever sends it adds. A secret of the vault is replaced by its reference.
    pub headers: Vec<(String, Revealed)>,
    /// The body's bytes, base64.
    pub body_base64: String,
    /// How it was signed.
    pub steps: Vec<Step>,
}

/// A credential that was typed for one call, and is kept nowhere.
pub struct TypedCredential {
    /// The public id.
    pub id: Option<String>,
    /// The secret, or a private key in PEM.
    pub secret: Revealed,
    /// Whether the secret is a token that was fetched already.
    pub is_token: bool,
    /// The token of a temporary credential.
    pub session_token: Option<Revealed>,
    /// Everything else: what the scheme is told beside.
    pub settings: BTreeMap<String, String>,
}

/// A JSON object with `id`, and one of `secret`, `private_key`, `access_token`; for AWS `access_key_id`,
/// `secret_access_key` and `session_token`. Other fields are settings of the scheme. No secret is held in
/// memory that is not wiped.
impl<'de> Deserialize<'de> for TypedCredential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TypedCredentialVisitor)
    }
}

struct TypedCredentialVisitor;

impl<'de> Visitor<'de> for TypedCredentialVisitor {
    type Value = TypedCredential;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a secret, such as {\"id\": …, \"secret\": …}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TypedCredential, A::Error> {
        let twice = |name: &str| de::Error::custom(format!("the field {name} is there twice"));
        let (mut id, mut secret, mut session_token) = (None, None, None);
        let mut is_token = false;
        let mut settings = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let repeated = match name.as_str() {
                "id" | "access_key_id" | "client_id" => {
                    id.replace(map.next_value::<String>()?).is_some()
                }
                "secret" | "secret_access_key" | "private_key" | "public_key" | "client_secret"
                | "access_token" => {
                    is_token |= name == "access_token";
                    secret.replace(map.next_value::<Revealed>()?).is_some()
                }
                "session_token" => {
                    let token = map.next_value::<Option<Revealed>>()?;
                    let had_one = session_token.is_some();
                    session_token = token.or(session_token);
                    had_one
                }
                _ => match map.next_value::<serde_json::Value>()? {
                    serde_json::Value::Null => false,
                    serde_json::Value::String(text) => {
                        settings.insert(name.clone(), text).is_some()
                    }
                    value => settings.insert(name.clone(), value.to_string()).is_some(),
                },
            };
            if repeated {
                return Err(twice(&name));
            }
        }
        Ok(TypedCredential {
            id,
            secret: secret.ok_or_else(|| {
                de::Error::custom(
                    "there is no secret: expected one of secret, private_key, access_token, secret_access_key",
                )
            })?,
            is_token,
            session_token,
            settings,
        })
    }
}

/// One artefact of signing, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Step {
    /// `content_digest`, `canonical_request`, `string_to_sign`, `signature_base`, or where a header
    /// came from. Never holds a secret.
    pub name: String,
    /// The artefact.
    pub value: String,
}

/// How a request would be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Each artefact, made with a sample secret: no signature among them is genuine.
    pub steps: Vec<Step>,
    /// The request line and the headers in the wire's order, a line each; credentials are replaced by
    /// references.
    pub head: String,
}

/// A request that was sent, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Exchange {
    /// The status code.
    pub status: u16,
    /// The answer's headers in order; bytes that are not ASCII are escaped as `\xNN`.
    pub headers: Vec<(String, String)>,
    /// The answer's body as text, unpacked if `decoded` says so; absent if it is not UTF-8 (then see `body_base64`).
    pub body: Option<String>,
    /// The answer's body, base64, if it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub body_base64: Option<String>,
    /// Where the body is held for the window; one of more than 1 MiB is there alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub held: Option<HeldBody>,
    /// Whether the body was longer than the limit.
    pub body_truncated: bool,
    /// The platform's id for the request (`X-Request-Id`).
    pub request_id: Option<String>,
    /// How the request was signed; credentials are replaced by references.
    pub steps: Vec<Step>,
    /// Where the time went.
    pub timings: Timings,
    /// TLS, if it was spoken.
    pub tls: Option<TlsDetails>,
    /// What was sent, with credentials replaced by references.
    pub sent: Sent,
    /// The HTTP version of the answer, such as `HTTP/1.1`.
    pub http_version: String,
    /// The peer's socket address: the proxy's, if there is one between.
    pub peer: String,
    /// Our socket address.
    pub local: String,
    /// The proxy that it went through, host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub proxy: Option<String>,
    /// The redirects that came before this answer, and the one that it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<Redirect>>"))]
    pub redirects: Vec<Redirect>,
    /// The content coding that was undone, such as `gzip`; absent if the body is as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub decoded: Option<Decoded>,
    /// Why a body that has a content coding is here as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub undecoded: Option<String>,
}

/// An answer that says that what was asked for is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Redirect {
    /// Its status.
    pub status: u16,
    /// Where it came from.
    pub from: String,
    /// Where it leads, absolute.
    pub to: String,
    /// Whether it was followed.
    pub followed: bool,
    /// Whether the credential stayed behind, since it leads to another origin.
    pub credential_dropped: bool,
    /// Why it was not followed, if it was to be.
    pub note: Option<String>,
}

/// A content coding that was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Decoded {
    /// `gzip`, `deflate`, `br` or `zstd`; several in the order in which they were applied, as in `br, gzip`.
    pub coding: String,
    /// How many bytes came.
    pub encoded_bytes: u64,
}

/// An answer's body that the vault's owner holds for the window, until the vault is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HeldBody {
    /// By which it is asked for.
    pub id: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it is UTF-8.
    pub text: bool,
}

/// What went on the wire, with credentials replaced by references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body's length in bytes.
    pub body_bytes: u64,
}

/// Durations of a request's phases, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Timings {
    /// Looking up the name.
    pub dns_ms: f64,
    /// TCP's handshake.
    pub connect_ms: f64,
    /// TLS's handshake; 0 without TLS.
    pub tls_ms: f64,
    /// From the request's first byte to the answer's.
    pub first_byte_ms: f64,
    /// The rest of the answer.
    pub download_ms: f64,
    /// All of it.
    pub total_ms: f64,
}

/// What TLS agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TlsDetails {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: String,
    /// The cipher suite, by its IANA name.
    pub cipher: String,
    /// The key exchange group, such as `X25519MLKEM768`.
    pub key_exchange: Option<String>,
    /// The protocol that ALPN chose.
    pub alpn: Option<String>,
    /// The name that was verified.
    pub server_name: String,
    /// The peer's chain, its own certificate first.
    pub chain: Vec<CertificateView>,
}

/// A certificate, as far as a person looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CertificateView {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names that it is valid for.
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: UnixMillis,
    /// Until when it is valid.
    pub not_after: UnixMillis,
    /// SHA-256 of its DER form, hex.
    pub sha256: String,
}
