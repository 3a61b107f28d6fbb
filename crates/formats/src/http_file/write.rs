//! A request as a block of a `.http` file.

use crate::{
    export::{Payload, PayloadContent, Plan},
    template::{Piece, Placeholder, Template},
};

/// The boundary between the parts of a form.
const BOUNDARY: &str = "strongroom-boundary";

/// The block, with the notes as comments. Variables stay as they are; references and secrets become
/// variables of the process, as `{{$processEnv NAME}}`.
#[must_use]
pub fn write(name: &str, plan: &Plan) -> String {
    let mut text = format!("### {}\n", name.replace(['\r', '\n'], " ").trim());
    for note in &plan.notes {
        text.push_str(&format!("# {note}\n"));
    }
    if !plan.options.follow_redirects {
        text.push_str("# @no-redirect\n");
    }
    text.push_str(&format!("{} {}\n", plan.method, shown(&plan.url)));
    for (name, value) in &plan.headers {
        text.push_str(&format!("{}: {}\n", shown(name), shown(value)));
    }
    match &plan.payload {
        Payload::None => {}
        Payload::Text(body) => text.push_str(&format!("\n{}\n", shown(body))),
        Payload::File(path) => text.push_str(&format!("\n< {path}\n")),
        Payload::Bytes(_) => {
            text.push_str(
                "\n# The body is no text: keep its bytes in a file, and write < FILE here.\n",
            );
        }
        Payload::Multipart(parts) => {
            text.push_str(&format!(
                "content-type: multipart/form-data; boundary={BOUNDARY}\n\n"
            ));
            for part in parts {
                text.push_str(&format!(
                    "--{BOUNDARY}\nContent-Disposition: form-data; name=\"{}\"",
                    part.name
                ));
                if let PayloadContent::File { file_name, .. } = &part.content {
                    text.push_str(&format!("; filename=\"{file_name}\""));
                }
                if let Some(content_type) = &part.content_type {
                    text.push_str(&format!("\nContent-Type: {content_type}"));
                }
                match &part.content {
                    PayloadContent::Text(content) => {
                        text.push_str(&format!("\n\n{}\n", shown(content)));
                    }
                    PayloadContent::File { path, .. } => text.push_str(&format!("\n\n< {path}\n")),
                }
            }
            text.push_str(&format!("--{BOUNDARY}--\n"));
        }
    }
    text
}

fn shown(template: &Template) -> String {
    template
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(Placeholder::Variable(name)) => format!("{{{{{name}}}}}"),
            Piece::Placeholder(other) => {
                format!("{{{{$processEnv {}}}}}", crate::export::env_name(other))
            }
        })
        .collect()
}
