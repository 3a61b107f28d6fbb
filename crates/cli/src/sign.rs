//! `sign`: a request is signed and shown with every step, and not sent.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use strongroom_contract::{
    agent::RequestSign,
    error::{ErrorCode, Failure},
    exchange::{SendOptions, SendRequest, SignArgs, SignedRequest, TypedCredential},
    time::UnixMillis,
};
use strongroom_workbench::send;

use crate::{
    client::Client,
    input,
    output::Output,
    send::{body, parse_header, parse_setting, show_steps},
    style::{DIM, STRONG},
    text::printable,
};

const AFTER_HELP: &str = "\
The schemes are those of `strongroom send`. Nothing is sent, and nothing is added to what is typed but
what the scheme adds.

With --key the secret stays with the vault's owner: where it would stand in the request, its reference
stands, and a signature is made only for the hosts that the key names.

--credential-stdin reads one JSON object and needs no vault: {\"id\", \"secret\"}, or a PEM \"private_key\";
for sigv4 {\"access_key_id\", \"secret_access_key\", \"session_token\", \"region\", \"service\",
\"normalize_path\", \"sign_body\"}. Other fields are settings of the scheme, as with --set.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// GET, POST, ...
    method: String,
    /// The absolute URL
    url: String,
    /// Sign with this key of the vault, by name or id
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "credential_stdin"
    )]
    key: Option<String>,
    /// Read a credential as JSON from stdin, for this call alone
    #[arg(long, conflicts_with = "key", requires = "scheme")]
    credential_stdin: bool,
    /// How to sign; what the key says if absent
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
    /// What the scheme is told beside the credential, as in region=us-east-1; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<(String, String)>,
    /// A header, as in 'Accept: application/json'; repeatable
    #[arg(short = 'H', long = "header", value_name = "H", value_parser = parse_header)]
    headers: Vec<(String, String)>,
    /// The body: text, @FILE, or @- for stdin
    #[arg(short, long, value_name = "D", allow_hyphen_values = true)]
    data: Option<String>,
    /// The time that is signed; now if absent
    #[arg(long, value_name = "TIME")]
    time: Option<UnixMillis>,
    /// The nonce (for standard-webhooks the message's id); a fresh one if absent
    #[arg(long, value_name = "N")]
    nonce: Option<String>,
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    if args.credential_stdin && args.data.as_deref() == Some("@-") {
        return Err(Failure::new(
            ErrorCode::Usage,
            "stdin can't be the credential and the body at once",
        )
        .hint("give the body as text or as @FILE"));
    }
    let typed = args.credential_stdin.then(credential).transpose()?;
    let key = args.key.clone();
    let request = SignArgs {
        at: args.time,
        nonce: args.nonce.clone(),
        request: request(args)?,
    };
    let signed = match typed {
        Some(typed) => send::with_typed_credential(&request, typed)?,
        None => Client::connect(output)?.call::<RequestSign>(&request)?,
    };
    output.print(&signed, |out| show(out, &signed, key.as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the credential that stdin holds as JSON.
pub(crate) fn credential() -> Result<TypedCredential, Failure> {
    let text = input::secret_file(Path::new("-"), Output::new(true))?;
    serde_json::from_str(text.expose_secret()).map_err(|error| {
        let said = error.to_string();
        let (line, column) = (error.line(), error.column());
        // Of serde's own words, those about a value repeat it.
        let message = match error.classify() {
            serde_json::error::Category::Data if !said.starts_with("invalid") => said,
            serde_json::error::Category::Data => {
                format!("a value is of the wrong type (line {line}, column {column})")
            }
            _ => format!("it is not JSON (line {line}, column {column})"),
        };
        Failure::new(
            ErrorCode::Usage,
            format!("the credential on stdin: {message}"),
        )
        .hint("expected an object such as {\"id\": \"app-1\", \"secret\": \"…\"}")
    })
}

fn request(args: Args) -> Result<SendRequest, Failure> {
    Ok(SendRequest {
        method: args.method,
        url: args.url,
        headers: args.headers,
        body_base64: STANDARD.encode(body(args.data.as_deref())?),
        key: args.key,
        scheme: args.scheme,
        settings: args.settings.into_iter().collect(),
        ca_pem: Vec::new(),
        timeout_ms: 1,
        body_limit: 0,
        allow_plain_http: false,
        options: SendOptions::default(),
    })
}

fn show(out: &mut dyn Write, signed: &SignedRequest, key: Option<&str>) -> io::Result<()> {
    let method = printable(&signed.method, false);
    let url = printable(signed.url.expose_secret(), false);
    write!(out, "{STRONG}{method} {url}{STRONG:#}")?;
    match key {
        Some(key) => writeln!(out, " {DIM}signed with {}{DIM:#}", printable(key, false))?,
        None => writeln!(out)?,
    }
    for (name, value) in &signed.headers {
        let (name, value) = (
            printable(name, false),
            printable(value.expose_secret(), false),
        );
        writeln!(out, "{DIM}{name}:{DIM:#} {value}")?;
    }
    show_steps(out, &signed.steps)
}
