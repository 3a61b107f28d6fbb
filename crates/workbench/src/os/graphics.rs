//! What pictures are drawn with here.

use std::{fs, path::Path};

/// Whether there is a graphics processor that a program may use: a DRM render node.
///
/// Without one, OpenGL is imitated by the main processor, and drawing without OpenGL is quicker.
#[must_use]
pub fn has_processor() -> bool {
    has_render_node(Path::new("/dev/dri"))
}

fn has_render_node(devices: &Path) -> bool {
    fs::read_dir(devices).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"renderD"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_alone_does_not_draw() {
        let devices = tempfile::tempdir().unwrap();
        assert!(!has_render_node(&devices.path().join("dri")));
        fs::write(devices.path().join("card0"), "").unwrap();
        assert!(!has_render_node(devices.path()));
        fs::write(devices.path().join("renderD128"), "").unwrap();
        assert!(has_render_node(devices.path()));
    }
}
