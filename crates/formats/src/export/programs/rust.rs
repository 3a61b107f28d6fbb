use super::{comments, joined, quoted};
use crate::{
    export::{Payload, PayloadContent, Plan},
    template::{Piece, Template},
};

/// A program with the crates `reqwest` and `tokio`.
#[must_use]
pub fn rust(plan: &Plan) -> String {
    let mut text = comments(&plan.comments(), "//");
    text.push_str("#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n");
    if !plan.options.follow_redirects {
        text.push_str("    let client = reqwest::Client::builder()\n        .redirect(reqwest::redirect::Policy::none())\n        .build()?;\n");
    } else {
        text.push_str("    let client = reqwest::Client::new();\n");
    }
    if let Payload::Multipart(parts) = &plan.payload {
        text.push_str("    let form = reqwest::multipart::Form::new()");
        for part in parts {
            let content = match &part.content {
                PayloadContent::Text(text) => {
                    format!("reqwest::multipart::Part::text({})", owned(text))
                }
                PayloadContent::File { path, file_name } => format!(
                    "reqwest::multipart::Part::bytes(std::fs::read({})?).file_name({})",
                    literal(path),
                    literal(file_name)
                ),
            };
            let typed = part
                .content_type
                .as_ref()
                .map_or_else(String::new, |of| format!(".mime_str({})?", literal(of)));
            text.push_str(&format!(
                "\n        .part({}, {content}{typed})",
                literal(&part.name)
            ));
        }
        text.push_str(";\n");
    }
    text.push_str(&format!(
        "    let response = client\n        .request({}.parse()?, {})\n",
        literal(&plan.method),
        owned(&plan.url)
    ));
    for (name, value) in &plan.headers {
        text.push_str(&format!(
            "        .header({}, {})\n",
            owned(name),
            owned(value)
        ));
    }
    match &plan.payload {
        Payload::None => {}
        Payload::Text(body) => text.push_str(&format!("        .body({})\n", owned(body))),
        Payload::File(path) => {
            text.push_str(&format!(
                "        .body(std::fs::read({})?)\n",
                literal(path)
            ));
        }
        Payload::Bytes(bytes) => {
            let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
            text.push_str(&format!("        .body(vec![{}])\n", list.join(", ")));
        }
        Payload::Multipart(_) => text.push_str("        .multipart(form)\n"),
    }
    if let Some(timeout) = plan.options.timeout_ms {
        text.push_str(&format!(
            "        .timeout(std::time::Duration::from_millis({timeout}))\n"
        ));
    }
    text.push_str("        .send()\n        .await?;\n    println!(\"{}\", response.status());\n    println!(\"{}\", response.text().await?);\n    Ok(())\n}\n");
    text
}

/// An expression of a type that `'static` is no matter for.
fn owned(template: &Template) -> String {
    match template.pieces() {
        [] => "\"\"".to_owned(),
        [Piece::Text(text)] => literal(text),
        _ => format!(
            "[{}].concat()",
            joined(
                template,
                |text| format!("{}.to_owned()", literal(text)),
                |name| format!("std::env::var(\"{name}\")?"),
                ", "
            )
        ),
    }
}

fn literal(text: &str) -> String {
    quoted(text, |c| format!("\\u{{{:x}}}", u32::from(c)))
}
