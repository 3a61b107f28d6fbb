//! How requests get to a server: typed alike wherever some are sent.

use std::{fs, path::Path};

use strongroom_contract::{error::Failure, exchange::SendOptions};

use crate::input::unreadable;

#[derive(clap::Args)]
pub(crate) struct Way {
    /// Trust these certificates beside the system's: a PEM file, or an item of the vault; repeatable
    #[arg(long, value_name = "FILE|NAME")]
    ca: Vec<String>,
    /// Show this certificate of the vault to a server that asks for one
    #[arg(long, value_name = "NAME")]
    client_cert: Option<String>,
    /// Go through this proxy to other machines than this one, in place of the one of the settings
    #[arg(long, value_name = "http://HOST:PORT", conflicts_with = "no_proxy")]
    proxy: Option<String>,
    /// The item of the vault whose id and secret the proxy takes as user and password
    #[arg(long, value_name = "NAME", conflicts_with = "no_proxy")]
    proxy_key: Option<String>,
    /// Use no proxy, whatever the settings say
    #[arg(long)]
    no_proxy: bool,
    /// Agree to plain HTTP, to a loopback address alone
    #[arg(long)]
    plain_http: bool,
    /// Agree that it goes to production
    #[arg(long)]
    confirm_production: bool,
}

impl Way {
    /// The options that this means.
    pub(crate) fn options(self) -> Result<SendOptions, Failure> {
        let mut options = SendOptions {
            client_cert: self.client_cert.map(item),
            proxy: self.proxy,
            proxy_key: self.proxy_key.map(item),
            no_proxy: self.no_proxy,
            allow_plain_http: self.plain_http,
            confirm_production: self.confirm_production,
            ..SendOptions::default()
        };
        for named in self.ca {
            if is_file(&named) {
                let path = Path::new(&named);
                let pem = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
                options.ca_pem.push(pem);
            } else {
                options.ca.push(item(named));
            }
        }
        Ok(options)
    }
}

/// What is there as a file is one, and what is written like one: an item's name has no slash.
fn is_file(named: &str) -> bool {
    let is_reference = named.starts_with("sr://");
    let looks_like_one = [".pem", ".crt", ".cer"]
        .iter()
        .any(|ending| named.ends_with(ending));
    !is_reference && (looks_like_one || named.contains('/') || Path::new(named).exists())
}

/// An item may be named by its name, its id, or a reference to it.
fn item(named: String) -> String {
    named
        .strip_prefix("sr://")
        .map_or_else(|| named.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_an_item() {
        for (named, file) in [
            ("/etc/hosts", true),
            ("Cargo.toml", true),
            ("missing.pem", true),
            ("./corporate", true),
            ("corporate", false),
            ("sr://corporate", false),
        ] {
            assert_eq!(is_file(named), file, "{named}");
        }
        assert_eq!(item("sr://corporate".to_owned()), "corporate");
    }
}
