//! A failing request as somebody pastes it: raw HTTP, a curl command, an HTTP archive.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    diagnosis::Exhibit,
    error::{ErrorCode, Failure},
};
use strongroom_formats::{
    curl,
    export::{Payload, Plan},
    har,
    import::Import,
    raw::RawRequest,
    template::Template,
};

/// How a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// HTTP/1.1 (RFC 9112), byte for byte.
    Raw,
    /// A curl command line.
    Curl,
    /// An HTTP archive (HAR 1.2). The entry that failed is meant: the last one with a status of 400 or
    /// above, or else the last one.
    Har,
}

/// Reads the request in `bytes`.
///
/// # Errors
///
/// [`ErrorCode::Usage`] with the place, if it is none, or does not hold the bytes that were sent.
pub fn paste(bytes: &[u8], format: Format) -> Result<Exhibit, Failure> {
    match format {
        Format::Raw => raw(bytes),
        Format::Curl => {
            let text = str::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8"))?;
            imported(curl::parse(text))
        }
        Format::Har => {
            let entries = har::entries(bytes).map_err(unusable)?;
            let failed = entries.iter().rev().find(|entry| entry.status >= 400);
            let chosen = failed.or(entries.last());
            let index = chosen
                .ok_or_else(|| unusable("the archive has no entry"))?
                .index;
            imported(har::parse(bytes, Some(index)))
        }
    }
}

fn raw(bytes: &[u8]) -> Result<Exhibit, Failure> {
    let request = RawRequest::parse(bytes).map_err(unusable)?;
    let headers = request.fields.iter();
    let headers = headers.map(|field| (field.name.to_owned(), text(field.value())));
    let url = if request.target.contains("://") {
        request.target.to_owned()
    } else {
        let host = request
            .header("host")
            .ok_or_else(|| unusable("there is no Host header, so the URL is not known"))?;
        format!("https://{}{}", text(host), request.target)
    };
    Ok(Exhibit {
        method: request.method.to_owned(),
        url,
        headers: headers.collect(),
        body_base64: BASE64_STANDARD.encode(request.content()),
        peer: None,
        at: None,
    })
}

/// The first request that came in.
fn imported(import: Import) -> Result<Exhibit, Failure> {
    let Import {
        requests, problems, ..
    } = import;
    let Some(first) = requests.into_iter().next() else {
        let problem = problems.into_iter().next();
        return Err(problem.map_or_else(|| unusable("it holds no request"), unusable));
    };
    let plan = Plan::of(&first.request).map_err(unusable)?;
    let written = |template: &Template| {
        let literal = template.literal().map(str::to_owned);
        literal.unwrap_or_else(|| template.to_string())
    };
    let body = match &plan.payload {
        Payload::None => Vec::new(),
        Payload::Text(text) => written(text).into_bytes(),
        Payload::Bytes(bytes) => bytes.clone(),
        Payload::File(_) | Payload::Multipart(_) => {
            return Err(unusable(
                "the body's bytes are not in it: they come from a file or a multipart form",
            ));
        }
    };
    let headers = plan.headers.iter();
    Ok(Exhibit {
        method: plan.method.clone(),
        url: written(&plan.url),
        headers: headers
            .map(|(name, value)| (written(name), written(value)))
            .collect(),
        body_base64: BASE64_STANDARD.encode(body),
        peer: None,
        at: None,
    })
}

/// UTF-8, or else Latin-1, which has a character for every byte.
fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn unusable(problem: impl std::fmt::Display) -> Failure {
    let message = format!("the request can't be read: {problem}");
    Failure::new(ErrorCode::Usage, message)
        .hint("ask for it as raw HTTP: METHOD /path HTTP/1.1, the headers, an empty line, the body")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(exhibit: &Exhibit) -> Vec<u8> {
        BASE64_STANDARD.decode(&exhibit.body_base64).unwrap()
    }

    #[test]
    fn raw_http_is_read_byte_for_byte() {
        let file = b"POST /a?b=c HTTP/1.1\r\nHost: api.example.com\r\nX-A:  b \r\nX-L: \xe4\r\n\r\n{\"a\":1}\r\n";
        let read = paste(file, Format::Raw).unwrap();
        assert_eq!(read.method, "POST");
        assert_eq!(read.url, "https://api.example.com/a?b=c");
        assert_eq!(read.headers[1], ("X-A".to_owned(), "b".to_owned()));
        assert_eq!(read.headers[2].1, "ä");
        assert_eq!(body(&read), b"{\"a\":1}\r\n");
    }

    #[test]
    fn a_curl_command_is_read_as_curl_sends_it() {
        let line = "curl 'https://api.example.com/a' -H 'secret-key: {{secret}}' -H 'Content-Type: application/json' --data-raw '{\"a\": 1}'";
        let read = paste(line.as_bytes(), Format::Curl).unwrap();
        assert_eq!(
            (read.method.as_str(), read.url.as_str()),
            ("POST", "https://api.example.com/a")
        );
        assert!(
            read.headers
                .contains(&("secret-key".to_owned(), "{{secret}}".to_owned()))
        );
        assert_eq!(body(&read), b"{\"a\": 1}");
    }

    #[test]
    fn of_an_archive_the_last_entry_that_failed_is_meant() {
        let entry = |path: &str, status: u16| {
            format!(
                r#"{{"request":{{"method":"GET","url":"https://a.example{path}","headers":[{{"name":"app-id","value":"x"}}]}},"response":{{"status":{status}}}}}"#
            )
        };
        let entries = [entry("/1", 200), entry("/2", 401), entry("/3", 200)].join(",");
        let archive = format!(r#"{{"log":{{"entries":[{entries}]}}}}"#);
        let read = paste(archive.as_bytes(), Format::Har).unwrap();
        assert_eq!(read.url, "https://a.example/2");
        assert!(
            read.headers
                .contains(&("app-id".to_owned(), "x".to_owned()))
        );
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_place() {
        for (file, format, problem) in [
            (&b""[..], Format::Raw, "no request"),
            (b"GET /a HTTP/1.1\nno header\n\n", Format::Raw, "2:1"),
            (
                b"GET /a HTTP/1.1\nAccept: x\n\n",
                Format::Raw,
                "no Host header",
            ),
            (b"wget https://a.example", Format::Curl, "no curl command"),
            (b"{}", Format::Har, "no HTTP archive"),
            (
                b"curl https://a.example -F a=b",
                Format::Curl,
                "bytes are not in it",
            ),
        ] {
            let Err(failure) = paste(file, format) else {
                panic!("{problem}");
            };
            assert!(failure.message.contains(problem), "{}", failure.message);
        }
    }
}
