//! Requests over connections that are kept alive, without a process for each.

use std::{fs, time::Duration};

use strongroom_contract::platform::PlatformAddress;
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
        let request = self
            .client
            .get(&self.url)
            .header("app-id", &self.credentials.app_id)
            .header("secret-key", &self.credentials.secret);
        // Sending starts timers, which need the runtime that waits for them.
        let answer = self.runtime.block_on(async { request.send().await });
        let answer = answer.ok()?;
        let id = answer.headers().get("x-request-id")?.to_str().ok()?;
        Some((answer.status().as_u16(), id.to_owned()))
    }
}
