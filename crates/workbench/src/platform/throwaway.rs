//! A fresh platform for as long as something runs: an integration's own tests meet the real rules,
//! with nothing set up before and nothing left behind.
//!
//! ```text
//!   a temporary home -> the platform on a port of its own -> a key -> variables -> the command
//!                                                           what was refused, and why  <-'
//! ```

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    explain::{Explanation, Rule},
    manage::{AuditRowView, CreateKey},
    platform::PlatformAddress,
    secret::Revealed,
};
use strongroom_policy::{scopes::Scope, trace::explain_forgotten};
use tokio::sync::oneshot;

use super::{ServeOptions, Staged, serve, trust};
use crate::{
    home::{self, Home},
    manage::Platform,
};

/// How many kinds of refusals are told. The others are counted.
const TOLD: usize = 20;
/// Of how many refusals of a route by a rule it is asked what the cause was, the first ones: of a flood
/// those are the ones whose trace is kept.
const ASKED: usize = 50;
/// Rows of the audit log asked for at once.
const PAGE: u32 = 500;

/// What a command is given.
pub struct Handed {
    /// Where the platform is.
    pub address: PlatformAddress,
    /// The key's public id.
    pub app_id: String,
    /// The key's secret.
    pub secret_key: Revealed,
    /// The secret that takes over, if the key is being rotated.
    pub next_secret_key: Option<Revealed>,
    /// Certificates to trust: the system's, and the platform's.
    pub bundle: PathBuf,
    /// The home that the platform is announced in.
    pub home: PathBuf,
}

/// What of it a variable of the caller's own holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The platform's origin.
    Url,
    /// The key's public id.
    AppId,
    /// The key's secret.
    SecretKey,
    /// The path of the certificates to trust.
    Ca,
}

impl Part {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("url", Self::Url),
        ("app-id", Self::AppId),
        ("secret-key", Self::SecretKey),
        ("ca", Self::Ca),
    ];
}

impl Handed {
    /// The environment of the command: names that programs know, and `own` names.
    #[must_use]
    pub fn variables(&self, own: &[(String, Part)]) -> Vec<(String, OsString)> {
        let known = [
            (trust::BASE_URL, Part::Url),
            (trust::APP_ID, Part::AppId),
            (trust::SECRET_KEY, Part::SecretKey),
        ];
        let known = known.map(|(name, part)| (name.to_owned(), self.part(part)));
        let trusted = trust::TRUST.map(|name| (name.to_owned(), self.part(Part::Ca)));
        let own = own
            .iter()
            .map(|(name, part)| (name.clone(), self.part(*part)));
        let next = self.next_secret_key.as_ref().map(|secret| {
            let name = trust::NEXT_SECRET_KEY.to_owned();
            (name, secret.expose_secret().into())
        });
        let home = (home::VARIABLE.to_owned(), self.home.clone().into());
        known
            .into_iter()
            .chain(trusted)
            .chain([home])
            .chain(next)
            .chain(own)
            .collect()
    }

    fn part(&self, part: Part) -> OsString {
        match part {
            Part::Url => self.address.url.clone().into(),
            Part::AppId => self.app_id.clone().into(),
            Part::SecretKey => self.secret_key.expose_secret().into(),
            Part::Ca => self.bundle.clone().into(),
        }
    }
}

/// What the platform saw while the command ran.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Requests that arrived.
    pub requests: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// Why, each cause once.
    pub refusals: Vec<RefusedRequest>,
}

impl Report {
    /// How many refusals there were beside those whose cause is told.
    #[must_use]
    pub fn untold(&self) -> u64 {
        let told: u64 = self.refusals.iter().map(|refusal| refusal.times).sum();
        self.refused.saturating_sub(told)
    }
}

/// Refusals of one route for one cause.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RefusedRequest {
    /// Method and route.
    pub route: String,
    /// The status that was answered.
    pub status: u16,
    /// How many there were, of those whose cause was looked at.
    pub times: u64,
    /// Why, of the first of them.
    pub explanation: Explanation,
}

/// Every scope that a key can have.
#[must_use]
pub fn every_scope() -> Vec<String> {
    Scope::ALL
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect()
}

/// Starts a platform in a temporary home, issues a key, or the one of a scenario, hands both to `command`, and takes
/// everything away again once that is done.
///
/// # Errors
///
/// What keeps the platform from starting or from issuing the key, such as an unknown scope; what
/// `command` fails with.
pub async fn with_platform<T>(
    options: ServeOptions,
    key: &CreateKey,
    command: impl AsyncFnOnce(&Handed) -> Result<T, Failure>,
) -> Result<(T, Report), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("strongroom-with-")
        .tempdir()
        .map_err(|error| failed(format!("no temporary directory: {error}")))?;
    let home = Home::at(&directory.path().join("home"))?;
    let (announce, announced) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let ready = |address: &PlatformAddress, staged: Option<Staged>| {
        let staged = staged.map(|staged| Key {
            app_id: staged.app_id,
            secret_key: staged.secret_key,
            next_secret_key: staged.next_secret_key,
        });
        // This function waits for it, or is gone.
        let _heard = announce.send((address.clone(), staged));
        Ok(())
    };
    let served = serve(&home, options, ready, async {
        // The sender goes when the command is done.
        let _told = stopped.await;
    });
    let used = async {
        let _stop = stop;
        let Ok((address, staged)) = announced.await else {
            // It did not start: `served` says why.
            return Ok::<_, Failure>(None);
        };
        let platform = Platform::at(&address)?;
        let Key {
            app_id,
            secret_key,
            next_secret_key,
        } = match staged {
            Some(staged) => staged,
            None => issued(&platform, key).await?,
        };
        let handed = Handed {
            bundle: trust_bundle(Path::new(&address.ca), directory.path())?,
            address,
            app_id,
            secret_key,
            next_secret_key,
            home: home.path().to_owned(),
        };
        let outcome = command(&handed).await?;
        // What the command did counts, whether or not it can be told why.
        let report = report(&platform).await.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "what the platform refused can't be told");
            Report::default()
        });
        Ok(Some((outcome, report)))
    };
    let (served, used) = tokio::join!(served, used);
    served?;
    used?.ok_or_else(|| failed("the platform ended before it accepted connections".to_owned()))
}

/// What a client presents.
struct Key {
    app_id: String,
    secret_key: Revealed,
    next_secret_key: Option<Revealed>,
}

async fn issued(platform: &Platform, key: &CreateKey) -> Result<Key, Failure> {
    let created = platform.create_key(key).await?;
    let secret_key = created
        .secret_key
        .ok_or_else(|| failed("the key was issued without a secret".to_owned()))?;
    Ok(Key {
        app_id: created.app_id,
        secret_key,
        next_secret_key: None,
    })
}

/// The system's certificates and the platform's in one file: programs that are told of one file look
/// at no other, and should still reach whom they reach otherwise.
fn trust_bundle(ca: &Path, directory: &Path) -> Result<PathBuf, Failure> {
    let unusable = |path: &Path, error: &std::io::Error| {
        failed(format!("{} can't be used: {error}", path.display()))
    };
    let mut bundle = openssl_probe::probe()
        .cert_file
        .and_then(|system| fs::read(system).ok())
        .unwrap_or_default();
    if !bundle.is_empty() && !bundle.ends_with(b"\n") {
        bundle.push(b'\n');
    }
    bundle.extend(fs::read(ca).map_err(|error| unusable(ca, &error))?);
    let path = directory.join("trusted.pem");
    fs::write(&path, bundle).map_err(|error| unusable(&path, &error))?;
    Ok(path)
}

/// Refusals of one route by one rule.
struct Alike {
    route: String,
    status: u16,
    rule: Rule,
    /// The newest first.
    request_ids: Vec<String>,
}

async fn report(platform: &Platform) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut refused: Vec<Alike> = Vec::new();
    let mut before = None;
    loop {
        let page = platform.audit(PAGE, before).await?;
        for row in page.rows.into_iter().filter(AuditRowView::is_request) {
            report.requests += 1;
            let Some(rule) = row.rule else { continue };
            report.refused += 1;
            let known = refused.iter_mut().find(|alike| {
                alike.route == row.route && alike.status == row.status && alike.rule == rule
            });
            match known {
                Some(alike) => alike.request_ids.push(row.request_id),
                None => refused.push(Alike {
                    route: row.route,
                    status: row.status,
                    rule,
                    request_ids: vec![row.request_id],
                }),
            }
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    // Their times are in their ids, and so is their order.
    refused.sort_by(|a, b| a.request_ids.last().cmp(&b.request_ids.last()));
    for alike in &refused {
        let causes = alike.causes(platform).await?;
        let room = TOLD.saturating_sub(report.refusals.len());
        report.refusals.extend(causes.into_iter().take(room));
    }
    Ok(report)
}

impl Alike {
    async fn causes(&self, platform: &Platform) -> Result<Vec<RefusedRequest>, Failure> {
        let mut explanations = Vec::new();
        for id in self.request_ids.iter().rev().take(ASKED) {
            explanations.push(platform.explain(id).await?);
        }
        Ok(self.told(explanations))
    }

    /// Their causes, each once. If of none more is known than the rule, that.
    fn told(&self, explanations: Vec<Explanation>) -> Vec<RefusedRequest> {
        let mut told: Vec<RefusedRequest> = Vec::new();
        let mut forgotten = None;
        for explanation in explanations {
            let id = explanation.request_id.clone().unwrap_or_default();
            if explanation == explain_forgotten(id, self.rule) {
                forgotten.get_or_insert(explanation);
                continue;
            }
            let same = |it: &&mut RefusedRequest| it.explanation.cause == explanation.cause;
            match told.iter_mut().find(same) {
                Some(refusal) => refusal.times += 1,
                None => told.push(self.refused(1, explanation)),
            }
        }
        if told.is_empty() {
            let all = self.request_ids.len() as u64;
            told.extend(forgotten.map(|explanation| self.refused(all, explanation)));
        }
        told
    }

    fn refused(&self, times: u64, explanation: Explanation) -> RefusedRequest {
        RefusedRequest {
            route: self.route.clone(),
            status: self.status,
            times,
            explanation,
        }
    }
}

fn failed(message: String) -> Failure {
    Failure::new(ErrorCode::Failed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CreateKey {
        CreateKey {
            name: "test".to_owned(),
            client: None,
            scopes: Vec::new(),
            limit_per_minute: None,
            allow: Vec::new(),
            may_sign: false,
            ..CreateKey::default()
        }
    }

    fn on_any_port() -> ServeOptions {
        ServeOptions {
            port: 0,
            ..ServeOptions::default()
        }
    }

    #[test]
    fn what_is_known_of_a_refusal_is_told_rather_than_that_no_more_is() {
        let ids = ["a", "b", "c", "d"].map(str::to_owned);
        let alike = Alike {
            route: "GET /api/v1/ping".to_owned(),
            status: 429,
            rule: Rule::Rate,
            request_ids: ids.to_vec(),
        };
        let forgotten = |id: &str| explain_forgotten(id.to_owned(), Rule::Rate);
        let known = |id: &str, cause: &str| Explanation {
            cause: cause.to_owned(),
            ..forgotten(id)
        };
        let explained = vec![
            forgotten("d"),
            known("c", "minute"),
            known("b", "day"),
            known("a", "minute"),
        ];
        let told = alike.told(explained);
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.explanation.request_id.as_deref(), it.times))
            .collect();
        assert_eq!(told, [(Some("c"), 2), (Some("b"), 1)]);

        let told = alike.told(vec![forgotten("d"), forgotten("c")]);
        assert_eq!(told, [alike.refused(4, forgotten("d"))]);
    }

    #[tokio::test]
    async fn everything_is_there_while_the_command_runs_and_gone_after() {
        let (home, report) = with_platform(on_any_port(), &key(), async |handed| {
            let bundle = fs::read_to_string(&handed.bundle).unwrap();
            let ca = fs::read_to_string(&handed.address.ca).unwrap();
            assert!(bundle.ends_with(&ca));
            let variables = handed.variables(&[("OURS".to_owned(), Part::SecretKey)]);
            let value = |name: &str| {
                let found = variables.iter().find(|(it, _)| it == name);
                found.map(|(_, value)| value.clone()).unwrap()
            };
            assert_eq!(value("API_BASE_URL"), handed.address.url.as_str());
            assert_eq!(value("API_APP_ID"), handed.app_id.as_str());
            assert_eq!(value("OURS"), value("API_SECRET_KEY"));
            assert_eq!(value("SSL_CERT_FILE"), handed.bundle.as_os_str());
            assert!(handed.home.exists());
            Ok(handed.home.clone())
        })
        .await
        .unwrap();
        assert!(!home.exists());
        assert_eq!(report, Report::default());
    }

    #[tokio::test]
    async fn a_key_that_can_not_be_issued_ends_it_before_the_command() {
        let key = CreateKey {
            scopes: vec!["payins:wrte".to_owned()],
            ..key()
        };
        let outcome = with_platform(on_any_port(), &key, async |_| -> Result<(), Failure> {
            panic!("the command was run")
        });
        let failure = outcome.await.unwrap_err();
        assert!(failure.message.contains("payins:wrte"), "{failure}");
    }

    #[tokio::test]
    async fn what_the_command_fails_with_is_told_once_the_platform_is_gone() {
        let key = key();
        let outcome = with_platform(on_any_port(), &key, async |_| -> Result<(), Failure> {
            Err(failed("no such command".to_owned()))
        });
        assert_eq!(outcome.await.unwrap_err().message, "no such command");
    }
}
