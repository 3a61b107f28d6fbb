//! A draft of the window, and the composed request that it is. A draft's texts may hold placeholders.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    compose::{
        Composed, ComposedBody, ComposedPart, ComposedPreview, ComposedSend, Line, PartContent,
    },
    error::{ErrorCode, Failure},
    window::{BodyKind, Draft, DraftBody, DraftOptions, DraftPart, Entry, ExactRequest},
};
use strongroom_formats::{query, request};

use super::{
    SHOWN_BODY,
    compose::{self, Chosen},
};

/// Whether a draft has to be filled in before it is signed: it was loaded from a folder, or holds a
/// placeholder, or an escaped brace.
pub(super) fn is_template(draft: &Draft) -> bool {
    let text = |text: &str| text.contains("{{");
    let entry = |entry: &Entry| entry.enabled && (text(&entry.name) || text(&entry.value));
    let body = match draft.body.kind {
        BodyKind::None | BodyKind::File => false,
        BodyKind::Json | BodyKind::Raw => text(&draft.body.text),
        BodyKind::Form => draft.body.fields.iter().any(entry),
        BodyKind::Multipart => draft
            .body
            .parts
            .iter()
            .any(|part| part.enabled && (text(&part.name) || text(&part.value))),
    };
    draft.home.is_some() || text(&draft.url) || draft.headers.iter().any(entry) || body
}

/// What is sent for a draft that has to be filled in.
///
/// # Errors
///
/// [`ErrorCode::Refused`] for a file that nobody chose; [`ErrorCode::Usage`] if none is named.
pub(super) fn to_send(draft: Draft, chosen: &Chosen) -> Result<ComposedSend, Failure> {
    let request = composed(&draft, chosen)?;
    let options = compose::options(draft.follow_redirects, draft.options);
    let (folder, path, environment) = match draft.home {
        Some(home) => (Some(home.folder), Some(home.path), home.environment),
        None => (None, None, None),
    };
    Ok(ComposedSend {
        request,
        folder,
        path,
        environment,
        options,
        ..ComposedSend::default()
    })
}

/// The request that a draft is, without a name.
///
/// # Errors
///
/// As [`to_send`].
pub(super) fn composed(draft: &Draft, chosen: &Chosen) -> Result<Composed, Failure> {
    let is_at_home = draft.home.is_some();
    let headers = draft.headers.iter().filter(|line| !line.name.is_empty());
    Ok(Composed {
        method: draft.method.clone(),
        url: draft.url.clone(),
        headers: headers.map(line).collect(),
        body: body(&draft.body, &|path| may_send(path, is_at_home, chosen))?,
        key: draft.key.clone(),
        scheme: draft.scheme.clone(),
        settings: draft.settings.clone(),
        expect: draft.expect.clone(),
        capture: draft.capture.clone(),
        follow_redirects: draft.follow_redirects,
        timeout_ms: draft.options.timeout_ms,
        ..Composed::default()
    })
}

/// A page can send no file but one that a person chose, or one of the folder that a person chose.
fn may_send(path: &str, is_at_home: bool, chosen: &Chosen) -> Result<(), Failure> {
    let place = Path::new(path);
    if chosen.contains(place) || (is_at_home && place.is_relative()) {
        return Ok(());
    }
    Err(Failure::new(
        ErrorCode::Refused,
        format!("{path} was not chosen since Strongroom was started"),
    )
    .hint("choose the file again"))
}

fn body(
    body: &DraftBody,
    check: &dyn Fn(&str) -> Result<(), Failure>,
) -> Result<ComposedBody, Failure> {
    let text = || body.text.clone();
    Ok(match body.kind {
        BodyKind::None => ComposedBody::None,
        BodyKind::Json | BodyKind::Raw if body.text.is_empty() => ComposedBody::None,
        BodyKind::Json => ComposedBody::Json { text: text() },
        BodyKind::Raw => ComposedBody::Text {
            text: text(),
            content_type: None,
        },
        BodyKind::Form => ComposedBody::Form {
            fields: body.fields.iter().map(line).collect(),
        },
        BodyKind::Multipart => ComposedBody::Multipart {
            parts: body
                .parts
                .iter()
                .map(|each| part(each, check))
                .collect::<Result<_, _>>()?,
        },
        BodyKind::File => {
            let path = body.file.clone().ok_or_else(|| {
                Failure::new(ErrorCode::Usage, "no file is chosen for the body")
                    .hint("choose one, or another kind of body")
            })?;
            check(&path)?;
            ComposedBody::File {
                path,
                content_type: None,
            }
        }
    })
}

fn part(
    part: &DraftPart,
    check: &dyn Fn(&str) -> Result<(), Failure>,
) -> Result<ComposedPart, Failure> {
    let content = match &part.file {
        Some(path) => {
            check(path)?;
            PartContent::File {
                path: path.clone(),
                file_name: None,
            }
        }
        None => PartContent::Text {
            text: part.value.clone(),
        },
    };
    Ok(ComposedPart {
        name: part.name.clone(),
        content,
        content_type: None,
        enabled: part.enabled,
    })
}

fn line(entry: &Entry) -> Line {
    Line {
        name: entry.name.clone(),
        value: entry.value.clone(),
        enabled: entry.enabled,
    }
}

/// A composed request as a draft. What a draft has no place for stays behind.
pub(super) fn taken_up(request: &Composed) -> Draft {
    let table: Vec<request::Entry> = request
        .query
        .iter()
        .map(|line| {
            let entry = request::Entry::new(&line.name, &line.value);
            if line.enabled {
                entry
            } else {
                entry.disabled()
            }
        })
        .collect();
    let mut headers: Vec<Entry> = request.headers.iter().map(entry).collect();
    let body = draft_body(&request.body);
    let is_typed = |line: &Entry| line.enabled && line.name.eq_ignore_ascii_case("content-type");
    if let Some(content_type) = content_type(&request.body)
        && !headers.iter().any(is_typed)
    {
        headers.push(Entry {
            name: "Content-Type".to_owned(),
            value: content_type.to_owned(),
            enabled: true,
        });
    }
    Draft {
        method: request.method.clone(),
        url: query::join(&request.url, &table),
        headers,
        body,
        key: request.key.clone(),
        scheme: request.scheme.clone(),
        settings: request.settings.clone(),
        follow_redirects: request.follow_redirects,
        options: DraftOptions {
            timeout_ms: request.timeout_ms,
            ..DraftOptions::default()
        },
        expect: request.expect.clone(),
        capture: request.capture.clone(),
        ..Draft::default()
    }
}

fn content_type(body: &ComposedBody) -> Option<&str> {
    match body {
        ComposedBody::Text { content_type, .. }
        | ComposedBody::File { content_type, .. }
        | ComposedBody::Binary { content_type, .. } => content_type.as_deref(),
        _ => None,
    }
}

fn entry(line: &Line) -> Entry {
    Entry {
        name: line.name.clone(),
        value: line.value.clone(),
        enabled: line.enabled,
    }
}

fn draft_body(body: &ComposedBody) -> DraftBody {
    let text = |kind, text: &str| DraftBody {
        kind,
        text: text.to_owned(),
        ..DraftBody::default()
    };
    match body {
        ComposedBody::None => DraftBody::default(),
        ComposedBody::Json { text: json } => text(BodyKind::Json, json),
        ComposedBody::Text { text: raw, .. } => text(BodyKind::Raw, raw),
        ComposedBody::Form { fields } => DraftBody {
            kind: BodyKind::Form,
            fields: fields.iter().map(entry).collect(),
            ..DraftBody::default()
        },
        ComposedBody::Multipart { parts } => DraftBody {
            kind: BodyKind::Multipart,
            parts: parts.iter().map(draft_part).collect(),
            ..DraftBody::default()
        },
        ComposedBody::File { path, .. } => DraftBody {
            kind: BodyKind::File,
            file: Some(path.clone()),
            ..DraftBody::default()
        },
        // Its bytes are no text: a file has to be chosen.
        ComposedBody::Binary { .. } => DraftBody {
            kind: BodyKind::File,
            ..DraftBody::default()
        },
    }
}

fn draft_part(part: &ComposedPart) -> DraftPart {
    let (value, file) = match &part.content {
        PartContent::Text { text } => (text.clone(), None),
        PartContent::File { path, .. } => (String::new(), Some(path.clone())),
    };
    DraftPart {
        name: part.name.clone(),
        value,
        file,
        enabled: part.enabled,
    }
}

/// `saved` with what was changed in the window. All else of it stays as it is: its description, its query
/// table, the type of its body.
///
/// # Errors
///
/// As [`to_send`].
pub(super) fn merged(saved: Composed, draft: &Draft, chosen: &Chosen) -> Result<Composed, Failure> {
    let was = taken_up(&saved);
    let mut now = saved;
    if draft.url != was.url {
        now.url = draft.url.clone();
        now.query = Vec::new();
    }
    let is_body_changed = draft.body != was.body;
    if is_body_changed || draft.headers != was.headers {
        // The type of the body stands among the headers of a draft.
        now.headers = draft
            .headers
            .iter()
            .filter(|line| !line.name.is_empty())
            .map(line)
            .collect();
        now.body = if is_body_changed {
            body(&draft.body, &|path| may_send(path, true, chosen))?
        } else {
            untyped(now.body)
        };
    }
    now.method = draft.method.clone();
    now.key = draft.key.clone();
    now.scheme = draft.scheme.clone();
    now.settings = draft.settings.clone();
    now.follow_redirects = draft.follow_redirects;
    now.timeout_ms = draft.options.timeout_ms;
    now.expect = draft.expect.clone();
    now.capture = draft.capture.clone();
    Ok(now)
}

fn untyped(mut body: ComposedBody) -> ComposedBody {
    if let ComposedBody::Text { content_type, .. }
    | ComposedBody::File { content_type, .. }
    | ComposedBody::Binary { content_type, .. } = &mut body
    {
        *content_type = None;
    }
    body
}

/// What would go out for a draft that is filled in.
///
/// # Errors
///
/// [`ErrorCode::Usage`] with every problem in `details`, if something keeps it from being sent.
pub(super) fn exact(filled: ComposedPreview) -> Result<ExactRequest, Failure> {
    if !filled.problems.is_empty() {
        let told: Vec<String> = filled
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.place, problem.message))
            .collect();
        return Err(Failure::new(ErrorCode::Usage, told.join("; "))
            .hint("choose an environment that has a value for it, or correct the request")
            .details(serde_json::json!({ "problems": filled.problems })));
    }
    let body_base64 = match (filled.body, filled.body_base64) {
        (Some(text), _) => {
            BASE64.encode(text.as_bytes().get(..SHOWN_BODY).unwrap_or(text.as_bytes()))
        }
        (None, Some(encoded)) => {
            let bytes = BASE64.decode(encoded).unwrap_or_default();
            BASE64.encode(bytes.get(..SHOWN_BODY).unwrap_or(&bytes))
        }
        (None, None) => String::new(),
    };
    Ok(ExactRequest {
        steps: filled.steps,
        head: filled.head.trim_end().replace("\r\n", "\n") + "\n",
        body_base64,
        body_bytes: filled.body_bytes,
    })
}

#[cfg(test)]
mod tests {
    use strongroom_contract::{
        compose::{Capture, CaptureSource},
        window::DraftHome,
    };

    use super::*;

    fn saved() -> Composed {
        let line = |name: &str, value: &str, enabled| Line {
            name: name.into(),
            value: value.into(),
            enabled,
        };
        Composed {
            name: "Create".into(),
            method: "POST".into(),
            url: "{{base}}/a".into(),
            query: vec![line("q", "{{x}} y", true), line("off", "1", false)],
            headers: vec![line("X-A", "1", true)],
            body: ComposedBody::Text {
                text: "<a/>".into(),
                content_type: Some("application/xml".into()),
            },
            capture: vec![Capture {
                name: "id".into(),
                from: CaptureSource::Body,
            }],
            ..Composed::default()
        }
    }

    #[test]
    fn a_saved_request_that_was_not_changed_is_saved_as_it_was() {
        let draft = taken_up(&saved());
        assert_eq!(draft.url, "{{base}}/a?q={{x}}%20y");
        assert_eq!(draft.headers[1].value, "application/xml");
        assert_eq!(
            merged(saved(), &draft, &Chosen::default()).unwrap(),
            saved()
        );
    }

    #[test]
    fn what_was_changed_is_saved_and_the_rest_stays() {
        let mut draft = taken_up(&saved());
        draft.url.push_str("&z=1");
        draft.headers[1].value = "text/xml".into();
        let now = merged(saved(), &draft, &Chosen::default()).unwrap();
        assert_eq!(now.url, "{{base}}/a?q={{x}}%20y&z=1");
        assert_eq!(now.query, Vec::new());
        assert_eq!(now.headers[1].value, "text/xml");
        let ComposedBody::Text { content_type, .. } = &now.body else {
            panic!("{:?}", now.body);
        };
        assert_eq!(*content_type, None);
        assert_eq!(now.capture, saved().capture);
    }

    #[test]
    fn a_file_is_sent_if_somebody_chose_it_or_its_folder() {
        let mut draft = taken_up(&Composed::default());
        draft.body = DraftBody {
            kind: BodyKind::File,
            file: Some("/etc/hostname".into()),
            ..DraftBody::default()
        };
        let chosen = Chosen::default();
        let code = |draft: &Draft| composed(draft, &chosen).err().map(|failure| failure.code);
        assert_eq!(code(&draft), Some(ErrorCode::Refused));
        draft.home = Some(DraftHome::default());
        assert_eq!(code(&draft), Some(ErrorCode::Refused));
        draft.body.file = Some("beside.bin".into());
        assert_eq!(code(&draft), None);
        draft.home = None;
        assert_eq!(code(&draft), Some(ErrorCode::Refused));
        chosen.add("/etc/hostname".into());
        draft.body.file = Some("/etc/hostname".into());
        assert_eq!(code(&draft), None);
    }

    #[test]
    fn placeholders_are_noticed_where_something_is_sent() {
        let mut draft = taken_up(&Composed::default());
        assert!(!is_template(&draft));
        draft.body.text = "{{kept}}".into();
        assert!(!is_template(&draft));
        draft.body.kind = BodyKind::Json;
        assert!(is_template(&draft));
        draft.body.kind = BodyKind::None;
        draft.url = "https://{{host}}/".into();
        assert!(is_template(&draft));
    }
}
