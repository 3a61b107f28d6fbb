//! A request on its way to being sent: parsed, then signed, then finished. Nothing changes it after
//! it was signed.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{SendRequest, Sent, SignedRequest, Step},
    secret::Revealed,
    time::UnixMillis,
};
use strongroom_crypto::{SecretBytes, SecretText};
use strongroom_sender::{Header, Outgoing, Target};
use strongroom_signing::{self as signing, Field, HeaderValue, Scheme};

use super::{Credential, redact::Redaction};

/// Headers that carry credentials. One that was typed by hand is sent, and not shown.
pub(super) const CREDENTIALS: [&str; 6] = [
    "access-token",
    "authorization",
    "cookie",
    "proxy-authorization",
    "secret-key",
    "x-api-key",
];
const NOT_SHOWN: &str = "(a credential that was typed; not shown)";

pub(super) struct Draft {
    method: String,
    url: String,
    target: Target,
    /// The URL with a secret in its query, if signing put one there.
    exposed_url: Option<SecretText>,
    headers: Vec<Line>,
    body: SecretBytes,
}

/// A header as it goes on the wire.
struct Line {
    header: Header,
    /// What is shown of it.
    shown: String,
    /// Whether its value is a secret of the vault.
    vaulted: bool,
}

impl Draft {
    pub(super) fn read(request: &SendRequest) -> Result<Self, Failure> {
        Self::read_with(request, &Redaction::default())
    }

    /// The same for a request with `secrets` of the vault in it. Their names are shown in their place.
    pub(super) fn read_with(request: &SendRequest, secrets: &Redaction) -> Result<Self, Failure> {
        let target = Target::parse(&request.url)?;
        let body = BASE64.decode(&request.body_base64).map_err(|_| {
            Failure::new(ErrorCode::Usage, "the body is not base64")
                .hint("encode its bytes with the standard alphabet and padding")
        })?;
        let mut headers = Vec::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let header = Header::new(name, SecretBytes::copy_of(value.as_bytes()))?;
            let hidden = CREDENTIALS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
            let mut shown = value.clone();
            if secrets.is_in(value.as_bytes()) {
                secrets.apply_to_text(&mut shown);
            } else if hidden {
                shown = NOT_SHOWN.to_owned();
            }
            headers.push(Line {
                header,
                shown,
                vaulted: false,
            });
        }
        Ok(Self {
            method: request.method.clone(),
            url: request.url.clone(),
            target,
            exposed_url: None,
            headers,
            body: SecretBytes::new(body),
        })
    }

    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// Whether the request goes to the platform at `origin`, by whichever of its loopback names.
    pub(super) fn goes_to(&self, origin: &str) -> bool {
        Target::parse(origin).is_ok_and(|platform| {
            platform.is_loopback()
                && self.target.is_loopback()
                && platform.scheme() == self.target.scheme()
                && platform.port() == self.target.port()
        })
    }

    /// Signs the request as it stands, and adds what the scheme adds. Returns the steps, and what was
    /// added that is a credential, with what is shown of it.
    pub(super) fn sign(
        &mut self,
        nonce: &str,
        scheme: Scheme,
        credential: &Credential,
        now: UnixMillis,
    ) -> Result<(Vec<Step>, Redaction), Failure> {
        let target = self.signed_target().map_err(usage)?;
        let signed = self.signed(&target, nonce, scheme, credential, now)?;
        let mut secrets = Redaction::default();
        let mut note = |value: &HeaderValue| {
            if value.is_secret() {
                let exposed = SecretText::new(value.expose_secret().to_owned());
                secrets.push(exposed, value.shown().to_owned());
            }
        };
        for header in signed.headers {
            note(&header.value);
            self.headers.push(Line {
                header: wire_header(&header)?,
                shown: header.value.shown().to_owned(),
                vaulted: matches!(header.value, HeaderValue::Secret { .. }),
            });
        }
        if let Some(parameter) = signed.query {
            note(&parameter.value);
            let joint = if self.url.contains('?') { '&' } else { '?' };
            let with = |value: &str| format!("{}{joint}{}={value}", self.url, parameter.name);
            let url = SecretText::new(with(parameter.value.expose_secret()));
            self.target = Target::parse(url.expose_secret())?;
            self.url = with(parameter.value.shown());
            self.exposed_url = Some(url);
        }
        Ok((signed.steps, secrets))
    }

    /// What signing the request as it stands, to `target`, adds to it.
    fn signed(
        &self,
        target: &signing::Target,
        nonce: &str,
        scheme: Scheme,
        credential: &Credential,
        now: UnixMillis,
    ) -> Result<signing::Signed, Failure> {
        let fields: Vec<Field<'_>> = self
            .headers
            .iter()
            .map(|header| Field::new(header.header.name(), header.header.value().expose_secret()))
            .collect();
        let request =
            signing::Request::new(&self.method, target, &fields, self.body.expose_secret());
        let reference = credential.reference();
        let mut signer = signing::Credential::new(&credential.secret, &reference)
            .with_settings(&credential.settings);
        if let Some(public_id) = &credential.public_id {
            signer = signer.with_public_id(public_id);
        }
        if let Some(token) = &credential.session_token {
            signer = signer.with_session_token(token);
        }
        signing::sign_with_nonce(nonce, scheme, &request, &signer, now).map_err(|error| {
            let failure = usage(error);
            match &credential.name {
                Some(name) => failure.hint(format!(
                    "look at it with `strongroom key show {name}`, or choose another scheme with --scheme"
                )),
                None => failure.hint("`strongroom sign --help` lists what a credential may hold"),
            }
        })
    }

    /// The signed request for another program to send: whole if the credential was typed, with
    /// references in the place of secrets if it is the vault's.
    pub(super) fn finish_signed(self, is_typed: bool, steps: Vec<Step>) -> SignedRequest {
        let url = match &self.exposed_url {
            Some(exposed) if is_typed => exposed.expose_secret().to_owned(),
            _ => self.url,
        };
        let headers = self.headers.iter().map(|line| {
            let value = if line.vaulted && !is_typed {
                line.shown.clone()
            } else {
                String::from_utf8_lossy(line.header.value().expose_secret()).into_owned()
            };
            (line.header.name().to_owned(), Revealed::new(value))
        });
        SignedRequest {
            method: self.method,
            url: Revealed::new(url),
            headers: headers.collect(),
            body_base64: BASE64.encode(self.body.expose_secret()),
            steps,
        }
    }

    /// The target as the server will see it: by the `Host` header, if one was given.
    fn signed_target(&self) -> Result<signing::Target, signing::TargetError> {
        let target = signing::Target::parse(&self.url)?;
        let host = self
            .headers
            .iter()
            .find(|line| line.header.name().eq_ignore_ascii_case("host"));
        match host.map(|line| &line.shown) {
            None => Ok(target),
            Some(value) => {
                signing::Target::received(target.scheme(), value, self.target.path_and_query())
            }
        }
    }

    /// The request as it goes out, and what is shown of it.
    pub(super) fn finish(self) -> Result<(Outgoing, Sent), Failure> {
        let (headers, shown): (Vec<Header>, Vec<(String, String)>) = self
            .headers
            .into_iter()
            .map(|line| {
                let name = line.header.name().to_owned();
                (line.header, (name, line.shown))
            })
            .unzip();
        let body_bytes = u64::try_from(self.body.len()).unwrap_or(u64::MAX);
        let outgoing = Outgoing::new(&self.method, self.target, headers, self.body)?;
        // `Host` goes in front of the given headers, `Content-Length` behind them.
        let mut added: Vec<(String, String)> = outgoing
            .added()
            .map(|added| (added.name.to_owned(), added.value.clone()))
            .collect();
        let behind = added.split_off(added.iter().take_while(|(name, _)| name == "Host").count());
        added.extend(shown);
        added.extend(behind);
        let sent = Sent {
            method: outgoing.method().to_owned(),
            url: self.url,
            headers: added,
            body_bytes,
        };
        Ok((outgoing, sent))
    }
}

/// A request that is sent many times, signed anew each time, and shown to nobody.
pub(super) struct Repeated {
    /// Unsigned.
    draft: Draft,
    target: signing::Target,
    outgoing: Outgoing,
}

/// What one of many is signed with.
pub(super) enum Signature {
    /// What goes behind its headers.
    Headers(Vec<Header>),
    /// It is in the query: all of the request.
    Whole(Outgoing),
}

impl Repeated {
    pub(super) fn new(draft: Draft) -> Result<Self, Failure> {
        let header = |line: &Line| {
            let value = SecretBytes::copy_of(line.header.value().expose_secret());
            Header::new(line.header.name(), value)
        };
        let headers = draft.headers.iter().map(header).collect::<Result<_, _>>()?;
        let body = SecretBytes::copy_of(draft.body.expose_secret());
        Ok(Self {
            target: draft.signed_target().map_err(usage)?,
            outgoing: Outgoing::new(&draft.method, draft.target.clone(), headers, body)?,
            draft,
        })
    }

    /// The request without a signature.
    pub(super) const fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    pub(super) fn sign(
        &self,
        nonce: &str,
        scheme: Scheme,
        credential: &Credential,
        now: UnixMillis,
    ) -> Result<Signature, Failure> {
        let signed = self
            .draft
            .signed(&self.target, nonce, scheme, credential, now)?;
        let headers = signed.headers.iter().map(wire_header);
        let headers = headers.collect::<Result<Vec<_>, _>>()?;
        let Some(parameter) = signed.query else {
            return Ok(Signature::Headers(headers));
        };
        let Draft {
            method, url, body, ..
        } = &self.draft;
        let joint = if url.contains('?') { '&' } else { '?' };
        let value = parameter.value.expose_secret();
        let url = SecretText::new(format!("{url}{joint}{}={value}", parameter.name));
        let target = Target::parse(url.expose_secret())?;
        let copied = |header: &Header| {
            let value = SecretBytes::copy_of(header.value().expose_secret());
            Header::new(header.name(), value)
        };
        let given = self.outgoing.headers().iter().chain(&headers);
        let headers = given.map(copied).collect::<Result<_, _>>()?;
        let body = SecretBytes::copy_of(body.expose_secret());
        Ok(Signature::Whole(Outgoing::new(
            method, target, headers, body,
        )?))
    }
}

/// A header that signing adds, as it goes on the wire.
fn wire_header(header: &signing::Header) -> Result<Header, Failure> {
    let value = SecretBytes::copy_of(header.value.expose_secret().as_bytes());
    Ok(Header::new(&header.name, value)?)
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::Usage, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use strongroom_contract::exchange::SendOptions;

    use super::*;

    const SECRET: &str = "sk-CANARY-0123456789";

    fn request(url: &str, headers: &[(&str, &str)]) -> SendRequest {
        SendRequest {
            method: "POST".into(),
            url: url.into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body_base64: BASE64.encode(b"{}"),
            key: Some("payments".into()),
            scheme: None,
            settings: BTreeMap::new(),
            ca_pem: Vec::new(),
            timeout_ms: 1_000,
            body_limit: 1_000,
            allow_plain_http: false,
            options: SendOptions::default(),
        }
    }

    fn credential() -> Credential {
        Credential {
            name: Some("payments".into()),
            public_id: Some("app_1".into()),
            secret: SecretText::new(SECRET.into()),
            session_token: None,
            is_token: false,
            hosts: vec!["localhost".into()],
            scheme: None,
            settings: signing::Settings::default(),
        }
    }

    #[test]
    fn what_is_shown_has_references_in_place_of_secrets_in_the_wires_order() {
        let request = request(
            "https://localhost:8443/api/v2/payins?a=1",
            &[
                ("Content-Type", "application/json"),
                ("Cookie", "session=CANARY"),
            ],
        );
        let mut draft = Draft::read(&request).unwrap();
        let (steps, _) = draft
            .sign(
                "n",
                Scheme::HeaderPair,
                &credential(),
                UnixMillis::from_secs(1),
            )
            .unwrap();
        let (outgoing, sent) = draft.finish().unwrap();
        let shown: Vec<(&str, &str)> = sent
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("Host", "localhost:8443"),
                ("Content-Type", "application/json"),
                ("Cookie", NOT_SHOWN),
                ("app-id", "app_1"),
                ("secret-key", "sr://payments/secret"),
                ("Content-Length", "2"),
            ]
        );
        assert!(!format!("{sent:?}{steps:?}").contains("CANARY"));
        let wire = outgoing.headers().last().unwrap();
        assert_eq!(wire.value().expose_secret(), SECRET.as_bytes());
    }

    #[test]
    fn a_signature_covers_the_host_that_the_server_will_see() {
        let base = |headers: &[(&str, &str)]| {
            let mut draft = Draft::read(&request("https://localhost:8443/api", headers)).unwrap();
            let (steps, _) = draft
                .sign(
                    "n",
                    Scheme::Rfc9421HmacSha256,
                    &credential(),
                    UnixMillis::from_secs(1),
                )
                .unwrap();
            let base = steps.into_iter().find(|step| step.name == "signature_base");
            base.unwrap().value
        };
        assert!(base(&[]).contains("\"@target-uri\": https://localhost:8443/api"));
        assert!(base(&[("host", "127.0.0.1:8443")]).contains("https://127.0.0.1:8443/api"));
    }

    #[test]
    fn the_platform_is_known_by_each_of_its_names() {
        let goes = |url: &str| {
            Draft::read(&request(url, &[]))
                .unwrap()
                .goes_to("https://localhost:8443")
        };
        assert!(goes("https://127.0.0.1:8443/api/v1/ping"));
        assert!(goes("https://[::1]:8443/"));
        assert!(!goes("https://localhost:8444/"));
        assert!(!goes("http://localhost:8443/"));
        assert!(!goes("https://example.com:8443/"));
    }

    #[test]
    fn malformed_requests_are_refused_without_repeating_them() {
        let mut bad_body = request("https://localhost/", &[]);
        bad_body.body_base64 = "CANARY!".into();
        let bad_header = request("https://localhost/", &[("X", "CANARY\r\nInjected: 1")]);
        let bad_url = request("localhost/?token=CANARY", &[]);
        for bad in [bad_body, bad_header, bad_url] {
            let refused = Draft::read(&bad).err().unwrap();
            assert_eq!(refused.code, ErrorCode::Usage);
            assert!(!refused.message.contains("CANARY"), "{}", refused.message);
            assert!(refused.hint.is_some());
        }
    }
}
