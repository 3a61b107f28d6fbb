use super::{comments, joined, quoted};
use crate::{
    export::{Payload, PayloadContent, Plan},
    template::Template,
};

/// A module for Node (18 and later) with `fetch`.
#[must_use]
pub fn javascript(plan: &Plan) -> String {
    let mut text = comments(&plan.comments(), "//");
    let reads = match &plan.payload {
        Payload::File(_) => true,
        Payload::Multipart(parts) => parts
            .iter()
            .any(|part| matches!(part.content, PayloadContent::File { .. })),
        _ => false,
    };
    if reads {
        text.push_str("import { readFile } from \"node:fs/promises\";\n\n");
    }
    let body = match &plan.payload {
        Payload::None => None,
        // As bytes, since a string would bring a content type of its own.
        Payload::Text(body) => Some(format!("new TextEncoder().encode({})", expression(body))),
        Payload::File(path) => Some(format!("await readFile({})", literal(path))),
        Payload::Bytes(bytes) => {
            let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
            Some(format!("new Uint8Array([{}])", list.join(", ")))
        }
        Payload::Multipart(parts) => {
            text.push_str("const form = new FormData();\n");
            for part in parts {
                let name = literal(&part.name);
                let typed = part
                    .content_type
                    .as_ref()
                    .map_or_else(String::new, |of| format!(", {{ type: {} }}", literal(of)));
                let line = match &part.content {
                    PayloadContent::Text(text) if typed.is_empty() => {
                        format!("form.append({name}, {});\n", expression(text))
                    }
                    PayloadContent::Text(text) => {
                        format!(
                            "form.append({name}, new Blob([{}]{typed}));\n",
                            expression(text)
                        )
                    }
                    PayloadContent::File { path, file_name } => format!(
                        "form.append({name}, new Blob([await readFile({})]{typed}), {});\n",
                        literal(path),
                        literal(file_name)
                    ),
                };
                text.push_str(&line);
            }
            text.push('\n');
            Some("form".to_owned())
        }
    };
    text.push_str(&format!(
        "const response = await fetch({}, {{\n",
        expression(&plan.url)
    ));
    text.push_str(&format!("  method: {},\n", literal(&plan.method)));
    if !plan.headers.is_empty() {
        text.push_str("  headers: [\n");
        for (name, value) in &plan.headers {
            text.push_str(&format!(
                "    [{}, {}],\n",
                expression(name),
                expression(value)
            ));
        }
        text.push_str("  ],\n");
    }
    if let Some(body) = body {
        text.push_str(&format!("  body: {body},\n"));
    }
    if !plan.options.follow_redirects {
        text.push_str("  redirect: \"manual\",\n");
    }
    if let Some(timeout) = plan.options.timeout_ms {
        text.push_str(&format!("  signal: AbortSignal.timeout({timeout}),\n"));
    }
    text.push_str("});\nconsole.log(response.status);\nconsole.log(await response.text());\n");
    text
}

fn expression(template: &Template) -> String {
    joined(
        template,
        literal,
        |name| format!("process.env.{name}"),
        " + ",
    )
}

fn literal(text: &str) -> String {
    quoted(text, |c| format!("\\u{{{:x}}}", u32::from(c)))
}
