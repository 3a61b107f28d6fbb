//! `platform key rename|expire|public-key`: what is changed of a key that is issued.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    manage::{KeyView, SetExpiry, SetName, SetPublicKey},
    time::UnixMillis,
};

use super::{Place, ask, key::KeyArgs};
use crate::{
    output::Output,
    style::{DIM, GOOD, STRONG},
    text::printable,
};

/// A file with a public key is never longer.
const MAX_FILE: u64 = 64 * 1024;

#[derive(clap::Args)]
pub(super) struct RenameArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The new name
    name: String,
}

#[derive(clap::Args)]
pub(super) struct ExpireArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// When it ends: a time, or never; what is in the past ends it at once
    #[arg(value_name = "TIME|never")]
    expires: End,
}

#[derive(clap::Args)]
pub(super) struct PublicKeyArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The public key: PEM, JWK, or its 32 bytes in base64; the one that is registered ends at once
    #[arg(long, value_name = "FILE", required_unless_present = "end")]
    public_key: Option<PathBuf>,
    /// End the one that is registered; the key's secret goes on
    #[arg(long, conflicts_with = "public_key")]
    end: bool,
}

/// When a key ends.
#[derive(Clone, Copy)]
struct End(Option<UnixMillis>);

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self(None));
        }
        let time = text.parse().map_err(|error| format!("{error}, or never"))?;
        Ok(Self(Some(time)))
    }
}

pub(super) fn rename(args: RenameArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let RenameArgs { key, name } = args;
    let name = SetName { name };
    let key = ask(place, async |platform| {
        platform.set_name(&key.app_id, &name).await
    })?;
    tell(&key, "is renamed", output)
}

pub(super) fn expire(args: &ExpireArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let ExpireArgs {
        key,
        expires: End(expires),
    } = args;
    let expiry = SetExpiry { expires: *expires };
    let key = ask(place, async |platform| {
        platform.set_expiry(&key.app_id, &expiry).await
    })?;
    let ends = match key.expires {
        Some(expires) => format!("ends at {expires}"),
        None => "has no end".to_owned(),
    };
    tell(&key, &ends, output)
}

pub(super) fn public_key(
    args: &PublicKeyArgs,
    place: &Place,
    output: Output,
) -> Result<(), Failure> {
    let public_key = args.public_key.as_deref().map(read_key).transpose()?;
    let set = SetPublicKey { public_key };
    let key = ask(place, async |platform| {
        platform.set_public_key(&args.key.app_id, &set).await
    })?;
    let registered = match &key.public_key {
        Some(registered) => format!("signs with the private half of {}", registered.ed25519),
        None => "has no public key".to_owned(),
    };
    tell(&key, &registered, output)
}

/// A file with a public key.
pub(super) fn read_key(path: &Path) -> Result<String, Failure> {
    let unreadable = |problem: String| {
        Failure::new(
            ErrorCode::Usage,
            format!("the public key {} can't be read: {problem}", path.display()),
        )
        .hint("make one of a private key: openssl pkey -in KEY.pem -pubout -out PUBLIC.pem")
    };
    let length = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if length.len() > MAX_FILE {
        return Err(unreadable("it is too long for a key".to_owned()));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

fn tell(key: &KeyView, what: &str, output: Output) -> Result<(), Failure> {
    output.print(key, |out| {
        let name = printable(&key.name, false);
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} {STRONG}{name}{STRONG:#} {what} {DIM}{}{DIM:#}",
            key.app_id
        )
    })
}
