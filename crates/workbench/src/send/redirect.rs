//! Redirects (RFC 9110, section 15.4): shown always, followed if asked. A credential stays with its origin.

use strongroom_contract::exchange::{Exchange, Redirect, SendRequest};
use url::Url;

use super::{draft::CREDENTIALS, redact::Redaction};

/// How many are followed.
pub(super) const MOST: usize = 10;

/// What an answer says of where to go, and the request that goes there, if one may.
pub(super) fn next(
    request: &SendRequest,
    exchange: &Exchange,
    secrets: &Redaction,
    so_far: usize,
) -> Option<(Redirect, Option<SendRequest>)> {
    if !matches!(exchange.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let (_, location) = exchange
        .headers
        .iter()
        .find(|(name, _)| name == "location")?;
    let mut redirect = Redirect {
        status: exchange.status,
        from: exchange.sent.url.clone(),
        to: location.clone(),
        followed: false,
        credential_dropped: false,
        note: None,
    };
    let (Ok(from), follow) = (Url::parse(&request.url), request.options.follow_redirects) else {
        return Some((redirect, None));
    };
    let Ok(mut to) = from.join(location) else {
        redirect.note = Some("it leads to what is no URL".to_owned());
        return Some((redirect, None));
    };
    to.set_fragment(None);
    redirect.to = to.to_string();
    if !follow {
        return Some((redirect, None));
    }
    let stays = from.origin() == to.origin();
    let refused = if so_far >= MOST {
        Some(format!("{MOST} redirects were followed already"))
    } else if !matches!(to.scheme(), "http" | "https") || !to.username().is_empty() {
        Some("it leads to what no request is sent to".to_owned())
    } else if from.scheme() == "https" && to.scheme() == "http" {
        Some("it leads from HTTPS to plain HTTP".to_owned())
    } else if !stays
        && keeps_body(request, exchange.status)
        && secrets.is_in_base64(&request.body_base64)
    {
        Some("the body holds a secret, and it leads to another origin".to_owned())
    } else {
        None
    };
    if refused.is_some() {
        redirect.note = refused;
        return Some((redirect, None));
    }
    let mut next = request.clone();
    next.url = to.to_string();
    if !keeps_body(request, exchange.status) {
        if request.method != "HEAD" {
            next.method = "GET".to_owned();
        }
        next.body_base64.clear();
        next.headers.retain(|(name, _)| {
            let name = name.to_ascii_lowercase();
            !name.starts_with("content-") && name != "transfer-encoding" && name != "expect"
        });
    }
    // It named the host that was asked before.
    next.headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
    if !stays {
        let before = next.headers.len();
        next.headers.retain(|(name, value)| {
            let is_credential = CREDENTIALS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
            !is_credential && !secrets.is_in(value.as_bytes())
        });
        let shown = next.options.client_cert.take();
        redirect.credential_dropped =
            next.key.take().is_some() || shown.is_some() || next.headers.len() < before;
        next.scheme = None;
    }
    redirect.followed = true;
    Some((redirect, Some(next)))
}

/// Whether method and body go on as they are: 307 and 308 promise so, and the others do for all but POST.
fn keeps_body(request: &SendRequest, status: u16) -> bool {
    match status {
        307 | 308 => true,
        303 => false,
        _ => request.method != "POST",
    }
}

#[cfg(test)]
mod tests {
    use strongroom_contract::exchange::{SendOptions, Sent, Timings};
    use strongroom_crypto::SecretText;

    use super::*;

    fn request(method: &str, url: &str) -> SendRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        SendRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: vec![
                header("Host", "h"),
                header("Content-Type", "text/plain"),
                header("Authorization", "Bearer typed"),
                header("X-Filled", "v sk_12345678"),
                header("Accept", "*/*"),
            ],
            body_base64: "c2tfMTIzNDU2Nzg=".to_owned(),
            key: Some("payments".to_owned()),
            scheme: Some("header-pair".to_owned()),
            settings: std::collections::BTreeMap::new(),
            ca_pem: Vec::new(),
            timeout_ms: 1,
            body_limit: 1,
            allow_plain_http: false,
            options: SendOptions {
                client_cert: Some("client".to_owned()),
                follow_redirects: true,
                ..SendOptions::default()
            },
        }
    }

    fn answer(request: &SendRequest, status: u16, location: &str) -> Exchange {
        Exchange {
            status,
            headers: vec![("location".to_owned(), location.to_owned())],
            body: None,
            body_base64: None,
            held: None,
            body_truncated: false,
            request_id: None,
            steps: Vec::new(),
            timings: Timings {
                dns_ms: 0.0,
                connect_ms: 0.0,
                tls_ms: 0.0,
                first_byte_ms: 0.0,
                download_ms: 0.0,
                total_ms: 0.0,
            },
            tls: None,
            sent: Sent {
                method: request.method.clone(),
                url: request.url.clone(),
                headers: Vec::new(),
                body_bytes: 0,
            },
            http_version: "HTTP/1.1".to_owned(),
            peer: String::new(),
            local: String::new(),
            redirects: Vec::new(),
            decoded: None,
            undecoded: None,
            proxy: None,
        }
    }

    fn secrets() -> Redaction {
        let mut secrets = Redaction::default();
        secrets.push(
            SecretText::new("sk_12345678".to_owned()),
            "sr://p/secret".to_owned(),
        );
        secrets
    }

    fn after(method: &str, status: u16, location: &str) -> (Redirect, Option<SendRequest>) {
        let request = request(method, "https://h/a/b?c#d");
        next(&request, &answer(&request, status, location), &secrets(), 0).unwrap()
    }

    fn names(request: &SendRequest) -> Vec<&str> {
        request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    #[test]
    fn within_an_origin_the_credential_goes_along() {
        let (redirect, next) = after("POST", 307, "../x?y=1#z");
        assert_eq!(redirect.to, "https://h/x?y=1");
        assert!(redirect.followed && !redirect.credential_dropped);
        let next = next.unwrap();
        assert_eq!(
            (next.method.as_str(), next.key.as_deref()),
            ("POST", Some("payments"))
        );
        assert_eq!(
            names(&next),
            ["Content-Type", "Authorization", "X-Filled", "Accept"]
        );
        assert!(!next.body_base64.is_empty());
    }

    #[test]
    fn to_another_origin_no_credential_goes_along() {
        for location in ["https://other/", "https://h:444/", "//h.other/"] {
            let (redirect, next) = after("POST", 302, location);
            assert!(
                redirect.followed && redirect.credential_dropped,
                "{location}"
            );
            let next = next.unwrap();
            assert_eq!(
                (next.method.as_str(), &next.key, &next.scheme),
                ("GET", &None, &None)
            );
            assert_eq!(names(&next), ["Accept"]);
            assert_eq!(next.options.client_cert, None);
            assert!(next.body_base64.is_empty());
        }
        let (redirect, next) = after("POST", 308, "https://other/");
        assert!(next.is_none() && redirect.note.unwrap().contains("body holds a secret"));
    }

    #[test]
    fn some_are_shown_and_not_followed() {
        for (location, why) in [
            ("http://h/", "plain HTTP"),
            ("ftp://h/", "no request"),
            ("https://user@h/", "no request"),
            ("https://[", "no URL"),
        ] {
            let (redirect, next) = after("GET", 301, location);
            assert!(next.is_none() && !redirect.followed);
            assert!(redirect.note.unwrap().contains(why), "{location}");
        }
        let mut request = request("GET", "https://h/");
        let exchange = answer(&request, 301, "/x");
        let (redirect, next) = next(&request, &exchange, &secrets(), MOST).unwrap();
        assert!(next.is_none() && redirect.note.unwrap().contains("10"));
        request.options.follow_redirects = false;
        let (redirect, next) = super::next(&request, &exchange, &secrets(), 0).unwrap();
        assert!(next.is_none() && redirect.note.is_none());
        let plain = answer(&request, 304, "/x");
        assert!(super::next(&request, &plain, &secrets(), 0).is_none());
    }

    #[test]
    fn a_303_asks_with_get_and_a_head_stays_one() {
        assert_eq!(after("PUT", 303, "/x").1.unwrap().method, "GET");
        assert_eq!(after("HEAD", 303, "/x").1.unwrap().method, "HEAD");
        assert_eq!(after("PUT", 302, "/x").1.unwrap().method, "PUT");
    }
}
