//! A platform for tests, spoken to without a socket.

use std::{net::IpAddr, path::Path, task::Poll, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::SecretText;
use strongroom_policy::{
    credential::{Environment, ManagementKey},
    roles::Role,
};
use strongroom_signing::Scheme;
use tempfile::TempDir;

use crate::{Config, Running, Server, store::Member};

/// A platform on a state directory of its own.
pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) owner: String,
    config: Option<Config>,
    home: Option<TempDir>,
}

/// An answer, read whole.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    pub(crate) fn request_id(&self) -> &str {
        self.header("x-request-id")
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut config = Config::in_directory(home.path().join("state"));
        config.address.set_port(0);
        change(&mut config);
        Self::start(config, home).await
    }

    async fn start(config: Config, home: TempDir) -> Self {
        let running = Server::start(config.clone()).await.unwrap();
        Self {
            config: Some(config),
            home: Some(home),
            ..Self::of(running)
        }
    }

    /// On a state directory that outlives it.
    pub(crate) fn of(running: Running) -> Self {
        let owner = std::fs::read_to_string(running.owner_key_path()).unwrap();
        Self {
            running,
            owner,
            config: None,
            home: None,
        }
    }

    /// The same platform after it has ended and begun again.
    pub(crate) async fn restarted(self) -> Self {
        self.restarted_after(|_| {}).await
    }

    /// The same after something was done to its state directory in between.
    pub(crate) async fn restarted_after(self, done: impl FnOnce(&Path)) -> Self {
        let state = self.running.state_dir().to_owned();
        self.running.shutdown().await;
        done(&state);
        Self::start(self.config.unwrap(), self.home.unwrap()).await
    }

    /// Sends a request from loopback.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let peer = IpAddr::from([127, 0, 0, 1]);
        self.send_from(peer, method, target, headers, body).await
    }

    /// Sends a request from `peer`.
    pub(crate) async fn send_from(
        &self,
        peer: IpAddr,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_vec())).unwrap();
        let answered = self.running.platform.answer(peer, request).await;
        let (parts, body) = answered.response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Calls `/manage/v1` as the owner.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let bearer = format!("Bearer {}", self.owner);
        let target = format!("/manage/v1{path}");
        let headers = [("authorization", bearer.as_str())];
        self.send(method, &target, &headers, body.as_bytes()).await
    }

    /// Answers a management request that came before a change of a key's secrets was done, and has its
    /// turn `later`, by the virtual clock.
    pub(crate) async fn in_turn(
        &self,
        later: Duration,
        request: impl Future<Output = Reply>,
    ) -> Reply {
        let platform = &self.running.platform;
        let turn = platform.rotating.lock().await;
        let mut request = std::pin::pin!(request);
        let came = std::future::poll_fn(|context| Poll::Ready(request.as_mut().poll(context)));
        assert!(came.await.is_pending(), "it did not wait for its turn");
        platform.clock.advance(later);
        drop(turn);
        request.await
    }

    /// Issues a key: its app-id and secret.
    pub(crate) async fn key(&self, wanted: Value) -> (String, String) {
        let mut body = json!({ "name": "test" });
        body.as_object_mut()
            .unwrap()
            .extend(wanted.as_object().unwrap().clone());
        let reply = self.manage("POST", "/keys", body).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
        (text("app_id"), text("secret_key"))
    }

    /// Makes a member of this role: their management key.
    pub(crate) fn member(&self, role: Role) -> String {
        let key = ManagementKey::generate(Environment::Test);
        let platform = &self.running.platform;
        let tag = platform.rules.pepper().stored_tag(key.expose_secret());
        platform.members.write().unwrap().push(Member {
            name: role.to_string(),
            role,
            tag,
        });
        key.expose_secret().to_owned()
    }
}

/// The headers of a request signed by RFC 9421 at the platform's time.
pub(crate) fn signed(
    stage: &Stage,
    (app_id, secret): (&str, &str),
    method: &str,
    target: &str,
    body: &[u8],
    ago: std::time::Duration,
) -> Vec<(String, String)> {
    let now = stage.running.platform.clock.now();
    let at = UnixMillis(now.0 - ago.as_millis() as u64);
    signed_at((app_id, secret), method, target, body, at)
}

/// The same as if it were that time.
pub(crate) fn signed_at(
    (app_id, secret): (&str, &str),
    method: &str,
    target: &str,
    body: &[u8],
    now: UnixMillis,
) -> Vec<(String, String)> {
    let secret = SecretText::new(secret.to_owned());
    let scheme = Scheme::Rfc9421HmacSha256;
    signed_with(scheme, (app_id, &secret), method, target, body, now)
}

/// The headers of a request signed by `scheme`.
pub(crate) fn signed_with(
    scheme: Scheme,
    (app_id, secret): (&str, &SecretText),
    method: &str,
    target: &str,
    body: &[u8],
    now: UnixMillis,
) -> Vec<(String, String)> {
    use strongroom_signing::{Credential, SigningContext, Target, sign};
    let target = Target::parse(&format!("https://localhost{target}")).unwrap();
    let request = strongroom_signing::Request::new(method, &target, &[], body);
    let credential = Credential::new(secret, "sr://test/secret").with_public_id(app_id);
    let context = SigningContext {
        now,
        nonce: strongroom_crypto::random::bytes(),
    };
    let signed = sign(scheme, &request, &credential, &context).unwrap();
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
