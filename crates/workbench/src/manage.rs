//! The management API of a local platform, as its owner speaks it.

mod audit;
mod limits;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use reqwest::{Method, StatusCode, header::HeaderValue};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_contract::{
    diagnosis::{Diagnosis, Exhibit},
    error::{ErrorCode, Failure, FailureDocument},
    explain::Explanation,
    manage::{
        AdvanceClock, AllowAllView, CapturedRequest, ChangeAllowlist, ClockView, CreateKey,
        CreatedKey, KeyList, KeyView, RetireSecret, RotateKey, RotatedKey, SetAllowlist, SetExpiry,
        SetLimit, SetName, SetNote, SetPublicKey, SetScopes, SourceCheck,
    },
    platform::PlatformAddress,
};
use strongroom_crypto::SecretText;
use zeroize::Zeroizing;

use crate::{home::Home, running};

/// How long a management call may take; verifying a long audit log takes the longest.
const LIMIT: Duration = Duration::from_secs(120);
/// How long it may take to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The owner's key in the state directory.
const OWNER_KEY: &str = "owner.key";

/// A platform that one may manage.
pub struct Platform {
    http: reqwest::Client,
    origin: String,
    authorization: HeaderValue,
}

impl Platform {
    /// The platform that runs for a home, by its `platform.json`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PlatformUnavailable`] if none runs; as [`Platform::of`] otherwise.
    pub fn of_home(home: &Home) -> Result<Self, Failure> {
        Self::at(&running::expect_platform(home)?)
    }

    /// The platform at `address`, with the owner's key of its state directory.
    pub(crate) fn at(address: &PlatformAddress) -> Result<Self, Failure> {
        let owner_key = PathBuf::from(&address.state).join(OWNER_KEY);
        Self::of(&address.url, Path::new(&address.ca), &owner_key)
    }

    /// The platform at `url` (an origin), trusting the certificate in `ca` alone, with the
    /// management key in `owner_file`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if the URL is not an https origin, or a file cannot be read or does not
    /// hold what it should.
    pub fn of(url: &str, ca: &Path, owner_file: &Path) -> Result<Self, Failure> {
        let usage = |message: String| Failure::new(ErrorCode::Usage, message);
        let origin = url::Url::parse(url)
            .ok()
            .filter(|url| url.scheme() == "https" && url.path() == "/" && url.query().is_none())
            .ok_or_else(|| {
                usage(format!("{url:?} is not the origin of a platform"))
                    .hint("expected https://HOST:PORT without a path")
            })?
            .origin()
            .ascii_serialization();
        let mut roots = RootCertStore::empty();
        let unusable = |problem: &dyn std::fmt::Display| {
            usage(format!(
                "the CA certificate {} cannot be used: {problem}",
                ca.display()
            ))
            .hint("give the ca.pem of the platform's state directory")
        };
        for certificate in CertificateDer::pem_file_iter(ca).map_err(|error| unusable(&error))? {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            roots.add(certificate).map_err(|error| unusable(&error))?;
        }
        if roots.is_empty() {
            return Err(unusable(&"it holds no certificate"));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .timeout(LIMIT)
            .build()
            .map_err(|error| {
                Failure::new(
                    ErrorCode::Failed,
                    format!("no client could be made: {error}"),
                )
            })?;
        Ok(Self {
            http,
            origin,
            authorization: authorization(owner_file)?,
        })
    }

    /// The platform's origin.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.origin
    }

    /// Issues a key. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    ///
    /// What the platform answers; [`ErrorCode::PlatformUnavailable`] if it does not. So for every
    /// call here.
    pub async fn create_key(&self, key: &CreateKey) -> Result<CreatedKey, Failure> {
        self.call(Method::POST, &["keys"], Some(key)).await
    }

    /// Lists the keys.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn list_keys(&self) -> Result<KeyList, Failure> {
        self.ask(&["keys"]).await
    }

    /// One key.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] if the platform did not issue it; otherwise as
    /// [`Platform::create_key`].
    pub async fn key(&self, app_id: &str) -> Result<KeyView, Failure> {
        self.ask(&["keys", app_id]).await
    }

    /// Revokes a key: once this returns, no request with it is accepted.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn revoke(&self, app_id: &str) -> Result<KeyView, Failure> {
        self.call(Method::POST, &["keys", app_id, "revoke"], None::<&()>)
            .await
    }

    /// Gives a key a second secret, which takes over. It is in the answer and nowhere else.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Conflict`] if the key has two live secrets already,
    /// or has ended.
    pub async fn rotate(&self, app_id: &str, rotate: &RotateKey) -> Result<RotatedKey, Failure> {
        self.call(Method::POST, &["keys", app_id, "rotate"], Some(rotate))
            .await
    }

    /// Ends one of a key's two secrets at once.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Conflict`] if no other secret of the key is live.
    pub async fn retire(&self, app_id: &str, secret: &RetireSecret) -> Result<KeyView, Failure> {
        self.call(Method::POST, &["keys", app_id, "retire"], Some(secret))
            .await
    }

    /// Replaces what is noted about a key.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_note(&self, app_id: &str, note: &SetNote) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "note"], Some(note))
            .await
    }

    /// Replaces a key's name.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_name(&self, app_id: &str, name: &SetName) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "name"], Some(name))
            .await
    }

    /// Changes when a key ends.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Conflict`] if it was revoked.
    pub async fn set_expiry(&self, app_id: &str, expiry: &SetExpiry) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "expiry"], Some(expiry))
            .await
    }

    /// Registers a key's public key, or ends it.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Conflict`] if there is none to end, or nothing else.
    pub async fn set_public_key(
        &self,
        app_id: &str,
        key: &SetPublicKey,
    ) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "public-key"], Some(key))
            .await
    }

    /// Sets how many requests a key may make in every rolling minute.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_limit(&self, app_id: &str, limit: &SetLimit) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "limit"], Some(limit))
            .await
    }

    /// Replaces the source addresses that may use a key.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_allowlist(
        &self,
        app_id: &str,
        list: &SetAllowlist,
    ) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "allowlist"], Some(list))
            .await
    }

    /// The same with a guard against locking out.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Conflict`] if the guard refuses, and says whom the list
    /// would lock out.
    pub async fn change_allowlist(
        &self,
        app_id: &str,
        list: &ChangeAllowlist,
    ) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "allowlist"], Some(list))
            .await
    }

    /// Whether a key may be used from an address, and what lets it or does not.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Usage`] if it is no address.
    pub async fn check_source(&self, app_id: &str, address: &str) -> Result<SourceCheck, Failure> {
        let mut url = self.route(&["keys", app_id, "source"])?;
        url.query_pairs_mut().append_pair("address", address);
        self.exchange(self.http.get(url)).await
    }

    /// The sources that any key may be used from.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn allow_all(&self) -> Result<AllowAllView, Failure> {
        self.ask(&["allowlist"]).await
    }

    /// Replaces the sources that any key may be used from.
    ///
    /// # Errors
    ///
    /// As [`Platform::change_allowlist`].
    pub async fn change_allow_all(&self, list: &ChangeAllowlist) -> Result<AllowAllView, Failure> {
        self.call(Method::PUT, &["allowlist"], Some(list)).await
    }

    /// Replaces a key's scopes.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn set_scopes(&self, app_id: &str, scopes: &SetScopes) -> Result<KeyView, Failure> {
        self.call(Method::PUT, &["keys", app_id, "scopes"], Some(scopes))
            .await
    }

    /// Why a request was let through or refused.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::NotFound`] for an unknown request id.
    pub async fn explain(&self, request_id: &str) -> Result<Explanation, Failure> {
        self.ask(&["requests", request_id, "explain"]).await
    }

    /// The same with what would have made the request match, as far as it was kept.
    ///
    /// # Errors
    ///
    /// As [`Platform::explain`].
    pub async fn diagnosis(&self, request_id: &str) -> Result<Diagnosis, Failure> {
        self.ask(&["requests", request_id, "explain"]).await
    }

    /// What the platform's rules make of a request that is pasted. Nothing is changed by it.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::Usage`] if the request can't be looked at.
    pub async fn explain_exhibit(&self, exhibit: &Exhibit) -> Result<Diagnosis, Failure> {
        self.call(Method::POST, &["explain"], Some(exhibit)).await
    }

    /// A refused request as it arrived.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; [`ErrorCode::NotFound`] for an unknown request id.
    pub async fn request(&self, request_id: &str) -> Result<CapturedRequest, Failure> {
        self.ask(&["requests", request_id]).await
    }

    /// The platform's clock.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`].
    pub async fn clock(&self) -> Result<ClockView, Failure> {
        self.ask(&["clock"]).await
    }

    /// Advances the platform's virtual clock.
    ///
    /// # Errors
    ///
    /// As [`Platform::create_key`]; the platform refuses if its clock is the real one.
    pub async fn advance_clock(&self, by: Duration) -> Result<ClockView, Failure> {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.call(
            Method::POST,
            &["clock", "advance"],
            Some(&AdvanceClock { by_ms }),
        )
        .await
    }

    async fn ask<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        self.call(Method::GET, path, None::<&()>).await
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&B>,
    ) -> Result<T, Failure> {
        let mut request = self.http.request(method, self.route(path)?);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.exchange(request).await
    }

    /// `/manage/v1/` and the segments, each encoded: an id that a person typed stays one segment.
    fn route(&self, path: &[&str]) -> Result<url::Url, Failure> {
        let wrong = || Failure::new(ErrorCode::Usage, "the platform's URL takes no path");
        let mut url = url::Url::parse(&self.origin).map_err(|_| wrong())?;
        url.path_segments_mut()
            .map_err(|()| wrong())?
            .clear()
            .extend(["manage", "v1"])
            .extend(path);
        Ok(url)
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Failure> {
        let sent = request
            .header(reqwest::header::AUTHORIZATION, self.authorization.clone())
            .send()
            .await;
        sent.map_err(|error| self.unavailable(&error))
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, Failure> {
        let answer = self.sent(request).await?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .map_err(|error| self.unavailable(&error))?;
        if !status.is_success() {
            return Err(self.refused(status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::new(
                ErrorCode::Version,
                format!(
                    "the platform at {} answered something else than expected, at column {}",
                    self.origin,
                    error.column()
                ),
            )
            .hint("use the strongroom that the platform was started with")
        })
    }

    fn unavailable(&self, error: &reqwest::Error) -> Failure {
        // The innermost cause is the one that says what happened; the URL is not repeated, since
        // it may hold what a person typed.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let code = if error.is_timeout() {
            ErrorCode::Timeout
        } else {
            ErrorCode::PlatformUnavailable
        };
        Failure::new(
            code,
            format!("the platform at {} does not answer: {cause}", self.origin),
        )
        .hint("start one with `strongroom serve`, or say where it is with --url --ca --owner-file")
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        if let Ok(FailureDocument { error }) = serde_json::from_slice(body) {
            return error;
        }
        let code = match status.as_u16() {
            401 | 403 => ErrorCode::Refused,
            404 => ErrorCode::NotFound,
            409 => ErrorCode::Conflict,
            400 | 422 => ErrorCode::Usage,
            _ => ErrorCode::Failed,
        };
        let failure = Failure::new(
            code,
            format!("the platform at {} answered {status}", self.origin),
        );
        match status.as_u16() {
            401 | 403 => {
                failure.hint("the management key is not this platform's: see --owner-file")
            }
            _ => failure,
        }
    }
}

fn authorization(owner_file: &Path) -> Result<HeaderValue, Failure> {
    let unusable = |problem: &str| {
        Failure::new(
            ErrorCode::Usage,
            format!(
                "the management key {} cannot be used: {problem}",
                owner_file.display()
            ),
        )
        .hint("give the owner.key of the platform's state directory with --owner-file")
    };
    let text = fs::read_to_string(owner_file)
        .map(SecretText::new)
        .map_err(|error| unusable(&error.to_string()))?;
    let key = text.expose_secret().trim();
    let mut header = Zeroizing::new(String::with_capacity("Bearer ".len() + key.len()));
    header.push_str("Bearer ");
    header.push_str(key);
    let mut value = HeaderValue::from_str(&header)
        .ok()
        .filter(|_| !key.is_empty())
        .ok_or_else(|| unusable("it is empty or not one line of text"))?;
    value.set_sensitive(true);
    Ok(value)
}
