//! Reading fields out of a JSON object, collecting what is wrong with each.

use serde_json::{Map, Value, json};

use crate::face::FieldErrors;

/// The longest text of a field, in bytes.
const MAX_TEXT: usize = 1_000;
/// The largest amount, in hundredths: ten thousand million units.
const MAX_HUNDREDTHS: f64 = 1e12;

/// An object's fields, and what was found wrong so far.
pub(crate) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    prefix: String,
    errors: FieldErrors,
}

impl<'a> Fields<'a> {
    /// The fields of a request's body.
    pub(crate) fn of(body: &'a Value) -> Self {
        Self::inside(body, String::new())
    }

    /// The fields of an object within; errors name them with `prefix` before.
    pub(crate) fn inside(value: &'a Value, prefix: String) -> Self {
        let mut fields = Self {
            object: value.as_object(),
            prefix,
            errors: Vec::new(),
        };
        if fields.object.is_none() {
            let name = if fields.prefix.is_empty() {
                "body".to_owned()
            } else {
                fields.prefix.trim_end_matches('.').to_owned()
            };
            fields.errors.push((name, "must be an object".to_owned()));
        }
        fields
    }

    /// The value, or all that is wrong.
    ///
    /// # Errors
    ///
    /// What was found wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, FieldErrors> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self.errors)
        }
    }

    /// Notes what is wrong with a field.
    pub(crate) fn wrong(&mut self, name: &str, message: impl Into<String>) {
        // One message for what is not an object at all.
        if self.object.is_some() {
            let name = format!("{}{name}", self.prefix);
            self.errors.push((name, message.into()));
        }
    }

    /// Takes over what is wrong with fields of an object within.
    pub(crate) fn take_errors(&mut self, inner: Fields<'_>) {
        self.errors.extend(inner.errors);
    }

    /// A field's value; `null` counts as missing.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object?.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, name: &str) -> &'a str {
        match self.optional_text(name) {
            Some(text) => text,
            None => {
                if self.value(name).is_none() {
                    self.wrong(name, "can't be blank");
                }
                ""
            }
        }
    }

    /// A text that may be there.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        match value.as_str() {
            Some(text) if text.trim().is_empty() => self.wrong(name, "can't be blank"),
            Some(text) if text.len() > MAX_TEXT => {
                self.wrong(name, format!("must have at most {MAX_TEXT} bytes"));
            }
            Some(text) if text.chars().any(char::is_control) => {
                self.wrong(name, "must not hold control characters");
            }
            Some(text) => return Some(text),
            None => self.wrong(name, "must be a text"),
        }
        None
    }

    /// `true` or `false`, which must be there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.value(name) {
            Some(Value::Bool(flag)) => return *flag,
            Some(_) => self.wrong(name, "must be true or false"),
            None => self.wrong(name, "can't be blank"),
        }
        false
    }

    /// An amount of money in hundredths, which must be there: a number above 0 with at most two
    /// decimals.
    pub(crate) fn amount(&mut self, name: &str) -> u64 {
        let problem = match self.value(name).map(Value::as_f64) {
            None => "can't be blank",
            Some(None) => "must be a number",
            Some(Some(number)) => {
                let hundredths = (number * 100.0).round();
                if number <= 0.0 {
                    "must be greater than 0"
                } else if hundredths > MAX_HUNDREDTHS {
                    "is too large"
                } else if hundredths < 1.0 || (number * 100.0 - hundredths).abs() > 1e-6 {
                    "must have at most two decimals"
                } else {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a whole number between 0 and the maximum"
                    )]
                    return hundredths as u64;
                }
            }
        };
        self.wrong(name, problem);
        0
    }

    /// A currency's code in ISO 4217's form, which must be there.
    pub(crate) fn currency(&mut self, name: &str) -> &'a str {
        let text = self.text(name);
        let valid = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !text.is_empty() && !valid {
            self.wrong(name, "must be an ISO 4217 code such as AUD");
        }
        text
    }

    /// An e-mail address, which must be there.
    pub(crate) fn email(&mut self, name: &str) -> &'a str {
        let text = self.text(name);
        let valid = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(' ')
        });
        if !text.is_empty() && !valid {
            self.wrong(name, "is not an e-mail address");
        }
        text
    }

    /// Where news go, as it is shown again: what authorizes them there is a secret of the client's.
    pub(crate) fn webhook(&mut self, name: &str, required: bool) -> Value {
        let Some(value) = self.value(name) else {
            if required {
                self.wrong(name, "can't be blank");
            }
            return Value::Null;
        };
        let mut inner = Fields::inside(value, format!("{}{name}.", self.prefix));
        let endpoint = inner.text("endpoint_url");
        let http = endpoint.starts_with("https://") || endpoint.starts_with("http://");
        if !endpoint.is_empty() && (!http || url::Url::parse(endpoint).is_err()) {
            inner.wrong("endpoint_url", "must be a URL");
        }
        inner.text("authorization_header");
        self.take_errors(inner);
        json!({ "endpoint_url": endpoint, "authorization_header": "****" })
    }
}

/// Hundredths as a JSON number: whole where it is.
pub(super) fn money(hundredths: u64) -> Value {
    if hundredths.is_multiple_of(100) {
        (hundredths / 100).into()
    } else {
        #[expect(
            clippy::cast_precision_loss,
            reason = "below 2^53, so the nearest double prints as two decimals"
        )]
        (hundredths as f64 / 100.0).into()
    }
}
