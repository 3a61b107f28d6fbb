//! Where things go in a folder of requests: file names that any file system takes.

use std::collections::BTreeSet;

use crate::saved::{ENVIRONMENTS, REQUEST_SUFFIX};

/// The longest stem of a file name, in bytes.
const MOST_BYTES: usize = 80;

/// `name` as a file's or folder's: lower case, letters and digits, `-` for everything else.
#[must_use]
pub fn stem(name: &str) -> String {
    let mut stem = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if stem.len() + c.len_utf8() > MOST_BYTES {
            break;
        }
        if c.is_alphanumeric() {
            stem.push(c);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() {
        return "unnamed".to_owned();
    }
    // Names that Windows keeps for devices.
    let device = matches!(stem, "con" | "prn" | "aux" | "nul")
        || (stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")));
    if device {
        return format!("{stem}-");
    }
    stem.to_owned()
}

/// Gives out file names in one folder, each once.
#[derive(Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Names other than those in `taken`, in any case.
    pub fn beside<'a>(taken: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            taken: taken.into_iter().map(str::to_lowercase).collect(),
        }
    }

    /// A free file name for the request called `name`, such as `create-a-payin.request.toml`.
    pub fn request(&mut self, name: &str) -> String {
        self.free(name, REQUEST_SUFFIX)
    }

    /// A free file name for the environment called `name`, such as `sandbox.toml`. It goes into the
    /// folder [`ENVIRONMENTS`].
    pub fn environment(&mut self, name: &str) -> String {
        self.free(name, ".toml")
    }

    /// A free name for the folder called `name`.
    pub fn folder(&mut self, name: &str) -> String {
        self.free(name, "")
    }

    fn free(&mut self, name: &str, suffix: &str) -> String {
        let stem = stem(name);
        let mut file = format!("{stem}{suffix}");
        let mut number = 2_u64;
        while file == ENVIRONMENTS || !self.taken.insert(file.clone()) {
            file = format!("{stem}-{number}{suffix}");
            number += 1;
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_file_name() {
        for (name, expected) in [
            ("Create a pay-in", "create-a-pay-in"),
            ("../../etc/passwd", "etc-passwd"),
            ("GET /api/v2/payins?x=1", "get-api-v2-payins-x-1"),
            ("Größe", "größe"),
            ("", "unnamed"),
            ("***", "unnamed"),
            ("CON", "con-"),
            ("lpt1", "lpt1-"),
            ("a\0b\nc", "a-b-c"),
        ] {
            assert_eq!(stem(name), expected);
        }
        assert!(stem(&"ä".repeat(500)).len() <= MOST_BYTES);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::beside(["A.request.toml"]);
        assert_eq!(names.request("a"), "a-2.request.toml");
        assert_eq!(names.request("A"), "a-3.request.toml");
        assert_eq!(names.environment("a"), "a.toml");
        assert_eq!(names.folder("Environments"), "environments-2");
    }
}
