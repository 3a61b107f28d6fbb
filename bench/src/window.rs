//! The window beside the least that a Tauri window can be (`bench/empty-window`): from its start until
//! its first page can be seen, what it keeps in memory, and 10,000 items in its list.
//!
//! Both are shown on a screen in memory, drawn without a graphics processor.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use strongroom_contract::{
    agent::{Hello, HelloArgs, KeyAdd, Operation, Reply, Request, VERSION},
    secret::Revealed,
    vault::NewKey,
};
use strongroom_crypto::totp::Step;
use strongroom_desktop_tests::{App, Key, Page, Started, Which};
use strongroom_testkit::{Home, Vault, built};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, median};

const ROUNDS: usize = 7;
const ITEMS: u32 = 10_000;
pub(crate) const EMPTY: &str = "an empty Tauri window";
/// As the list of keys has them.
const ROW_HEIGHT: u32 = 44;

/// Scrolls the first argument's element down for 300 frames, more than a row each, and answers with
/// the milliseconds between the frames.
const SCROLL: &str = "
    const [selector, done] = arguments;
    const port = document.querySelector(selector);
    const frames = [];
    let last;
    const frame = (now) => {
        if (last !== undefined) frames.push(now - last);
        last = now;
        port.scrollTop += 97;
        if (frames.length < 300) requestAnimationFrame(frame);
        else done(port.scrollTop > 20000 ? frames : null);
    };
    requestAnimationFrame(frame);";

/// Notes for each input from now on how many milliseconds it takes until the frame after it is
/// painted: a message that is sent from within a frame arrives when the frame is done.
const LISTEN: &str = "
    window.painted = [];
    addEventListener('input', ({ timeStamp }) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted.push(performance.now() - timeStamp);
        port2.postMessage(null);
    }), true);";

/// Makes the empty window's page as long as the list, or gives it a field.
pub(crate) const LONG: &str = "document.body.innerHTML = `<div class=port style='height: 500px; overflow: auto'>
    <div style='height: ${arguments[0]}px; background: linear-gradient(white, black)'></div></div>`";
const FIELD: &str = "document.body.innerHTML = '<input aria-label=Search>'";

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let mut rows = start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    rows.extend(runtime.block_on(ten_thousand())?);
    Ok(rows)
}

/// Start and memory, measured in turns.
fn start() -> Result<Vec<Row>, Stopped> {
    let home = Home::new();
    let _ = Vault::create(&home);
    let _ = home.kill_owner();
    let app = built("strongroom-app", "strongroom-app");
    let empty = built("strongroom-empty-window", "strongroom-empty-window");
    // Each once before, so that both are read from memory.
    for program in [&app, &empty] {
        drop(Started::start(&home, program));
    }
    let mut memory = Vec::new();
    let mut peers_memory = Vec::new();
    let start = Pair::alternate(
        ROUNDS,
        || {
            let started = Started::start(&home, &app);
            memory.push(started.settled_memory() as f64);
            Ok(started.seen_after().as_secs_f64())
        },
        || {
            let started = Started::start(&home, &empty);
            peers_memory.push(started.settled_memory() as f64);
            Ok(started.seen_after().as_secs_f64())
        },
    )?;
    let turns: Vec<_> = memory.into_iter().zip(peers_memory).collect();
    let memory = Pair::of_turns(&turns);
    Ok(vec![
        Row {
            what: "window: from its start until its first page is seen".to_owned(),
            peer: EMPTY.to_owned(),
            unit: Unit::Seconds,
            pair: start,
            goal: Goal::AtMost(1.3),
        },
        Row {
            what: "window: memory of all its processes (PSS), at the door".to_owned(),
            peer: EMPTY.to_owned(),
            unit: Unit::Bytes,
            pair: memory,
            goal: Goal::AtMost(1.3),
        },
    ])
}

/// A vault of 10,000 items in the list, beside an empty page.
async fn ten_thousand() -> Result<Vec<Row>, Stopped> {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&[]).exited(0);
    fill(&home)?;
    let _ = home.run(&["lock"]).exited(0);
    let _ = home.kill_owner();

    let app = App::start(&home).await;
    let code = code_for_the_window(&vault)?;
    app.type_factors(App::PASSPHRASE, &code).await;
    let _ = app.page.go(Which::Main).await;
    app.page.see("10,000").await;
    let ours = Measured {
        memory: app.settled_memory(),
        frames: scroll(&app.page, "[role=listbox]").await?,
        keystrokes: keystrokes(&app.page, "Search keys").await?,
    };
    drop(app);

    let home = Home::new();
    let empty = built("strongroom-empty-window", "strongroom-empty-window");
    let app = App::start_program(&home, &empty).await;
    let memory = app.settled_memory();
    let _ = app.page.run(LONG, vec![json!(ITEMS * ROW_HEIGHT)]).await;
    let frames = scroll(&app.page, ".port").await?;
    let _ = app.page.run(FIELD, vec![]).await;
    let peers = Measured {
        memory,
        frames,
        keystrokes: keystrokes(&app.page, "Search").await?,
    };

    let row = |what: &str, unit, ours: f64, peers: f64, goal| Row {
        what: what.to_owned(),
        peer: EMPTY.to_owned(),
        unit,
        pair: Pair::of(ours, peers),
        goal: Goal::AtMost(goal),
    };
    Ok(vec![
        row(
            "window: memory of all its processes, 10,000 items in the list",
            Unit::Bytes,
            ours.memory as f64,
            peers.memory as f64,
            1.3,
        ),
        row(
            "window: scrolling through 10,000 items, the longest of 300 frames",
            Unit::Seconds,
            ours.frames.iter().copied().fold(0.0, f64::max),
            peers.frames.iter().copied().fold(0.0, f64::max),
            2.0,
        ),
        row(
            "window: a keystroke in the search of 10,000 items until it is painted",
            Unit::Seconds,
            median(ours.keystrokes.into_iter()),
            median(peers.keystrokes.into_iter()),
            2.0,
        ),
    ])
}

struct Measured {
    memory: u64,
    /// Seconds between two frames of a scroll.
    frames: Vec<f64>,
    /// Seconds from a keystroke until it is painted.
    keystrokes: Vec<f64>,
}

pub(crate) async fn scroll(page: &Page, selector: &str) -> Result<Vec<f64>, Stopped> {
    seconds_of(&page.run_async(SCROLL, vec![json!(selector)]).await)
}

/// Types a name, letter by letter, and takes it away again.
async fn keystrokes(page: &Page, field: &str) -> Result<Vec<f64>, Stopped> {
    // The driver does not type nothing: the field is entered by a letter that is taken away again.
    page.fill(field, "p").await;
    page.press(Key::Backspace).await;
    let _ = page.run(LISTEN, vec![]).await;
    let name = "payments-004";
    let keys = name
        .chars()
        .chain(name.chars().map(|_| Key::Backspace.into()));
    for key in keys.clone().chain(keys) {
        page.press(key).await;
    }
    let painted = page.run("return painted", vec![]).await;
    seconds_of(&painted.unwrap_or_default())
}

/// Milliseconds that a page has measured.
fn seconds_of(measured: &Value) -> Result<Vec<f64>, Stopped> {
    let figures = measured.as_array().filter(|figures| figures.len() > 20);
    let figures = figures.ok_or_else(|| Stopped::because("the page has measured nothing"))?;
    Ok(figures
        .iter()
        .filter_map(Value::as_f64)
        .map(|milliseconds| milliseconds / 1e3)
        .collect())
}

/// A code that the window takes: of now, or of the next step if that one is used up.
fn code_for_the_window(vault: &Vault<'_>) -> Result<String, Stopped> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let step = Step(vault.next_step().0.max(Step::at(now.as_secs()).0));
    Ok(vault.code(step))
}

/// Adds the items through the socket of the vault's owner.
fn fill(home: &Home) -> Result<(), Stopped> {
    let owner = home.owner_connection();
    let mut owner = owner.ok_or_else(|| Stopped::because("nobody owns the vault"))?;
    let client = "strongroom-bench".to_owned();
    ask::<Hello>(&mut owner, 0, &HelloArgs { client })?;
    for number in 1..=ITEMS {
        let item = NewKey {
            name: format!("payments-{number:06}"),
            provider: Some("hello-clever".to_owned()),
            environment: None,
            public_id: Some(format!("app_{number:024}")),
            base_url: None,
            hosts: vec!["api.cleverhub.co".to_owned()],
            scheme: None,
            settings: BTreeMap::new(),
            preset: None,
            tags: Vec::new(),
            secret: Revealed::new(format!("sk_test_51H8example{number:032}")),
            certificate: None,
        };
        ask::<KeyAdd>(&mut owner, number.into(), &item)?;
    }
    Ok(())
}

fn ask<O: Operation>(owner: &mut UnixStream, id: u64, args: &O::Args) -> Result<(), Stopped> {
    let request = serde_json::to_vec(&Request {
        v: VERSION,
        id,
        op: O::NAME.to_owned(),
        args: serde_json::value::to_raw_value(args)?,
    })?;
    owner.write_all(&u32::try_from(request.len())?.to_le_bytes())?;
    owner.write_all(&request)?;
    loop {
        let mut length = [0; 4];
        owner.read_exact(&mut length)?;
        let mut reply = vec![0; usize::try_from(u32::from_le_bytes(length))?];
        owner.read_exact(&mut reply)?;
        match serde_json::from_slice(&reply)? {
            Reply::Progress { .. } => {}
            Reply::Ok { .. } => return Ok(()),
            Reply::Err { error, .. } => return Err(error.into()),
        }
    }
}
