//! Requests that somebody pasted because they are refused.

use std::path::{Path, PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    agent::{Explain, ExplainArgs, ExplainPast, ExplainPastArgs, JwtVerify},
    diagnosis::{Diagnosis, Exhibit, Judge, LookedInto, PastedCase},
    error::{ErrorCode, Failure},
    exchange::TypedCredential,
    jwt::{JwtReport, JwtVerifyArgs, PastedToken},
    secret::Revealed,
};
use strongroom_crypto::SecretText;
use strongroom_formats::foreign::Format as Written;

use super::Desk;
use crate::{
    agent::on_a_thread,
    explain::{self, Format, Report},
    jwt,
};

impl Desk {
    /// Says which rule refuses a pasted request, why, and what would make it match. Nothing of it is kept.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] with the place, if the text is no request;
    /// [`ErrorCode::PlatformUnavailable`] or [`ErrorCode::Locked`] if what it is to be judged by is not
    /// at hand.
    pub async fn look_into(&self, case: PastedCase) -> Result<LookedInto, Failure> {
        let PastedCase {
            text,
            judge,
            peer,
            at,
        } = case;
        let (format, exhibit) = on_a_thread(move || read(&text)).await?;
        let exhibit = Exhibit {
            peer,
            at,
            ..exhibit
        };
        let body = BASE64_STANDARD.decode(&exhibit.body_base64);
        let told = LookedInto {
            format: format.id().to_owned(),
            method: exhibit.method.clone(),
            place: without_query(&exhibit.url).to_owned(),
            headers: u32::try_from(exhibit.headers.len()).unwrap_or(u32::MAX),
            body_bytes: body.map_or(0, |body| body.len() as u64),
            diagnosis: self.judged(exhibit, judge).await?,
        };
        Ok(told)
    }

    async fn judged(&self, exhibit: Exhibit, judge: Judge) -> Result<Diagnosis, Failure> {
        match judge {
            Judge::Platform => self.manage().await?.explain_exhibit(&exhibit).await,
            Judge::Vault { key, scheme } => {
                self.call::<Explain>(ExplainArgs {
                    exhibit,
                    key,
                    scheme,
                })
                .await
            }
            Judge::Typed {
                id,
                secret,
                scheme,
                settings,
            } => {
                let typed = TypedCredential {
                    id,
                    secret,
                    is_token: false,
                    session_token: None,
                    settings,
                };
                on_a_thread(move || explain::here(&exhibit, Some(typed), scheme.as_deref())).await
            }
            Judge::Alone => on_a_thread(move || explain::here(&exhibit, None, None)).await,
        }
    }

    /// The same of a request that the local platform refused and kept.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PlatformUnavailable`]; [`ErrorCode::NotFound`] if it is kept no more.
    pub async fn look_into_refused(&self, request_id: &str) -> Result<Diagnosis, Failure> {
        self.manage().await?.diagnosis(request_id).await
    }

    /// The same of a request of the history, by the key that it was sent with or by `key`.
    ///
    /// # Errors
    ///
    /// As [`ExplainPast`]: what was sent is not kept as it was, or the vault is locked.
    pub async fn look_into_past(&self, id: u64, key: Option<String>) -> Result<Diagnosis, Failure> {
        let args = ExplainPastArgs {
            id,
            key,
            scheme: None,
        };
        self.call::<ExplainPast>(args).await
    }

    /// What a pasted JSON Web Token says, and whether a key of the vault made it. It is kept nowhere.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if it says nothing; with a key, [`ErrorCode::Locked`] or
    /// [`ErrorCode::NotFound`].
    pub async fn look_into_token(&self, pasted: PastedToken) -> Result<JwtReport, Failure> {
        let PastedToken { token, key, at } = pasted;
        match key {
            Some(key) => {
                self.call::<JwtVerify>(JwtVerifyArgs { token, key, at })
                    .await
            }
            None => {
                let token = SecretText::new(token.into_exposed());
                on_a_thread(move || jwt::decode(&token, at)).await
            }
        }
    }

    /// A diagnosis as a Markdown text for a ticket. It holds no secret.
    #[must_use]
    pub fn ticket(diagnosis: &Diagnosis) -> String {
        Report::Markdown.write(diagnosis)
    }

    /// Writes a diagnosis to a file that a person has chosen, as Markdown or HTML by its ending; answers
    /// with its path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] for any other ending, [`ErrorCode::Storage`] if it can't be written.
    pub async fn save_ticket(
        &self,
        diagnosis: Diagnosis,
        path: PathBuf,
    ) -> Result<String, Failure> {
        on_a_thread(move || save(&diagnosis, &path)).await
    }
}

/// Reads a pasted text as what it looks like, and as raw HTTP if it looks like nothing else.
fn read(text: &Revealed) -> Result<(Written, Exhibit), Failure> {
    let text = text.expose_secret().trim_start();
    let (written, format) = match Written::of("", text.as_bytes()) {
        Some(Written::Curl) => (Written::Curl, Format::Curl),
        Some(Written::Har) => (Written::Har, Format::Har),
        _ if text.starts_with('{') => {
            return Err(
                Failure::new(ErrorCode::Usage, "the text is JSON, and no HTTP archive")
                    .hint("paste the whole request: a curl command, raw HTTP, or a HAR file"),
            );
        }
        _ => (Written::Raw, Format::Raw),
    };
    Ok((written, explain::paste(text.as_bytes(), format)?))
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn save(diagnosis: &Diagnosis, path: &Path) -> Result<String, Failure> {
    let shown = path.display().to_string();
    let report = Report::of_file(&shown)?;
    std::fs::write(path, report.write(diagnosis)).map_err(|error| {
        Failure::new(
            ErrorCode::Storage,
            format!("{shown} can't be written: {error}"),
        )
        .hint("choose another place, or make room there")
    })?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<&'static str, Failure> {
        read(&Revealed::new(text.to_owned())).map(|(written, _)| written.id())
    }

    #[test]
    fn a_paste_is_read_as_what_it_is() {
        let archive = r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://h/","headers":[]},"response":{"status":401}}]}}"#;
        for (text, expected) in [
            ("\n  $ curl -X POST \\\n  https://h/a -d '{}'", "curl"),
            ("GET /a HTTP/1.1\nHost: h\n\n", "raw"),
            (archive, "har"),
        ] {
            assert_eq!(written(text).unwrap(), expected, "{text}");
        }
        for (text, expected) in [
            ("{\"a\": 1}", "no HTTP archive"),
            ("hello", "can't be read"),
        ] {
            let failure = written(text).unwrap_err();
            assert_eq!(failure.code, ErrorCode::Usage);
            assert!(failure.message.contains(expected), "{failure}");
        }
    }

    #[test]
    fn a_report_is_what_its_file_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let pasted = Exhibit {
            method: "GET".to_owned(),
            url: "https://h/".to_owned(),
            headers: Vec::new(),
            body_base64: String::new(),
            peer: None,
            at: None,
        };
        let diagnosis = explain::here(&pasted, None, None).unwrap();
        let html = folder.path().join("ticket.html");
        assert_eq!(save(&diagnosis, &html).unwrap(), html.display().to_string());
        assert!(std::fs::read_to_string(html).unwrap().starts_with("<!"));
        let failure = save(&diagnosis, &folder.path().join("ticket.pdf")).unwrap_err();
        assert_eq!(failure.code, ErrorCode::Usage);
        let failure = save(&diagnosis, &folder.path().join("none/ticket.md")).unwrap_err();
        assert_eq!(failure.code, ErrorCode::Storage);
    }
}
