//! Finds what looks like a secret, and takes it out of a request: a placeholder stays in its place.

mod look;

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::SecretText;

pub use look::kind_of;
use look::{PREFIXES, known};

use crate::{
    environment::Environment,
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
}

impl Extractor {
    /// None found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was found.
    #[must_use]
    pub fn into_found(self) -> Vec<FoundSecret> {
        self.found
    }

    /// Takes the secrets out of a request.
    pub fn request(&mut self, request: &mut SavedRequest) {
        let of = format!("of {:?}", request.name);
        for line in &mut request.headers {
            let place = format!("header {} {of}", line.name);
            self.header(line, &place);
        }
        for line in &mut request.query {
            let place = format!("query parameter {} {of}", line.name);
            self.field(&line.name, &mut line.value, &place);
        }
        self.url(&mut request.url, &format!("URL {of}"));
        match &mut request.body {
            Some(Body::Form(fields)) => {
                for field in fields {
                    let place = format!("form field {} {of}", field.name);
                    self.field(&field.name, &mut field.value, &place);
                }
            }
            Some(Body::Multipart(parts)) => {
                for part in parts {
                    if let Content::Text(text) = &mut part.content {
                        self.field(&part.name, text, &format!("part {} {of}", part.name));
                    }
                }
            }
            Some(Body::Json(text) | Body::Text { text, .. }) => {
                self.body(text, &format!("body {of}"));
            }
            Some(Body::File { .. } | Body::Binary { .. }) | None => {}
        }
    }

    /// Takes the secrets out of an environment.
    pub fn environment(&mut self, environment: &mut Environment) {
        let of = format!("of the environment {:?}", environment.name);
        for (name, value) in &mut environment.variables {
            self.field(name, value, &format!("variable {name} {of}"));
        }
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

    /// Words with a known prefix somewhere in a text.
    fn inside(&mut self, value: &mut String, name: &str, place: &str) {
        if !PREFIXES.iter().any(|(prefix, ..)| value.contains(prefix)) {
            return;
        }
        let Ok(template) = Template::parse(value) else {
            return;
        };
        let mut changed = false;
        let mut pieces: Vec<Piece> = Vec::new();
        for piece in template.pieces() {
            let Piece::Text(text) = piece else {
                pieces.push(piece.clone());
                continue;
            };
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
        }
        if changed {
            *value = pieces.into_iter().collect::<Template>().to_string();
        }
    }

    /// `user:password@` in a URL, keys in its path, and what its query calls a secret.
    fn url(&mut self, url: &mut String, place: &str) {
        if let Some((scheme, rest)) = url.split_once("://") {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, after) = rest.split_at(end);
            if let Some((user, host)) = authority.rsplit_once('@')
                && let Some((user, password)) = user.split_once(':')
                && let Some(literal) = whole_text(password)
                && !literal.is_empty()
            {
                let secret = self.take("password", &literal, place, "a password in a URL");
                *url = format!("{scheme}://{user}:{secret}@{host}{after}");
            }
        }
        if let Some((before, query)) = url.clone().split_once('?') {
            let pairs: Vec<String> = query
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
            *url = format!("{before}?{}", pairs.join("&"));
        }
        self.inside(url, "key", place);
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
        *uses += 1;
        let name = match *uses {
            1 => stem,
            uses => format!("{stem}_{uses}"),
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

/// A text cut into words of key characters and what stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inside = is_key(first);
        let end = rest.find(|c| is_key(c) != inside).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// The next `"name": "value"` of a JSON text: what stands before the value, the name, the value, and the
/// rest from its closing quote on.
fn next_pair(text: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    loop {
        let colon = from + text.get(from..)?.find(':')?;
        from = colon + 1;
        let Some(name) = text
            .get(..colon)?
            .trim_end()
            .strip_suffix('"')
            .and_then(|before| before.rsplit_once('"'))
            .map(|(_, name)| name)
        else {
            continue;
        };
        let after = text.get(from..)?;
        let value = after.trim_start();
        let Some(value) = value.strip_prefix('"') else {
            continue;
        };
        let begins = text.len() - value.len();
        let Some(length) = string_length(value) else {
            continue;
        };
        return Some((
            text.get(..begins)?,
            name,
            value.get(..length)?,
            value.get(length..)?,
        ));
    }
}

/// How many bytes stand before the quote that closes a JSON string.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(index),
            b'\n' => return None,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
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
        (request, extractor.into_found())
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
