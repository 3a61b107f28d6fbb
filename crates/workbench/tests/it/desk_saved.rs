//! What the window does with saved requests, and with those of other programs.

use std::{collections::BTreeMap, fs};

use strongroom_contract::{
    agent::{KeyName, KeyShow},
    collection::{MoveEntry, PathArgs},
    error::ErrorCode,
    requests::OpenForeign,
    secret::Revealed,
    window::{ForeignText, IssueKey},
};

use crate::desk::{Window, draft};

const SECRET: &str = "hunter2-hunter2-hunter2";

fn place(folder: &str, path: &str) -> PathArgs {
    PathArgs {
        folder: folder.into(),
        path: path.into(),
    }
}

#[test]
fn a_draft_is_saved_opened_filled_in_and_sent_and_a_removal_is_undone() {
    let (window, _) = Window::open();
    window.block_on(window.desk.start_platform()).unwrap();
    let url = window.desk.platform().url.unwrap();
    let key = IssueKey {
        name: "payments".into(),
        scopes: Vec::new(),
        limit_per_minute: 60,
        allow: Vec::new(),
        may_sign: true,
        store: "payments".into(),
        ..IssueKey::default()
    };
    window.block_on(window.desk.issue_key(key)).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display().to_string();
    let ping = draft("{{base}}/api/v1/ping", Some("payments"));
    let name = || Some("Ping".to_owned());
    let save = window
        .desk
        .save_draft(ping.clone(), place(&root, ""), name());
    let refused = window.block_on(save).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused, "nobody chose the folder");

    window.desk.choose_folder(folder.path().to_owned());
    let mut with_secret = ping.clone();
    with_secret
        .headers
        .push(strongroom_contract::window::Entry {
            name: "secret-key".into(),
            value: SECRET.into(),
            enabled: true,
        });
    let save = window
        .desk
        .save_draft(with_secret, place(&root, ""), name());
    let refused = window.block_on(save).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(!refused.message.contains(SECRET), "{refused}");

    let save = window.desk.save_draft(ping, place(&root, ""), name());
    let saved = window.block_on(save).unwrap();
    let path = saved.home.unwrap().path;
    let text = fs::read_to_string(folder.path().join(&path)).unwrap();
    assert!(text.contains("sr://payments"), "{text}");

    fs::create_dir(folder.path().join("environments")).unwrap();
    fs::write(
        folder.path().join("environments/local.toml"),
        format!("name = \"local\"\n[variables]\nbase = \"{url}\"\n"),
    )
    .unwrap();
    let mut opened = window
        .block_on(window.desk.open_saved(place(&root, &path)))
        .unwrap();
    let unfilled = window
        .block_on(window.desk.preview(opened.clone()))
        .unwrap_err();
    assert!(unfilled.message.contains("base"), "{unfilled}");
    opened.home.as_mut().unwrap().environment = Some("environments/local.toml".into());
    let exact = window
        .block_on(window.desk.preview(opened.clone()))
        .unwrap();
    assert!(exact.head.starts_with("GET /api/v1/ping HTTP/1.1\n"));
    let answer = window.block_on(window.desk.send(opened.clone())).unwrap();
    assert_eq!(answer.status, 200);

    // Somebody else changes the file: it is not overwritten.
    fs::write(folder.path().join(&path), format!("{text}\n")).unwrap();
    let save = window.desk.save_draft(opened, place(&root, &path), None);
    let conflict = window.block_on(save).unwrap_err();
    assert_eq!(conflict.code, ErrorCode::Conflict);

    let moved = MoveEntry {
        folder: root.clone(),
        path,
        to: None,
        name: Some("Pong".into()),
    };
    let path = window.block_on(window.desk.move_saved(moved)).unwrap().path;
    let removed = window.block_on(window.desk.remove_saved(place(&root, &path)));
    assert!(!folder.path().join(&path).exists());
    window
        .block_on(window.desk.restore_saved(removed.unwrap()))
        .unwrap();
    assert!(folder.path().join(&path).exists());
}

#[test]
fn a_pasted_curl_becomes_a_draft_and_its_secret_a_key() {
    let (window, _) = Window::open();
    let text = || ForeignText {
        name: "pasted".into(),
        text: Revealed::new(format!(
            "curl https://api.example.com/a --wrong -H 'app-id: app_1' -H 'secret-key: {SECRET}'"
        )),
    };
    let read = window.block_on(window.desk.read_foreign(text())).unwrap();
    assert_eq!((read.format.as_str(), read.total), ("curl", 1));
    assert_eq!(read.problems.len(), 1, "{:?}", read.problems);
    let variable = read.secrets[0].variable.clone();
    assert!(!format!("{read:?}").contains(SECRET));

    let left = OpenForeign {
        text: text(),
        keep: BTreeMap::new(),
    };
    let left = window.block_on(window.desk.open_foreign(left)).unwrap();
    assert_eq!(left.added, Vec::<String>::new());
    let shown = format!("{left:?}");
    assert!(shown.contains(&variable) && !shown.contains(SECRET));

    let kept = OpenForeign {
        text: text(),
        keep: BTreeMap::from([(variable, "acme".to_owned())]),
    };
    let kept = window.block_on(window.desk.open_foreign(kept)).unwrap();
    assert_eq!(kept.added, ["acme"]);
    let draft = kept.drafts[0].clone();
    assert_eq!(draft.headers, Vec::new());
    let item = window
        .call::<KeyShow>(KeyName {
            name: "acme".into(),
        })
        .unwrap();
    assert_eq!(draft.key.as_ref(), Some(&item.id));
    assert_eq!(item.public_id.as_deref(), Some("app_1"));
    assert_eq!(item.hosts, ["api.example.com"]);

    let write = window.desk.write_foreign(draft, "python".into());
    let written = window.block_on(write).unwrap();
    assert!(!written.text.contains(SECRET), "{}", written.text);
    assert!(written.text.contains("ACME_SECRET"), "{}", written.text);
}
