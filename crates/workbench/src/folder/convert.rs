//! Requests as they are saved, and as they cross a border.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    compose::{
        Capture, CaptureSource, Check, Composed, ComposedBody, ComposedPart, Expectations,
        Expected, Line, PartContent,
    },
    error::{ErrorCode, Failure},
};
use strongroom_formats::{
    Auth, Body, Content, Entry, Options, Part, SavedRequest,
    expect::{self, HeaderCheck, JsonCheck},
};

/// A saved request as it crosses a border.
pub(crate) fn composed(saved: SavedRequest) -> Composed {
    let auth = saved.auth.unwrap_or_default();
    Composed {
        name: saved.name,
        description: saved.description,
        order: saved.order,
        method: saved.method.to_string(),
        url: saved.url,
        query: saved.query.into_iter().map(line).collect(),
        headers: saved.headers.into_iter().map(line).collect(),
        body: saved.body.map_or(ComposedBody::None, body),
        key: auth.key,
        scheme: auth.scheme,
        settings: auth.settings,
        expect: expectations(saved.expect),
        capture: saved.capture.into_iter().map(capture).collect(),
        follow_redirects: saved.options.follow_redirects,
        timeout_ms: saved.options.timeout_ms,
    }
}

/// A request that crossed a border, as it is saved.
///
/// # Errors
///
/// [`ErrorCode::Usage`] if a method, a status or base64 is malformed.
pub(crate) fn saved(composed: Composed) -> Result<SavedRequest, Failure> {
    let usage = |message: String| Failure::new(ErrorCode::Usage, message);
    let auth = Auth {
        key: composed.key.filter(|key| !key.is_empty()),
        scheme: composed.scheme.filter(|scheme| !scheme.is_empty()),
        settings: composed.settings,
    };
    Ok(SavedRequest {
        name: composed.name,
        description: composed.description,
        order: composed.order,
        method: composed
            .method
            .parse()
            .map_err(|error: strongroom_formats::request::NotAMethod| usage(error.to_string()))?,
        url: composed.url,
        query: composed.query.into_iter().map(entry).collect(),
        headers: composed.headers.into_iter().map(entry).collect(),
        body: saved_body(composed.body)?,
        auth: (auth != Auth::default()).then_some(auth),
        expect: saved_expectations(composed.expect)?,
        capture: composed.capture.into_iter().map(saved_capture).collect(),
        options: Options {
            follow_redirects: composed.follow_redirects,
            timeout_ms: composed.timeout_ms,
        },
    })
}

fn line(entry: Entry) -> Line {
    Line {
        name: entry.name,
        value: entry.value,
        enabled: entry.enabled,
    }
}

fn entry(line: Line) -> Entry {
    Entry {
        name: line.name,
        value: line.value,
        enabled: line.enabled,
    }
}

fn body(body: Body) -> ComposedBody {
    match body {
        Body::Json(text) => ComposedBody::Json { text },
        Body::Form(fields) => ComposedBody::Form {
            fields: fields.into_iter().map(line).collect(),
        },
        Body::Multipart(parts) => ComposedBody::Multipart {
            parts: parts.into_iter().map(part).collect(),
        },
        Body::Text { text, content_type } => ComposedBody::Text { text, content_type },
        Body::File { path, content_type } => ComposedBody::File { path, content_type },
        Body::Binary {
            bytes,
            content_type,
        } => ComposedBody::Binary {
            base64: BASE64.encode(bytes),
            content_type,
        },
    }
}

fn saved_body(body: ComposedBody) -> Result<Option<Body>, Failure> {
    Ok(Some(match body {
        ComposedBody::None => return Ok(None),
        ComposedBody::Json { text } => Body::Json(text),
        ComposedBody::Form { fields } => Body::Form(fields.into_iter().map(entry).collect()),
        ComposedBody::Multipart { parts } => {
            Body::Multipart(parts.into_iter().map(saved_part).collect())
        }
        ComposedBody::Text { text, content_type } => Body::Text { text, content_type },
        ComposedBody::File { path, content_type } => Body::File { path, content_type },
        ComposedBody::Binary {
            base64,
            content_type,
        } => Body::Binary {
            bytes: BASE64.decode(base64).map_err(|_| {
                Failure::new(ErrorCode::Usage, "the body is not base64")
                    .hint("encode its bytes with the standard alphabet and padding")
            })?,
            content_type,
        },
    }))
}

fn part(part: Part) -> ComposedPart {
    ComposedPart {
        name: part.name,
        content: match part.content {
            Content::Text(text) => PartContent::Text { text },
            Content::File { path, file_name } => PartContent::File { path, file_name },
        },
        content_type: part.content_type,
        enabled: part.enabled,
    }
}

fn saved_part(part: ComposedPart) -> Part {
    Part {
        name: part.name,
        content: match part.content {
            PartContent::Text { text } => Content::Text(text),
            PartContent::File { path, file_name } => Content::File { path, file_name },
        },
        content_type: part.content_type,
        enabled: part.enabled,
    }
}

fn expectations(expect: expect::Expectations) -> Expectations {
    Expectations {
        status: expect.status.iter().map(ToString::to_string).collect(),
        time_ms: expect.time_ms,
        headers: expect
            .headers
            .into_iter()
            .map(|header| Expected {
                at: header.name,
                check: check(header.check),
            })
            .collect(),
        json: expect
            .json
            .into_iter()
            .map(|json| Expected {
                at: json.path,
                check: check(json.check),
            })
            .collect(),
        schema: expect.schema,
    }
}

fn saved_expectations(expect: Expectations) -> Result<expect::Expectations, Failure> {
    let status = expect.status.iter().map(|status| {
        status.parse().map_err(|error: expect::NotAStatus| {
            Failure::new(ErrorCode::Usage, format!("{status:?}: {error}"))
        })
    });
    Ok(expect::Expectations {
        status: status.collect::<Result<_, _>>()?,
        time_ms: expect.time_ms,
        headers: expect
            .headers
            .into_iter()
            .map(|expected| HeaderCheck {
                name: expected.at,
                check: saved_check(expected.check),
            })
            .collect(),
        json: expect
            .json
            .into_iter()
            .map(|expected| JsonCheck {
                path: expected.at,
                check: saved_check(expected.check),
            })
            .collect(),
        schema: expect.schema,
    })
}

fn check(check: expect::Check) -> Check {
    match check {
        expect::Check::Present => Check::Present,
        expect::Check::Absent => Check::Absent,
        expect::Check::Equals(value) => Check::Equals(value),
        expect::Check::Contains(text) => Check::Contains(text),
        expect::Check::Matches(pattern) => Check::Matches(pattern),
        expect::Check::AtLeast(number) => Check::AtLeast(number),
        expect::Check::AtMost(number) => Check::AtMost(number),
    }
}

fn saved_check(check: Check) -> expect::Check {
    match check {
        Check::Present => expect::Check::Present,
        Check::Absent => expect::Check::Absent,
        Check::Equals(value) => expect::Check::Equals(value),
        Check::Contains(text) => expect::Check::Contains(text),
        Check::Matches(pattern) => expect::Check::Matches(pattern),
        Check::AtLeast(number) => expect::Check::AtLeast(number),
        Check::AtMost(number) => expect::Check::AtMost(number),
    }
}

fn capture(capture: expect::Capture) -> Capture {
    Capture {
        name: capture.name,
        from: match capture.from {
            expect::Source::Json(path) => CaptureSource::Json(path),
            expect::Source::Header(name) => CaptureSource::Header(name),
            expect::Source::Body => CaptureSource::Body,
            expect::Source::Status => CaptureSource::Status,
        },
    }
}

fn saved_capture(capture: Capture) -> expect::Capture {
    expect::Capture {
        name: capture.name,
        from: match capture.from {
            CaptureSource::Json(path) => expect::Source::Json(path),
            CaptureSource::Header(name) => expect::Source::Header(name),
            CaptureSource::Body => expect::Source::Body,
            CaptureSource::Status => expect::Source::Status,
        },
    }
}
