//! What a restart, a kill, a thief with an editor and a full disk leave.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use strongroom_server::Config;

use crate::stage::{Stage, borrowed, config, sign, start};

const PING: &str = "/api/v1/ping";

async fn verify(stage: &Stage) -> Value {
    stage
        .manage("POST", "/audit/verify", Value::Null)
        .await
        .json()
}

fn segment(stage: &Stage, number: u32) -> PathBuf {
    stage
        .running
        .state_dir()
        .join(format!("audit/{number:08}.log"))
}

/// Ends a server as a kill would, and starts it again on the same directory.
pub(crate) async fn kill_and_restart(stage: Stage, config: &Config) -> Stage {
    let Stage { running, home, .. } = stage;
    drop(running);
    Stage::of(start(config).await, home)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_and_nonces_and_rows_survive_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path().join("state"));
    let stage = Stage::of(start(&config).await, home);
    let key = stage
        .key(json!({ "limit_per_minute": 3, "may_sign": true }))
        .await;
    let signed = sign(&key, PING);
    let signed = borrowed(&signed);
    assert_eq!(stage.send("GET", PING, &signed, "").await.status, 200);
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    let refused = stage.send("GET", PING, &[], "").await;

    let stage = kill_and_restart(stage, &config).await;
    let replayed = stage.send("GET", PING, &signed, "").await;
    assert_eq!(replayed.status, 401);
    let explain = format!("/requests/{}/explain", replayed.header("x-request-id"));
    let why = stage.manage("GET", &explain, Value::Null).await.json();
    assert_eq!(why["rule"], "replay");
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 429);

    // The trace of the refusal may be gone; its row is not, and the rule is in it.
    let explain = format!("/requests/{}/explain", refused.header("x-request-id"));
    let why = stage.manage("GET", &explain, Value::Null).await.json();
    assert_eq!(
        (&why["decision"], &why["rule"]),
        (&json!("refused"), &json!("identify"))
    );
    let verified = verify(&stage).await;
    assert_eq!(verified["ok"], true, "{verified}");
    assert!(verified["rows"].as_u64().unwrap() >= 8, "{verified}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_was_changed_is_named() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    // Segments of a few rows, so that the log has several.
    config.limits.audit_segment_bytes = 2_000;
    let stage = Stage::of(start(&config).await, home);
    for _ in 0..30 {
        stage.send("GET", PING, &[], "").await;
    }
    assert_eq!(verify(&stage).await["ok"], true);
    let newest = stage
        .manage("GET", "/audit?limit=40", Value::Null)
        .await
        .json();
    assert_eq!(
        newest["rows"].as_array().unwrap().len(),
        31,
        "across segments"
    );

    let path = segment(&stage, 1);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    let at = bad.len() / 2;
    bad[at] ^= 1;
    fs::write(&path, &bad).unwrap();
    let found = verify(&stage).await;
    assert_eq!(found["ok"], false);
    let row = found["first_bad"].as_u64().unwrap();
    assert!((3..30).contains(&row), "{found}");
    assert!(
        found["problem"]
            .as_str()
            .unwrap()
            .contains(&row.to_string()),
        "{found}"
    );

    fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert_eq!(verify(&stage).await["ok"], false, "cut short");
    fs::remove_file(&path).unwrap();
    assert_eq!(verify(&stage).await["ok"], false, "removed");
    fs::write(&path, &good).unwrap();
    assert_eq!(verify(&stage).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_last_row_is_cut_off_and_the_chain_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path().join("state"));
    let stage = Stage::of(start(&config).await, home);
    let key = stage.key(json!({})).await;
    stage.send("GET", PING, &key.pair(), "").await;
    let path = segment(&stage, 0);
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let whole = fs::read(&path).unwrap();
    for tail in [&whole[whole.len() - 40..whole.len() - 20], &[0; 100]] {
        let mut torn = fs::read(&path).unwrap();
        let good = torn.len();
        // Part of a record: a length that promises more than there is.
        if tail.iter().any(|byte| *byte != 0) {
            torn.extend_from_slice(&200_u32.to_le_bytes());
            torn.push(1);
        }
        torn.extend_from_slice(tail);
        fs::write(&path, &torn).unwrap();
        let running = start(&config).await;
        assert_eq!(fs::metadata(&path).unwrap().len(), good as u64);
        running.shutdown().await;
    }
    let stage = Stage::of(start(&config).await, home);
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    let verified = verify(&stage).await;
    assert_eq!(verified["ok"], true, "{verified}");

    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let mut bad = fs::read(&path).unwrap();
    let at = bad.len() - 200;
    bad[at] ^= 1;
    fs::write(&path, &bad).unwrap();
    let refused = strongroom_server::Server::start(config)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(refused.to_string().contains("00000000.log"), "{refused}");
    drop(home);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_outside_shows_that_the_end_was_cut_off() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    let outside = home.path().join("checkpoints");
    config.checkpoint = Some(outside.clone());
    let stage = Stage::of(start(&config).await, home);
    let key = stage.key(json!({})).await;
    let path = segment(&stage, 0);
    let early = fs::read(&path).unwrap();
    stage.send("GET", PING, &key.pair(), "").await;
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    assert_eq!(fs::read_to_string(&outside).unwrap().lines().count(), 1);

    fs::write(&path, &early).unwrap();
    let stage = Stage::of(start(&config).await, home);
    let found = verify(&stage).await;
    assert_eq!(found["ok"], false, "{found}");
    fs::write(&outside, "no checkpoint").unwrap();
    let found = verify(&stage).await;
    assert!(
        found["problem"].as_str().unwrap().contains("line 1"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_is_made_anew_from_the_files() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path().join("state"));
    let stage = Stage::of(start(&config).await, home);
    for _ in 0..300 {
        stage.send("GET", PING, &[], "").await;
    }
    let first = stage.send("GET", PING, &[], "").await;
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let database = rusqlite::Connection::open(home.path().join("state/platform.db")).unwrap();
    let blocks: u64 = database
        .query_row("SELECT count(*) FROM audit_blocks", [], |row| row.get(0))
        .unwrap();
    assert_eq!(blocks, 2);
    database
        .execute("UPDATE audit_blocks SET offset = offset + 1", [])
        .unwrap();
    drop(database);
    let stage = Stage::of(start(&config).await, home);
    let page = stage
        .manage("GET", "/audit?limit=1000", Value::Null)
        .await
        .json();
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 301);
    let sequences: Vec<_> = rows
        .iter()
        .map(|row| row["sequence"].as_u64().unwrap())
        .collect();
    assert!(sequences.is_sorted_by(|a, b| *a == *b + 1));
    assert_eq!(rows[0]["request_id"], first.header("x-request-id"));
    let middle = rows[150]["request_id"].as_str().unwrap();
    let why = stage
        .manage("GET", &format!("/requests/{middle}/explain"), Value::Null)
        .await;
    assert_eq!(why.json()["rule"], "identify");
    let before = stage
        .manage("GET", "/audit?limit=5&before=100", Value::Null)
        .await
        .json();
    assert_eq!(
        (&before["rows"][0]["sequence"], &before["next"]),
        (&json!(99), &json!(95))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advanced_clock_stays_advanced() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    config.virtual_clock = true;
    let stage = Stage::of(start(&config).await, home);
    let key = stage.key(json!({ "limit_per_minute": 1 })).await;
    let advance = json!({ "by_ms": 90_u64 * 86_400_000 });
    let advanced = stage.manage("POST", "/clock/advance", advance).await.json();
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    let mut stage = kill_and_restart(stage, &config).await;
    let clock = stage.manage("GET", "/clock", Value::Null).await.json();
    assert!(clock["now"].as_str() >= advanced["now"].as_str(), "{clock}");
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 429);
    // Back on the real clock, what lies in its future holds nobody up.
    config.virtual_clock = false;
    stage = kill_and_restart(stage, &config).await;
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_lies_in_any_file() {
    let stage = Stage::with(|config| config.capture_bodies = true).await;
    let key = stage
        .key(json!({ "may_sign": true, "scopes": ["payins:write"] }))
        .await;
    let canary = "CANARYcanaryCANARY";
    let wrong = [("app-id", key.app_id.as_str()), ("secret-key", canary)];
    stage
        .send("GET", &format!("{PING}?token={canary}"), &wrong, canary)
        .await;
    let bearer = format!("Bearer {canary}");
    stage
        .send(
            "GET",
            PING,
            &[("authorization", &bearer), ("user-agent", canary)],
            "",
        )
        .await;
    stage
        .manage("GET", &format!("/keys/{canary}"), Value::Null)
        .await;
    stage.send("GET", PING, &key.pair(), "").await;
    let body = json!({
        "currency": "AUD", "gst": false, "amount": 1, "name": canary, "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    });
    let made = stage
        .send("POST", "/api/v2/payins", &key.pair(), body.to_string())
        .await;
    assert_eq!(made.status, 200);
    let owner = fs::read_to_string(stage.running.owner_key_path()).unwrap();
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let mut files = 0;
    for path in walk(home.path()) {
        let bytes = fs::read(&path).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(!has(&key.secret), "the secret is in {}", path.display());
        assert!(!has(canary), "the canary is in {}", path.display());
        assert!(!has("127.0.0.1"), "a source is in {}", path.display());
        assert!(
            !has(&owner) || path.ends_with("owner.key"),
            "{}",
            path.display()
        );
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        files += 1;
    }
    assert!(files >= 10, "only {files} files");
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// On a file system that is really full; where none can be mounted, `manage::tests` has the same
/// with a device that is always full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_503_until_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |args: &[&str]| Command::new("mount").args(args).arg(&disk).output();
    let mounted = mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]);
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let config = config(disk.join("state"));
    let stage = Stage::of(start(&config).await, home);
    let key = stage.key(json!({ "limit_per_minute": 1_000 })).await;
    let filler = disk.join("filler");
    let mut size = 1 << 20;
    while size > 0 {
        let mut grown = fs::read(&filler).unwrap_or_default();
        grown.resize(grown.len() + size, 0);
        if fs::write(&filler, &grown).is_err() {
            size /= 2;
        }
    }
    let (mut statuses, mut accepted) = (Vec::new(), Vec::new());
    let mut ping = async || {
        let answer = stage.send("GET", PING, &key.pair(), "").await;
        if answer.status == 200 {
            accepted.push(answer.header("x-request-id").to_owned());
        }
        answer.status
    };
    for _ in 0..40 {
        statuses.push(ping().await);
    }
    assert_eq!(statuses.last(), Some(&503), "{statuses:?}");
    fs::remove_file(&filler).unwrap();
    for _ in 0..40 {
        assert_eq!(ping().await, 200, "with room it goes on by itself");
    }
    // Nothing was accepted in silence: each has its row, and there is none beside.
    let rows = "/audit?limit=1000&status=200&route=GET%20/api/v1/ping";
    let rows = stage.manage("GET", rows, Value::Null).await.json();
    let rows = rows["rows"].as_array().unwrap().iter().rev();
    let recorded: Vec<_> = rows.map(|row| row["request_id"].clone()).collect();
    assert_eq!(recorded, accepted);
    let verified = verify(&stage).await;
    assert_eq!(verified["ok"], true, "{verified}");
    stage.running.shutdown().await;
    Command::new("umount").arg(&disk).output().unwrap();
}
