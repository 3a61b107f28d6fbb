//! `.http` files, read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    document::{self, At},
    environment::Environment,
    import::{FORM, Import, name_of, split_url, take_content_type, typed_body},
    postman::{split_placeholders, translated},
    problem::{Place, Problem},
    raw::FRAMING,
    request::{Body, Entry, Method, SavedRequest},
    template::as_name,
};

/// Reads every request of a file. Its `@name = value` lines become an environment.
#[must_use]
pub fn parse(text: &str) -> Import {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        import: Import::default(),
        variables: BTreeMap::new(),
    };
    let mut block = Block::default();
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match line.strip_prefix("###") {
            Some(title) => {
                reader.block(&block);
                block = Block {
                    title: title.trim().trim_start_matches('#').trim().to_owned(),
                    ..Block::default()
                };
            }
            None => block.lines.push((index + 1, line)),
        }
    }
    reader.block(&block);
    if reader.import.requests.is_empty() && reader.import.problems.is_empty() {
        reader.import.problems.push(Problem::new(
            Place::Whole,
            "there is no request here: expected lines such as POST https://HOST/PATH, with ### between requests",
        ));
    }
    if !reader.variables.is_empty() {
        reader.import.environments.push(Environment {
            name: "file".to_owned(),
            production: false,
            variables: reader.variables,
        });
    }
    reader.import
}

/// Reads an environment file: `http-client.env.json`, or the value of `rest-client.environmentVariables`.
/// What stands under `$shared` is in every environment.
#[must_use]
pub fn parse_environments(bytes: &[u8]) -> Import {
    let document = match document::json(bytes) {
        Ok(document) => document,
        Err(problem) => return Import::failed(problem),
    };
    let Some(environments) = document.as_object() else {
        return Import::failed(Problem::new(
            Place::Whole,
            "this is no environment file: expected an object of environments",
        ));
    };
    let mut import = Import::default();
    let root = At::Root;
    let shared = environments.get("$shared");
    for (name, values) in environments {
        if name == "$shared" {
            continue;
        }
        let mut variables = BTreeMap::new();
        for values in [shared, Some(values)].into_iter().flatten() {
            let Some(values) = values.as_object() else {
                import.problems.push(
                    root.key(name)
                        .problem("this environment is left out: expected an object of variables"),
                );
                continue;
            };
            for (name, value) in values {
                let text = match value {
                    Value::String(text) => translated(text),
                    Value::Null => String::new(),
                    other => translated(&other.to_string()),
                };
                variables.insert(as_name(name), text);
            }
        }
        import.environments.push(Environment {
            name: name.clone(),
            production: false,
            variables,
        });
    }
    import
}

/// What stands between two lines of `###`.
#[derive(Default)]
struct Block<'a> {
    title: String,
    lines: Vec<(usize, &'a str)>,
}

struct Reader {
    import: Import,
    variables: BTreeMap<String, String>,
}

impl Reader {
    fn block(&mut self, block: &Block<'_>) {
        let mut lines = block.lines.iter().copied().peekable();
        let mut name = block.title.clone();
        let mut follow_redirects = true;
        let (number, start) = loop {
            let Some((number, line)) = lines.next() else {
                return;
            };
            let line = line.trim();
            if let Some(comment) = comment(line) {
                match comment.split_once(char::is_whitespace) {
                    Some(("@name", given)) => {
                        name = given.trim_start_matches('=').trim().to_owned();
                    }
                    _ if comment == "@no-redirect" => follow_redirects = false,
                    _ => {}
                }
            } else if let Some((variable, value)) =
                line.strip_prefix('@').and_then(|line| line.split_once('='))
            {
                self.variables
                    .insert(as_name(variable), translated(value.trim()));
            } else if line.starts_with("< {%") || line == "{%" {
                self.script(number);
                for (_, line) in lines.by_ref() {
                    if line.trim_end().ends_with("%}") {
                        break;
                    }
                }
            } else if !line.is_empty() {
                break (number, line);
            }
        };
        // A URL may go on over the lines after it, indented.
        let mut start = start.to_owned();
        while let Some((_, more)) = lines.peek() {
            if !more.starts_with([' ', '\t']) || more.trim().is_empty() {
                break;
            }
            start.push_str(more.trim());
            lines.next();
        }
        let (method, url) = match start.split_once(char::is_whitespace) {
            Some((method, url)) if !method.contains("://") && !method.starts_with("{{") => {
                (method, url.trim())
            }
            _ => ("GET", start.as_str()),
        };
        let url = match url.rsplit_once(' ') {
            Some((url, version)) if version.starts_with("HTTP/") => url.trim(),
            _ => url,
        };
        let method: Method = match method.parse() {
            Ok(method) => method,
            Err(error) => {
                self.problem(number, format!("this request is left out: {error}"));
                return;
            }
        };
        if url.is_empty() || url.chars().any(char::is_control) {
            self.problem(number, "this request is left out: it has no URL");
            return;
        }
        let mut headers = Vec::new();
        for (number, line) in lines.by_ref() {
            if line.trim().is_empty() {
                break;
            }
            if comment(line.trim()).is_none() {
                self.header(number, line, &mut headers);
            }
        }
        let body: Vec<(usize, &str)> = lines.collect();
        let body = self.body(&body, &mut headers);
        let url = self.with_host(url, &mut headers, number);
        let (url, query) = match split_url(&url) {
            (url, query) if query.is_empty() => split_placeholders(&url),
            split => split,
        };
        let mut request = SavedRequest {
            name: match name.is_empty() {
                true => name_of(method.as_str(), &url),
                false => name,
            },
            method,
            url,
            query,
            headers,
            body,
            ..SavedRequest::default()
        };
        request.options.follow_redirects = follow_redirects;
        self.import.add(request);
    }

    fn header(&mut self, number: usize, line: &str, headers: &mut Vec<Entry>) {
        let Some((name, value)) = line.split_once(':') else {
            self.problem(
                number,
                "this line is left out: expected name: value, or an empty line before the body",
            );
            return;
        };
        let name = translated(name.trim());
        if (name.parse::<Method>().is_err() && !name.contains("{{")) || value.contains(['\r', '\0'])
        {
            self.problem(
                number,
                "this header is left out: its name is no token, or its value holds a line end",
            );
            return;
        }
        headers.push(Entry::new(name, translated(value.trim())));
    }

    /// A target without a host goes to that of the `host` header.
    fn with_host(&mut self, url: &str, headers: &mut Vec<Entry>, number: usize) -> String {
        let mut url = translated(url);
        if url.starts_with('/') {
            let host = headers
                .iter()
                .find(|line| line.name.eq_ignore_ascii_case("host"))
                .map(|line| line.value.clone());
            if host.is_none() {
                self.problem(
                    number,
                    "there is no host; {{base_url}} stands for where it goes",
                );
            }
            url = match host {
                Some(host) => format!("https://{host}{url}"),
                None => format!("{{{{base_url}}}}{url}"),
            };
        } else if !url.contains("://") && !url.starts_with("{{") {
            url = format!("http://{url}");
        }
        headers.retain(|line| {
            !FRAMING
                .iter()
                .any(|own| line.name.eq_ignore_ascii_case(own))
        });
        url
    }

    fn body(&mut self, lines: &[(usize, &str)], headers: &mut Vec<Entry>) -> Option<Body> {
        let mut kept: Vec<&str> = Vec::new();
        let mut in_script = false;
        for &(number, line) in lines {
            let trimmed = line.trim();
            if in_script {
                in_script = !trimmed.ends_with("%}");
            } else if trimmed.starts_with("> {%") {
                self.script(number);
                in_script = !trimmed.ends_with("%}");
            } else if trimmed.starts_with("> ") && trimmed.ends_with(".js") {
                self.script(number);
            } else if trimmed.starts_with("<> ") || trimmed.starts_with(">> ") {
                // Where an answer is or was kept.
            } else {
                kept.push(line);
            }
        }
        while kept.last().is_some_and(|line| line.trim().is_empty()) {
            kept.pop();
        }
        let first = kept.first()?;
        if let [line] = kept.as_slice()
            && let Some(path) = line.strip_prefix('<')
        {
            let path = path.trim_start_matches('@').trim();
            return Some(Body::File {
                path: translated(path),
                content_type: take_content_type(headers).map(|(_, line)| line.value),
            });
        }
        if first.starts_with("< ")
            && let Some(&(number, _)) = lines.first()
        {
            self.problem(
                number,
                "a file within a body is not read: the line stands there as text",
            );
        }
        let form = headers.iter().any(|line| {
            line.name.eq_ignore_ascii_case("content-type") && line.value.starts_with(FORM)
        });
        // A form may go on over lines, each with `&` in front.
        let text = match form {
            true => kept.iter().map(|line| line.trim()).collect::<String>(),
            false => kept.join("\n"),
        };
        Some(typed_body(translated(&text), headers))
    }

    fn script(&mut self, number: usize) {
        self.problem(number, "scripts are not run here: write what they check under [expect], what they keep under [[capture]]");
    }

    fn problem(&mut self, line: usize, message: impl Into<String>) {
        self.import
            .problems
            .push(Problem::new(Place::Line { line, column: 1 }, message));
    }
}

/// What stands behind `#` or `//`.
fn comment(line: &str) -> Option<&str> {
    line.strip_prefix("//")
        .or_else(|| line.strip_prefix('#'))
        .map(str::trim)
}
