//! A platform with two keys, and requests to it.

use std::net::IpAddr;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, SecretText};
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Environment, SecretId, SecretKey},
    decide::{self, Next, Refused, RequestFacts},
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    platform::{Platform, PlatformKeys},
    rate::{Admitted, Meter, Wanted},
    replay::NonceSpace,
    scopes::{Route, Scopes},
    source::Proxies,
    token::RevokedTokens,
};
use strongroom_signing::{
    Credential, Field, Request, Scheme, SigningContext, Target, UriScheme, sign,
};

/// 2026-11-01T12:00:00Z.
pub(crate) const NOON: UnixMillis = UnixMillis(1_793_534_400_000);

/// A key as the platform keeps it, what it has used, and its secret.
pub(crate) struct Issued {
    pub(crate) record: KeyRecord,
    pub(crate) secret: SecretKey,
    pub(crate) meter: Meter,
    pub(crate) nonces: NonceSpace,
}

pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) token_key: Key,
    pub(crate) key: Issued,
    pub(crate) other: Issued,
}

impl World {
    pub(crate) fn new() -> Self {
        let (pepper, store, token_key) = (Key::random(), Key::random(), Key::random());
        let keys = PlatformKeys {
            pepper: &pepper,
            store: &store,
            token: &token_key,
        };
        let platform = Platform::new(keys, Proxies::none());
        Self {
            key: issue(&platform, "payments"),
            other: issue(&platform, "refunds"),
            platform,
            token_key,
        }
    }

    /// Runs the pipeline as a server does.
    pub(crate) fn decide(&mut self, sent: &Sent) -> Result<Passed, Box<Refused>> {
        let headers = sent.fields();
        let target = sent.target();
        let request = Request::new(&sent.method, &target, &headers, &sent.body);
        let facts = RequestFacts {
            request: &request,
            peer: sent.peer,
            route: sent.route,
            now: sent.now,
        };
        let ask = decide::begin(facts, &self.platform)?;
        let keys = [&mut self.key, &mut self.other];
        let issued = keys.into_iter().find(|it| it.record.app_id == ask.app_id());
        let Some(issued) = issued else {
            return ask.answer(None).map(|_| panic!("an unknown key passed"));
        };
        let ask = match ask.answer(Some(&issued.record))? {
            Next::Nonce(ask) => {
                let limit = ask.key().limit;
                let answer = issued.nonces.spend(ask.claim(), limit, sent.now);
                ask.answer(answer)?
            }
            Next::Slot(ask) => ask,
        };
        let wanted = Wanted::new(ask.cost(), ask.key().daily_quota);
        let answer = issued.meter.try_admit(wanted, None, sent.now);
        let accepted = ask.answer(answer)?;
        Ok(Passed {
            app_id: accepted.key.app_id,
            secret: accepted.secret,
            source: accepted.source,
            admitted: accepted.admitted,
            has_nonce: accepted.nonce.is_some(),
        })
    }

    /// Adds a second secret to the key, and gives it.
    pub(crate) fn rotate(&mut self, now: UnixMillis) -> SecretKey {
        let record = &mut self.key.record;
        let (secret, added) = self
            .platform
            .new_secret(record.app_id, SecretId(2), true, now);
        record.secrets.add(added, now).unwrap();
        secret
    }
}

fn issue(platform: &Platform, name: &str) -> Issued {
    let app_id = AppId::generate(Environment::Test);
    let (secret, first) = platform.new_secret(app_id, SecretId(1), true, NOON);
    let limit = Limit::new(5).unwrap();
    Issued {
        record: KeyRecord {
            app_id,
            client: ClientId::generate(),
            name: name.to_owned(),
            note: String::new(),
            created: NOON,
            not_before: None,
            expires: None,
            revoked: None,
            secrets: Secrets::first(first),
            limit,
            daily_quota: None,
            delay: None,
            allow: Allowlist::default(),
            scopes: Scopes::parse(&["payins:write"]).unwrap(),
            may_sign: true,
            revoked_tokens: RevokedTokens::default(),
        },
        secret,
        meter: Meter::new(limit),
        nonces: NonceSpace::new(),
    }
}

/// What the tests look at of an accepted request.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) app_id: AppId,
    pub(crate) secret: SecretId,
    pub(crate) source: IpAddr,
    pub(crate) admitted: Admitted,
    pub(crate) has_nonce: bool,
}

/// A request on its way.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: IpAddr,
    pub(crate) route: &'static Route,
    pub(crate) now: UnixMillis,
}

impl Sent {
    /// A payin without credentials.
    pub(crate) fn new() -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/api/v2/payins".to_owned(),
            headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
            body: br#"{"amount":100}"#.to_vec(),
            peer: "203.0.113.7".parse().unwrap(),
            route: Route::find("POST", "/api/v2/payins").unwrap(),
            now: NOON,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a key's id and a secret.
    pub(crate) fn pair(self, app_id: AppId, secret: &str) -> Self {
        self.header("app-id", app_id.as_str())
            .header("secret-key", secret)
    }

    /// Signed now, with a nonce of its own number.
    pub(crate) fn signed(self, app_id: AppId, secret: &str, nonce: u8) -> Self {
        let at = self.now;
        self.signed_at(app_id, secret, nonce, at)
    }

    pub(crate) fn signed_at(
        mut self,
        app_id: AppId,
        secret: &str,
        nonce: u8,
        now: UnixMillis,
    ) -> Self {
        let secret = SecretText::new(secret.to_owned());
        let credential = Credential::new(&secret, "sr://test/secret");
        let credential = credential.with_public_id(app_id.as_str());
        let context = SigningContext {
            now,
            nonce: [nonce; 16],
        };
        let signed = {
            let (fields, target) = (self.fields(), self.target());
            let request = Request::new(&self.method, &target, &fields, &self.body);
            sign(Scheme::Rfc9421HmacSha256, &request, &credential, &context).unwrap()
        };
        for header in signed.headers {
            let value = header.value.expose_secret().as_bytes().to_vec();
            self.headers.push((header.name.clone().into_owned(), value));
        }
        self
    }

    pub(crate) fn at(mut self, now: UnixMillis) -> Self {
        self.now = now;
        self
    }

    pub(crate) fn to(mut self, method: &str, path: &str) -> Self {
        self.route = Route::find(method, path).unwrap();
        (self.method, self.path) = (method.to_owned(), path.to_owned());
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Replaces a header that is there by what `change` makes of it.
    pub(crate) fn changed(mut self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let (_, value) = self
            .headers
            .iter_mut()
            .find(|(header, _)| header == name)
            .unwrap();
        *value = change(str::from_utf8(value).unwrap()).into_bytes();
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        let fields = self.headers.iter();
        fields
            .map(|(name, value)| Field::new(name, value))
            .collect()
    }

    fn target(&self) -> Target {
        Target::received(UriScheme::Https, "localhost:8443", &self.path).unwrap()
    }
}
