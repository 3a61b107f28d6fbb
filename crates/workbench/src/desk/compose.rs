//! From what was composed in the window to the bytes that are signed and sent.
//!
//! The page names files, and may not read any: a file is sent only if a person has chosen it in the
//! system's dialog since the window's process began.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{SendOptions, SendRequest},
    window::{BodyKind, Draft, DraftBody, DraftOptions, DraftPart, Entry},
};
use strongroom_crypto::random;
use url::form_urlencoded;

/// How long a request from the window may take.
pub(super) const SEND_LIMIT_MS: u64 = 30_000;
/// How much of an answer's body the window keeps, in bytes.
pub(super) const BODY_LIMIT: u64 = 64 * 1024 * 1024;
/// How much can be sent, in bytes: a body crosses to the vault's owner in one frame.
const SENT_LIMIT: usize = 32 * 1024 * 1024;

/// The files that a person has chosen to be sent.
#[derive(Default)]
pub(super) struct Chosen(Mutex<BTreeSet<PathBuf>>);

impl Chosen {
    pub(super) fn add(&self, path: PathBuf) {
        let mut chosen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.insert(path);
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        let chosen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.contains(path)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Failure> {
        if !self.contains(Path::new(path)) {
            return Err(Failure::new(
                ErrorCode::Refused,
                format!("{path} was not chosen since Strongroom was started"),
            )
            .hint("choose the file again"));
        }
        let unreadable = |error: std::io::Error| {
            Failure::new(
                ErrorCode::Storage,
                format!("{path} could not be read: {error}"),
            )
            .hint("choose another file, or make this one readable")
        };
        let length = fs::metadata(path).map_err(unreadable)?.len();
        if length > SENT_LIMIT as u64 {
            return Err(too_long());
        }
        fs::read(path).map_err(unreadable)
    }
}

/// The request that a draft is, with its body made. Reads files, so it blocks.
///
/// # Errors
///
/// [`ErrorCode::Refused`] for a file that was not chosen; [`ErrorCode::Storage`] for one that can't be
/// read; [`ErrorCode::Usage`] if the body is too long.
pub(super) fn request(draft: Draft, chosen: &Chosen) -> Result<SendRequest, Failure> {
    let Made {
        bytes,
        content_type,
    } = body(draft.body, chosen)?;
    if bytes.len() > SENT_LIMIT {
        return Err(too_long());
    }
    let mut headers = on(draft.headers);
    let is_given = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(content_type) = content_type
        && !is_given
    {
        headers.push(("Content-Type".to_owned(), content_type));
    }
    Ok(SendRequest {
        method: draft.method,
        url: draft.url,
        headers,
        body_base64: BASE64.encode(bytes),
        key: draft.key,
        scheme: draft.scheme,
        settings: draft.settings,
        ca_pem: Vec::new(),
        timeout_ms: draft.options.timeout_ms.unwrap_or(SEND_LIMIT_MS),
        body_limit: BODY_LIMIT,
        allow_plain_http: draft.options.allow_plain_http,
        options: options(draft.follow_redirects, draft.options),
    })
}

/// How a draft is sent.
pub(super) fn options(follow_redirects: bool, of_draft: DraftOptions) -> SendOptions {
    SendOptions {
        follow_redirects,
        body_limit: Some(BODY_LIMIT),
        allow_plain_http: of_draft.allow_plain_http,
        no_proxy: of_draft.no_proxy,
        client_cert: of_draft.client_cert,
        ca: of_draft.ca,
        off_the_record: of_draft.off_the_record,
        ..SendOptions::default()
    }
}

/// A body's bytes, and the type that they imply.
struct Made {
    bytes: Vec<u8>,
    content_type: Option<String>,
}

impl Made {
    fn new(bytes: Vec<u8>, content_type: &str) -> Self {
        Self {
            bytes,
            content_type: Some(content_type.to_owned()),
        }
    }

    const fn untyped(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            content_type: None,
        }
    }
}

fn body(body: DraftBody, chosen: &Chosen) -> Result<Made, Failure> {
    Ok(match body.kind {
        BodyKind::None => Made::untyped(Vec::new()),
        BodyKind::Json if body.text.is_empty() => Made::untyped(Vec::new()),
        BodyKind::Json => Made::new(body.text.into_bytes(), "application/json"),
        BodyKind::Raw => Made::untyped(body.text.into_bytes()),
        BodyKind::Form => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(on(body.fields));
            Made::new(
                form.finish().into_bytes(),
                "application/x-www-form-urlencoded",
            )
        }
        BodyKind::Multipart => multipart(body.parts, chosen)?,
        BodyKind::File => match body.file {
            Some(path) => Made::new(chosen.read(&path)?, "application/octet-stream"),
            None => {
                return Err(
                    Failure::new(ErrorCode::Usage, "no file is chosen for the body")
                        .hint("choose one, or another kind of body"),
                );
            }
        },
    })
}

/// Parts as `multipart/form-data` (RFC 7578), with names escaped as browsers do.
fn multipart(parts: Vec<DraftPart>, chosen: &Chosen) -> Result<Made, Failure> {
    let boundary = format!(
        "strongroom-{:032x}",
        u128::from_le_bytes(random::bytes::<16>())
    );
    let mut bytes = Vec::new();
    for part in parts.into_iter().filter(|part| part.enabled) {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            escaped(&part.name)
        );
        let content = match &part.file {
            Some(path) => {
                let name = Path::new(path).file_name().unwrap_or_default();
                head.push_str(&format!(
                    "; filename=\"{}\"\r\nContent-Type: application/octet-stream",
                    escaped(&name.to_string_lossy())
                ));
                chosen.read(path)?
            }
            None => part.value.into_bytes(),
        };
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&content);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Made::new(
        bytes,
        &format!("multipart/form-data; boundary={boundary}"),
    ))
}

fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The lines of a table that are sent. One without a name is one that was not typed yet.
fn on(entries: Vec<Entry>) -> Vec<(String, String)> {
    let sent = entries
        .into_iter()
        .filter(|entry| entry.enabled && !entry.name.is_empty());
    sent.map(|entry| (entry.name, entry.value)).collect()
}

fn too_long() -> Failure {
    Failure::new(
        ErrorCode::Usage,
        format!(
            "the body is longer than the {} MiB that can be sent",
            SENT_LIMIT >> 20
        ),
    )
    .hint("send a smaller one; `curl` sends a file of any size")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: &str, enabled: bool) -> Entry {
        Entry {
            name: name.into(),
            value: value.into(),
            enabled,
        }
    }

    fn draft(body: DraftBody) -> Draft {
        Draft {
            method: "POST".into(),
            url: "https://localhost/".into(),
            body,
            ..Draft::default()
        }
    }

    /// The content type and the body that go out.
    fn made(draft: Draft, chosen: &Chosen) -> (Option<String>, String) {
        let made = request(draft, chosen).unwrap();
        let content_type = made
            .headers
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let body = BASE64.decode(made.body_base64).unwrap();
        (
            content_type.map(|(_, value)| value),
            String::from_utf8(body).unwrap(),
        )
    }

    fn of(kind: BodyKind, text: &str) -> DraftBody {
        DraftBody {
            kind,
            text: text.into(),
            ..DraftBody::default()
        }
    }

    #[test]
    fn each_kind_says_what_it_is_unless_a_header_does() {
        let chosen = Chosen::default();
        let json = || draft(of(BodyKind::Json, "{}\n"));
        let said = |content_type: &str| Some(content_type.to_owned());
        assert_eq!(
            made(json(), &chosen),
            (said("application/json"), "{}\n".into())
        );
        let mut typed = json();
        typed.headers = vec![
            entry("content-type", "text/json", true),
            entry("X-Off", "1", false),
            entry("", "not typed yet", true),
        ];
        assert_eq!(made(typed, &chosen).0, said("text/json"));
        let nothing = (None, String::new());
        assert_eq!(made(draft(of(BodyKind::None, "kept")), &chosen), nothing);
        assert_eq!(made(draft(of(BodyKind::Json, "")), &chosen), nothing);
        assert_eq!(
            made(draft(of(BodyKind::Raw, "<a/>")), &chosen),
            (None, "<a/>".into())
        );
        let mut form = of(BodyKind::Form, "");
        form.fields = vec![entry("a b", "ä&=", true), entry("off", "1", false)];
        assert_eq!(
            made(draft(form), &chosen),
            (
                said("application/x-www-form-urlencoded"),
                "a+b=%C3%A4%26%3D".into()
            )
        );
    }

    #[test]
    fn parts_are_told_apart_whatever_they_are_called() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a\"b.txt");
        fs::write(&path, "from a file").unwrap();
        let chosen = Chosen::default();
        chosen.add(path.clone());
        let part = |name: &str, file: Option<String>, enabled| DraftPart {
            name: name.into(),
            value: "typed".into(),
            file,
            enabled,
        };
        let mut parts = of(BodyKind::Multipart, "");
        parts.parts = vec![
            part("one\r\n", None, true),
            part("off", None, false),
            part("two", Some(path.display().to_string()), true),
        ];
        let (content_type, body) = made(draft(parts), &chosen);
        let content_type = content_type.unwrap();
        let boundary = content_type.split_once("boundary=").unwrap().1;
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"one%0D%0A\"\r\n\r\ntyped\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"two\"; filename=\"a%22b.txt\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nfrom a file\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn a_page_cannot_send_a_file_that_nobody_chose() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("private");
        fs::write(&path, "CANARY").unwrap();
        let chosen = Chosen::default();
        let file = |path: Option<String>| {
            let mut body = of(BodyKind::File, "");
            body.file = path;
            request(draft(body), &chosen)
        };
        let named = Some(path.display().to_string());
        assert_eq!(file(named.clone()).err().unwrap().code, ErrorCode::Refused);
        assert_eq!(file(None).err().unwrap().code, ErrorCode::Usage);
        chosen.add(path.clone());
        let sent = file(named.clone()).unwrap();
        assert_eq!(sent.body_base64, BASE64.encode("CANARY"));
        fs::remove_file(&path).unwrap();
        assert_eq!(file(named).err().unwrap().code, ErrorCode::Storage);
    }

    #[test]
    fn a_body_that_does_not_fit_is_refused_before_it_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large");
        let large = fs::File::create(&path).unwrap();
        large.set_len(SENT_LIMIT as u64 + 1).unwrap();
        let chosen = Chosen::default();
        chosen.add(path.clone());
        let mut body = of(BodyKind::File, "");
        body.file = Some(path.display().to_string());
        let refused = request(draft(body), &chosen).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage);
        assert!(refused.message.contains("32 MiB"), "{}", refused.message);
    }
}
