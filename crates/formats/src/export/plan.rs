//! What a program has to send, before it is written in any language.

use std::collections::BTreeMap;

use crate::{
    request::{Auth, Body, Content, Options, SavedRequest},
    template::{Placeholder, Reference, Template, TemplateError},
};

/// What a program has to send.
pub struct Plan {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: Template,
    /// The header lines, those of the body and the credential among them.
    pub headers: Vec<(Template, Template)>,
    /// The content.
    pub payload: Payload,
    /// How it is sent.
    pub options: Options,
    /// What the reader of the program has to know, a sentence each.
    pub notes: Vec<String>,
}

/// A request's content.
pub enum Payload {
    /// None.
    None,
    /// Text.
    Text(Template),
    /// A file's bytes.
    File(String),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// A multipart form.
    Multipart(Vec<PayloadPart>),
}

/// One part of a multipart form.
pub struct PayloadPart {
    /// The field's name.
    pub name: String,
    /// Text, or a file.
    pub content: PayloadContent,
    /// The part's content type.
    pub content_type: Option<String>,
}

/// What a part holds.
pub enum PayloadContent {
    /// Text.
    Text(Template),
    /// A file, and the name it is sent under.
    File {
        /// Where it is.
        path: String,
        /// The name it is sent under.
        file_name: String,
    },
}

impl Plan {
    /// What has to be sent for `request`.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if one of its texts is no template.
    pub fn of(request: &SavedRequest) -> Result<Self, TemplateError> {
        let mut plan = Self {
            method: request.method.as_str().to_owned(),
            url: Template::parse(&request.full_url())?,
            headers: Vec::new(),
            payload: Payload::None,
            options: request.options,
            notes: Vec::new(),
        };
        for line in request.headers.iter().filter(|line| line.enabled) {
            plan.header(&line.name, &line.value)?;
        }
        if let Some(content_type) = request.implied_content_type() {
            plan.header("content-type", content_type)?;
        }
        if let Some(body) = &request.body {
            plan.payload = payload(body)?;
        }
        if let Some(auth) = &request.auth {
            plan.credential(auth)?;
        }
        Ok(plan)
    }

    /// The environment variables it needs, and what each stands for.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        let parts: &[PayloadPart] = match &self.payload {
            Payload::Multipart(parts) => parts,
            _ => &[],
        };
        let body = match &self.payload {
            Payload::Text(text) => Some(text),
            _ => None,
        };
        let part_texts = parts.iter().filter_map(|part| match &part.content {
            PayloadContent::Text(text) => Some(text),
            PayloadContent::File { .. } => None,
        });
        std::iter::once(&self.url)
            .chain(self.headers.iter().flat_map(|(name, value)| [name, value]))
            .chain(body)
            .chain(part_texts)
            .flat_map(Template::placeholders)
            .map(|placeholder| (env_name(placeholder), placeholder.to_string()))
            .collect()
    }

    /// The notes, and the variables where there are any: what stands as a comment above a program.
    #[must_use]
    pub fn comments(&self) -> Vec<String> {
        let mut comments = self.notes.clone();
        for (name, stands_for) in self.variables() {
            comments.push(format!("Set {name} in the environment: {stands_for}"));
        }
        comments
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), TemplateError> {
        self.headers
            .push((Template::parse(name)?, Template::parse(value)?));
        Ok(())
    }

    /// The credential as headers, where it is the same for every request.
    fn credential(&mut self, auth: &Auth) -> Result<(), TemplateError> {
        let item = auth.key.as_deref().unwrap_or("sr://key");
        let item = item.strip_prefix("sr://").unwrap_or("key");
        let field = |field: &str| {
            Reference::parse(&format!("sr://{item}/{field}"))
                .map_or_else(|| "{{credential}}".to_owned(), |of| format!("{{{{{of}}}}}"))
        };
        match auth.scheme.as_deref() {
            Some("none") => {}
            Some("bearer") => {
                self.header("authorization", &format!("Bearer {}", field("token")))?;
            }
            Some("oauth2") => {
                self.header("authorization", &format!("Bearer {}", field("token")))?;
                self.notes.push(
                    "The token is fetched with the client's id and secret (RFC 6749, section 4.4) and ends after a while: fetch one first.".to_owned(),
                );
            }
            Some("access-token") => {
                self.header("access-token", &field("token"))?;
                self.notes.push(
                    "The access token ends after a while: fetch one first.".to_owned(),
                );
            }
            Some("api-key") => {
                let prefix = auth.settings.get("prefix").map_or("", String::as_str);
                match (auth.settings.get("header"), auth.settings.get("query")) {
                    (Some(header), _) => {
                        self.header(header, &format!("{prefix}{}", field("secret")))?;
                    }
                    (None, Some(_)) => self.notes.push(
                        "Without the key: the provider takes it in the query; add it there.".to_owned(),
                    ),
                    (None, None) => {
                        self.header("x-api-key", &format!("{prefix}{}", field("secret")))?;
                        self.notes.push(
                            "The key stands in the header x-api-key: change that if the provider wants it elsewhere.".to_owned(),
                        );
                    }
                }
            }
            Some("header-pair") => {
                self.header("app-id", &field("id"))?;
                self.header("secret-key", &field("secret"))?;
            }
            Some("basic") => {
                self.header("authorization", &format!("Basic {}", field("basic")))?;
                self.notes.push(
                    "The variable for Basic credentials holds the base64 of user:password.".to_owned(),
                );
            }
            Some(scheme) if scheme.starts_with("jwt-") => self.notes.push(format!(
                "Not signed: a token ({scheme}) is made for each request and its time, so none can stand here; make one for each request, or send it with `strongroom send`."
            )),
            Some(scheme) => self.notes.push(format!(
                "Not signed: a signature ({scheme}) covers this very request and its time, so none can stand here; sign each request anew, or send it with `strongroom send`."
            )),
            None => self.notes.push(
                "Not signed: how depends on the key in the vault; send it with `strongroom send`, or name the scheme in [auth] before exporting.".to_owned(),
            ),
        }
        Ok(())
    }
}

fn payload(body: &Body) -> Result<Payload, TemplateError> {
    Ok(match body {
        Body::Json(text) | Body::Text { text, .. } => Payload::Text(Template::parse(text)?),
        Body::Form(fields) => {
            let joined = crate::query::join("", fields);
            let form = joined.strip_prefix('?').unwrap_or(&joined);
            Payload::Text(Template::parse(form)?)
        }
        Body::File { path, .. } => Payload::File(path.clone()),
        Body::Binary { bytes, .. } => Payload::Bytes(bytes.clone()),
        Body::Multipart(parts) => {
            let mut planned = Vec::new();
            for part in parts.iter().filter(|part| part.enabled) {
                let content = match &part.content {
                    Content::Text(text) => PayloadContent::Text(Template::parse(text)?),
                    Content::File { path, file_name } => PayloadContent::File {
                        path: path.clone(),
                        file_name: file_name.clone().unwrap_or_else(|| {
                            path.rsplit(['/', '\\'])
                                .next()
                                .unwrap_or_default()
                                .to_owned()
                        }),
                    },
                };
                planned.push(PayloadPart {
                    name: part.name.clone(),
                    content,
                    content_type: part.content_type.clone(),
                });
            }
            Payload::Multipart(planned)
        }
    })
}

/// The environment variable that stands for a placeholder: a variable's own name where a shell takes it.
#[must_use]
pub fn env_name(placeholder: &Placeholder) -> String {
    let plain = |text: &str| {
        let mut name: String = text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            name.insert(0, '_');
        }
        name
    };
    match placeholder {
        Placeholder::Variable(name) => plain(name.trim_start_matches('$')),
        Placeholder::Reference(reference) => {
            plain(&format!("{}_{}", reference.item(), reference.field())).to_ascii_uppercase()
        }
        Placeholder::Secret(name) => plain(name).to_ascii_uppercase(),
    }
}
