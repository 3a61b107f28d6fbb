use super::{comments, joined, quoted};
use crate::{
    export::{Payload, PayloadContent, Plan},
    template::Template,
};

/// A program with `net/http`.
#[must_use]
pub fn go(plan: &Plan) -> String {
    let mut imports = vec!["fmt", "io", "net/http"];
    let mut body = "nil".to_owned();
    let mut before = String::new();
    let mut content_type = "";
    match &plan.payload {
        Payload::None => {}
        Payload::Text(text) => {
            imports.push("strings");
            body = format!("strings.NewReader({})", expression(text));
        }
        Payload::File(path) => {
            imports.push("os");
            before = format!("\tbody, err := os.Open({})\n\tcheck(err)\n", literal(path));
            body = "body".to_owned();
        }
        Payload::Bytes(bytes) => {
            imports.push("bytes");
            let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
            body = format!("bytes.NewReader([]byte{{{}}})", list.join(", "));
        }
        Payload::Multipart(parts) => {
            imports.extend(["bytes", "mime/multipart", "net/textproto"]);
            before.push_str("\tvar body bytes.Buffer\n\tform := multipart.NewWriter(&body)\n\tpart := func(disposition, contentType string, content []byte) {\n\t\theader := textproto.MIMEHeader{}\n\t\theader.Set(\"Content-Disposition\", disposition)\n\t\tif contentType != \"\" {\n\t\t\theader.Set(\"Content-Type\", contentType)\n\t\t}\n\t\tw, err := form.CreatePart(header)\n\t\tcheck(err)\n\t\t_, err = w.Write(content)\n\t\tcheck(err)\n\t}\n");
            for part in parts {
                let of = literal(part.content_type.as_deref().unwrap_or_default());
                let name = part.name.replace('"', "%22");
                let line = match &part.content {
                    PayloadContent::Text(text) => format!(
                        "\tpart({}, {of}, []byte({}))\n",
                        literal(&format!("form-data; name=\"{name}\"")),
                        expression(text)
                    ),
                    PayloadContent::File { path, file_name } => {
                        imports.push("os");
                        let file_name = file_name.replace('"', "%22");
                        let head = format!("form-data; name=\"{name}\"; filename=\"{file_name}\"");
                        format!(
                            "\tpart({}, {of}, read({}))\n",
                            literal(&head),
                            literal(path)
                        )
                    }
                };
                before.push_str(&line);
            }
            before.push_str("\tcheck(form.Close())\n");
            body = "&body".to_owned();
            content_type = "\trequest.Header.Set(\"Content-Type\", form.FormDataContentType())\n";
        }
    }
    if !plan.variables().is_empty() {
        imports.push("os");
    }
    if plan.options.timeout_ms.is_some() {
        imports.push("time");
    }
    imports.sort_unstable();
    imports.dedup();
    let mut text = comments(&plan.comments(), "//");
    text.push_str("package main\n\nimport (\n");
    for import in imports {
        text.push_str(&format!("\t\"{import}\"\n"));
    }
    text.push_str(")\n\nfunc check(err error) {\n\tif err != nil {\n\t\tpanic(err)\n\t}\n}\n\n");
    if before.contains("read(") {
        text.push_str("func read(path string) []byte {\n\tcontent, err := os.ReadFile(path)\n\tcheck(err)\n\treturn content\n}\n\n");
    }
    text.push_str("func main() {\n");
    text.push_str(&before);
    text.push_str(&format!(
        "\trequest, err := http.NewRequest({}, {}, {body})\n\tcheck(err)\n",
        literal(&plan.method),
        expression(&plan.url)
    ));
    for (name, value) in &plan.headers {
        text.push_str(&format!(
            "\trequest.Header.Add({}, {})\n",
            expression(name),
            expression(value)
        ));
    }
    text.push_str(content_type);
    text.push_str("\tclient := http.Client{");
    if let Some(timeout) = plan.options.timeout_ms {
        text.push_str(&format!("Timeout: {timeout} * time.Millisecond"));
    }
    text.push_str("}\n");
    if !plan.options.follow_redirects {
        text.push_str("\tclient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }\n");
    }
    text.push_str("\tresponse, err := client.Do(request)\n\tcheck(err)\n\tdefer response.Body.Close()\n\tcontent, err := io.ReadAll(response.Body)\n\tcheck(err)\n\tfmt.Println(response.StatusCode)\n\tfmt.Println(string(content))\n}\n");
    text
}

fn expression(template: &Template) -> String {
    joined(
        template,
        literal,
        |name| format!("os.Getenv(\"{name}\")"),
        " + ",
    )
}

fn literal(text: &str) -> String {
    quoted(text, |c| match u32::from(c) {
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    })
}
