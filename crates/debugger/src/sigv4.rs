//! AWS Signature Version 4: which canonical request was signed?
//!
//! Region, service and day are taken from the request's own scope. `signing::verify` builds the canonical
//! request; the search changes its lines.

use strongroom_contract::{diagnosis::Change, explain::Explanation, time::UnixMillis};
use strongroom_crypto::{SecretBytes, SecretText, hash, mac::HmacSha256};
use strongroom_signing::{Credential, Refusal, Request, Scheme, Settings, verify};

use crate::{
    defect::{AWS_PATH, AWS_QUERY, DIGEST_OF_NOTHING, METHOD, METHOD_CASE, QUERY_MISSING},
    exhibit::View,
    form::{body::Variant, percent_decoded, percent_encoded, url},
    judge::{HeldKey, Question, Secrets, Times},
    pieces,
    search::{
        Alternative, Facets, Found, MOST,
        digest::{bodies, part_of_body},
        mac::{self, Used},
    },
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const CONTENT: &str = "x-amz-content-sha256";
const DATE: &str = "x-amz-date";
/// The places of the first lines of a canonical request.
const METHOD_LINE: usize = 0;
const PATH_LINE: usize = 1;
const QUERY_LINE: usize = 2;

/// What the `Authorization` header says.
pub(crate) struct Stated<'v> {
    /// The day, the region, the service and `aws4_request`.
    scope: &'v str,
    signature: &'v str,
}

impl<'v> Stated<'v> {
    /// Reads the header; `None` if the request is not signed by this scheme.
    pub(crate) fn read(view: &'v View<'_>) -> Option<Self> {
        let value = str::from_utf8(view.header("authorization")?).ok()?;
        let rest = value.trim().strip_prefix(ALGORITHM)?;
        let part = |name: &str| {
            rest.split(',')
                .filter_map(|part| part.trim().split_once('='))
                .find(|(each, _)| *each == name)
                .map(|(_, value)| value)
        };
        let scope = part("Credential").and_then(|value| value.split_once('/'));
        Some(Self {
            scope: scope.map_or("", |(_, scope)| scope),
            signature: part("Signature").unwrap_or_default(),
        })
    }

    /// The settings with which such a request is made.
    fn settings(&self) -> Settings {
        let mut words = self.scope.split('/').skip(1);
        let mut word = |name: &str| {
            let word = words.next().filter(|word| !word.is_empty());
            (name.to_owned(), word.unwrap_or("-").to_owned())
        };
        [word("region"), word("service")].into_iter().collect()
    }

    /// The key that signs in this scope.
    fn key(&self, secret: &[u8]) -> HmacSha256 {
        let first = SecretBytes::new([b"AWS4", secret].concat());
        let first = HmacSha256::new(first.expose_secret());
        self.scope.split('/').fold(first, |key, part| {
            HmacSha256::from(&key.tag(&[part.as_bytes()]))
        })
    }
}

/// When the request says that it was made, in Unix seconds.
pub(crate) fn made(view: &View<'_>) -> Option<u64> {
    let text = str::from_utf8(view.header(DATE)?).ok()?;
    let part = |from: usize, to: usize| text.get(from..to);
    let time = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    time.parse::<UnixMillis>().ok().map(UnixMillis::secs)
}

/// The digest that the request has, if it is not its body's.
fn other_digest<'v>(view: &'v View<'_>) -> Option<&'v str> {
    let stated = str::from_utf8(view.header(CONTENT)?).ok()?;
    let is_digest = stated.len() == 64 && stated.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_digest && stated != digest(view.body)).then_some(stated)
}

fn digest(body: &[u8]) -> String {
    hex::encode(hash::sha256(&[body]))
}

/// Says which rule of a receiver refuses the request.
pub(crate) fn judge(
    stated: &Stated<'_>,
    view: &View<'_>,
    key: Option<&HeldKey>,
    now: UnixMillis,
) -> Explanation {
    let question = Question {
        scheme: Scheme::SigV4,
        settings: &stated.settings().overridden_by(given(key)),
        nobodys: SecretText::new("-".to_owned()),
        names_key: true,
        is_altered: other_digest(view).is_some(),
        times: Times::Signed(made(view)),
        expected: "Authorization: AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature, and \
                   x-amz-date",
        fix: "Sign last, on the final bytes, with this access key's secret; nothing on the way may change \
              method, host, path, query, a signed header or the body.",
    };
    question.judge(view, key, now)
}

/// What the key's owner says of its scope.
fn given(key: Option<&HeldKey>) -> Settings {
    key.map(|key| key.settings.clone()).unwrap_or_default()
}

/// What one alternative changes.
enum Value {
    Line(usize, String),
    Body(usize),
    Secret(usize),
}

/// Looks for the canonical request that was signed.
pub(crate) fn search(
    stated: &Stated<'_>,
    view: &View<'_>,
    key: Option<&HeldKey>,
    secrets: &Secrets,
) -> Found {
    let bodies = bodies(view.body);
    let mut view = view.clone();
    let received = view.body;
    let altered = other_digest(&view).map(str::to_owned).map(|stated| {
        let mut bodies = bodies.iter();
        bodies.find(|variant| digest(&variant.body) == stated)
    });
    match altered {
        // No form of the body has this digest.
        Some(None) => {
            return Found {
                parts: vec![part_of_body(received, None, false)],
                ..Found::default()
            };
        }
        Some(Some(signed)) => view.body = &signed.body,
        None => {}
    }
    let altered = altered.flatten();
    let settings = stated.settings().overridden_by(given(key));
    let Some(canonical) = canonical(&view, &settings) else {
        return Found::default();
    };
    let lines: Vec<&str> = canonical.split('\n').collect();
    let Ok(signature) = hex::decode(stated.signature) else {
        return Found::default();
    };
    let time = view.header(DATE).unwrap_or_default();
    let time = String::from_utf8_lossy(time).into_owned();
    let used = mac::used(secrets);
    let keys: Vec<HmacSha256> = used.iter().map(|used| stated.key(used.bytes())).collect();
    // Where the request has its body's digest, that one was signed.
    let digests: Vec<String> = match view.header(CONTENT) {
        Some(_) => Vec::new(),
        None => bodies.iter().map(|it| digest(&it.body)).collect(),
    };
    let facets = facets(&view, &lines, &settings, &used, digests.len());
    let (found, search) = facets.search(MOST, &mut |values| {
        let mut secret = None;
        let mut lines = lines.clone();
        let last = lines.len().saturating_sub(1);
        for value in values {
            let (at, text) = match value {
                Value::Line(at, text) => (*at, Some(text)),
                Value::Body(at) => (last, digests.get(*at)),
                Value::Secret(at) => {
                    secret = Some(*at);
                    continue;
                }
            };
            if let Some((line, text)) = lines.get_mut(at).zip(text) {
                *line = text;
            }
        }
        let canonical = digest(lines.join("\n").as_bytes());
        let to_sign = [ALGORITHM, &time, stated.scope, &canonical].join("\n");
        let keys = keys.iter().zip(&used).enumerate();
        keys.filter(|(at, (_, used))| match secret {
            Some(secret) => *at == secret,
            None => used.change.is_none(),
        })
        .any(|(_, (key, _))| key.verify(&[to_sign.as_bytes()], &signature))
    });

    let mut signed: Vec<&str> = lines.clone();
    let mut signed_body = altered;
    let mut changes: Vec<Change> = Vec::new();
    for each in found.iter().flatten() {
        changes.extend(each.change.clone());
        match &each.value {
            Value::Line(at, text) => {
                if let Some(line) = signed.get_mut(*at) {
                    *line = text;
                }
            }
            Value::Body(at) => signed_body = bodies.get(*at),
            Value::Secret(_) => {}
        }
    }
    let of_body = |variant: &Variant| variant.changes.clone();
    changes.extend(signed_body.into_iter().flat_map(of_body));
    let mut parts = Vec::new();
    let signed = found.is_some().then_some(signed);
    for (at, line) in lines.iter().enumerate() {
        let signed = signed.as_ref().and_then(|signed| signed.get(at)).copied();
        let (name, from) = match at {
            METHOD_LINE => ("@method", 0),
            PATH_LINE => ("@path", 0),
            QUERY_LINE => ("@query", 0),
            _ => match line.split_once(':') {
                Some((name, _)) => (name, name.len() + 1),
                // The names of the headers, and the body's digest, which stands for the body.
                None => continue,
            },
        };
        let lead = if at == QUERY_LINE { "?" } else { "" };
        let shown = |line: &str| format!("{lead}{}", line.get(from..).unwrap_or_default());
        let signed = signed.map(shown);
        parts.push(pieces::part_of_base(name, &shown(line), signed.as_deref()));
    }
    let is_known = found.is_some() || altered.is_some();
    parts.push(part_of_body(received, signed_body, is_known));
    Found {
        changes,
        parts,
        search: Some(search),
    }
}

/// The canonical request that `signing::verify` builds; `None` if it comes to none.
fn canonical(view: &View<'_>, settings: &Settings) -> Option<String> {
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    let nobodys = SecretText::new("-".to_owned());
    let credential = Credential::new(&nobodys, "the secret").with_settings(settings);
    let steps = match verify(Scheme::SigV4, &request, &credential) {
        Ok(verified) => verified.steps,
        Err(Refusal::Mismatch { steps }) => steps,
        Err(_) => return None,
    };
    let mut steps = steps.into_iter();
    steps
        .find(|step| step.name == "canonical_request")
        .map(|step| step.value)
}

fn facets(
    view: &View<'_>,
    lines: &[&str],
    settings: &Settings,
    used: &[Used],
    digests: usize,
) -> Facets<Value> {
    let mut facets = Facets::new();
    let secrets = used.iter().enumerate();
    facets.push(
        secrets
            .filter_map(|(at, used)| {
                let change = used.change.clone()?;
                Some(Alternative::new(change, used.cost, Value::Secret(at)))
            })
            .collect(),
    );
    let mut bodies: Vec<_> = (0..digests)
        .map(|at| Alternative {
            change: None,
            cost: 1,
            value: Value::Body(at),
        })
        .collect();
    if digests > 0 {
        let line = Value::Line(lines.len().saturating_sub(1), digest(b""));
        bodies.insert(0, Alternative::new(DIGEST_OF_NOTHING.change(), 1, line));
    }
    facets.push(bodies);
    facets.push(queries(view, lines));
    facets.push(paths(view, lines, settings));
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let mut of_method: Vec<_> = methods
        .iter()
        .filter(|method| **method != view.method)
        .map(|method| {
            let line = Value::Line(METHOD_LINE, (*method).to_owned());
            Alternative::new(METHOD.of(method), 2, line)
        })
        .collect();
    let lower = Value::Line(METHOD_LINE, view.method.to_ascii_lowercase());
    of_method.push(Alternative::new(METHOD_CASE.change(), 2, lower));
    facets.push(of_method);
    let host = lines.iter().position(|line| line.starts_with("host:"));
    if let Some(at) = host {
        let hosts = url::authorities(view).into_iter();
        facets.push(
            hosts
                .map(|host| {
                    let line = Value::Line(at, format!("host:{}", host.value));
                    Alternative::new(host.change, host.cost, line)
                })
                .collect(),
        );
    }
    facets
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

fn queries(view: &View<'_>, lines: &[&str]) -> Vec<Alternative<Value>> {
    let own = lines.get(QUERY_LINE).copied().unwrap_or_default();
    let sent = view.target.query().unwrap_or_default();
    let mut out: Vec<Alternative<Value>> = Vec::new();
    let mut offer = |change: Change, line: String| {
        if line != own {
            let line = Value::Line(QUERY_LINE, line);
            out.push(Alternative::new(change, 1, line));
        }
    };
    let pairs: Vec<&str> = sent.split('&').collect();
    let sorted = |mut pairs: Vec<String>| {
        pairs.sort_unstable();
        pairs.join("&")
    };
    let raw: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
    let anew = |space: &str| -> Vec<String> {
        let part = |part: &str| {
            let decoded = percent_decoded(&part.replace('+', space));
            percent_encoded(&decoded.unwrap_or_default(), unreserved)
        };
        let pairs = pairs.iter().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}={}", part(name), part(value))
        });
        pairs.collect()
    };
    let form: Vec<String> = raw.iter().map(|pair| pair.replace("%20", "+")).collect();
    for line in [
        sent.to_owned(),
        anew(" ").join("&"),
        sorted(raw),
        sorted(anew("%2B")),
        form.join("&"),
        sorted(form),
        percent_encoded(own, |byte| byte != b'%'),
    ] {
        offer(AWS_QUERY.change(), line);
    }
    offer(QUERY_MISSING.change(), String::new());
    out
}

fn paths(view: &View<'_>, lines: &[&str], settings: &Settings) -> Vec<Alternative<Value>> {
    let own = lines.get(PATH_LINE).copied().unwrap_or_default();
    let mut out: Vec<Alternative<Value>> = Vec::new();
    for encoding in ["once", "twice"] {
        for normalized in ["true", "false"] {
            let form = [("path_encoding", encoding), ("normalize_path", normalized)];
            let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let form: Settings = form.into_iter().collect();
            let other = canonical(view, &settings.clone().overridden_by(form));
            let line = other
                .as_deref()
                .and_then(|it| it.split('\n').nth(PATH_LINE));
            if let Some(line) = line.filter(|line| *line != own) {
                let line = Value::Line(PATH_LINE, line.to_owned());
                out.push(Alternative::new(AWS_PATH.change(), 1, line));
            }
        }
    }
    let is_s3 = settings
        .get("service")
        .is_some_and(|it| it.starts_with("s3"));
    for path in url::paths(view) {
        let line = if is_s3 {
            path.value
        } else {
            percent_encoded(&path.value, |byte| unreserved(byte) || byte == b'/')
        };
        if line != own {
            let line = Value::Line(PATH_LINE, line);
            out.push(Alternative::new(path.change, path.cost + 1, line));
        }
    }
    out
}
