//! The values of `-d`, `--data-urlencode` and `-F`.

use crate::{
    query,
    request::{Content, Part},
    template::{Template, escape},
};

/// A piece of a body.
pub(super) enum Data {
    Text(String),
    File {
        path: String,
        /// Whether curl leaves out the file's line ends.
        stripped: bool,
    },
}

/// `-d`: `@FILE`, or text.
pub(super) fn ascii(value: &str) -> Data {
    match value.strip_prefix('@') {
        Some(path) => Data::File {
            path: path.to_owned(),
            stripped: true,
        },
        None => Data::Text(value.to_owned()),
    }
}

/// `--data-binary`, `--json`: `@FILE`, or text.
pub(super) fn binary(value: &str) -> Data {
    match value.strip_prefix('@') {
        Some(path) => Data::File {
            path: path.to_owned(),
            stripped: false,
        },
        None => Data::Text(value.to_owned()),
    }
}

/// `--data-urlencode`: `content`, `=content`, `name=content`, `@file`, `name@file`.
pub(super) fn url_encoded(value: &str) -> Data {
    if let Some((name, content)) = value.split_once('=') {
        let encoded = query::encode(content);
        return Data::Text(match name {
            "" => encoded,
            name => format!("{name}={encoded}"),
        });
    }
    match value.split_once('@') {
        Some((_, path)) => Data::File {
            path: path.to_owned(),
            stripped: false,
        },
        None => Data::Text(query::encode(value)),
    }
}

/// `--form-string name=text`.
pub(super) fn string_part(value: &str) -> Result<Part, &'static str> {
    let (name, text) = split(value)?;
    Ok(Part {
        name: name.to_owned(),
        content: Content::Text(text.to_owned()),
        content_type: None,
        enabled: true,
    })
}

/// `-F name=text`, `-F name=@file;type=…;filename=…`, `-F name=<file`.
pub(super) fn part(value: &str) -> Result<Part, &'static str> {
    // curl undoes its own quoting in the text itself, not in how we write braces.
    let template = Template::parse(value).ok();
    let Some(literal) = template.as_ref().and_then(Template::literal) else {
        return literal_part(value);
    };
    let mut part = literal_part(literal)?;
    if let Content::Text(text) = &mut part.content {
        *text = escape(text);
    }
    Ok(part)
}

fn literal_part(value: &str) -> Result<Part, &'static str> {
    let (name, value) = split(value)?;
    let (content, mut content_type, mut file_name) = match value.strip_prefix(['@', '<']) {
        Some(file) => {
            let (path, rest) = word(file);
            let (content_type, file_name) = parameters(rest);
            (path, content_type, file_name)
        }
        None => {
            let quoted = value.starts_with('"');
            let (text, rest) = match quoted {
                true => word(value),
                false => match value.find(";type=") {
                    Some(at) => {
                        let (text, rest) = value.split_at(at);
                        (text.to_owned(), rest)
                    }
                    None => (value.to_owned(), ""),
                },
            };
            let (content_type, file_name) = parameters(rest);
            (text, content_type, file_name)
        }
    };
    let content = match value.as_bytes().first() {
        Some(b'@') => Content::File {
            path: content,
            file_name: file_name.take(),
        },
        Some(b'<') => {
            return Err("-F name=<FILE, text from a file, is left out; name=@FILE sends the file");
        }
        _ => Content::Text(content),
    };
    Ok(Part {
        name: name.to_owned(),
        content,
        content_type: content_type.take(),
        enabled: true,
    })
}

fn split(value: &str) -> Result<(&str, &str), &'static str> {
    value
        .split_once('=')
        .ok_or("a part without '=' is left out: expected -F name=value or -F name=@FILE")
}

/// A word up to `;`, quoted or not, and what comes after it.
fn word(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        return (word.to_owned(), rest);
    };
    let mut word = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (word, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            c => word.push(c),
        }
    }
    (word, "")
}

/// `;type=` and `;filename=`.
fn parameters(mut rest: &str) -> (Option<String>, Option<String>) {
    let (mut content_type, mut file_name) = (None, None);
    while let Some(parameter) = rest.strip_prefix(';') {
        let parameter = parameter.trim_start();
        if let Some(value) = parameter.strip_prefix("type=") {
            // A content type may have parameters of its own.
            let (mut value, mut after) = word(value);
            while let Some(more) = after.strip_prefix(';')
                && !more.trim_start().starts_with("filename=")
                && !more.trim_start().starts_with("headers=")
                && !more.trim_start().starts_with("encoder=")
            {
                let (part, further) = word(more);
                value.push(';');
                value.push_str(&part);
                after = further;
            }
            content_type = Some(value);
            rest = after;
        } else if let Some(value) = parameter.strip_prefix("filename=") {
            let (value, after) = word(value);
            file_name = Some(value);
            rest = after;
        } else {
            rest = word(parameter).1;
        }
    }
    (content_type, file_name)
}
