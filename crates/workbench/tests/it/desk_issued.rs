//! Changes to an issued key as the window makes them, and the audit log as it asks for it.

use std::{collections::BTreeMap, fs, future::ready};

use strongroom_contract::{
    agent::{KeyList, Lock, Nothing},
    error::ErrorCode,
    manage::{KeyEnvironment, KeyState},
    time::UnixMillis,
    window::{EditIssued, IssueKey},
};

use crate::{
    desk::{Window, draft},
    platform::wanted,
};

const HOUR_MS: u64 = 3_600_000;

#[test]
fn a_rotation_puts_the_new_secret_into_the_vault_and_nowhere_else() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    window.block_on(desk.start_platform()).unwrap();
    let key = IssueKey {
        name: "payments".to_owned(),
        limit_per_minute: 60,
        store: "payments-dev".to_owned(),
        daily_quota: Some(500),
        environment: KeyEnvironment::Live,
        note: "for the tests".to_owned(),
        ..IssueKey::default()
    };
    let issued = window.block_on(desk.issue_key(key)).unwrap();
    assert!(issued.app_id.contains("_live_"), "{}", issued.app_id);
    assert_eq!(issued.daily_quota, Some(500));
    assert_eq!(issued.note, "for the tests");

    // The item that holds the key gets the secret, whatever it is called.
    let rotated = window.block_on(desk.rotate_key(&issued.app_id, HOUR_MS));
    let rotated = rotated.unwrap();
    assert_eq!(rotated.state, KeyState::Rotating);
    let items = window.call::<KeyList>(Nothing {}).unwrap().items;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].versions.len(), 2);
    let platform = window.block_on(desk.manage()).unwrap();
    let url = format!("{}/api/v1/ping", platform.url());
    let sent = window.block_on(desk.send(draft(&url, Some("payments-dev"))));
    assert_eq!(sent.unwrap().status, 200);
    let used = window.block_on(platform.key(&issued.app_id)).unwrap();
    assert!(used.secrets[0].last_used.is_some(), "the newest was used");
    assert!(used.secrets[1].last_used.is_none());

    // Two secrets are enough; nothing new comes to the vault.
    let third = window.block_on(desk.rotate_key(&issued.app_id, HOUR_MS));
    assert_eq!(third.unwrap_err().code, ErrorCode::Conflict);
    let items = window.call::<KeyList>(Nothing {}).unwrap().items;
    assert_eq!(items[0].versions.len(), 2);

    // One that nobody holds here comes into a new item.
    let created = window
        .block_on(platform.create_key(&wanted("partner")))
        .unwrap();
    window
        .block_on(desk.rotate_key(&created.app_id, 0))
        .unwrap();
    let items = window.call::<KeyList>(Nothing {}).unwrap().items;
    let held = items.iter().find(|item| item.name == "partner").unwrap();
    assert_eq!(held.public_id.as_ref(), Some(&created.app_id));
    let view = window.block_on(platform.key(&created.app_id)).unwrap();
    assert_eq!(view.secrets.iter().filter(|it| it.is_live).count(), 1);

    // A vault that can't take it is asked first.
    window.call::<Lock>(Nothing {}).unwrap();
    let locked = window.block_on(desk.rotate_key(&created.app_id, HOUR_MS));
    assert_eq!(locked.unwrap_err().code, ErrorCode::Locked);
    let view = window.block_on(platform.key(&created.app_id)).unwrap();
    assert_eq!(view.state, KeyState::Active);
}

#[test]
fn a_change_of_one_thing_leaves_the_others_as_they_are() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    window.block_on(desk.start_platform()).unwrap();
    let platform = window.block_on(desk.manage()).unwrap();
    let created = window
        .block_on(platform.create_key(&wanted("partner")))
        .unwrap();
    let edit = |change| window.block_on(desk.edit_issued(&created.app_id, change));
    edit(EditIssued::Note("asks in March".to_owned())).unwrap();
    edit(EditIssued::Name("partner-acme".to_owned())).unwrap();
    let end = UnixMillis(4_000_000_000_000);
    let view = edit(EditIssued::Expires(Some(end))).unwrap();
    assert_eq!(view.name, "partner-acme");
    assert_eq!(view.note, "asks in March");
    assert_eq!(view.expires, Some(end));
    assert_eq!(edit(EditIssued::Expires(None)).unwrap().expires, None);
    let unnamed = edit(EditIssued::Name(String::new())).unwrap_err();
    assert_eq!(unnamed.code, ErrorCode::Usage);
}

#[test]
fn rows_are_asked_for_by_how_long_ago_and_an_export_that_fails_leaves_nothing() {
    let (window, _) = Window::open();
    let desk = &window.desk;
    window.block_on(desk.start_platform()).unwrap();
    let platform = window.block_on(desk.manage()).unwrap();
    window
        .block_on(platform.create_key(&wanted("partner")))
        .unwrap();
    let within = |text: &str| BTreeMap::from([("within".to_owned(), text.to_owned())]);
    let key = window.block_on(desk.issue_key(IssueKey {
        name: "payments".to_owned(),
        limit_per_minute: 60,
        store: "payments".to_owned(),
        ..IssueKey::default()
    }));
    let app_id = key.unwrap().app_id;
    // Looks are no rows.
    window.block_on(platform.limit_suggestion(&app_id)).unwrap();
    let looked = platform.check_source(&app_id, "203.0.113.7");
    assert!(window.block_on(looked).unwrap().passes);
    let rows = |filter| window.block_on(desk.audit(&filter, None));
    let made = |page: &strongroom_contract::manage::AuditPage| {
        page.rows.iter().any(|row| row.act == "key.create")
    };
    let page = rows(within(&HOUR_MS.to_string())).unwrap();
    assert!(made(&page));
    assert!(!page.rows.iter().any(|row| row.act.ends_with(".explain")));
    let soon = rows(within("soon")).unwrap_err();
    assert_eq!(soon.code, ErrorCode::Usage);

    let folder = window.home.path().join("exports");
    fs::create_dir(&folder).unwrap();
    let taken = folder.join("taken");
    fs::create_dir(&taken).unwrap();
    let everything = BTreeMap::new();
    let refused = window.block_on(desk.export_audit(&everything, ready(Some(taken)), |_| {}));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Storage);
    let left: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(left, ["taken"]);
}
