//! Clients that do not keep to the protocol. The owner answers clearly and goes on serving others.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde_json::{Value, json};
use strongroom_contract::{
    agent::{MAX_FRAME, OPERATIONS, Operation as _, Retire, VERSION},
    vault::VaultState,
};
use strongroom_workbench::os::socket::SocketPath;

use crate::scene::{Scene, state};

/// A client made by hand.
struct Raw(UnixStream);

impl Raw {
    fn connect(scene: &Scene) -> Self {
        let place = SocketPath::of(scene.home.path()).unwrap();
        let stream = UnixStream::connect(place.socket()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(stream)
    }

    fn greeted(scene: &Scene) -> Self {
        let mut raw = Self::connect(scene);
        raw.send(&json!({"v": VERSION, "id": 1, "op": "hello", "args": {"client": "raw"}}));
        assert_eq!(raw.receive()["kind"], "ok");
        raw
    }

    fn send(&mut self, frame: &Value) {
        self.send_bytes(frame.to_string().as_bytes());
    }

    fn send_bytes(&mut self, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        self.0.write_all(&[&length, body].concat()).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut body = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
        self.0.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn is_closed(&mut self) -> bool {
        self.0.read(&mut [0; 1]).unwrap() == 0
    }
}

fn code(answer: &Value) -> &str {
    assert_eq!(answer["kind"], "err", "{answer}");
    answer["error"]["code"].as_str().unwrap()
}

#[test]
fn another_version_is_told_so() {
    let scene = Scene::new();
    let mut raw = Raw::connect(&scene);
    raw.send(&json!({"v": 99, "id": 1, "something": "else"}));
    let answer = raw.receive();
    assert_eq!(code(&answer), "version");
    assert!(answer["error"]["message"].as_str().unwrap().contains("99"));
    assert!(raw.is_closed());
    assert_eq!(state(&mut scene.client()), VaultState::None);
}

#[test]
fn the_handshake_comes_first_and_once() {
    let scene = Scene::new();
    let mut raw = Raw::connect(&scene);
    raw.send(&json!({"v": VERSION, "id": 1, "op": "status", "args": {}}));
    assert_eq!(code(&raw.receive()), "usage");
    assert!(raw.is_closed());

    let mut raw = Raw::greeted(&scene);
    raw.send(&json!({"v": VERSION, "id": 2, "op": "hello", "args": {"client": "again"}}));
    assert_eq!(code(&raw.receive()), "usage");
}

#[test]
fn an_oversized_frame_ends_its_connection_alone() {
    let scene = Scene::new();
    let mut raw = Raw::greeted(&scene);
    let too_long = u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes();
    raw.0.write_all(&too_long).unwrap();
    let answer = raw.receive();
    assert_eq!(code(&answer), "usage");
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("longer")
    );
    assert!(raw.is_closed());
    assert_eq!(state(&mut scene.client()), VaultState::None);
}

#[test]
fn garbage_is_answered_without_being_repeated_and_the_connection_goes_on() {
    let scene = Scene::new();
    let mut raw = Raw::greeted(&scene);
    for garbage in [
        &b"\xff\xfe\x00CANARY"[..],
        b"CANARY",
        b"[]",
        b"{\"v\":1,\"id\":\"CANARY\"}",
        b"",
    ] {
        raw.send_bytes(garbage);
        let answer = raw.receive();
        assert_eq!(code(&answer), "usage");
        assert!(!answer.to_string().contains("CANARY"), "{answer}");
    }
    for args in [
        json!("CANARY"),
        json!({}),
        json!({"passphrase": ["CANARY"]}),
    ] {
        raw.send(&json!({"v": VERSION, "id": 9, "op": "vault.unlock", "args": args}));
        let answer = raw.receive();
        assert_eq!(code(&answer), "usage");
        assert_eq!(answer["id"], 9);
        assert!(!answer.to_string().contains("CANARY"), "{answer}");
    }
    raw.send(&json!({"v": VERSION, "id": 10, "op": "status", "args": {}}));
    assert_eq!(raw.receive()["result"]["state"], "none");
}

#[test]
fn every_operation_of_the_contract_is_served_and_no_other() {
    let scene = Scene::new();
    let mut raw = Raw::greeted(&scene);
    // Whoever retires answers nothing more.
    let lasting = OPERATIONS.iter().filter(|name| **name != Retire::NAME);
    for (at, operation) in lasting.enumerate() {
        raw.send(&json!({"v": VERSION, "id": at + 2, "op": operation, "args": {"id": 0}}));
        let answer = raw.receive();
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            !message.contains("no operation"),
            "{operation} is not served"
        );
    }
    raw.send(&json!({"v": VERSION, "id": 99, "op": "vault.steal", "args": {}}));
    let answer = raw.receive();
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no operation")
    );
}

#[test]
fn an_id_in_use_is_refused_and_id_0_too() {
    let scene = Scene::new();
    let mut raw = Raw::greeted(&scene);
    raw.send(&json!({"v": VERSION, "id": 0, "op": "status", "args": {}}));
    assert_eq!(code(&raw.receive()), "usage");
}

#[test]
fn a_client_that_goes_within_a_frame_disturbs_nobody() {
    let scene = Scene::new();
    for cut in [1, 3, 4, 5, 20] {
        let mut raw = Raw::greeted(&scene);
        let body = json!({"v": VERSION, "id": 2, "op": "status", "args": {}}).to_string();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let frame = [&length, body.as_bytes()].concat();
        raw.0.write_all(&frame[..cut]).unwrap();
    }
    assert_eq!(state(&mut scene.client()), VaultState::None);
}

/// Asks for an operation and goes before it is answered.
pub(crate) fn send_and_go(scene: &Scene, operation: &str, args: &impl serde::Serialize) {
    let mut raw = Raw::greeted(scene);
    let args = serde_json::to_value(args).unwrap();
    raw.send(&json!({"v": VERSION, "id": 2, "op": operation, "args": args}));
    // The first sign of progress shows that the operation is under way.
    assert_eq!(raw.receive()["kind"], "progress");
}

#[test]
fn cancelling_is_answered_also_for_what_is_not_under_way() {
    let scene = Scene::new();
    let mut raw = Raw::greeted(&scene);
    raw.send(&json!({"v": VERSION, "id": 2, "op": "cancel", "args": {"id": 77}}));
    assert_eq!(raw.receive()["kind"], "ok");
    raw.send(&json!({"v": VERSION, "id": 3, "op": "cancel", "args": {}}));
    assert_eq!(code(&raw.receive()), "usage");
}

/// Asks for an operation and cancels it once it is under way; the code that it fails with.
pub(crate) fn cancelled(scene: &Scene, operation: &str, args: &impl serde::Serialize) -> String {
    let mut raw = Raw::greeted(scene);
    let args = serde_json::to_value(args).unwrap();
    raw.send(&json!({"v": VERSION, "id": 2, "op": operation, "args": args}));
    assert_eq!(raw.receive()["kind"], "progress");
    raw.send(&json!({"v": VERSION, "id": 3, "op": "cancel", "args": {"id": 2}}));
    loop {
        let answer = raw.receive();
        if answer["id"] == 2 && answer["kind"] != "progress" {
            return code(&answer).to_owned();
        }
    }
}
