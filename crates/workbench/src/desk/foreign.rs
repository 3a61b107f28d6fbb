//! Requests of other programs: files that a person chose.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
    window::ForeignText,
};

use super::Desk;
use crate::agent::on_a_thread;

/// The longest file that is read into a field of the window, in bytes.
const MOST_TEXT: u64 = 16 * 1024 * 1024;

impl Desk {
    /// Reads a file that a person has chosen.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it can't be read; [`ErrorCode::Usage`] if it is no text, or longer than
    /// 16 MiB.
    pub async fn read_text(&self, path: PathBuf) -> Result<ForeignText, Failure> {
        on_a_thread(move || text(&path)).await
    }
}

fn text(path: &Path) -> Result<ForeignText, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unreadable = |error: std::io::Error| {
        let message = format!("{} can't be read: {error}", path.display());
        Failure::new(ErrorCode::Storage, message)
            .hint("choose another file, or make this one readable")
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_TEXT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_TEXT {
        let message = format!("{name} is longer than the 16 MiB that are read here");
        return Err(Failure::new(ErrorCode::Usage, message)
            .hint("cut the request out of it that is meant, or use the command line"));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            ErrorCode::Usage,
            format!("{name} is no text: it is not UTF-8"),
        )
        .hint("choose the file that the other program exported")
    })?;
    Ok(ForeignText {
        name: name.into_owned(),
        text: Revealed::new(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_chosen_is_read_whole_or_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            text(&path)
        };
        let read = file("a.har", "{\"ä\": 1}".as_bytes()).unwrap();
        assert_eq!(read.name, "a.har");
        assert_eq!(read.text.expose_secret(), "{\"ä\": 1}");
        let refused = file("b.bin", &[0xff, 0xfe]).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage);
        assert!(refused.message.contains("b.bin"), "{refused}");
        let long = folder.path().join("long.json");
        File::create(&long).unwrap().set_len(MOST_TEXT + 1).unwrap();
        assert_eq!(text(&long).err().unwrap().code, ErrorCode::Usage);
        let none = text(&folder.path().join("none")).err().unwrap();
        assert_eq!(none.code, ErrorCode::Storage);
    }
}
