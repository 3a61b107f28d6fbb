//! What the window does with requests beside sending one: the history, a burst, the run of a folder.

use std::{fs, sync::mpsc};

use strongroom_contract::{
    agent::HistoryList,
    answer::{BodyForm, RowsOfBody},
    error::ErrorCode,
    history::HistoryFilter,
    run::Outcome,
    window::{BurstPlan, IssueKey, ReportForm, RunPlan},
};

use strongroom_workbench::desk::Desk;

use crate::desk::{Window, draft};

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
