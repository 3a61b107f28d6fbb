//! Requests of other programs: read from a text, taken into drafts, and written of one.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use strongroom_contract::{
    agent::{KeyAdd, KeyName, KeyShow},
    compose::Composed,
    error::{ErrorCode, Failure},
    requests::{ExportedRequest, ForeignOpened, ForeignRead, ForeignRow, OpenForeign},
    secret::Revealed,
    vault::NewKey,
    window::{Draft, ForeignText},
};
use strongroom_formats::secrets::FoundSecret;
use url::Url;

use super::{Desk, drafts};
use crate::{
    agent::on_a_thread,
    folder::convert,
    foreign::{self, Pasted},
};

/// The longest file that is read into a field of the window, in bytes.
const MOST_TEXT: u64 = 16 * 1024 * 1024;
/// How many requests of one text are shown and opened.
const MOST_OPENED: usize = 200;

impl Desk {
    /// Reads a file that a person has chosen.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it can't be read; [`ErrorCode::Usage`] if it is no text, or longer than
    /// 16 MiB.
    pub async fn read_text(&self, path: PathBuf) -> Result<ForeignText, Failure> {
        on_a_thread(move || text(&path)).await
    }

    /// What is understood of a pasted text, and what is not. No secret of it is told.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if it can't be told what it is written in.
    pub async fn read_foreign(&self, text: ForeignText) -> Result<ForeignRead, Failure> {
        let Pasted {
            format,
            requests,
            found,
            problems,
        } = pasted(text).await?;
        let rows = requests.iter().take(MOST_OPENED).map(|request| ForeignRow {
            name: request.name.clone(),
            method: request.method.clone(),
            url: request.url.clone(),
        });
        Ok(ForeignRead {
            format: format.to_owned(),
            total: u32::try_from(requests.len()).unwrap_or(u32::MAX),
            requests: rows.collect(),
            secrets: found.iter().map(foreign::taken).collect(),
            problems,
        })
    }

    /// Takes the requests of a pasted text into drafts. Secrets that are to be kept become keys of the
    /// vault, that may go where the request goes and nowhere else; a placeholder stands for each of the
    /// others.
    ///
    /// # Errors
    ///
    /// As [`Desk::read_foreign`], and as [`KeyAdd`]. Of several secrets, those before it are kept then.
    pub async fn open_foreign(&self, wanted: OpenForeign) -> Result<ForeignOpened, Failure> {
        let OpenForeign { text, keep } = wanted;
        let Pasted {
            mut requests,
            found,
            ..
        } = pasted(text).await?;
        requests.truncate(MOST_OPENED);
        let mut added = Vec::new();
        for secret in found {
            let Some(name) = keep.get(&format!("secret:{}", secret.name)) else {
                continue;
            };
            let placeholder = format!("{{{{secret:{}}}}}", secret.name);
            let using = requests.iter().find(|request| holds(request, &placeholder));
            let key = key_of(name, &secret, &placeholder, using);
            let item = self.call::<KeyAdd>(key).await?;
            for request in &mut requests {
                sign_instead(request, &placeholder, &item.name, item.public_id.as_deref());
                if request.key.as_deref() == Some(&item.name) {
                    request.key = Some(item.id.clone());
                }
            }
            added.push(item.name);
        }
        Ok(ForeignOpened {
            drafts: requests.iter().map(drafts::taken_up).collect(),
            added,
        })
    }

    /// Writes a draft in the language called `format`, with every secret as a variable of the process.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] for a language that there is not, or a request that makes no sense.
    pub async fn write_foreign(
        &self,
        draft: Draft,
        format: String,
    ) -> Result<ExportedRequest, Failure> {
        let mut request = drafts::composed(&draft, &self.0.chosen)?;
        // How it is signed is the key's to say; the text names the key.
        if let Some(key) = &request.key
            && let Ok(item) = self.call::<KeyShow>(KeyName { name: key.clone() }).await
        {
            request.scheme = request.scheme.or(item.scheme);
            request.key = Some(format!("sr://{}", item.name));
        }
        on_a_thread(move || {
            let request = convert::saved(request)?;
            foreign::written(request, &format)
        })
        .await
    }
}

async fn pasted(text: ForeignText) -> Result<Pasted, Failure> {
    on_a_thread(move || foreign::read(&text.name, text.text.expose_secret().as_bytes())).await
}

fn holds(request: &Composed, text: &str) -> bool {
    serde_json::to_string(request).is_ok_and(|written| written.contains(text))
}

/// The key that a secret becomes: with the public id and the scheme, where the request shows them.
fn key_of(name: &str, secret: &FoundSecret, placeholder: &str, using: Option<&Composed>) -> NewKey {
    let scheme = using.and_then(|request| scheme(request, placeholder));
    let header = |wanted: &str| {
        let mut headers = using?.headers.iter();
        let line = headers.find(|line| line.name.eq_ignore_ascii_case(wanted))?;
        (!line.value.contains("{{")).then(|| line.value.clone())
    };
    let url = using.and_then(|request| Url::parse(&request.url).ok());
    NewKey {
        name: name.to_owned(),
        provider: None,
        environment: None,
        public_id: (scheme == Some(HEADER_PAIR))
            .then(|| header("app-id"))
            .flatten(),
        base_url: url
            .as_ref()
            .map(|url| url.origin().ascii_serialization())
            .filter(|origin| origin.starts_with("https:")),
        hosts: url
            .as_ref()
            .and_then(Url::host_str)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        scheme: scheme.map(str::to_owned),
        settings: Default::default(),
        preset: None,
        tags: Vec::new(),
        secret: Revealed::new(secret.value.expose_secret().to_owned()),
        certificate: None,
    }
}

const HEADER_PAIR: &str = "header-pair";
const BEARER: &str = "bearer";

/// The scheme that a credential in a header is presented by.
fn scheme(request: &Composed, placeholder: &str) -> Option<&'static str> {
    let is = |name: &str, value: &str| {
        let mut headers = request.headers.iter().filter(|line| line.enabled);
        headers.any(|line| line.name.eq_ignore_ascii_case(name) && line.value == value)
    };
    let has_id = || {
        let mut headers = request.headers.iter().filter(|line| line.enabled);
        headers.any(|line| line.name.eq_ignore_ascii_case("app-id") && !line.value.contains("{{"))
    };
    if is("authorization", &format!("Bearer {placeholder}")) {
        Some(BEARER)
    } else if is("secret-key", placeholder) && has_id() {
        Some(HEADER_PAIR)
    } else {
        None
    }
}

/// Lets the key sign in place of the headers that presented its secret; elsewhere, a reference stands in
/// the place of the secret.
fn sign_instead(request: &mut Composed, placeholder: &str, item: &str, public_id: Option<&str>) {
    let presented: &[&str] = match scheme(request, placeholder) {
        Some(BEARER) => &["authorization"],
        Some(HEADER_PAIR) => {
            let is_its_id = request.headers.iter().any(|line| {
                line.name.eq_ignore_ascii_case("app-id") && Some(line.value.as_str()) == public_id
            });
            if is_its_id {
                &["app-id", "secret-key"]
            } else {
                &[]
            }
        }
        _ => &[],
    };
    if request.key.is_none() && !presented.is_empty() {
        request.headers.retain(|line| {
            !presented
                .iter()
                .any(|name| line.name.eq_ignore_ascii_case(name))
        });
        request.key = Some(item.to_owned());
    }
    let reference = format!("{{{{sr://{item}/secret}}}}");
    // Texts stand in JSON as they are: neither of both has a character that is escaped there.
    let replaced = serde_json::to_string(request)
        .ok()
        .filter(|written| written.contains(placeholder))
        .and_then(|written| serde_json::from_str(&written.replace(placeholder, &reference)).ok());
    if let Some(replaced) = replaced {
        *request = replaced;
    }
}

fn text(path: &Path) -> Result<ForeignText, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unreadable = |error: std::io::Error| {
        let message = format!("{} can't be read: {error}", path.display());
        Failure::new(ErrorCode::Storage, message)
            .hint("choose another file, or make this one readable")
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_TEXT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_TEXT {
        let message = format!("{name} is longer than the 16 MiB that are read here");
        return Err(Failure::new(ErrorCode::Usage, message)
            .hint("cut the request out of it that is meant, or use the command line"));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            ErrorCode::Usage,
            format!("{name} is no text: it is not UTF-8"),
        )
        .hint("choose the file that the other program exported")
    })?;
    Ok(ForeignText {
        name: name.into_owned(),
        text: Revealed::new(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_chosen_is_read_whole_or_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            text(&path)
        };
        let read = file("a.har", "{\"ä\": 1}".as_bytes()).unwrap();
        assert_eq!(read.name, "a.har");
        assert_eq!(read.text.expose_secret(), "{\"ä\": 1}");
        let refused = file("b.bin", &[0xff, 0xfe]).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage);
        assert!(refused.message.contains("b.bin"), "{refused}");
        let long = folder.path().join("long.json");
        File::create(&long).unwrap().set_len(MOST_TEXT + 1).unwrap();
        assert_eq!(text(&long).err().unwrap().code, ErrorCode::Usage);
        let none = text(&folder.path().join("none")).err().unwrap();
        assert_eq!(none.code, ErrorCode::Storage);
    }

    fn read(text: &str) -> Pasted {
        foreign::read("pasted", text.as_bytes()).unwrap()
    }

    #[test]
    fn a_pair_of_headers_becomes_a_key_that_signs() {
        let Pasted {
            mut requests,
            found,
            ..
        } = read(
            "curl https://api.example.com/a -H 'app-id: app_1' -H 'secret-key: hunter2-hunter2'",
        );
        let placeholder = format!("{{{{secret:{}}}}}", found[0].name);
        assert!(holds(&requests[0], &placeholder));
        let key = key_of("acme", &found[0], &placeholder, requests.first());
        assert_eq!(key.public_id.as_deref(), Some("app_1"));
        assert_eq!(key.scheme.as_deref(), Some(HEADER_PAIR));
        assert_eq!(key.hosts, ["api.example.com"]);
        assert_eq!(key.base_url.as_deref(), Some("https://api.example.com"));
        assert_eq!(key.secret.expose_secret(), "hunter2-hunter2");
        sign_instead(&mut requests[0], &placeholder, "acme", Some("app_1"));
        assert_eq!(requests[0].key.as_deref(), Some("acme"));
        assert_eq!(requests[0].headers, Vec::new());
    }

    #[test]
    fn a_secret_anywhere_else_becomes_a_reference() {
        let Pasted {
            mut requests,
            found,
            ..
        } = read(
            "curl 'https://api.example.com/a' -H 'Cookie: session=0123456789abcdef0123456789abcdef'",
        );
        let placeholder = format!("{{{{secret:{}}}}}", found[0].name);
        let key = key_of("cookie", &found[0], &placeholder, requests.first());
        assert_eq!((key.scheme, key.public_id), (None, None));
        sign_instead(&mut requests[0], &placeholder, "cookie", None);
        assert!(holds(&requests[0], "{{sr://cookie/secret}}"));
        assert!(!holds(&requests[0], "secret:"));
        assert_eq!(requests[0].key, None);
    }
}
