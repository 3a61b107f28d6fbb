//! Finds what looks like a secret, and takes it out of a request: a placeholder stays in its place.

mod look;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::SecretText;

pub use look::kind_of;
use look::{PREFIXES, known};
use text::{next_pair, private_key, userinfo, words};

use crate::{
    environment::Environment,
    import::{FORM, Imported},
    problem::{Place, Problem},
    request::{Body, Content, Entry, SavedRequest},
    template::{self, Piece, Placeholder, Template},
};

/// A secret that stood in an imported file. It is never written to a file: it belongs into the vault.
pub struct FoundSecret {
    /// What `{{secret:NAME}}` calls it.
    pub name: String,
    /// Where it stood, such as `header authorization of "Create a pay-in"`.
    pub place: String,
    /// What it was taken for, such as `a credential of a header`.
    pub kind: &'static str,
    /// The secret.
    pub value: SecretText,
}

/// Takes secrets out of requests and environments. The same secret has the same name everywhere.
#[derive(Default)]
pub struct Extractor {
    found: Vec<FoundSecret>,
    /// Where in `found` values with a hash stand.
    by_hash: HashMap<u64, Vec<usize>>,
    uses: BTreeMap<String, u32>,
    taken: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Extractor {
    /// None found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None found yet, and none of what is found will be called one of `taken`.
    #[must_use]
    pub fn beside(taken: impl IntoIterator<Item = String>) -> Self {
        Self {
            taken: taken.into_iter().collect(),
            ..Self::default()
        }
    }

    /// What was found, and what had to be left out because no placeholder can stand in it.
    #[must_use]
    pub fn finish(self) -> (Vec<FoundSecret>, Vec<Problem>) {
        (self.found, self.problems)
    }

    /// Takes the secrets out of a request and of the names of its folders.
    pub(crate) fn imported(&mut self, imported: &mut Imported) {
        for name in &mut imported.folder {
            self.inside(name, "key", "the name of a folder");
        }
        self.request(&mut imported.request);
    }

    /// Takes the secrets out of a request.
    pub fn request(&mut self, request: &mut SavedRequest) {
        // First, for the places below quote it.
        self.inside(&mut request.name, "key", "the name of a request");
        let of = format!("of {:?}", request.name);
        if let Some(description) = &mut request.description {
            self.inside(description, "key", &format!("description {of}"));
        }
        for line in &mut request.headers {
            self.inside(&mut line.name, "key", &format!("name of a header {of}"));
            let place = format!("header {} {of}", line.name);
            self.header(line, &place);
        }
        self.entries(&mut request.query, "query parameter", &of);
        self.url(&mut request.url, &format!("URL {of}"));
        for (name, value) in request.auth.iter_mut().flat_map(|auth| &mut auth.settings) {
            self.field(name, value, &format!("setting {name} {of}"));
        }
        let left_out = match &mut request.body {
            Some(Body::Form(fields)) => {
                self.entries(fields, "form field", &of);
                false
            }
            Some(Body::Multipart(parts)) => {
                for part in parts {
                    self.inside(&mut part.name, "key", &format!("name of a part {of}"));
                    let place = format!("part {} {of}", part.name);
                    match &mut part.content {
                        Content::Text(text) => {
                            self.field(&part.name, text, &place);
                            self.body(text, &place);
                        }
                        Content::File { path, file_name } => {
                            self.inside(path, "file", &place);
                            if let Some(name) = file_name {
                                self.inside(name, "file", &place);
                            }
                        }
                    }
                    self.content_type(part.content_type.as_mut(), &of);
                }
                false
            }
            Some(Body::Json(text)) => {
                self.body(text, &format!("body {of}"));
                false
            }
            Some(Body::Text { text, content_type }) => {
                let is_form = content_type
                    .as_deref()
                    .is_some_and(|of| of.trim_start().to_ascii_lowercase().starts_with(FORM));
                if is_form {
                    *text = self.pairs(text, &format!("body {of}"));
                }
                self.body(text, &format!("body {of}"));
                self.content_type(content_type.as_mut(), &of);
                false
            }
            Some(Body::File { path, content_type }) => {
                self.inside(path, "file", &format!("file of the body {of}"));
                self.content_type(content_type.as_mut(), &of);
                false
            }
            Some(Body::Binary {
                bytes,
                content_type,
            }) => {
                self.content_type(content_type.as_mut(), &of);
                self.is_in_bytes(bytes, &format!("body {of}"))
            }
            None => false,
        };
        if left_out {
            request.body = None;
            self.problems.push(Problem::new(
                Place::Whole,
                format!("the body {of} is left out: it holds a secret, and bytes that are no text have no room for a placeholder"),
            ));
        }
    }

    /// Takes the secrets out of an environment.
    pub fn environment(&mut self, environment: &mut Environment) {
        self.inside(&mut environment.name, "key", "the name of an environment");
        let of = format!("of the environment {:?}", environment.name);
        for (name, value) in &mut environment.variables {
            self.field(name, value, &format!("variable {name} {of}"));
        }
    }

    fn entries(&mut self, entries: &mut [Entry], what: &str, of: &str) {
        for line in entries {
            self.inside(&mut line.name, "key", &format!("name of a {what} {of}"));
            let place = format!("{what} {} {of}", line.name);
            self.field(&line.name, &mut line.value, &place);
        }
    }

    fn content_type(&mut self, content_type: Option<&mut String>, of: &str) {
        if let Some(content_type) = content_type {
            self.inside(content_type, "key", &format!("content type {of}"));
        }
    }

    /// Whether bytes that are no text hold a secret. It is listed; the bytes stay as they are.
    fn is_in_bytes(&mut self, bytes: &[u8], place: &str) -> bool {
        let text = template::escape(&String::from_utf8_lossy(bytes));
        let mut searched = text.clone();
        self.body(&mut searched, place);
        searched != text
    }

    /// Takes `value` out as a secret, whatever it looks like; for what a file itself calls one.
    #[must_use]
    pub fn take(&mut self, name: &str, value: &str, place: &str, kind: &'static str) -> String {
        let name = self.name(name, value, place, kind);
        Placeholder::Secret(name).to_string()
    }

    fn header(&mut self, line: &mut Entry, place: &str) {
        if line.name.eq_ignore_ascii_case("authorization")
            || line.name.eq_ignore_ascii_case("proxy-authorization")
        {
            self.authorization(line, place);
        } else {
            self.field(&line.name, &mut line.value, place);
        }
    }

    /// The scheme's name stays, what comes after it goes. Signatures and digests are no secrets: each is
    /// of one request alone.
    fn authorization(&mut self, line: &mut Entry, place: &str) {
        let value = line.value.clone();
        let trimmed = value.trim_start();
        let (scheme, credential) = match trimmed.split_once(' ') {
            Some((scheme, credential)) => (scheme, credential.trim()),
            None => ("", trimmed),
        };
        let public = ["aws4-hmac-sha256", "signature", "digest", "hawk"];
        if credential.is_empty() || public.contains(&scheme.to_ascii_lowercase().as_str()) {
            return;
        }
        if let Some(literal) = whole_text(credential) {
            let name = match scheme.to_ascii_lowercase().as_str() {
                "" => "authorization".to_owned(),
                scheme => format!("{scheme}_token"),
            };
            let secret = self.take(&name, &literal, place, "a credential of a header");
            let separator = if scheme.is_empty() { "" } else { " " };
            line.value = format!("{scheme}{separator}{secret}");
        }
    }

    /// A field by its name: a header, a parameter, a variable.
    fn field(&mut self, name: &str, value: &mut String, place: &str) {
        let Some(literal) = whole_text(value) else {
            self.inside(value, name, place);
            return;
        };
        if literal.is_empty() || literal.starts_with("sr://") {
            return;
        }
        match kind_of(name, &literal) {
            Some(kind) => *value = self.take(name, &literal, place, kind),
            None => self.inside(value, name, place),
        }
    }

    /// Secrets somewhere in a text: words with a known prefix, private keys, what stands before the `@` of
    /// a URL.
    fn inside(&mut self, value: &mut String, name: &str, place: &str) {
        if value.contains("://") && value.contains('@') {
            self.userinfo(value, place);
        }
        let is_there = |mark: &str| value.contains(mark);
        if !PREFIXES.iter().any(|(prefix, ..)| is_there(prefix))
            && !is_there("eyJ")
            && !is_there("PRIVATE KEY-----")
        {
            return;
        }
        // What is no template stands for itself.
        let template = Template::parse(value)
            .unwrap_or_else(|_| std::iter::once(Piece::Text(value.clone())).collect());
        let mut changed = false;
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in template.pieces() {
            let Piece::Text(text) = piece else {
                pieces.push(piece.clone());
                continue;
            };
            let mut rest = text.as_str();
            while let Some((begins, ends)) = private_key(rest) {
                let (before, from) = rest.split_at(begins);
                let (key, after) = from.split_at(ends - begins);
                self.words(before, name, place, &mut pieces);
                let name = self.name("private_key", key, place, "a private key");
                pieces.push(Piece::Placeholder(Placeholder::Secret(name)));
                changed = true;
                rest = after;
            }
            changed |= self.words(rest, name, place, &mut pieces);
        }
        if changed {
            *value = pieces.into_iter().collect::<Template>().to_string();
        }
    }

    /// The words of a text without placeholders, as pieces; whether one of them was a secret.
    fn words(&mut self, text: &str, name: &str, place: &str, pieces: &mut Vec<Piece>) -> bool {
        let mut changed = false;
        for word in words(text) {
            match known(word) {
                Some(kind) => {
                    let name = self.name(name, word, place, kind);
                    pieces.push(Piece::Placeholder(Placeholder::Secret(name)));
                    changed = true;
                }
                None => pieces.push(Piece::Text(word.to_owned())),
            }
        }
        changed
    }

    /// What stands before the `@` of the URLs in a text: a password, or a token where a user would stand.
    fn userinfo(&mut self, text: &mut String, place: &str) {
        let mut from = 0;
        while let Some((user, password, end)) = userinfo(text, from) {
            from = end;
            let begins = if password < end { password } else { user };
            let found = text.get(begins..end).and_then(whole_text);
            let Some(literal) = found.filter(|literal| !literal.is_empty()) else {
                continue;
            };
            if begins == user && kind_of("token", &literal).is_none() {
                continue;
            }
            let secret = self.take("password", &literal, place, "a password in a URL");
            text.replace_range(begins..end, &secret);
            from = begins + secret.len();
        }
    }

    /// `user:password@` in a URL, keys in its path, and what its query calls a secret.
    fn url(&mut self, url: &mut String, place: &str) {
        self.userinfo(url, place);
        if let Some((before, query)) = url.split_once('?') {
            *url = format!("{before}?{}", self.pairs(query, place));
        }
        self.inside(url, "key", place);
    }

    /// `name=value&...`, as in a query or a form.
    fn pairs(&mut self, text: &str, place: &str) -> String {
        let pairs: Vec<String> = text
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => {
                    let mut value = value.to_owned();
                    self.field(name, &mut value, place);
                    format!("{name}={value}")
                }
                None => pair.to_owned(),
            })
            .collect();
        pairs.join("&")
    }

    /// Strings of a JSON body by the names they stand under, without touching another byte; in any other
    /// text only what has a known prefix.
    fn body(&mut self, text: &mut String, place: &str) {
        let mut changed = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, name, value, after)) = next_pair(rest) {
            changed.push_str(before);
            let mut value = value.to_owned();
            // A value with escapes is taken as it stands, so that filling it in gives the same bytes.
            self.field(name, &mut value, &format!("{name} in the {place}"));
            changed.push_str(&value);
            rest = after;
        }
        changed.push_str(rest);
        *text = changed;
        self.inside(text, "key", place);
    }

    fn name(&mut self, name: &str, value: &str, place: &str, kind: &'static str) -> String {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let alike = self.by_hash.entry(hasher.finish()).or_default();
        let known = alike.iter().filter_map(|&index| self.found.get(index));
        for known in known {
            if known.value.expose_secret() == value {
                return known.name.clone();
            }
        }
        alike.push(self.found.len());
        let stem = template::as_name(name.trim_start_matches('$')).replace('-', "_");
        let stem = stem.to_lowercase();
        let uses = self.uses.entry(stem.clone()).or_default();
        let name = loop {
            *uses += 1;
            let name = match *uses {
                1 => stem.clone(),
                uses => format!("{stem}_{uses}"),
            };
            if self.taken.insert(name.clone()) {
                break name;
            }
        };
        self.found.push(FoundSecret {
            name: name.clone(),
            place: place.to_owned(),
            kind,
            value: SecretText::new(value.to_owned()),
        });
        name
    }
}

/// The text of a template without placeholders; of what is no template, the text itself.
fn whole_text(value: &str) -> Option<String> {
    match Template::parse(value) {
        Ok(template) => template.literal().map(str::to_owned),
        Err(_) => Some(value.to_owned()),
    }
}

/// The user and password of Basic credentials (RFC 7617, section 2).
#[must_use]
pub fn basic(credential: &str) -> Option<(String, SecretText)> {
    let decoded = BASE64_STANDARD.decode(credential.trim()).ok()?;
    let text = SecretText::new(String::from_utf8(decoded).ok()?);
    let (user, password) = text.expose_secret().split_once(':')?;
    Some((user.to_owned(), SecretText::new(password.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(mut request: SavedRequest) -> (SavedRequest, Vec<FoundSecret>) {
        let mut extractor = Extractor::new();
        extractor.request(&mut request);
        (request, extractor.finish().0)
    }

    #[test]
    fn a_placeholder_stands_where_a_secret_stood() {
        let (request, found) = extracted(SavedRequest {
            url: "https://u:hunter2@h/p?api_key=abc&q=1".to_owned(),
            headers: vec![
                Entry::new("Authorization", "Bearer tok-1"),
                Entry::new("app-id", "sr_app_test_x"),
                Entry::new("secret-key", "s3"),
                Entry::new("x-other", "tok-1 {{sr://a/b}}"),
            ],
            body: Some(Body::Json(
                "{ \"password\" : \"p\\\"w\", \"password\":\"s3\",\"q\": 1, \"n\": \"a:b\"}"
                    .to_owned(),
            )),
            ..SavedRequest::default()
        });
        assert_eq!(
            request.url,
            "https://u:{{secret:password}}@h/p?api_key={{secret:api_key}}&q=1"
        );
        let values: Vec<&str> = request
            .headers
            .iter()
            .map(|line| line.value.as_str())
            .collect();
        assert_eq!(
            values,
            [
                "Bearer {{secret:bearer_token}}",
                "sr_app_test_x",
                "{{secret:secret_key}}",
                "tok-1 {{sr://a/b}}"
            ]
        );
        // The same secret has one name.
        assert_eq!(
            request.body,
            Some(Body::Json(
                "{ \"password\" : \"{{secret:password_2}}\", \"password\":\"{{secret:secret_key}}\",\"q\": 1, \"n\": \"a:b\"}"
                    .to_owned()
            ))
        );
        let names: Vec<&str> = found.iter().map(|secret| secret.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "bearer_token",
                "secret_key",
                "password",
                "api_key",
                "password_2"
            ]
        );
    }

    #[test]
    fn placeholders_are_left_alone() {
        let request = SavedRequest {
            url: "{{base}}/p?api_key={{key}}".to_owned(),
            headers: vec![
                Entry::new("Authorization", "Bearer {{token}}"),
                Entry::new("secret-key", "{{sr://payments/secret}}"),
                Entry::new("Authorization", "Signature keyId=\"a\""),
            ],
            ..SavedRequest::default()
        };
        let (after, found) = extracted(request.clone());
        assert_eq!(after, request);
        assert!(found.is_empty());
    }

    #[test]
    fn basic_credentials_come_apart() {
        let (user, password) = basic("dTpwOnE=").unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("u", "p:q"));
        assert!(basic("%%%").is_none());
    }
}
