//! HTTP archives (HAR 1.2): what a browser or proxy recorded.

use serde_json::{Value, json};

use crate::{
    document::{self, At},
    export::{Payload, PayloadContent, Plan},
    import::{Import, name_of, split_url, typed_body},
    problem::{Place, Problem},
    query,
    raw::{FRAMING, body_of, from_base64},
    request::{Body, Content, Entry, Method, Part, SavedRequest},
    template::{self, Template},
};

/// An entry of an archive, for choosing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarEntry {
    /// Its number in the archive, from 0.
    pub index: usize,
    /// When it began, as the archive writes it.
    pub started: String,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The status of the answer; 0 if there was none.
    pub status: u16,
}

/// What of a broken archive can be sound.
const ENTRIES: &[&str] = &["entries"];

/// Lists the entries of an archive; of a broken one, those that are whole.
///
/// # Errors
///
/// [`Problem`] if it is no JSON, or no archive.
pub fn entries(bytes: &[u8]) -> Result<Vec<HarEntry>, Problem> {
    let (document, _) = document::json_as_far_as_sound(bytes, ENTRIES)?;
    let entries = log_entries(&document)?;
    Ok(entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let text = |pointer: &str| {
                let value = entry.pointer(pointer).and_then(Value::as_str);
                value.unwrap_or_default().to_owned()
            };
            HarEntry {
                index,
                started: text("/startedDateTime"),
                method: text("/request/method"),
                url: text("/request/url"),
                status: entry
                    .pointer("/response/status")
                    .and_then(Value::as_u64)
                    .and_then(|status| u16::try_from(status).ok())
                    .unwrap_or_default(),
            }
        })
        .collect())
}

/// Reads every request of an archive, or the one with the number `only`.
#[must_use]
pub fn parse(bytes: &[u8], only: Option<usize>) -> Import {
    let (document, problems) = match document::json_as_far_as_sound(bytes, ENTRIES) {
        Ok(read) => read,
        Err(problem) => return Import::failed(problem),
    };
    let entries = match log_entries(&document) {
        Ok(entries) => entries,
        Err(problem) => return Import::failed(problem),
    };
    let mut import = Import {
        problems,
        ..Import::default()
    };
    let root = At::Root;
    let (log, list) = (root.key("log"), "entries");
    let list = log.key(list);
    for (index, entry) in entries.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        let at = list.index(index);
        match request(entry, &at, &mut import.problems) {
            Some(request) => import.add(request),
            None => import.problems.push(
                at.problem("this entry is left out: expected request.method and request.url"),
            ),
        }
    }
    if let Some(only) = only.filter(|&only| only >= entries.len()) {
        import.problems.push(Problem::new(
            Place::Whole,
            format!(
                "there is no entry {only}: the archive has {}",
                entries.len()
            ),
        ));
    }
    import
}

fn log_entries(document: &Value) -> Result<&Vec<Value>, Problem> {
    document
        .pointer("/log/entries")
        .and_then(Value::as_array)
        .ok_or_else(|| {
            Problem::new(
                Place::Pointer("/log/entries".to_owned()),
                "this is no HTTP archive: expected an array of entries here",
            )
        })
}

fn request(entry: &Value, at: &At<'_>, problems: &mut Vec<Problem>) -> Option<SavedRequest> {
    let request = entry.get("request")?;
    let text = request.get("method")?.as_str()?;
    let method: Method = text.parse().ok()?;
    let url = request.get("url")?.as_str().filter(|url| !url.is_empty())?;
    if url.chars().any(char::is_control) {
        return None;
    }
    let mut headers = Vec::new();
    let lines = request.get("headers").and_then(Value::as_array);
    for (index, line) in lines.into_iter().flatten().enumerate() {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let (Some(name), Some(value)) = (text("name"), text("value")) else {
            continue;
        };
        // The pseudo-headers of HTTP/2 are method and URL again.
        if name.starts_with(':') || FRAMING.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            continue;
        }
        if name.parse::<Method>().is_err() || value.contains(['\r', '\n', '\0']) {
            let request = at.key("request");
            let list = request.key("headers");
            problems.push(list.index(index).problem(
                "this header is left out: its name is no token, or its value holds a line end",
            ));
            continue;
        }
        headers.push(Entry::new(name, template::escape(value)));
    }
    let body = request
        .get("postData")
        .and_then(|data| body(data, &mut headers));
    let name = name_of(text, url);
    let (url, query) = split_url(&template::escape(url));
    Some(SavedRequest {
        name,
        method,
        url,
        query,
        headers,
        body,
        ..SavedRequest::default()
    })
}

fn body(data: &Value, headers: &mut Vec<Entry>) -> Option<Body> {
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    let mime = text("mimeType").unwrap_or_default();
    let typed = headers
        .iter()
        .any(|line| line.name.eq_ignore_ascii_case("content-type"));
    if mime.starts_with("multipart/form-data")
        && let Some(params) = data.get("params").and_then(Value::as_array)
        && !params.is_empty()
    {
        headers.retain(|line| !line.name.eq_ignore_ascii_case("content-type"));
        return Some(Body::Multipart(params.iter().filter_map(part).collect()));
    }
    if !mime.is_empty() && !typed {
        headers.push(Entry::new("content-type", mime));
    }
    match text("text") {
        Some(encoded) if text("encoding") == Some("base64") => {
            body_of(from_base64(encoded)?, headers)
        }
        Some(text) if !text.is_empty() => Some(typed_body(template::escape(text), headers)),
        _ => {
            let params = data.get("params")?.as_array()?;
            let entries: Vec<Entry> = params.iter().filter_map(field).collect();
            let form = query::join("", &entries);
            let form = form.strip_prefix('?')?.to_owned();
            Some(typed_body(form, headers))
        }
    }
}

fn field(param: &Value) -> Option<Entry> {
    let name = param.get("name")?.as_str()?;
    let value = param
        .get("value")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(Entry::new(template::escape(name), template::escape(value)))
}

fn part(param: &Value) -> Option<Part> {
    let text = |key: &str| param.get(key).and_then(Value::as_str);
    let content = match text("fileName") {
        Some(path) => Content::File {
            path: path.to_owned(),
            file_name: None,
        },
        None => Content::Text(template::escape(text("value").unwrap_or_default())),
    };
    Some(Part {
        name: text("name")?.to_owned(),
        content,
        content_type: text("contentType").map(str::to_owned),
        enabled: true,
    })
}

/// An archive of one request without an answer, as JSON. Placeholders stand as they are: an archive has
/// no variables.
#[must_use]
pub fn write(plan: &Plan) -> String {
    let url = shown(&plan.url);
    let pairs = |text: &str| -> Vec<Value> {
        text.split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let decoded =
                    |text: &str| query::percent_decode(text).unwrap_or_else(|| text.to_owned());
                json!({ "name": decoded(name), "value": decoded(value) })
            })
            .collect()
    };
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let headers: Vec<Value> = plan
        .headers
        .iter()
        .map(|(name, value)| json!({ "name": shown(name), "value": shown(value) }))
        .collect();
    let mime = plan
        .headers
        .iter()
        .find(|(name, _)| shown(name).eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| shown(value));
    let mut request = json!({
        "method": plan.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": pairs(query),
        "headersSize": -1,
        "bodySize": -1,
    });
    let mime = mime.unwrap_or_default();
    let post_data = match &plan.payload {
        Payload::None => None,
        Payload::Text(text) => Some(json!({ "mimeType": mime, "text": shown(text) })),
        Payload::Bytes(bytes) => Some(json!({
            "mimeType": mime,
            "text": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes),
            "encoding": "base64",
        })),
        Payload::File(path) => Some(json!({
            "mimeType": mime,
            "text": "",
            "comment": format!("the content of the file {path}"),
        })),
        Payload::Multipart(parts) => {
            let params: Vec<Value> = parts
                .iter()
                .map(|part| {
                    let mut param = json!({ "name": part.name });
                    match &part.content {
                        PayloadContent::Text(text) => set(&mut param, "value", shown(text).into()),
                        PayloadContent::File { path, .. } => {
                            set(&mut param, "fileName", path.as_str().into());
                        }
                    }
                    if let Some(content_type) = &part.content_type {
                        set(&mut param, "contentType", content_type.as_str().into());
                    }
                    param
                })
                .collect();
            Some(json!({ "mimeType": "multipart/form-data", "params": params }))
        }
    };
    if let Some(post_data) = post_data {
        set(&mut request, "postData", post_data);
    }
    if !plan.notes.is_empty() {
        set(&mut request, "comment", plan.notes.join(" ").into());
    }
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "Strongroom", "version": env!("CARGO_PKG_VERSION") },
        "entries": [{
            "startedDateTime": "1970-01-01T00:00:00Z",
            "time": 0,
            "request": request,
            "response": {
                "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
                "content": { "size": 0, "mimeType": "" }, "redirectURL": "", "headersSize": -1, "bodySize": -1,
            },
            "cache": {},
            "timings": { "send": 0, "wait": 0, "receive": 0 },
        }],
    }});
    format!("{archive:#}\n")
}

fn shown(template: &Template) -> String {
    template
        .literal()
        .map_or_else(|| template.to_string(), str::to_owned)
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}
