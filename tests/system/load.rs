//! Requests over connections that are kept alive, without a process for each.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use strongroom_contract::{platform::PlatformAddress, time::UnixMillis};
use strongroom_crypto::SecretText;
use strongroom_signing::{Credential, Request, Scheme, SigningContext, Target, sign};
use strongroom_testkit::Home;
use tokio::runtime::{Builder, Runtime};

/// What a key of the vault presents to the platform.
pub(crate) struct Credentials {
    app_id: String,
    secret: String,
}

impl Credentials {
    /// Those of the key `name`, out of a vault that lets them be read.
    pub(crate) fn read(home: &Home, name: &str) -> Self {
        let field = |field: &str| {
            let read = home.run(&["read", "-n", &format!("sr://{name}/{field}")]);
            read.exited(0).stdout
        };
        Self {
            app_id: field("id"),
            secret: field("secret"),
        }
    }

    /// The same as variables of an environment.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 2] {
        [("APP_ID", &self.app_id), ("SECRET_KEY", &self.secret)]
    }
}

/// A client with a connection of its own.
pub(crate) struct Load<'credentials> {
    client: reqwest::Client,
    runtime: Runtime,
    url: String,
    credentials: &'credentials Credentials,
}

impl<'credentials> Load<'credentials> {
    pub(crate) fn of(platform: &PlatformAddress, credentials: &'credentials Credentials) -> Self {
        // The first of several tests in this process installs it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let ca = fs::read(&platform.ca).unwrap();
        Self {
            client: reqwest::Client::builder()
                .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
                .timeout(Duration::from_secs(5))
                .build()
                .unwrap(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            url: format!("{}/api/v1/ping", platform.url),
            credentials,
        }
    }

    /// The status and the request id of the answer to a ping; `None` if none came.
    pub(crate) fn ping(&self) -> Option<(u16, String)> {
        let Credentials { app_id, secret } = self.credentials;
        self.send(&[
            ("app-id".to_owned(), app_id.clone()),
            ("secret-key".to_owned(), secret.clone()),
        ])
    }

    /// The headers of a ping that is signed by RFC 9421, by a clock that is `ahead` of ours.
    pub(crate) fn signed(&self, ahead: Duration) -> Vec<(String, String)> {
        let target = Target::parse(&self.url).unwrap();
        let request = Request::new("GET", &target, &[], b"");
        let secret = SecretText::new(self.credentials.secret.clone());
        let credential =
            Credential::new(&secret, "sr://test/secret").with_public_id(&self.credentials.app_id);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + ahead;
        let context = SigningContext {
            now: UnixMillis::from_secs(now.as_secs()),
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

    /// The status and the request id of the answer to a ping with these headers; `None` if none came.
    pub(crate) fn send(&self, headers: &[(String, String)]) -> Option<(u16, String)> {
        let mut request = self.client.get(&self.url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // Sending starts timers, which need the runtime that waits for them.
        let answer = self.runtime.block_on(async { request.send().await });
        let answer = answer.ok()?;
        let id = answer.headers().get("x-request-id")?.to_str().ok()?;
        Some((answer.status().as_u16(), id.to_owned()))
    }
}
