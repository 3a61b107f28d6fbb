//! The local platform inside of the window's process, and the throw-away home.

use std::{
    collections::BTreeMap,
    future::ready,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use strongroom_contract::{
    agent::{KeyList, Nothing},
    error::ErrorCode,
    explain::{Remedy, Rule},
    manage::{KeyState, SetAllowlist, SetLimit, SetScopes},
    platform::PlatformAddress,
    vault::VaultState,
    window::{ActivityKind, AllowlistCheck, IssueKey, PlatformState},
};
use strongroom_workbench::{
    desk::Desk,
    home::Home,
    platform::{ServeOptions, serve},
};

use crate::desk::{Window, draft};

fn wanted(name: &str) -> IssueKey {
    IssueKey {
        name: name.into(),
        scopes: Vec::new(),
        limit_per_minute: 60,
        allow: Vec::new(),
        may_sign: true,
        store: name.into(),
        ..IssueKey::default()
    }
}

#[test]
fn the_platform_starts_where_there_is_room_and_stops() {
    let window = Window::new();
    let desk = &window.desk;
    assert_eq!(desk.platform().state, PlatformState::Stopped);
    let stopped = window.block_on(desk.manage()).err().unwrap();
    assert_eq!(stopped.code, ErrorCode::PlatformUnavailable);
    window.block_on(desk.stop_platform()).unwrap();

    let mut changes = desk.platform_changes();
    window.block_on(desk.start_platform()).unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    let running = desk.platform();
    assert_eq!(running.state, PlatformState::Running);
    let url = running.url.unwrap();
    window.block_on(desk.start_platform()).unwrap();
    assert_eq!(
        desk.platform().url.as_ref(),
        Some(&url),
        "it is the same one"
    );
    let lines = window.block_on(desk.environment_lines()).unwrap();
    assert!(lines.contains(&url) && lines.contains("ca.pem"), "{lines}");

    window.block_on(desk.stop_platform()).unwrap();
    assert!(changes.has_changed().unwrap());
    assert_eq!(desk.platform().state, PlatformState::Stopped);
    assert!(!window.home.platform_file().exists());
    let kinds: Vec<_> = desk.activity().iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [ActivityKind::Platform, ActivityKind::Platform]);
}

#[test]
fn a_port_that_is_taken_is_refused_unless_any_other_will_do() {
    let window = Window::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let started = |or_any_port| {
        let mut url = None;
        let options = ServeOptions {
            port,
            or_any_port,
            ..ServeOptions::default()
        };
        let ready = |address: &PlatformAddress, _| {
            url = Some(address.url.clone());
            Ok(())
        };
        let served = window.block_on(serve(&window.home, options, ready, async {}));
        served.map(|()| url.unwrap())
    };
    assert_eq!(started(false).unwrap_err().code, ErrorCode::InUse);
    assert!(!started(true).unwrap().ends_with(&port.to_string()));
}

#[test]
fn why_the_platform_did_not_start_is_said_and_kept() {
    let window = Window::new();
    std::fs::write(window.home.platform_state(), "not a directory").unwrap();
    let refused = window.block_on(window.desk.start_platform()).unwrap_err();
    let status = window.desk.platform();
    assert_eq!(status.state, PlatformState::Failed);
    assert_eq!(status.failure.as_ref(), Some(&refused));
    assert!(refused.hint.is_some(), "{refused}");
    // Once that is mended, it starts.
    std::fs::remove_file(window.home.platform_state()).unwrap();
    window.block_on(window.desk.start_platform()).unwrap();
    assert_eq!(window.desk.platform().state, PlatformState::Running);
}

#[test]
fn an_issued_key_is_held_used_refused_and_mended() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    window.block_on(desk.start_platform()).unwrap();
    let issued = window.block_on(desk.issue_key(wanted("payments"))).unwrap();
    let taken = window
        .block_on(desk.issue_key(wanted("payments")))
        .unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    let platform = window.block_on(desk.manage()).unwrap();
    let keys = window.block_on(platform.list_keys()).unwrap().keys;
    assert_eq!(keys.len(), 1, "the vault was asked first");
    let held = window.call::<KeyList>(Nothing {}).unwrap().items;
    assert_eq!(held[0].public_id.as_ref(), Some(&issued.app_id));

    let send = |method: &str, path: &str| {
        let mut request = draft(&format!("{}{path}", platform.url()), Some("payments"));
        request.method = method.into();
        window.block_on(desk.send(request)).unwrap()
    };
    let ping = || send("GET", "/api/v1/ping");
    let explained = |request_id: Option<String>| {
        window
            .block_on(platform.explain(&request_id.unwrap()))
            .unwrap()
    };
    assert_eq!(ping().status, 200);
    assert_eq!(desk.activity()[0].kind, ActivityKind::Sent);

    // Refused by its source; the remedy lets it in.
    let elsewhere = SetAllowlist {
        allow: vec!["203.0.113.0/24".into()],
    };
    window
        .block_on(platform.set_allowlist(&issued.app_id, &elsewhere))
        .unwrap();
    let refused = ping();
    let row = desk.activity().remove(0);
    assert_eq!(row.kind, ActivityKind::Refused);
    assert_eq!(row.request_id, refused.request_id);
    let explanation = explained(refused.request_id);
    assert_eq!(explanation.rule, Some(Rule::Source));
    let Some(Remedy::AllowSource { app_id, address }) = explanation.remedy else {
        panic!("{explanation:?}");
    };
    let key = window
        .block_on(desk.allow_source(&app_id, &address))
        .unwrap();
    assert_eq!(key.allow.len(), 2);
    assert_eq!(ping().status, 200);
    // A key that may be used from anywhere stays so.
    let anywhere = SetAllowlist { allow: Vec::new() };
    window
        .block_on(platform.set_allowlist(&app_id, &anywhere))
        .unwrap();
    let key = window
        .block_on(desk.allow_source(&app_id, &address))
        .unwrap();
    assert!(key.allow.is_empty());

    // Refused by its scope.
    let explanation = explained(send("POST", "/api/v2/payouts").request_id);
    assert_eq!(explanation.rule, Some(Rule::Permission));
    let Some(Remedy::GrantScope { app_id, scope }) = explanation.remedy else {
        panic!("{explanation:?}");
    };
    let others = SetScopes {
        scopes: vec!["payins:read".into()],
    };
    window
        .block_on(platform.set_scopes(&app_id, &others))
        .unwrap();
    for _ in 0..2 {
        let key = window.block_on(desk.grant_scope(&app_id, &scope)).unwrap();
        assert_eq!(key.scopes, ["payins:read", "payouts:write"]);
    }
    assert_eq!(
        send("POST", "/api/v2/payouts").status,
        400,
        "now it is the body"
    );

    // Refused by its rate.
    let limit = SetLimit { per_minute: 1 };
    window
        .block_on(platform.set_limit(&app_id, &limit))
        .unwrap();
    let explanation = explained(ping().request_id);
    assert_eq!(explanation.rule, Some(Rule::Rate));
    let raised = Remedy::RaiseLimit {
        app_id: app_id.clone(),
        per_minute: 2,
    };
    assert_eq!(explanation.remedy, Some(raised));

    // Revoked: nobody at the platform can undo that.
    let revoked = window.block_on(platform.revoke(&app_id)).unwrap();
    assert_eq!(revoked.state, KeyState::Revoked);
    let refused = ping();
    assert_eq!(refused.status, 401);
    assert_eq!(explained(refused.request_id).remedy, None);

    // The audit log shows what happened, and not who looked.
    let everything = BTreeMap::new();
    let rows = window.block_on(desk.audit(&everything, None)).unwrap().rows;
    assert!(rows.iter().any(|row| row.act == "key.create"));
    assert!(rows.iter().any(|row| row.rule == Some(Rule::Source)));
    let looks = ["key.list", "audit.list", "request.explain"];
    assert!(
        !rows.iter().any(|row| looks.contains(&row.act.as_str())),
        "{rows:?}"
    );
    let older = desk.audit(&everything, Some(rows[1].sequence));
    assert_eq!(window.block_on(older).unwrap().rows, rows[2..]);

    // Rows that are asked for, and a file of them with its proof.
    let refused = BTreeMap::from([("rule".to_owned(), "source".to_owned())]);
    let page = window.block_on(desk.audit(&refused, None)).unwrap();
    assert!(page.next.is_none() && !page.rows.is_empty());
    assert!(page.rows.iter().all(|row| row.rule == Some(Rule::Source)));
    let file = window.home.path().join("refused.csv");
    let mut told = 0;
    let chosen = ready(Some(file.clone()));
    let exporting = desk.export_audit(&refused, chosen, |bytes| told = bytes);
    let exported = window.block_on(exporting).unwrap().unwrap();
    assert_eq!(exported.rows, page.rows.len() as u64);
    assert!(told > 0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), page.rows.len() + 1);
    std::fs::remove_file(&file).unwrap();

    // Stopped while a file is still being chosen: what is chosen then is not written.
    let (choose, chosen) = tokio::sync::oneshot::channel();
    let chosen = async { chosen.await.ok() };
    let stopped = async {
        desk.stop_export();
        choose.send(file.clone()).unwrap();
    };
    let exporting = desk.export_audit(&refused, chosen, |_| {});
    let both = async { tokio::join!(biased; exporting, stopped) };
    assert_eq!(window.block_on(both).0.unwrap(), None);
    assert!(!file.exists());
    let unknown = BTreeMap::from([("colour".to_owned(), "red".to_owned())]);
    let failure = window.block_on(desk.audit(&unknown, None)).unwrap_err();
    assert_eq!(failure.code, ErrorCode::Usage);
}

#[test]
fn while_the_vault_is_locked_nothing_is_issued_and_the_platform_goes_on() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    window.block_on(desk.start_platform()).unwrap();
    window.block_on(desk.lock()).unwrap();
    let refused = window
        .block_on(desk.issue_key(wanted("payments")))
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);
    let platform = window.block_on(desk.manage()).unwrap();
    assert!(
        window
            .block_on(platform.list_keys())
            .unwrap()
            .keys
            .is_empty()
    );
}

#[test]
fn an_allowlist_is_looked_at_as_it_is_typed() {
    assert_eq!(
        Desk::check_allowlist("10.0.0.0/8"),
        AllowlistCheck::Read(vec!["10.0.0.0/8".into()])
    );
    assert!(matches!(
        Desk::check_allowlist("10.0.0.0/"),
        AllowlistCheck::Unreadable(_)
    ));
}

#[test]
fn a_throw_away_home_is_full_and_then_gone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let desk = Desk::look_around().await.unwrap();
        assert!(desk.is_demo());
        let session = desk.session().await.unwrap();
        assert!(session.demo);
        assert_eq!(session.vault.state, VaultState::Unlocked);
        let items = desk.call::<KeyList>(Nothing {}).await.unwrap().items;
        assert!(items.len() >= 12);
        let platform = desk.manage().await.unwrap();
        let keys = platform.list_keys().await.unwrap().keys;
        assert!(keys.iter().any(|key| key.state == KeyState::Revoked));
        let rows = desk.audit(&BTreeMap::new(), None).await.unwrap().rows;
        let requests: Vec<_> = rows.iter().filter(|row| row.act == "request").collect();
        assert!(requests.len() >= 12);
        for expected in [200, 401, 403, 404, 429] {
            let found = requests.iter().any(|row| row.status == expected);
            assert!(found, "no request was answered with {expected}");
        }
        for rule in [
            Rule::Identify,
            Rule::State,
            Rule::Source,
            Rule::Permission,
            Rule::Rate,
        ] {
            let found = requests.iter().find(|row| row.rule == Some(rule));
            let found = found.unwrap_or_else(|| panic!("nothing was refused by {rule:?}"));
            let why = platform.explain(&found.request_id).await.unwrap();
            assert_eq!(why.rule, Some(rule));
        }
        let root = desk.home().path().parent().unwrap().to_owned();
        assert!(root.exists());
        desk.close().await;
        assert!(!root.exists());
    });
}

/// A platform in a process of its own, which ends with this.
struct Elsewhere(Child);

impl Elsewhere {
    fn serve(home: &Home) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "desk_platform::inside::a_platform_serves",
                "--nocapture",
            ])
            .env(strongroom_workbench::home::VARIABLE, home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("ready")));
        Self(child)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_platform_of_another_process_is_used_and_its_end_is_noticed() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    let mut changes = desk.platform_changes();
    let mut changed = || {
        let limit = Duration::from_secs(20);
        window
            .block_on(async { tokio::time::timeout(limit, changes.changed()).await })
            .unwrap()
            .unwrap();
        desk.platform().state
    };
    let elsewhere = Elsewhere::serve(&window.home);
    assert_eq!(changed(), PlatformState::Running);
    window.block_on(desk.start_platform()).unwrap();
    let refused = window.block_on(desk.stop_platform()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InUse);
    assert!(
        refused.message.contains(&elsewhere.0.id().to_string()),
        "{refused}"
    );
    let issued = window.block_on(desk.issue_key(wanted("payments"))).unwrap();
    assert_eq!(issued.name, "payments");
    drop(elsewhere);
    assert_eq!(changed(), PlatformState::Stopped);
    // Its leftovers are in nobody's way.
    window.block_on(desk.start_platform()).unwrap();
    let platform = window.block_on(desk.manage()).unwrap();
    assert_eq!(window.block_on(platform.list_keys()).unwrap().keys.len(), 1);
}

mod inside {
    use std::io::Read as _;

    use super::*;

    #[test]
    #[ignore = "run by the test above, in a process of its own"]
    #[expect(clippy::print_stdout, reason = "how the other process hears of it")]
    fn a_platform_serves() {
        let home = Home::from_environment().unwrap();
        let options = ServeOptions {
            port: 0,
            ..ServeOptions::default()
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ready = |_: &_, _| {
            println!("ready");
            Ok(())
        };
        let stop = async {
            let end = || std::io::stdin().read(&mut [0]);
            drop(tokio::task::spawn_blocking(end).await);
        };
        runtime
            .block_on(serve(&home, options, ready, stop))
            .unwrap();
    }
}
