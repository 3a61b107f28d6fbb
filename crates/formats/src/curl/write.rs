//! A request as a curl command for a POSIX shell.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    export::{Payload, PayloadContent, PayloadPart, Plan, env_name},
    import::FORM,
    template::{Piece, Template},
};

/// The command, with the notes as comments above it. Placeholders are variables of the shell.
#[must_use]
pub fn write(plan: &Plan) -> String {
    let mut text: String = plan
        .comments()
        .iter()
        .map(|comment| format!("# {comment}\n"))
        .collect();
    if let Payload::Bytes(bytes) = &plan.payload {
        text.push_str(&format!(
            "printf %s '{}' | base64 -d | ",
            BASE64_STANDARD.encode(bytes)
        ));
    }
    text.push_str("curl");
    let mut lines: Vec<String> = Vec::new();
    let has_body = !matches!(plan.payload, Payload::None);
    let inferred = if has_body { "POST" } else { "GET" };
    let head = plan.method == "HEAD" && !has_body;
    if head {
        lines.push("--head".to_owned());
    } else if plan.method != inferred {
        lines.push(format!("--request {}", quote(&plan.method)));
    }
    lines.push(shell(&plan.url));
    let url = plan.url.to_string();
    if url.contains(['[', ']', '{', '}']) {
        lines.push("--globoff".to_owned());
    }
    if url.contains("/./") || url.contains("/../") || url.ends_with("/..") || url.ends_with("/.") {
        lines.push("--path-as-is".to_owned());
    }
    if plan.options.follow_redirects {
        lines.push("--location".to_owned());
    }
    if let Some(timeout) = plan.options.timeout_ms {
        lines.push(format!(
            "--max-time {}.{:03}",
            timeout / 1000,
            timeout % 1000
        ));
    }
    for (name, value) in &plan.headers {
        let empty = value.pieces().is_empty();
        let form = matches!(plan.payload, Payload::Text(_))
            && is_content_type(name)
            && value.literal() == Some(FORM);
        if !form {
            let separator = if empty { ";" } else { ": " };
            let line = name
                .pieces()
                .iter()
                .chain(&[Piece::Text(separator.to_owned())])
                .chain(value.pieces())
                .cloned()
                .collect::<Template>();
            lines.push(format!("--header {}", shell(&line)));
        }
    }
    let untyped = !plan.headers.iter().any(|(name, _)| is_content_type(name));
    if untyped
        && matches!(
            plan.payload,
            Payload::Text(_) | Payload::File(_) | Payload::Bytes(_)
        )
    {
        // curl would say that it is a form.
        lines.push("--header 'content-type:'".to_owned());
    }
    match &plan.payload {
        Payload::None => {}
        Payload::Text(body) => lines.push(format!("--data-raw {}", shell(body))),
        Payload::File(path) => lines.push(format!("--data-binary {}", quote(&format!("@{path}")))),
        Payload::Bytes(_) => lines.push("--data-binary @-".to_owned()),
        Payload::Multipart(parts) => lines.extend(parts.iter().map(part)),
    }
    for line in lines {
        text.push_str(" \\\n  ");
        text.push_str(&line);
    }
    // What comes first needs no line of its own.
    let mut text = text.replacen("curl \\\n  ", "curl ", 1);
    text.push('\n');
    text
}

fn is_content_type(name: &Template) -> bool {
    name.literal()
        .is_some_and(|name| name.eq_ignore_ascii_case("content-type"))
}

fn part(part: &PayloadPart) -> String {
    let typed = part
        .content_type
        .as_ref()
        .map(|content_type| format!(";type={content_type}"))
        .unwrap_or_default();
    match &part.content {
        PayloadContent::Text(text) => {
            // In double quotes, since a semicolon would end the text, and an `@` begin a file's name.
            let value: Template = std::iter::once(Piece::Text(format!("{}=\"", part.name)))
                .chain(text.pieces().iter().map(|piece| match piece {
                    Piece::Text(text) => Piece::Text(escape(text)),
                    Piece::Placeholder(_) => piece.clone(),
                }))
                .chain([Piece::Text(format!("\"{typed}"))])
                .collect();
            format!("--form {}", shell(&value))
        }
        PayloadContent::File { path, file_name } => {
            let value = format!(
                "{}=@\"{}\"{typed};filename=\"{}\"",
                part.name,
                escape(path),
                escape(file_name)
            );
            format!("--form {}", quote(&value))
        }
    }
}

/// For a quoted word of curl's own.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A template as one word of the shell.
fn shell(template: &Template) -> String {
    let mut word = String::new();
    for piece in template.pieces() {
        match piece {
            Piece::Text(text) => word.push_str(&quote(text)),
            Piece::Placeholder(placeholder) => {
                word.push_str(&format!("\"${{{}}}\"", env_name(placeholder)));
            }
        }
    }
    if word.is_empty() {
        return "''".to_owned();
    }
    word
}

/// Text as one word of the shell.
fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
