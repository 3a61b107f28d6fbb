//! A set of variables, such as those of the sandbox.

use std::collections::BTreeMap;

/// A set of variables. Values are texts that may hold placeholders, or references `sr://NAME/FIELD` to
/// fields of the vault; never secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// The name for people.
    pub name: String,
    /// Whether it is production: a stop stands before a request then.
    pub production: bool,
    /// The values by name.
    pub variables: BTreeMap<String, String>,
}

impl Environment {
    /// The value of the variable called `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}
