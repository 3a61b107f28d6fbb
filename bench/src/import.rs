//! `strongroom requests import`, as a whole process, of files of 10 MB.

use std::{fmt::Write as _, fs, io, path::Path};

use strongroom_testkit::Home;
use tempfile::TempDir;

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    read::quiet,
};

const BYTES: usize = 10 * 1024 * 1024;
const ROUNDS: usize = 7;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let home = Home::new();
    Ok(vec![
        row(&home, "OpenAPI", "openapi.json", &description())?,
        row(&home, "Postman", "postman.json", &collection())?,
    ])
}

/// Against the second that it may take.
fn row(home: &Home, what: &str, name: &str, text: &str) -> Result<Row, Stopped> {
    let file = home.file(name, text);
    let pair = Pair::alternate(
        ROUNDS,
        || {
            let into = in_memory()?;
            let mut import = home.command(["requests", "import", &file, "--into"]);
            import.arg(into.path());
            let took = quiet(import)?;
            if fs::read_dir(into.path())?.count() == 0 {
                return Err(Stopped::because("nothing came in"));
            }
            Ok(took)
        },
        || Ok(1.0),
    )?;
    Ok(Row {
        what: format!("`requests import` of a {what} file of 10 MB, a whole process"),
        peer: "a second".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.0),
    })
}

/// A folder that is not on a disk, where there is such a place: thousands of files measure the disk.
fn in_memory() -> io::Result<TempDir> {
    let place = Path::new("/dev/shm");
    if place.is_dir() {
        return tempfile::tempdir_in(place);
    }
    tempfile::tempdir()
}

/// What such descriptions are for the most part: prose.
fn prose(number: usize) -> String {
    format!("What number {number} is for, in a sentence that is as long as sentences are. ")
        .repeat(4)
}

fn description() -> String {
    let mut text = String::from(
        r##"{"openapi":"3.1.0","info":{"title":"Payments"},"servers":[{"url":"https://h.example"}],"components":{"schemas":{"Payin":{"type":"object","properties":{"amount":{"type":"integer"},"currency":{"type":"string","enum":["AUD","USD"]},"payer":{"type":"object","properties":{"name":{"type":"string"},"email":{"type":"string","format":"email"}}}}}}},"paths":{"##,
    );
    for number in 0.. {
        if text.len() >= BYTES {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        let about = prose(number);
        // Writing into a text does not fail.
        let _ = write!(
            text,
            r##"{comma}"/v2/things/{number}/{{id}}":{{"parameters":[{{"name":"id","in":"path","required":true,"description":"{about}","schema":{{"type":"string"}}}}],"get":{{"tags":["Things {tag}"],"summary":"Find {number}","description":"{about}","parameters":[{{"name":"page","in":"query","schema":{{"type":"integer"}}}}],"responses":{{"200":{{"description":"{about}","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Payin"}}}}}}}}}}}},"post":{{"tags":["Things {tag}"],"summary":"Create {number}","description":"{about}","requestBody":{{"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Payin"}}}}}}}},"responses":{{"201":{{"description":"{about}"}}}}}}}}"##,
            tag = number % 50,
        );
    }
    text.push_str("}}");
    text
}

fn collection() -> String {
    let mut text = String::from(
        r#"{"info":{"name":"Payments","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},"item":["#,
    );
    for number in 0.. {
        if text.len() >= BYTES {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        let about = prose(number);
        // Writing into a text does not fail.
        let _ = write!(
            text,
            r#"{comma}{{"name":"Request {number}","request":{{"method":"POST","description":"{about}{about}","header":[{{"key":"x-id","value":"{{{{id}}}}"}}],"url":{{"raw":"{{{{base}}}}/v2/{number}?a=1&b=2","query":[{{"key":"a","value":"1"}},{{"key":"b","value":"2"}}]}},"body":{{"mode":"raw","raw":"{{\"amount\":{number},\"note\":\"{about}\"}}","options":{{"raw":{{"language":"json"}}}}}}}},"response":[]}}"#,
        );
    }
    text.push_str("]}");
    text
}
