//! `send`: sign a request, send it, show the answer.

use std::{
    future,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use strongroom_contract::{
    agent::Send,
    error::{ErrorCode, Failure},
    exchange::{Exchange, Redirect, SendRequest, Step, TlsDetails},
    time::Span,
};
use strongroom_workbench::{history, home::Home, os::clock, send};
use url::Url;

use crate::{
    client::Client,
    input::unreadable,
    output::Output,
    runtime,
    style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN},
    text::{milliseconds, printable},
    way::Way,
};

const AFTER_HELP: &str = "\
Schemes: header-pair, api-key, basic, bearer, access-token, oauth2, jwt-hs256, jwt-rs256, jwt-es256,
jwt-eddsa, rfc9421-hmac-sha256, rfc9421-ed25519, rfc9421-ecdsa-p256-sha256, rfc9421-rsa-pss-sha512,
rfc9421-rsa-v1_5-sha256, sigv4, hmac-template, standard-webhooks, t-v1.

The local platform's certificate is trusted without --ca, on loopback alone. A secret goes only to
the hosts that its key names, and only over HTTPS.

Any answer is a success (exit 0), unless --fail is given.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
    /// How many bytes of the answer's body are kept
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    body_limit: u64,
    /// Follow redirects; a credential stays with its origin
    #[arg(long)]
    follow: bool,
    /// Leave it out of the history
    #[arg(long)]
    off_the_record: bool,
    /// Exit 1 if the answer's status is 400 or above
    #[arg(long)]
    fail: bool,
    /// Show how it was signed, where the time went, and TLS
    #[arg(short, long)]
    verbose: bool,
}

/// A request as it is typed.
#[derive(clap::Args)]
pub(crate) struct Request {
    /// GET, POST, ...
    method: String,
    /// The absolute URL
    url: String,
    /// Sign with this key of the vault, by name or id
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// How to sign; what the key says if absent
    #[arg(long, value_name = "SCHEME", requires = "key")]
    scheme: Option<String>,
    /// What the scheme is told beside the key, as in region=us-east-1; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "key", value_parser = parse_setting)]
    settings: Vec<(String, String)>,
    /// The body: text, @FILE, or @- for stdin; JSON gets its content-type
    #[arg(short, long, value_name = "D", allow_hyphen_values = true)]
    data: Option<String>,
    /// A header, as in 'Accept: application/json'; repeatable
    #[arg(short = 'H', long = "header", value_name = "H", value_parser = parse_header)]
    headers: Vec<(String, String)>,
    /// How long all of it may take
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    timeout: Span,
    #[command(flatten)]
    way: Way,
}

pub(crate) fn parse_header(typed: &str) -> Result<(String, String), String> {
    let (name, value) = typed
        .split_once(':')
        .ok_or("expected a name, a colon and a value, such as 'Accept: application/json'")?;
    let (name, value) = (name.trim(), value.trim());
    http::HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` can't be a header's name (RFC 9110, section 5.1)"))?;
    http::HeaderValue::from_str(value)
        .map_err(|_| "the value holds a control character (RFC 9110, section 5.5)".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// One setting, as it is typed.
pub(crate) fn parse_setting(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected a name, = and a value, such as region=us-east-1".to_owned()),
    }
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    let (fail, verbose) = (args.fail, args.verbose);
    let key = args.request.key.clone();
    let mut request = args.request.finished(args.body_limit)?;
    request.options.follow_redirects = args.follow;
    request.options.off_the_record = args.off_the_record;
    let exchange = exchange(request, output)?;
    output.print(&exchange, |out| {
        show(out, &exchange, key.as_deref(), verbose, output)
    })?;
    if let Some(id) = refused_by_the_local_platform(&exchange) {
        output.remark(|err| {
            writeln!(
                err,
                "\nWhy? {ACCENT}strongroom explain {}{ACCENT:#}",
                printable(id, false)
            )
        });
    }
    if fail && exchange.status >= 400 {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends through the vault's owner if the request takes something out of the vault, otherwise from here:
/// then it needs no vault, and is told to the history afterwards if one is open.
fn exchange(request: SendRequest, output: Output) -> Result<Exchange, Failure> {
    let home = Home::from_environment()?;
    if send::needs_the_vault(&home, &request) {
        return Client::connect_to(&home, output)?.call::<Send>(&request);
    }
    let at = clock::now();
    // Ctrl-C ends this process, and its connection with it.
    let came_back = runtime::block_on(send::without_key(&home, &request, future::pending()));
    history::hand_over(&home, at, request, came_back.clone());
    came_back
}

impl Request {
    /// The request to be signed and sent.
    pub(crate) fn finished(self, body_limit: u64) -> Result<SendRequest, Failure> {
        let body = body(self.data.as_deref())?;
        let mut headers = self.headers;
        let typed = |name: &str| {
            headers
                .iter()
                .any(|(header, _)| header.eq_ignore_ascii_case(name))
        };
        if !body.is_empty()
            && !typed("content-type")
            && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok()
        {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let options = self.way.options()?;
        Ok(SendRequest {
            method: self.method,
            url: self.url,
            headers,
            body_base64: STANDARD.encode(body),
            key: self.key,
            scheme: self.scheme,
            settings: self.settings.into_iter().collect(),
            ca_pem: Vec::new(),
            timeout_ms: timeout(self.timeout)?,
            body_limit,
            allow_plain_http: options.allow_plain_http,
            options,
        })
    }
}

/// The body that `--data` means: text, `@FILE`, or `@-` for stdin.
pub(crate) fn body(data: Option<&str>) -> Result<Vec<u8>, Failure> {
    match data {
        None => Ok(Vec::new()),
        Some("@-") => {
            let mut bytes = Vec::new();
            io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|error| unreadable(Path::new("stdin"), &error))?;
            Ok(bytes)
        }
        Some(data) => match data.strip_prefix('@') {
            Some(path) => std::fs::read(path).map_err(|error| unreadable(Path::new(path), &error)),
            None => Ok(data.as_bytes().to_vec()),
        },
    }
}

fn timeout(Span(span): Span) -> Result<u64, Failure> {
    if span == Duration::ZERO {
        return Err(
            Failure::new(ErrorCode::Usage, "a timeout of nothing lets nothing happen")
                .hint("give --timeout a duration such as 30s"),
        );
    }
    Ok(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// The request's id, if the platform on this machine answered with an error that it can explain.
fn refused_by_the_local_platform(exchange: &Exchange) -> Option<&str> {
    let id = exchange.request_id.as_deref()?;
    let url = Url::parse(&exchange.sent.url).ok()?;
    let local = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    (local && exchange.status >= 400).then_some(id)
}

pub(crate) fn show(
    out: &mut dyn Write,
    exchange: &Exchange,
    key: Option<&str>,
    verbose: bool,
    output: Output,
) -> io::Result<()> {
    if verbose {
        show_sent(out, exchange, key)?;
    }
    let status = match exchange.status {
        200..=299 => GOOD,
        300..=399 => WARN,
        _ => BAD,
    };
    let reason = http::StatusCode::from_u16(exchange.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    writeln!(
        out,
        "{} {status}{} {reason}{status:#} {DIM}in {}{DIM:#}",
        exchange.http_version,
        exchange.status,
        milliseconds(exchange.timings.total_ms)
    )?;
    show_headers(out, &exchange.headers)?;
    for redirect in &exchange.redirects {
        show_redirect(out, redirect)?;
    }
    show_body(out, exchange, output)?;
    if verbose {
        show_timings(out, exchange)?;
        if let Some(tls) = &exchange.tls {
            show_tls(out, tls)?;
        }
    }
    Ok(())
}

fn show_headers(out: &mut dyn Write, headers: &[(String, String)]) -> io::Result<()> {
    for (name, value) in headers {
        let (name, value) = (printable(name, false), printable(value, false));
        writeln!(out, "{DIM}{name}:{DIM:#} {value}")?;
    }
    Ok(())
}

fn show_redirect(out: &mut dyn Write, redirect: &Redirect) -> io::Result<()> {
    let to = printable(&redirect.to, false);
    let how = match (
        &redirect.note,
        redirect.followed,
        redirect.credential_dropped,
    ) {
        (Some(note), _, _) => format!("not followed: {note}"),
        (None, false, _) => "not followed: --follow does".to_owned(),
        (None, true, false) => "followed".to_owned(),
        (None, true, true) => "followed, without the credential".to_owned(),
    };
    writeln!(
        out,
        "{WARN}{}{WARN:#} → {to} {DIM}({how}){DIM:#}",
        redirect.status
    )
}

/// The body as it is; set out in lines if it is JSON and a person looks at it.
fn show_body(out: &mut dyn Write, exchange: &Exchange, output: Output) -> io::Result<()> {
    match (&exchange.body, &exchange.body_base64) {
        (Some(body), _) if !body.is_empty() => {
            let set_out = output
                .is_watched()
                .then(|| serde_json::from_str::<serde_json::Value>(body).ok())
                .flatten()
                .and_then(|value| serde_json::to_string_pretty(&value).ok());
            let body = set_out.as_deref().unwrap_or(body);
            writeln!(out, "\n{}", printable(body.trim_end_matches('\n'), true))?;
        }
        (_, Some(encoded)) => {
            let bytes = encoded.len() / 4 * 3;
            writeln!(
                out,
                "\n{DIM}({bytes} bytes that are not text; --json has them){DIM:#}"
            )?;
        }
        _ => {}
    }
    if let Some(decoded) = &exchange.decoded {
        let (bytes, coding) = (decoded.encoded_bytes, &decoded.coding);
        writeln!(
            out,
            "{DIM}({bytes} bytes came, packed with {coding}){DIM:#}"
        )?;
    }
    if let Some(why) = &exchange.undecoded {
        writeln!(out, "{WARN}(as it came: {}){WARN:#}", printable(why, false))?;
    }
    if exchange.body_truncated {
        writeln!(out, "{WARN}(cut here: --body-limit keeps more){WARN:#}")?;
    }
    Ok(())
}

fn show_sent(out: &mut dyn Write, exchange: &Exchange, key: Option<&str>) -> io::Result<()> {
    let sent = &exchange.sent;
    let (method, url) = (printable(&sent.method, false), printable(&sent.url, false));
    write!(out, "{STRONG}{method} {url}{STRONG:#}")?;
    match key {
        Some(key) => writeln!(out, " {DIM}signed with {}{DIM:#}", printable(key, false))?,
        None => writeln!(out)?,
    }
    show_headers(out, &sent.headers)?;
    if sent.body_bytes > 0 {
        writeln!(out, "{DIM}({} bytes of body){DIM:#}", sent.body_bytes)?;
    }
    show_steps(out, &exchange.steps)?;
    writeln!(out)
}

/// Each step by its name, its value set in.
pub(crate) fn show_steps(out: &mut dyn Write, steps: &[Step]) -> io::Result<()> {
    for step in steps {
        writeln!(out, "\n{ACCENT}{}{ACCENT:#}", printable(&step.name, false))?;
        for line in printable(&step.value, true).lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn show_timings(out: &mut dyn Write, exchange: &Exchange) -> io::Result<()> {
    let timings = &exchange.timings;
    let phases = [
        ("dns", timings.dns_ms),
        ("connect", timings.connect_ms),
        ("tls", timings.tls_ms),
        ("first byte", timings.first_byte_ms),
        ("download", timings.download_ms),
    ];
    let phases: Vec<String> = phases
        .iter()
        .map(|(name, value)| format!("{name} {}", milliseconds(*value)))
        .collect();
    let through = match &exchange.proxy {
        Some(_) => " (the proxy)",
        None => "",
    };
    writeln!(
        out,
        "\n{DIM}{} → {}{through}{DIM:#}",
        exchange.local, exchange.peer
    )?;
    writeln!(out, "{DIM}{}{DIM:#}", phases.join(", "))
}

fn show_tls(out: &mut dyn Write, tls: &TlsDetails) -> io::Result<()> {
    let exchange = tls.key_exchange.as_deref().unwrap_or("no key exchange");
    writeln!(
        out,
        "{DIM}{}, {}, {exchange}, for {}{DIM:#}",
        tls.version, tls.cipher, tls.server_name
    )?;
    for certificate in &tls.chain {
        writeln!(
            out,
            "{DIM}  {} from {}, until {}{DIM:#}",
            printable(&certificate.subject, false),
            printable(&certificate.issuer, false),
            certificate.not_after
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_are_typed() {
        let header = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(
            parse_header("Accept: text/plain"),
            header("Accept", "text/plain")
        );
        assert_eq!(parse_header("X-Empty:"), header("X-Empty", ""));
        assert_eq!(parse_header("X-Time: 12:30"), header("X-Time", "12:30"));
        for wrong in ["Accept", ": x", "A b: c", "X: a\r\nY: b", "X: \u{0}"] {
            assert!(parse_header(wrong).is_err(), "{wrong:?}");
        }
    }
}
