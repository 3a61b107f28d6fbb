//! What the target could have been where it was signed.

use strongroom_contract::diagnosis::Change;

use super::{percent_case, percent_decoded, percent_encoded};
use crate::{
    defect::{
        Defect, HOST, HOST_CASE, HOST_PORT, PATH_ENCODING, PATH_PREFIX, PATH_SLASH, PATH_SLASHES,
        PERCENT_CASE, QUERY_DECODED, QUERY_DOUBLE, QUERY_MISSING, QUERY_ORDER, QUERY_SPACE,
    },
    exhibit::View,
};

/// Labels of a host whose spellings are tried.
const LABELS: usize = 3;
/// How many of a path's first segments a base URL may have taken.
const SEGMENTS: usize = 3;

/// A part of the target as it could have been signed; the lower the cost, the likelier.
pub(crate) struct Variant<T> {
    pub(crate) change: Change,
    pub(crate) cost: u32,
    pub(crate) value: T,
}

fn variant<T>(defect: &Defect, detail: &str, cost: u32, value: T) -> Variant<T> {
    Variant {
        change: defect.of(detail),
        cost,
        value,
    }
}

/// Other authorities, `host` or `host:port`.
pub(crate) fn authorities(view: &View<'_>) -> Vec<Variant<String>> {
    let target = view.target;
    let host = target.host();
    let own = target.authority();
    let mut out = Vec::new();
    let mut offer = |defect: &Defect, cost, value: String| {
        if value != own {
            out.push(variant(defect, &value.clone(), cost, value));
        }
    };
    offer(&HOST_PORT, 1, host.to_owned());
    offer(&HOST_PORT, 1, format!("{host}:{}", target.port()));
    for port in [80, 443, 8080, 8443, 3000, 5000] {
        offer(&HOST_PORT, 3, format!("{host}:{port}"));
    }
    for value in ["x-forwarded-host", "x-original-host", "host"]
        .iter()
        .filter_map(|name| view.header(name))
        .chain(forwarded_host(view))
    {
        if let Ok(text) = str::from_utf8(value) {
            offer(&HOST, 1, text.trim().to_owned());
        }
    }
    for other in ["localhost", "127.0.0.1"] {
        offer(&HOST, 3, other.to_owned());
    }
    for spelling in spellings(host) {
        let suffix = own.strip_prefix(host).unwrap_or_default();
        offer(&HOST_CASE, 4, format!("{spelling}{suffix}"));
    }
    out
}

/// `host=` of `Forwarded` (RFC 7239).
fn forwarded_host<'v>(view: &'v View<'_>) -> Option<&'v [u8]> {
    let text = str::from_utf8(view.header("forwarded")?).ok()?;
    let host = text
        .split([';', ','])
        .find_map(|part| part.trim().strip_prefix("host="))?;
    Some(host.trim_matches('"').as_bytes())
}

/// The host with its first labels in upper case, or with a capital.
fn spellings(host: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for (at, label) in host.split('.').enumerate() {
        let mut forms = vec![label.to_owned()];
        if at < LABELS {
            forms.push(label.to_ascii_uppercase());
            let mut rest = label.chars();
            if let Some(first) = rest.next() {
                forms.push(format!("{}{}", first.to_ascii_uppercase(), rest.as_str()));
            }
        }
        forms.dedup();
        let joined = |start: &String, form: &String| match at {
            0 => form.clone(),
            _ => format!("{start}.{form}"),
        };
        out = out
            .iter()
            .flat_map(|start| forms.iter().map(move |form| joined(start, form)))
            .collect();
    }
    out
}

/// Other paths.
pub(crate) fn paths(view: &View<'_>) -> Vec<Variant<String>> {
    let own = view.target.path();
    let mut out: Vec<Variant<String>> = Vec::new();
    let mut offer = |defect: &Defect, detail: &str, cost, value: String| {
        if value != own && !out.iter().any(|each| each.value == value) {
            out.push(variant(defect, detail, cost, value));
        }
    };
    match own.strip_suffix('/') {
        Some(short) if !short.is_empty() => offer(&PATH_SLASH, "", 1, short.to_owned()),
        _ => offer(&PATH_SLASH, "", 1, format!("{own}/")),
    }
    for name in ["x-forwarded-prefix", "x-script-name"] {
        if let Some(Ok(prefix)) = view.header(name).map(str::from_utf8) {
            let prefix = prefix.trim().trim_end_matches('/');
            offer(&PATH_PREFIX, prefix, 1, format!("{prefix}{own}"));
        }
    }
    for name in [
        "x-original-uri",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-uri",
    ] {
        if let Some(Ok(uri)) = view.header(name).map(str::from_utf8) {
            let path = uri.trim().split('?').next().unwrap_or_default();
            offer(&PATH_PREFIX, path, 1, path.to_owned());
        }
    }
    let mut rest = own;
    for _ in 0..SEGMENTS {
        let Some(at) = rest.get(1..).and_then(|tail| tail.find('/')) else {
            break;
        };
        rest = rest.get(at + 1..).unwrap_or_default();
        let gone = own.strip_suffix(rest).unwrap_or_default();
        offer(&PATH_PREFIX, gone, 2, rest.to_owned());
    }
    for prefix in ["/api", "/v1", "/v2", "/gateway", "/proxy"] {
        offer(&PATH_PREFIX, prefix, 3, format!("{prefix}{own}"));
    }
    if let Some(decoded) = percent_decoded(own) {
        offer(&PATH_ENCODING, "", 1, decoded);
    }
    offer(&PERCENT_CASE, "", 2, percent_case(own, false));
    offer(&PERCENT_CASE, "", 2, percent_case(own, true));
    offer(&PATH_ENCODING, "", 2, own.replace('%', "%25"));
    offer(&PATH_ENCODING, "", 2, own.replace("%25", "%"));
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
    offer(&PATH_ENCODING, "", 2, percent_encoded(own, kept));
    offer(&PATH_SLASHES, "", 2, format!("/{own}"));
    offer(&PATH_SLASHES, "", 2, own.replace("//", "/"));
    out
}

/// Other queries; `None` is no `?` at all.
pub(crate) fn queries(view: &View<'_>) -> Vec<Variant<Option<String>>> {
    let Some(own) = view.target.query() else {
        return vec![variant(&QUERY_MISSING, "", 1, Some(String::new()))];
    };
    let mut out = vec![
        variant(&QUERY_MISSING, "", 1, None),
        variant(&QUERY_MISSING, "", 2, Some(String::new())),
    ];
    let mut offer = |defect: &Defect, cost, value: String| {
        if value != own && !out.iter().any(|each| each.value.as_deref() == Some(&value)) {
            out.push(variant(defect, "", cost, Some(value)));
        }
    };
    let pairs: Vec<&str> = own.split('&').collect();
    let mut sorted = pairs.clone();
    sorted.sort_by_key(|pair| pair.split('=').next().unwrap_or_default());
    offer(&QUERY_ORDER, 1, sorted.join("&"));
    sorted.sort_unstable();
    offer(&QUERY_ORDER, 1, sorted.join("&"));
    sorted.reverse();
    offer(&QUERY_ORDER, 3, sorted.join("&"));
    offer(
        &QUERY_ORDER,
        3,
        pairs.iter().rev().copied().collect::<Vec<_>>().join("&"),
    );
    offer(&QUERY_SPACE, 1, own.replace('+', "%20"));
    offer(&QUERY_SPACE, 1, own.replace("%20", "+"));
    offer(&QUERY_SPACE, 2, own.replace('+', "%2B"));
    offer(&QUERY_DOUBLE, 1, own.replace('%', "%25"));
    offer(&QUERY_DOUBLE, 1, own.replace("%25", "%"));
    offer(&PERCENT_CASE, 1, percent_case(own, false));
    offer(&PERCENT_CASE, 1, percent_case(own, true));
    if let Some(decoded) = percent_decoded(own) {
        offer(&QUERY_DECODED, 1, decoded);
    }
    if let Some(decoded) = percent_decoded(&own.replace('+', " ")) {
        offer(&QUERY_DECODED, 2, decoded);
    }
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~&=%+".contains(&byte);
    offer(&QUERY_DECODED, 2, percent_encoded(own, kept));
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~&=%+!*'()".contains(&byte);
    offer(&QUERY_DECODED, 2, percent_encoded(own, kept));
    out
}
