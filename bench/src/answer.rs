//! A JSON answer of 50 MB in the window: laid out, and scrolled through, beside an empty Tauri window's
//! page of the same height.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    thread,
};

use serde_json::json;
use strongroom_desktop_tests::App;
use strongroom_testkit::{Home, built};

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    window::{EMPTY, LONG, scroll},
};

const BYTES: usize = 50 * 1024 * 1024;
/// What the window calls the rows of a long body.
const ROWS: &str = "[aria-label='Body of the answer, row by row']";
/// As tall as the window makes what it scrolls.
const HEIGHT: u32 = 8_000_000;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(scrolled())
}

async fn scrolled() -> Result<Vec<Row>, Stopped> {
    let url = serve()?;
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    page.click("Requests").await;
    page.see("New request").await;
    page.fill("URL", &url).await;
    page.click("Options").await;
    page.click("Plain HTTP on this machine").await;
    page.click("Send").await;
    page.see("Accepted").await;
    page.until("the rows of the answer", async || {
        let there = "return document.querySelector(arguments[0])?.innerText.includes('sku')";
        let there = page.run(there, vec![json!(ROWS)]).await;
        there
            .and_then(|there| there.as_bool())
            .filter(|there| *there)
    })
    .await;
    let ours = scroll(page, ROWS).await?;
    drop(app);

    let home = Home::new();
    let empty = built("strongroom-empty-window", "strongroom-empty-window");
    let app = App::start_program(&home, &empty).await;
    let _ = app.page.run(LONG, vec![json!(HEIGHT)]).await;
    let peers = scroll(&app.page, ".port").await?;

    let longest = |frames: &[f64]| frames.iter().copied().fold(0.0, f64::max);
    Ok(vec![Row {
        what: "window: scrolling through a JSON answer of 50 MB, the longest of 300 frames"
            .to_owned(),
        peer: EMPTY.to_owned(),
        unit: Unit::Seconds,
        pair: Pair::of(longest(&ours), longest(&peers)),
        goal: Goal::AtMost(2.0),
    }])
}

/// A server that answers everything with the same body; it ends with this process.
fn serve() -> Result<String, Stopped> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/items", listener.local_addr()?);
    let body = body();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut line = String::new();
            let mut reader = BufReader::new(&stream);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            // Whoever went away before the end has no answer.
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(body.as_bytes());
        }
    });
    Ok(url)
}

fn body() -> String {
    let mut text = String::from("{\"items\":[");
    for number in 0.. {
        if text.len() >= BYTES {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        // Writing into a text does not fail.
        let _ = write!(
            text,
            r#"{comma}{{"sku":"item-{number:07}","price":{number}.50,"tags":["a","b"],"name":"A name as long as names are"}}"#
        );
    }
    text.push_str("]}");
    text
}
