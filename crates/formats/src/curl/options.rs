//! The options of a curl command, and the requests that they make.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::SecretText;

use super::{
    data::{self, Data},
    names::{LONG_WITH_VALUE, SHORT_WITH_VALUE, SILENT},
    words::{self, Word},
};
use crate::{
    import::{Import, name_of, split_url, take_content_type, typed_body},
    problem::{Place, Problem},
    query,
    request::{Auth, Body, Entry, Method, Options, Part, SavedRequest},
    secrets::FoundSecret,
    template,
};

/// Reads command lines. Everything that is no call of curl is passed over. What comes in holds the
/// secrets of the text: see [`Import::without_secrets`].
#[must_use]
pub fn parse(text: &str) -> Import {
    let cut = words::commands(text);
    let mut import = Import {
        problems: cut.problems,
        ..Import::default()
    };
    let mut found = false;
    for command in cut.commands {
        let Some(rest) = arguments(&command) else {
            continue;
        };
        found = true;
        // `--next` begins another request with options of its own.
        for part in rest.split(|word| matches!(word.text.as_str(), "--next" | "-:")) {
            let mut call = Call::default();
            call.read(text, part, &mut import);
            call.requests(text, &mut import);
        }
    }
    if !found {
        import.problems.push(Problem::new(
            Place::Whole,
            "there is no curl command here: expected a line such as curl https://HOST/PATH -H 'name: value'",
        ));
    }
    import
}

/// What stands behind `curl`, which may stand behind a prompt, variables and `sudo`.
fn arguments(command: &[Word]) -> Option<&[Word]> {
    let at = command.iter().take(8).position(|word| {
        let name = word.text.rsplit(['/', '\\']).next().unwrap_or_default();
        name == "curl" || name.eq_ignore_ascii_case("curl.exe")
    })?;
    let before = command.get(..at)?;
    let harmless = before.iter().all(|word| {
        matches!(
            word.text.as_str(),
            "$" | ">" | "sudo" | "time" | "exec" | "env" | "&"
        ) || word.text.contains('=')
            || word.text.ends_with('>')
            || word.text.ends_with('$')
    });
    if harmless {
        command.get(at + 1..)
    } else {
        None
    }
}

/// One call, as its options say.
#[derive(Default)]
struct Call {
    urls: Vec<(String, usize)>,
    method: Option<Method>,
    headers: Vec<Entry>,
    /// Headers of curl's own that are not sent: `-H 'name:'`.
    removed: Vec<String>,
    data: Vec<Data>,
    parts: Vec<Part>,
    upload: Option<String>,
    url_query: Vec<String>,
    json: bool,
    get: bool,
    head: bool,
    user: Option<String>,
    sigv4: Option<String>,
    options: Options,
}

impl Call {
    fn read(&mut self, text: &str, words: &[Word], import: &mut Import) {
        let mut words = words.iter();
        let mut only_urls = false;
        while let Some(word) = words.next() {
            let place = || Place::at(text, word.offset);
            if only_urls || !word.text.starts_with('-') || word.text == "-" {
                self.urls.push((word.text.clone(), word.offset));
                continue;
            }
            if word.text == "--" {
                only_urls = true;
                continue;
            }
            if let Some(long) = word.text.strip_prefix("--") {
                let name = long.to_owned();
                let value = if LONG_WITH_VALUE.contains(&long) {
                    let value = words.next();
                    if value.is_none() {
                        import.problems.push(Problem::new(
                            place(),
                            format!("--{name} needs a value, and the command ends here"),
                        ));
                        return;
                    }
                    value.map(|word| word.text.as_str())
                } else {
                    None
                };
                self.option(&name, value.unwrap_or_default(), place(), import);
                continue;
            }
            let mut letters = word.text.get(1..).unwrap_or_default();
            while let Some(letter) = letters.chars().next() {
                let rest = letters.get(letter.len_utf8()..).unwrap_or_default();
                if !SHORT_WITH_VALUE.contains(letter) {
                    self.option(letter.encode_utf8(&mut [0; 4]), "", place(), import);
                    letters = rest;
                    continue;
                }
                let value = if rest.is_empty() {
                    words.next().map(|word| word.text.as_str())
                } else {
                    Some(rest)
                };
                let Some(value) = value else {
                    import.problems.push(Problem::new(
                        place(),
                        format!("-{letter} needs a value, and the command ends here"),
                    ));
                    return;
                };
                self.option(letter.encode_utf8(&mut [0; 4]), value, place(), import);
                break;
            }
        }
    }

    fn option(&mut self, name: &str, value: &str, place: Place, import: &mut Import) {
        let mut problem = |message: String| {
            import.problems.push(Problem::new(place.clone(), message));
        };
        match name {
            "url" => self.urls.push((value.to_owned(), 0)),
            "X" | "request" => match value.parse() {
                Ok(method) => self.method = Some(method),
                Err(error) => problem(format!("the method is left out: {error}")),
            },
            "H" | "header" => self.header(value, &mut problem),
            "d" | "data" | "data-ascii" => self.data.push(data::ascii(value)),
            "data-raw" => self.data.push(Data::Text(value.to_owned())),
            "data-binary" => self.data.push(data::binary(value)),
            "data-urlencode" => self.data.push(data::url_encoded(value)),
            "json" => {
                self.json = true;
                self.data.push(data::binary(value));
            }
            "url-query" => self.url_query.push(value.to_owned()),
            "F" | "form" => match data::part(value) {
                Ok(part) => self.parts.push(part),
                Err(message) => problem(message.to_owned()),
            },
            "form-string" => match data::string_part(value) {
                Ok(part) => self.parts.push(part),
                Err(message) => problem(message.to_owned()),
            },
            "T" | "upload-file" => self.upload = Some(value.to_owned()),
            "G" | "get" => self.get = true,
            "I" | "head" => self.head = true,
            "u" | "user" => self.user = Some(value.to_owned()),
            "aws-sigv4" => self.sigv4 = Some(value.to_owned()),
            "oauth2-bearer" => self.set("authorization", format!("Bearer {value}")),
            "A" | "user-agent" => self.set("user-agent", value.to_owned()),
            "e" | "referer" => {
                self.set("referer", value.trim_end_matches(";auto").to_owned());
            }
            "b" | "cookie" if value.contains('=') || value.contains("{{") => {
                self.set("cookie", value.to_owned());
            }
            "b" | "cookie" => problem("the file of cookies is not read".to_owned()),
            "compressed" => self.set("accept-encoding", "deflate, gzip, br, zstd".to_owned()),
            "r" | "range" => self.set("range", format!("bytes={value}")),
            "L" | "location" | "location-trusted" => {
                self.options.follow_redirects = true;
                if name == "location-trusted" {
                    problem("a credential never crosses to another host: --location-trusted is -L here".to_owned());
                }
            }
            "m" | "max-time" => match value.parse::<f64>() {
                Ok(seconds) if seconds > 0.0 && seconds < 1e9 => {
                    self.options.timeout_ms = Some(milliseconds(seconds));
                }
                _ => problem("the time limit is no number of seconds; it is left out".to_owned()),
            },
            "k" | "insecure" | "proxy-insecure" => problem(
                "-k is left out: certificates are always checked here; trust the server's CA in the settings instead"
                    .to_owned(),
            ),
            "cacert" | "capath" => problem(format!(
                "--{name} is left out: trust the CA in the settings"
            )),
            "E" | "cert" | "key" | "cert-type" | "key-type" | "pass" => problem(format!(
                "--{name} is left out: put the client certificate into the vault and name it in [auth]",
                name = if name == "E" { "cert" } else { name }
            )),
            "x" | "proxy" | "proxy-user" | "U" | "noproxy" | "socks5" | "socks5-hostname" | "preproxy" => {
                problem("the proxy is left out: it is one of the settings".to_owned());
            }
            _ if SILENT.contains(&name) => {}
            _ => problem(format!(
                "{dashes}{name} is not understood and left out",
                dashes = if name.len() == 1 { "-" } else { "--" }
            )),
        }
    }

    fn set(&mut self, name: &str, value: String) {
        self.headers.push(Entry::new(name, value));
    }

    fn header(&mut self, line: &str, problem: &mut impl FnMut(String)) {
        if line.starts_with('@') {
            problem("headers from a file are not read".to_owned());
            return;
        }
        let (name, value) = match (line.split_once(':'), line.strip_suffix(';')) {
            (Some((name, value)), _) => (name, value.trim()),
            (None, Some(name)) => {
                self.headers.push(Entry::new(name.trim(), ""));
                return;
            }
            (None, None) => {
                problem("a header without a colon is left out: expected 'name: value'".to_owned());
                return;
            }
        };
        if name.trim().parse::<Method>().is_err() && !name.contains("{{") {
            problem("a header whose name is no token is left out".to_owned());
        } else if value.contains(['\r', '\n', '\0']) {
            problem(format!(
                "the header {name} holds a line end and is left out"
            ));
        } else if value.is_empty() {
            self.removed.push(name.trim().to_ascii_lowercase());
        } else {
            self.headers.push(Entry::new(name.trim(), value));
        }
    }

    /// One request for each URL.
    fn requests(mut self, text: &str, import: &mut Import) {
        let auth = self.credentials(import);
        let urls = std::mem::take(&mut self.urls);
        if urls.is_empty() {
            import.problems.push(Problem::new(
                Place::Whole,
                "this curl command has no URL: expected one, such as https://HOST/PATH",
            ));
        }
        let (mut headers, body, in_query) = self.content(import);
        if let Some(body) = &body
            && self.removed.iter().any(|name| name == "content-type")
            && matches!(body, Body::Form(_))
        {
            take_content_type(&mut headers);
        }
        let method = self.method.clone().unwrap_or_else(|| {
            if self.head {
                "HEAD".parse().unwrap_or_default()
            } else if self.upload.is_some() {
                "PUT".parse().unwrap_or_default()
            } else if body.is_some() {
                Method::post()
            } else {
                Method::get()
            }
        });
        for (url, offset) in urls {
            let mut url = if url.contains("://") || url.starts_with("{{") {
                url
            } else {
                format!("http://{url}")
            };
            for more in &in_query {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(more);
            }
            if url.chars().any(char::is_control) {
                import.problems.push(Problem::new(
                    Place::at(text, offset),
                    "a URL with a control character in it is left out",
                ));
                continue;
            }
            let name = name_of(method.as_str(), &url);
            let (url, query) = split_url(&url);
            import.add(SavedRequest {
                name,
                method: method.clone(),
                url,
                query,
                headers: headers.clone(),
                body: body.clone(),
                auth: auth.clone(),
                options: self.options,
                ..SavedRequest::default()
            });
        }
    }

    /// `-u`, as a header, or beside `--aws-sigv4` as the credential of a scheme.
    fn credentials(&mut self, import: &mut Import) -> Option<Auth> {
        let user = self.user.take();
        if let Some(told) = &self.sigv4 {
            import.problems.push(Problem::new(
                Place::Whole,
                "--aws-sigv4: put the access key into the vault and name it in [auth]",
            ));
            // PROVIDER1:PROVIDER2:REGION:SERVICE; curl takes what is missing from the host's name.
            let names = [("region", 2), ("service", 3)];
            let settings = names.into_iter().filter_map(|(name, at)| {
                let value = told.split(':').nth(at).filter(|value| !value.is_empty())?;
                Some((name.to_owned(), value.to_owned()))
            });
            let settings = settings.collect();
            if let Some((_, secret)) = user.as_deref().and_then(|user| user.split_once(':')) {
                import.credentials.push(FoundSecret {
                    name: "aws_secret_access_key".to_owned(),
                    place: "-u of a curl command".to_owned(),
                    kind: "a credential of a command line",
                    value: SecretText::new(secret.to_owned()),
                });
            }
            return Some(Auth {
                key: None,
                scheme: Some("sigv4".to_owned()),
                settings,
            });
        }
        let user = user?;
        let literal = template::Template::parse(&user)
            .ok()
            .and_then(|template| template.literal().map(str::to_owned));
        match literal {
            Some(user) => {
                let user = if user.contains(':') { user } else { user + ":" };
                self.set(
                    "authorization",
                    format!("Basic {}", BASE64_STANDARD.encode(user)),
                );
                None
            }
            None => {
                import.problems.push(Problem::new(
                    Place::Whole,
                    "-u with variables is left out: put user and password into the vault and name the item in [auth]",
                ));
                Some(Auth {
                    key: None,
                    scheme: Some("basic".to_owned()),
                    ..Auth::default()
                })
            }
        }
    }

    /// The headers, the body, and what goes into the query.
    fn content(&mut self, import: &mut Import) -> (Vec<Entry>, Option<Body>, Vec<String>) {
        let mut headers = std::mem::take(&mut self.headers);
        let mut in_query: Vec<String> = std::mem::take(&mut self.url_query)
            .iter()
            .map(|value| match data::url_encoded(value) {
                Data::Text(text) => text,
                Data::File { path, .. } => query::encode(&path),
            })
            .collect();
        let data = std::mem::take(&mut self.data);
        if let Some(path) = &self.upload {
            let content_type = take_content_type(&mut headers).map(|(_, line)| line.value);
            let body = Body::File {
                path: path.clone(),
                content_type,
            };
            return (headers, Some(body), in_query);
        }
        if !self.parts.is_empty() {
            return (
                headers,
                Some(Body::Multipart(std::mem::take(&mut self.parts))),
                in_query,
            );
        }
        if data.is_empty() {
            return (headers, None, in_query);
        }
        let only_file = match data.as_slice() {
            [Data::File { path, stripped }] => Some((path.clone(), *stripped)),
            _ => None,
        };
        if self.json {
            for name in ["content-type", "accept"] {
                if !headers
                    .iter()
                    .any(|line| line.name.eq_ignore_ascii_case(name))
                {
                    headers.push(Entry::new(name, "application/json"));
                }
            }
        }
        if let Some((path, stripped)) = only_file.filter(|_| !self.get) {
            if stripped {
                import.problems.push(Problem::new(
                    Place::Whole,
                    "-d @FILE leaves out the file's line ends; here the file is sent as it is, as by --data-binary",
                ));
            }
            let content_type = take_content_type(&mut headers).map(|(_, line)| line.value);
            let default = (!self.removed.iter().any(|name| name == "content-type"))
                .then(|| crate::import::FORM.to_owned());
            let body = Body::File {
                path,
                content_type: content_type.or(default),
            };
            return (headers, Some(body), in_query);
        }
        let mut texts: Vec<String> = Vec::new();
        for piece in data {
            match piece {
                Data::Text(text) => texts.push(text),
                Data::File { .. } => import.problems.push(Problem::new(
                    Place::Whole,
                    "a file that is joined with other data is left out: give the whole body in one file",
                )),
            }
        }
        // `--json` joins its pieces with nothing between them.
        let text = texts.join(if self.json { "" } else { "&" });
        if self.get {
            in_query.push(text);
            return (headers, None, in_query);
        }
        let has_type = headers
            .iter()
            .any(|line| line.name.eq_ignore_ascii_case("content-type"));
        if !has_type && !self.removed.iter().any(|name| name == "content-type") {
            headers.push(Entry::new("content-type", crate::import::FORM));
        }
        let body = typed_body(text, &mut headers);
        (headers, Some(body), in_query)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has bounds"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}
