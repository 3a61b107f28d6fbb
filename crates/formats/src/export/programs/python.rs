use super::{comments, joined, quoted};
use crate::{
    export::{Payload, PayloadContent, Plan},
    template::Template,
};

/// A program with the package `requests`.
#[must_use]
pub fn python(plan: &Plan) -> String {
    let mut text = comments(&plan.comments(), "#");
    if !plan.variables().is_empty() {
        text.push_str("import os\n\n");
    }
    text.push_str("import requests\n\nresponse = requests.request(\n");
    text.push_str(&format!(
        "    {},\n    {},\n",
        literal(&plan.method),
        expression(&plan.url)
    ));
    if !plan.headers.is_empty() {
        text.push_str("    headers={\n");
        let mut written: Vec<String> = Vec::new();
        for (name, value) in &plan.headers {
            let key = name.to_string().to_ascii_lowercase();
            if written.contains(&key) {
                continue;
            }
            // A mapping holds a name once; lines of one name are one list (RFC 9110, section 5.3).
            let values: Vec<String> = plan
                .headers
                .iter()
                .filter(|(other, _)| other.to_string().to_ascii_lowercase() == key)
                .map(|(_, value)| expression(value))
                .collect();
            let value = match values.as_slice() {
                [one] if value.to_string().is_ascii() => one.clone(),
                [one] => format!("({one}).encode()"),
                several => format!("({}).encode()", several.join(" + \", \" + ")),
            };
            text.push_str(&format!("        {}: {value},\n", expression(name)));
            written.push(key);
        }
        text.push_str("    },\n");
    }
    match &plan.payload {
        Payload::None => {}
        Payload::Text(body) => {
            text.push_str(&format!("    data=({}).encode(),\n", expression(body)));
        }
        Payload::File(path) => {
            text.push_str(&format!("    data=open({}, \"rb\"),\n", literal(path)));
        }
        Payload::Bytes(bytes) => text.push_str(&format!("    data={},\n", byte_literal(bytes))),
        Payload::Multipart(parts) => {
            text.push_str("    files=[\n");
            for part in parts {
                let (name, content) = match &part.content {
                    PayloadContent::Text(text) => ("None".to_owned(), expression(text)),
                    PayloadContent::File { path, file_name } => (
                        literal(file_name),
                        format!("open({}, \"rb\")", literal(path)),
                    ),
                };
                let typed = part
                    .content_type
                    .as_ref()
                    .map_or_else(String::new, |of| format!(", {}", literal(of)));
                text.push_str(&format!(
                    "        ({}, ({name}, {content}{typed})),\n",
                    literal(&part.name)
                ));
            }
            text.push_str("    ],\n");
        }
    }
    let follow = if plan.options.follow_redirects {
        "True"
    } else {
        "False"
    };
    text.push_str(&format!("    allow_redirects={follow},\n"));
    if let Some(timeout) = plan.options.timeout_ms {
        text.push_str(&format!(
            "    timeout={}.{:03},\n",
            timeout / 1000,
            timeout % 1000
        ));
    }
    text.push_str(")\nprint(response.status_code)\nprint(response.text)\n");
    text
}

fn expression(template: &Template) -> String {
    joined(
        template,
        literal,
        |name| format!("os.environ[\"{name}\"]"),
        " + ",
    )
}

fn literal(text: &str) -> String {
    quoted(text, |c| format!("\\U{:08x}", u32::from(c)))
}

fn byte_literal(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("b\"{escaped}\"")
}
