//! One decision of the pipeline, without a socket, beside the primitives that it can't do without.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, SecretText, hash::sha256, mac::HmacSha256, random};
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Environment, SecretId, SecretKey},
    decide::{self, Next, RequestFacts},
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    platform::{Platform, PlatformKeys},
    rate::{Meter, Wanted},
    replay::NonceSpace,
    scopes::{Route, Scopes},
    source::Proxies,
    token::RevokedTokens,
};
use strongroom_signing::{
    Credential, Field, Request, Scheme, SigningContext, Target, UriScheme, sign,
};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds_each};

const ROUNDS: usize = 15;
const START: UnixMillis = UnixMillis::from_secs(1_800_000_000);

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let issued = Issued::new()?;
    Ok(vec![with_headers(&issued)?, with_a_signature(&issued)?])
}

/// A platform with one key that may do everything.
struct Issued {
    platform: Platform,
    record: KeyRecord,
    secret: SecretKey,
}

impl Issued {
    fn new() -> Result<Self, Stopped> {
        let keys = [Key::random(), Key::random(), Key::random()];
        let [pepper, store, token] = &keys;
        let keys = PlatformKeys {
            pepper,
            store,
            token,
        };
        let platform = Platform::new(keys, Proxies::none());
        let app_id = AppId::generate(Environment::Test);
        let (secret, stored) = platform.new_secret(app_id, SecretId(1), true, START);
        let record = KeyRecord {
            app_id,
            client: ClientId::generate(),
            name: "bench".to_owned(),
            note: String::new(),
            created: START,
            not_before: None,
            expires: None,
            revoked: None,
            secrets: Secrets::first(stored),
            limit: Limit::new(Limit::MAX)?,
            daily_quota: None,
            delay: None,
            allow: Allowlist::parse(&["127.0.0.0/8", "::1"])?,
            scopes: Scopes::parse(&["payins:write"])?,
            may_sign: true,
            revoked_tokens: RevokedTokens::default(),
        };
        Ok(Self {
            platform,
            record,
            secret,
        })
    }

    fn decide(
        &self,
        request: &Request<'_>,
        route: &Route,
        meter: &mut Meter,
        now: UnixMillis,
    ) -> bool {
        let facts = RequestFacts {
            request,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            route,
            now,
        };
        let slot = decide::begin(facts, &self.platform)
            .and_then(|ask| ask.answer(Some(&self.record)))
            .and_then(|next| match next {
                Next::Slot(slot) => Ok(slot),
                Next::Nonce(nonce) => {
                    let answer = NonceSpace::new().spend(nonce.claim(), self.record.limit, now);
                    nonce.answer(answer)
                }
            });
        slot.and_then(|slot| {
            let admitted = meter.try_admit(Wanted::new(slot.cost(), None), None, now);
            slot.answer(admitted)
        })
        .is_ok()
    }
}

fn with_headers(issued: &Issued) -> Result<Row, Stopped> {
    const COUNT: u32 = 100_000;
    let target = Target::received(UriScheme::Https, "localhost:8443", "/api/v1/ping")?;
    let headers = [
        Field::new("host", b"localhost:8443"),
        Field::new("app-id", issued.record.app_id.as_str().as_bytes()),
        Field::new("secret-key", issued.secret.expose_secret().as_bytes()),
        Field::new("accept", b"*/*"),
    ];
    let request = Request::new("GET", &target, &headers, b"");
    let route = route("GET", "/api/v1/ping")?;
    let mut meter = Meter::new(issued.record.limit);
    let mut now = START;
    let mut accepted = true;
    let pepper = HmacSha256::from(&Key::random());
    let pair = Pair::alternate(
        ROUNDS,
        || {
            seconds_each(COUNT, || {
                now = now.after(Duration::from_millis(1));
                accepted &= issued.decide(&request, route, &mut meter, now);
            })
        },
        || {
            seconds_each(COUNT, || {
                let _ =
                    black_box(pepper.tag(&[black_box(issued.secret.expose_secret().as_bytes())]));
            })
        },
    )?;
    expect(accepted)?;
    Ok(Row {
        what: "one decision, `app-id` and `secret-key`".to_owned(),
        peer: "one HMAC of the secret".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(6.0),
    })
}

fn with_a_signature(issued: &Issued) -> Result<Row, Stopped> {
    const COUNT: u32 = 2_000;
    let body = vec![b'x'; 64 * 1024];
    let target = Target::parse("https://localhost:8443/api/v2/payins")?;
    let secret = SecretText::new(issued.secret.expose_secret().to_owned());
    let credential =
        Credential::new(&secret, "sr://bench/secret").with_public_id(issued.record.app_id.as_str());
    let unsigned = [
        Field::new("host", b"localhost:8443"),
        Field::new("content-type", b"application/json"),
    ];
    let context = SigningContext {
        now: START,
        nonce: random::bytes(),
    };
    let request = Request::new("POST", &target, &unsigned, &body);
    let signed = sign(Scheme::Rfc9421HmacSha256, &request, &credential, &context)?;
    let mut headers = unsigned.to_vec();
    for header in &signed.headers {
        headers.push(Field::new(
            &header.name,
            header.value.expose_secret().as_bytes(),
        ));
    }
    let base = signed
        .steps
        .iter()
        .find(|step| step.name == "signature_base")
        .ok_or_else(|| Stopped::because("signing shows no signature base"))?;
    let request = Request::new("POST", &target, &headers, &body);
    let route = route("POST", "/api/v2/payins")?;
    let mut meter = Meter::new(issued.record.limit);
    let mut accepted = true;
    let pair = Pair::alternate(
        ROUNDS,
        || {
            seconds_each(COUNT, || {
                accepted &= issued.decide(&request, route, &mut meter, START);
            })
        },
        || {
            seconds_each(COUNT, || {
                let _ = black_box(sha256(&[black_box(&body)]));
                let key = HmacSha256::new(secret.expose_secret().as_bytes());
                let _ = black_box(key.tag(&[black_box(base.value.as_bytes())]));
            })
        },
    )?;
    expect(accepted)?;
    Ok(Row {
        what: "one decision, RFC 9421 over 64 KiB".to_owned(),
        peer: "the bare digest and HMAC".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.3),
    })
}

fn route(method: &str, path: &str) -> Result<&'static Route, Stopped> {
    Route::find(method, path).ok_or_else(|| Stopped::because(format!("no route {method} {path}")))
}

/// A refusal would be measured as if it were a decision.
fn expect(accepted: bool) -> Result<(), Stopped> {
    if accepted {
        Ok(())
    } else {
        Err(Stopped::because("a request was refused"))
    }
}
