//! Scenarios: a client over real TLS meets what it is told to expect.

use std::{collections::BTreeSet, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use strongroom_contract::{
    audit::AuditQuery,
    explain::{Decision, Outcome, Rule},
};
use strongroom_workbench::{
    home::Home,
    platform::{Platform, Play, Scenario, ServeOptions, Staged},
};

use crate::platform::{Served, block_on};

/// A platform that plays a scenario, and a client of it.
struct Theatre {
    served: Served,
    platform: Platform,
    staged: Staged,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Theatre {
    fn open(scenario: Scenario, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(&folder.path().join("home")).unwrap();
        let options = ServeOptions {
            port: 0,
            scenario: Some(Play { scenario, seed }),
            ..ServeOptions::default()
        };
        let (served, staged) = Served::play(&home, options).unwrap();
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(&served.address.ca).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            // A connection that is cut takes no other request with it.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self {
            platform: Platform::of_home(&home).unwrap(),
            served,
            staged: staged.unwrap(),
            http,
            _folder: folder,
        }
    }

    async fn ping(&self) -> Result<(u16, String), reqwest::Error> {
        self.ping_with(self.staged.secret_key.expose_secret()).await
    }

    /// The status, and the request's id.
    async fn ping_with(&self, secret: &str) -> Result<(u16, String), reqwest::Error> {
        let url = format!("{}/api/v1/ping", self.served.address.url);
        let request = self.http.get(url);
        let request = request
            .header("app-id", &self.staged.app_id)
            .header("secret-key", secret);
        let answer = request.send().await?;
        let id = answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        Ok((answer.status().as_u16(), id))
    }

    async fn refused_by(&self, id: &str) -> Option<Rule> {
        self.platform.explain(id).await.unwrap().rule
    }
}

#[test]
fn an_expired_key_a_denied_source_and_a_tight_limit_refuse_as_they_say() {
    for (scenario, passes, status, rule) in [
        (Scenario::ExpiredKey, 0, 401, Rule::State),
        (Scenario::IpDenied, 0, 403, Rule::Source),
        (Scenario::TightLimit, 3, 429, Rule::Rate),
    ] {
        let theatre = Theatre::open(scenario, 1);
        assert_eq!(theatre.staged.scenario, scenario.as_str());
        assert!(theatre.staged.expect.contains(&status.to_string()));
        block_on(async {
            for _ in 0..passes {
                assert_eq!(theatre.ping().await.unwrap().0, 200);
            }
            let (refused, id) = theatre.ping().await.unwrap();
            assert_eq!(refused, status, "{scenario}");
            assert_eq!(theatre.refused_by(&id).await, Some(rule));
            if scenario == Scenario::TightLimit {
                let minute = std::time::Duration::from_secs(60);
                theatre.platform.advance_clock(minute).await.unwrap();
                assert_eq!(theatre.ping().await.unwrap().0, 200);
            }
        });
        let state = theatre.served.address.state.clone();
        theatre.served.stop();
        assert!(!std::path::Path::new(&state).exists(), "its state is gone");
    }
}

#[test]
fn a_rotating_key_has_two_secrets_until_its_hour_is_over() {
    let theatre = Theatre::open(Scenario::Rotating, 1);
    let next = theatre.staged.next_secret_key.as_ref().unwrap();
    block_on(async {
        assert_eq!(theatre.ping().await.unwrap().0, 200);
        assert_eq!(
            theatre.ping_with(next.expose_secret()).await.unwrap().0,
            200
        );
        let hour = std::time::Duration::from_secs(3_600);
        theatre.platform.advance_clock(hour).await.unwrap();
        let (refused, id) = theatre.ping().await.unwrap();
        assert_eq!(refused, 401);
        assert!(theatre.refused_by(&id).await.is_some());
        assert_eq!(
            theatre.ping_with(next.expose_secret()).await.unwrap().0,
            200
        );
    });
    theatre.served.stop();
}

/// What a client meets, by the request's number: a status, or none if the connection was cut.
async fn met(theatre: &Theatre, count: usize) -> Vec<Option<(u16, String)>> {
    let mut met = Vec::new();
    for _ in 0..count {
        met.push(theatre.ping().await.ok());
    }
    met
}

#[test]
fn faults_are_the_same_for_a_seed_and_each_is_told() {
    /// Among its first requests every kind of fault occurs, and few are late.
    const SEED: u64 = 892;
    const REQUESTS: usize = 24;
    let (first, second) = (
        Theatre::open(Scenario::Flaky, SEED),
        Theatre::open(Scenario::Flaky, SEED),
    );
    block_on(async {
        let (here, there) = tokio::join!(met(&first, REQUESTS), met(&second, REQUESTS));
        let statuses = |met: &[Option<(u16, String)>]| -> Vec<Option<u16>> {
            met.iter().map(|it| it.as_ref().map(|it| it.0)).collect()
        };
        assert_eq!(statuses(&here), statuses(&there));
        let kinds: BTreeSet<_> = statuses(&here).into_iter().collect();
        assert_eq!(kinds, [None, Some(200), Some(500), Some(503)].into());

        // Every refusal by the scenario says so, and every other answer was let through by the rules.
        for (status, id) in here.iter().flatten() {
            let why = first.platform.explain(id).await.unwrap();
            match status {
                200 => assert_eq!(why.decision, Decision::Accepted),
                _ => assert_eq!(why.rule, Some(Rule::Scenario), "{}", why.cause),
            }
        }
        let mut query = AuditQuery::default();
        query.set("rule", "scenario").unwrap();
        let rows = first
            .platform
            .search_audit(&query, 1_000, None)
            .await
            .unwrap()
            .rows;
        let count = |act: &str| rows.iter().filter(|row| row.act == act).count();
        let [late, lost, instead] = ["scenario.delay", "scenario.lost", "request"].map(count);
        assert!(late > 0 && lost > 0, "{late} late, {lost} lost");
        let cut = here.iter().filter(|it| it.is_none()).count();
        assert!(cut > lost, "{lost} lost, {:?}", statuses(&here));
        let refused = here
            .iter()
            .flatten()
            .filter(|(status, _)| *status >= 500)
            .count();
        assert_eq!(instead, refused + cut - lost);

        // What was late or lost went its way all the same, and its explanation tells of both.
        for row in rows.iter().filter(|row| row.act != "request") {
            let why = first.platform.explain(&row.request_id).await.unwrap();
            assert_eq!(why.decision, Decision::Accepted);
            assert_eq!(why.checks[0].rule, Rule::Scenario);
            let is_lost = row.act == "scenario.lost";
            assert_eq!(why.checks[0].outcome == Outcome::Failed, is_lost);
        }
        assert!(first.platform.verify_audit().await.unwrap().ok);
    });
    first.served.stop();
    second.served.stop();
}
