//! `key`: what is held in the vault.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{ArgGroup, Subcommand};
use strongroom_contract::{
    agent::{
        KeyAdd, KeyCertificate, KeyList, KeyName, KeyRemove, KeySet, KeySetArgs, KeyShow, Nothing,
    },
    error::{ErrorCode, Failure},
    vault::{Environment, HeldCertificate, ItemKind, ItemView, NewKey, VersionState},
};

use strongroom_crypto::SecretText;

use crate::{
    client::Client,
    input,
    output::Output,
    read,
    send::parse_setting,
    style::{ACCENT, DIM, GOOD, STRONG},
    text::{self, Cell, Table},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Put an API key into the vault; its secret is typed, or comes from stdin or a file
    Add(AddArgs),
    /// List the keys, without secrets
    List,
    /// Show one key without its secret, or one field of it
    Show(ShowArgs),
    /// Change what a key's scheme is told beside its secret, such as a region
    Set(SetArgs),
    /// Remove a key and every version of its secret
    Remove(NameArgs),
}

#[derive(clap::Args)]
#[command(group(ArgGroup::new("secret")))]
pub(crate) struct AddArgs {
    /// Its name, as in sr://NAME/secret
    name: String,
    /// Whose it is, such as hello-clever
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Which of the provider's environments it belongs to
    #[arg(long, value_name = "sandbox|production|own", value_parser = parse_environment)]
    environment: Option<Environment>,
    /// The public id that goes with the secret, such as an app-id
    #[arg(long, value_name = "PUBLIC_ID")]
    id: Option<String>,
    /// Where its requests go
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// A host that the secret may be sent to, such as api.example.com or localhost:8443; repeatable
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// How requests are signed with it
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
    /// What the scheme is told beside the secret, as in region=us-east-1; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<(String, String)>,
    /// What is known of a provider or a scheme, such as aws, to hold where nothing is given
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// A word to find it by; repeatable
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Keep a certificate, with those that signed it behind it (PEM): the secret is its private key, or
    /// stands in the same file, or is left out for a CA that is only to be trusted
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Read the secret from stdin
    #[arg(long, group = "secret")]
    secret_stdin: bool,
    /// Read the secret from a file
    #[arg(long, value_name = "FILE", group = "secret")]
    secret_file: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    /// The key's name or id
    name: String,
    /// Print this field's value instead: id, secret, provider, ...
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct SetArgs {
    /// The key's name or id
    name: String,
    /// A setting, as in region=us-east-1; `strongroom scheme list` explains them
    #[arg(value_name = "NAME=VALUE", value_parser = parse_setting, required_unless_present_any = ["unset", "scheme"])]
    settings: Vec<(String, String)>,
    /// Take this setting away; repeatable
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
    /// How requests are signed with it from now on; settings that it does not know go
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct NameArgs {
    /// The key's name or id
    name: String,
}

fn parse_environment(typed: &str) -> Result<Environment, String> {
    match typed {
        "sandbox" => Ok(Environment::Sandbox),
        "production" => Ok(Environment::Production),
        "own" => Ok(Environment::Own),
        _ => Err("expected sandbox, production or own".to_owned()),
    }
}

pub(crate) fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Add(args) => add(args, output)?,
        Command::List => list(output)?,
        Command::Show(ShowArgs { name, field: None }) => show(name, output)?,
        Command::Show(ShowArgs {
            name,
            field: Some(field),
        }) => read::field(&format!("sr://{name}/{field}"), true, output)?,
        Command::Set(args) => set(args, output)?,
        Command::Remove(NameArgs { name }) => remove(name, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(args: AddArgs, output: Output) -> Result<(), Failure> {
    let secret = match &args.secret_file {
        Some(path) => input::secret_file(path, output)?,
        None if args.certificate.is_some() && !args.secret_stdin => SecretText::new(String::new()),
        None if args.secret_stdin || io::stdin().is_terminal() => input::secret_stdin("Secret: ")?,
        None => {
            let message = "no secret: stdin is not a terminal to ask at";
            return Err(Failure::new(ErrorCode::Usage, message)
                .hint("give --secret-stdin and write it to stdin, or --secret-file FILE"));
        }
    };
    let certificate = args
        .certificate
        .map(|path| fs::read_to_string(&path).map_err(|error| input::unreadable(&path, &error)));
    let certificate = certificate.transpose()?;
    let key = NewKey {
        name: args.name,
        provider: args.provider,
        environment: args.environment,
        public_id: args.id,
        base_url: args.base_url,
        hosts: args.hosts,
        scheme: args.scheme,
        settings: args.settings.into_iter().collect(),
        preset: args.preset,
        tags: args.tags,
        secret: input::revealed(secret),
        certificate,
    };
    let item = Client::connect(output)?.call::<KeyAdd>(&key)?;
    output.print(&item, |out| {
        let name = text::printable(&item.name, false);
        writeln!(out, "{GOOD}✓{GOOD:#} {STRONG}{name}{STRONG:#} is in the vault")?;
        // A certificate without its private key is sent nowhere: it is trusted.
        let to_be_trusted = item.kind == ItemKind::Certificate && item.expires.is_none();
        if item.hosts.is_empty() && !to_be_trusted {
            writeln!(
                out,
                "  It names no host, so it can be sent nowhere yet; add it with --host to sign with it"
            )?;
        }
        Ok(())
    })
}

fn list(output: Output) -> Result<(), Failure> {
    let list = Client::connect(output)?.call::<KeyList>(&Nothing {})?;
    output.print(&list, |out| {
        if list.items.is_empty() {
            writeln!(out, "no keys yet")?;
            return writeln!(
                out,
                "Next: {ACCENT}strongroom key add NAME --id PUBLIC_ID --host HOST --secret-stdin{ACCENT:#}"
            );
        }
        let mut table = Table::new(&["NAME", "PROVIDER", "ID", "HOSTS", "SCHEME", "ADDED"]);
        for item in &list.items {
            table.row([
                Cell::styled(&item.name, STRONG),
                Cell::optional(item.provider.as_deref()),
                Cell::optional(item.public_id.as_deref()),
                Cell::optional(Some(&item.hosts.join(" "))),
                Cell::optional(item.scheme.as_deref()),
                Cell::styled(day(&item.created.to_string()), DIM),
            ]);
        }
        table.write(out)
    })
}

/// An item, with what its certificate says if it is one.
#[derive(serde::Serialize)]
struct Shown {
    #[serde(flatten)]
    item: ItemView,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<HeldCertificate>,
}

fn show(name: String, output: Output) -> Result<(), Failure> {
    let mut client = Client::connect(output)?;
    let item = client.call::<KeyShow>(&KeyName { name })?;
    let certificate = match item.kind {
        ItemKind::Certificate => Some(client.call::<KeyCertificate>(&KeyName {
            name: item.id.clone(),
        })?),
        _ => None,
    };
    let shown = Shown { item, certificate };
    output.print(&shown, |out| {
        show_item(out, &shown.item)?;
        shown
            .certificate
            .iter()
            .try_for_each(|held| show_chain(out, held))
    })
}

fn show_chain(out: &mut dyn Write, held: &HeldCertificate) -> io::Result<()> {
    for (index, certificate) in held.chain.iter().enumerate() {
        let title = if index == 0 {
            "certificate"
        } else {
            "signed by"
        };
        writeln!(out, "\n{STRONG}{title}{STRONG:#}")?;
        text::facts(
            out,
            &[
                ("subject", Cell::optional(Some(&certificate.subject))),
                ("issuer", Cell::plain(certificate.issuer.clone())),
                ("names", Cell::optional(Some(&certificate.names.join(" ")))),
                ("from", Cell::plain(certificate.not_before.to_string())),
                ("until", Cell::plain(certificate.not_after.to_string())),
                ("sha-256", Cell::styled(&certificate.sha256, DIM)),
            ],
        )?;
    }
    if !held.has_private_key {
        writeln!(
            out,
            "\nIts private key is not held: it can be trusted, and shown to no server."
        )?;
    }
    Ok(())
}

fn set(args: SetArgs, output: Output) -> Result<(), Failure> {
    let item = Client::connect(output)?.call::<KeySet>(&KeySetArgs {
        name: args.name,
        scheme: args.scheme,
        set: args.settings.into_iter().collect(),
        unset: args.unset,
    })?;
    output.print(&item, |out| {
        let name = text::printable(&item.name, false);
        let scheme = text::printable(item.scheme.as_deref().unwrap_or("no scheme"), false);
        writeln!(out, "{GOOD}✓{GOOD:#} {STRONG}{name}{STRONG:#}: {scheme}")?;
        let rows = settings(&item);
        text::facts(out, &rows)
    })
}

/// What the scheme is told, a line each.
fn settings(item: &ItemView) -> Vec<(&str, Cell)> {
    let settings = item.settings.iter();
    settings
        .map(|(name, value)| (name.as_str(), Cell::plain(value.replace('\n', "\\n"))))
        .collect()
}

fn remove(name: String, output: Output) -> Result<(), Failure> {
    let item = Client::connect(output)?.call::<KeyRemove>(&KeyName { name })?;
    output.print(&item, |out| {
        let name = text::printable(&item.name, false);
        let versions = text::count(item.versions.len() as u64, "version");
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} removed {STRONG}{name}{STRONG:#} {DIM}({versions}){DIM:#}"
        )
    })
}

fn show_item(out: &mut dyn Write, item: &ItemView) -> io::Result<()> {
    let optional = Cell::optional;
    text::facts(
        out,
        &[
            ("name", Cell::styled(&item.name, STRONG)),
            ("kind", Cell::plain(kind(item.kind))),
            ("provider", optional(item.provider.as_deref())),
            ("environment", optional(item.environment.map(environment))),
            ("public id", optional(item.public_id.as_deref())),
            ("secret", Cell::styled("••••••••", DIM)),
            ("base url", optional(item.base_url.as_deref())),
            ("hosts", optional(Some(&item.hosts.join(", ")))),
            ("scheme", optional(item.scheme.as_deref())),
            ("tags", optional(Some(&item.tags.join(", ")))),
            ("added", Cell::plain(item.created.to_string())),
            ("changed", Cell::plain(item.modified.to_string())),
            ("id", Cell::styled(&item.id, DIM)),
        ],
    )?;
    if !item.settings.is_empty() {
        writeln!(out, "\n{STRONG}settings{STRONG:#}")?;
        text::facts(out, &settings(item))?;
    }
    writeln!(out)?;
    let mut table = Table::new(&["VERSION", "STATE", "STORED"]);
    for version in &item.versions {
        let style = match version.state {
            VersionState::Current => GOOD,
            _ => DIM,
        };
        table.row([
            Cell::plain(version.version.to_string()),
            Cell::styled(version_state(version.state), style),
            Cell::styled(version.created.to_string(), DIM),
        ]);
    }
    table.write(out)
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::ApiKey => "API key",
        ItemKind::Token => "token",
        ItemKind::OauthClient => "OAuth client",
        ItemKind::Certificate => "certificate with key",
        ItemKind::WebhookSecret => "webhook secret",
        ItemKind::Note => "note",
    }
}

fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Sandbox => "sandbox",
        Environment::Production => "production",
        Environment::Own => "own",
    }
}

fn version_state(state: VersionState) -> &'static str {
    match state {
        VersionState::Staged => "staged",
        VersionState::Current => "current",
        VersionState::Retiring => "retiring",
        VersionState::Revoked => "revoked",
    }
}
