//! What the window does with requests beside sending one: the history, a burst, the run of a folder.

use std::{fs, net::TcpListener, sync::mpsc};

use strongroom_contract::{
    agent::{HistoryList, KeyAdd},
    answer::{BodyForm, RowsOfBody},
    compose::{Capture, CaptureSource, Check, Expectations, Expected},
    error::ErrorCode,
    explain::Decision,
    history::HistoryFilter,
    jwt::PastedToken,
    run::Outcome,
    time::UnixMillis,
    vault::Environment,
    window::{BurstPlan, DraftOptions, Entry, IssueKey, ReportForm, RunPlan},
};

use strongroom_workbench::desk::Desk;

use crate::{
    desk::{Window, draft},
    scene::{key, secret},
};

/// A window with an open vault, and the local platform with a key that is accepted so often a minute.
fn with_platform(limit_per_minute: u32) -> (Window, String) {
    let (window, _) = Window::open();
    window.block_on(window.desk.start_platform()).unwrap();
    let url = window.desk.platform().url.unwrap();
    let key = IssueKey {
        name: "payments".into(),
        scopes: Vec::new(),
        limit_per_minute,
        allow: Vec::new(),
        may_sign: true,
        store: "payments".into(),
        ..IssueKey::default()
    };
    window.block_on(window.desk.issue_key(key)).unwrap();
    (window, url)
}

fn plan() -> BurstPlan {
    BurstPlan {
        count: Some(8),
        for_ms: None,
        rate: None,
        concurrency: 1,
        ramp_ms: 0,
        check_retry_after: false,
        confirm_remote: false,
        confirm_production: false,
    }
}

#[test]
fn an_entry_of_the_history_is_shown_with_its_body_sent_again_and_taken_up() {
    let (window, url) = with_platform(60);
    let sent = draft(&format!("{url}/api/v1/ping"), Some("payments"));
    let answer = window.block_on(window.desk.send(sent.clone())).unwrap();
    let page = || {
        window
            .call::<HistoryList>(HistoryFilter::default())
            .unwrap()
    };
    let id = page().rows[0].id;

    let entry = window.block_on(window.desk.history_entry(id)).unwrap();
    let held = entry.exchange.unwrap().held.unwrap();
    let wanted = RowsOfBody {
        id: held.id,
        form: BodyForm::Raw,
        from: 0,
        count: 10,
    };
    let rows = window.block_on(window.desk.answer_rows(wanted)).unwrap();
    assert_eq!(Some(rows.rows[0].text.clone()), answer.body);

    let again = window.block_on(window.desk.send_again(id, false)).unwrap();
    assert_eq!(again.status, 200);
    let rows = page().rows;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].key.as_deref(), rows[0].id),
        (Some("payments"), id + 1)
    );

    let taken_up = window.block_on(window.desk.reopen(id)).unwrap();
    assert_eq!(taken_up.draft, sent);
    assert_eq!(taken_up.missing, Vec::<String>::new());
}

#[test]
fn an_answer_is_held_against_what_the_draft_expects() {
    let (window, url) = with_platform(60);
    let json = |at: &str, check| Expected {
        at: at.into(),
        check,
    };
    let mut sent = draft(&format!("{url}/api/v1/ping"), Some("payments"));
    sent.expect = Expectations {
        status: vec!["2xx".into()],
        json: vec![
            json("$.message", Check::Equals("pong".into())),
            json("$.missing", Check::Present),
        ],
        ..Expectations::default()
    };
    sent.capture = vec![Capture {
        name: "id".into(),
        from: CaptureSource::Header("x-none".into()),
    }];
    let answered = window.block_on(window.desk.send_and_check(sent.clone(), false));
    let checks = answered.unwrap().checks;
    let passed: Vec<bool> = checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, true, false, false], "{checks:#?}");

    // A page can read no file that nobody chose.
    sent.expect.schema = Some("/etc/hostname".into());
    let refused = window.block_on(window.desk.send_and_check(sent, false));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Refused);
}

#[test]
fn production_is_asked_about_and_sent_to_once_that_is_agreed_to() {
    let (window, url) = with_platform(60);
    let mut live = key("live", &["localhost"]);
    live.environment = Some(Environment::Production);
    window.call::<KeyAdd>(live).unwrap();
    let ping = || draft(&format!("{url}/api/v1/ping"), Some("live"));
    for template in [false, true] {
        let mut sent = ping();
        if template {
            sent.headers = vec![Entry {
                name: "x-id".into(),
                value: "{{$uuid}}".into(),
                enabled: true,
            }];
        }
        let refused = window.block_on(window.desk.send_and_check(sent.clone(), false));
        assert_eq!(refused.unwrap_err().details["rule"], "production");
        let answered = window.block_on(window.desk.send_and_check(sent, true));
        // The platform does not know that key; it was asked.
        assert_eq!(answered.unwrap().exchange.status, 401);
    }
}

#[test]
fn plain_http_and_a_time_limit_are_options_of_the_draft() {
    let (window, _) = Window::open();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plain = draft(&format!("http://{}/", listener.local_addr().unwrap()), None);
    let refused = window.block_on(window.desk.send(plain.clone()));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Refused);
    // Nobody answers there.
    plain.options = DraftOptions {
        allow_plain_http: true,
        timeout_ms: Some(50),
        ..DraftOptions::default()
    };
    let late = window.block_on(window.desk.send(plain));
    assert_eq!(late.unwrap_err().code, ErrorCode::Timeout);
}

#[test]
fn a_token_is_read_and_verified_by_a_key_of_the_vault() {
    let (window, _) = Window::open();
    let mut signer = key("signer", &["localhost"]);
    signer.scheme = Some("jwt-hs256".into());
    signer.secret = secret("a shared secret of thirty-two bytes");
    window.call::<KeyAdd>(signer).unwrap();
    let sent = draft("https://localhost:1/", Some("signer"));
    let steps = window.block_on(window.desk.preview(sent)).unwrap().steps;
    assert!(
        steps.iter().any(|step| step.name == "jwt_claims"),
        "{steps:?}"
    );
    // RFC 7515, A.1, which another key made.
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let look = |key: Option<&str>| {
        let pasted = PastedToken {
            token: secret(token),
            key: key.map(str::to_owned),
            at: Some(UnixMillis::from_secs(1_300_819_000)),
        };
        window.block_on(window.desk.look_into_token(pasted))
    };
    let read = look(None).unwrap();
    assert_eq!(read.decision, Decision::Unknown);
    assert!(read.claims.iter().any(|claim| claim.value == "joe"));
    let verified = look(Some("signer")).unwrap();
    assert_eq!(verified.decision, Decision::Refused);
    assert_eq!(look(Some("nobody")).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_burst_is_told_as_it_goes_and_finds_the_limit() {
    let (window, url) = with_platform(5);
    let ping = draft(&format!("{url}/api/v1/ping"), Some("payments"));
    let (told, heard) = mpsc::channel();
    let burst = window
        .desk
        .burst(ping, plan(), |sample| told.send(sample).unwrap());
    let report = window.block_on(burst).unwrap();
    assert_eq!((report.accepted, report.limited), (5, 3), "{report:?}");
    assert_eq!(report.limit.unwrap().accepted, 5);
    drop(told);
    let samples: Vec<_> = heard.iter().collect();
    assert_eq!(samples, report.samples);

    let elsewhere = draft("https://api.cleverhub.co/", None);
    let refused = window.block_on(window.desk.burst(elsewhere, plan(), |_| {}));
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert_eq!(refused.details["rule"], "remote-burst");
}

#[test]
fn a_folder_runs_once_a_person_has_chosen_it_and_its_report_is_saved() {
    let (window, url) = with_platform(60);
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("payments");
    fs::create_dir(&folder).unwrap();
    for (name, status) in [("1-ping", 200), ("2-ping", 418)] {
        let text = format!(
            "name = \"{name}\"\nmethod = \"GET\"\nurl = \"{url}/api/v1/ping\"\n\n[auth]\nkey = \"sr://payments\"\n\n[expect]\nstatus = [{status}]\n"
        );
        fs::write(folder.join(format!("{name}.request.toml")), text).unwrap();
    }
    let plan = || RunPlan {
        folder: folder.display().to_string(),
        environment: None,
        only: Vec::new(),
        bail: false,
        confirm_production: false,
    };
    let refused = window
        .block_on(window.desk.run(plan(), |_| {}))
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    let listed = window.desk.chosen_folder(plan().folder);
    assert_eq!(
        window.block_on(listed).unwrap_err().code,
        ErrorCode::Refused
    );

    window.desk.choose_folder(folder.clone());
    assert_eq!(window.desk.chosen_folders(), [plan().folder]);
    let listed = window.desk.chosen_folder(plan().folder);
    let listed = window.block_on(listed).unwrap();
    assert_eq!(listed.entries.len(), 2);
    let mut told = Vec::new();
    let run = window.desk.run(plan(), |step| told.push(step));
    let report = window.block_on(run).unwrap();
    assert_eq!((report.passed, report.failed), (1, 1), "{report:?}");
    assert_eq!(told, report.steps);
    assert_eq!(told[1].outcome, Outcome::Failed);
    assert_eq!(told[1].checks[0].observed, "200");

    for (form, begins) in [
        (ReportForm::Html, "<!doctype html>"),
        (ReportForm::Json, "{"),
    ] {
        let file = place.path().join("report");
        let saved = window.desk.save_run(report.clone(), form, &file);
        assert_eq!(window.block_on(saved).unwrap(), file.display().to_string());
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with(begins) && text.contains("2-ping"),
            "{text}"
        );
    }
    let nowhere = place.path().join("gone/report");
    let unsaved = window.desk.save_run(report, ReportForm::Html, &nowhere);
    assert_eq!(
        window.block_on(unsaved).unwrap_err().code,
        ErrorCode::Storage
    );
}

#[test]
fn the_folder_of_the_throw_away_home_runs_and_shows_one_refusal() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(async {
        let desk = Desk::look_around().await.unwrap();
        let folder = desk.chosen_folders().pop().unwrap();
        let listed = desk.chosen_folder(folder.clone()).await.unwrap();
        assert_eq!(listed.problems, []);
        assert_eq!(listed.environments.len(), 2);
        let plan = RunPlan {
            folder,
            environment: Some("environments/local.toml".into()),
            only: Vec::new(),
            bail: false,
            confirm_production: false,
        };
        let report = desk.run(plan, |_| {}).await.unwrap();
        desk.close().await;
        report
    });
    assert_eq!((report.passed, report.failed), (3, 1), "{report:#?}");
    assert_eq!(report.steps[1].captured, ["payin_uuid"]);
    assert_eq!(report.steps[3].status, Some(403));
}
