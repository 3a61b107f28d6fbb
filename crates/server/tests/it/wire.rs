//! Answers as they stand on the wire, read strictly.

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// Reads all answers of a connection. An answer to HEAD is `bodiless`, whatever its length says.
pub(crate) fn answers(mut bytes: &[u8], bodiless: bool) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let whole = String::from_utf8_lossy(bytes);
        let wrong = |what: &str| format!("{what}: {whole:?}");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or_else(|| wrong("no end of the headers"))?;
        let head = str::from_utf8(&bytes[..end]).map_err(|_| wrong("a head that is no text"))?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1."))
            .and_then(|rest| rest.strip_prefix(['0', '1']))
            .and_then(|rest| rest.strip_prefix(' '))
            .and_then(|rest| rest.get(..3))
            .and_then(|digits| digits.parse().ok());
        let status: u16 = status.ok_or_else(|| wrong("no status line"))?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ").ok_or_else(|| wrong("no header"))?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        bytes = &bytes[end + 4..];
        if status >= 200 {
            let length = answer.header("content-length");
            let length = length.and_then(|length| length.parse::<usize>().ok());
            let length = length.ok_or_else(|| wrong("no length"))?;
            let body = if bodiless { 0 } else { length };
            answer.body = bytes
                .get(..body)
                .ok_or_else(|| wrong("cut short"))?
                .to_vec();
            bytes = &bytes[body..];
        }
        answers.push(answer);
    }
    Ok(answers)
}
