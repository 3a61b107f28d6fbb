//! The window's borders: what a page may ask for, and from where it may load anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::workspace::{files_below, read, root};

/// What the pages may ask of tauri itself: to be told of events.
const OF_TAURI: [&str; 2] = ["core:event:allow-listen", "core:event:allow-unlisten"];

/// The commands that take or show a factor of the vault: the door's alone.
const OF_THE_DOOR: [&str; 3] = ["enrolment_", "recovery_", "unlock_open"];

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names between `before` and `after` in a text.
fn between<'text>(text: &'text str, before: &str, after: char) -> BTreeSet<&'text str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split(after).next())
        .collect()
}

fn strings(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|entry| entry.as_str().unwrap()).collect()
}

/// The commands that each window's capability allows, by the label of the window.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let folder = root().join("src-tauri/capabilities");
    let files = files_below(&folder, &["json", "toml", "json5"]);
    files
        .iter()
        .map(|file| {
            let capability: Value =
                serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let windows = strings(&capability["windows"]);
            let window = windows.first().unwrap().to_string();
            assert_eq!(windows.len(), 1, "{} is for one window", file.display());
            assert_eq!(capability["identifier"], *window);
            for widening in ["webviews", "remote", "local"] {
                assert!(capability.get(widening).is_none(), "{window}: {widening}");
            }
            let commands = strings(&capability["permissions"])
                .into_iter()
                .filter(|permission| !OF_TAURI.contains(permission))
                .map(|permission| {
                    let command = permission.strip_prefix("allow-");
                    let command =
                        command.unwrap_or_else(|| panic!("{window} is granted {permission}"));
                    command.replace('-', "_")
                })
                .collect();
            (window, commands)
        })
        .collect()
}

#[test]
fn commands_handler_capabilities_and_bridge_agree() {
    let commands = read("src-tauri/commands.txt");
    let listed: BTreeSet<&str> = commands.lines().collect();
    assert_eq!(listed.len(), commands.lines().count(), "one is there twice");

    let handler = read("src-tauri/src/commands/mod.rs");
    let handler = handler.split("generate_handler![").nth(1).unwrap();
    let handled: BTreeSet<&str> = handler
        .split(']')
        .next()
        .unwrap()
        .split(',')
        .filter_map(|path| path.trim().rsplit("::").next())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(handled, listed, "the handler and commands.txt");

    let bridge = read("ui/src/bridge/index.ts");
    let invoked: BTreeSet<&str> = bridge
        .split("invoke<")
        .skip(1)
        .filter_map(|call| call.split('"').nth(1))
        .collect();
    assert_eq!(invoked, listed, "the bridge and commands.txt");

    let allowed = allowed();
    let granted: BTreeSet<&str> = allowed.values().flatten().map(String::as_str).collect();
    assert_eq!(granted, listed, "the capabilities and commands.txt");
}

#[test]
fn each_window_may_do_its_part_and_no_more() {
    let allowed = allowed();
    let windows: Vec<&str> = allowed.keys().map(String::as_str).collect();
    assert_eq!(windows, ["door", "main"]);
    let configuration = json("src-tauri/tauri.conf.json");
    let security = &configuration["app"]["security"];
    assert_eq!(
        strings(&security["capabilities"]),
        BTreeSet::from(["door", "main"])
    );
    for (window, commands) in &allowed {
        for command in commands {
            let of_the_door = OF_THE_DOOR.iter().any(|begin| command.starts_with(begin));
            assert!(
                window == "door" || !of_the_door,
                "{window} may call {command}"
            );
            assert!(
                window == "main" || !command.starts_with("key_"),
                "{window} may call {command}"
            );
        }
    }
}

#[test]
fn pages_load_nothing_from_elsewhere() {
    let configuration = json("src-tauri/tauri.conf.json");
    let app = &configuration["app"];
    assert_eq!(app["withGlobalTauri"], false);
    let security = app["security"].as_object().unwrap();
    for name in security.keys() {
        assert!(
            ["csp", "capabilities", "freezePrototype"].contains(&name.as_str()),
            "{name} may widen what a page can do"
        );
    }
    let policy = security["csp"].as_object().unwrap();
    assert_eq!(policy["default-src"], "'self'");
    assert_eq!(policy["connect-src"], "ipc: http://ipc.localhost");
    for (directive, sources) in policy {
        if !["default-src", "connect-src"].contains(&directive.as_str()) {
            assert!(
                sources == "'none'" || sources == "'self'",
                "{directive} {sources} is wider than the default"
            );
        }
    }
}

#[test]
fn only_the_bridge_reaches_the_core() {
    for file in files_below(&root().join("ui/src"), &["ts", "svelte"]) {
        if file.starts_with(root().join("ui/src/bridge")) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for word in [
            "@tauri-apps",
            "__TAURI",
            "invoke(",
            "fetch(",
            "localStorage",
            "sessionStorage",
            "indexedDB",
        ] {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
    for page in ["ui/index.html", "ui/unlock.html"] {
        let text = read(page);
        let scripts = between(&text, "<script", '>');
        assert!(
            scripts
                .iter()
                .all(|script| script.contains(r#"src="/src/"#)),
            "{page} has a script of its own: {scripts:?}"
        );
    }
}
