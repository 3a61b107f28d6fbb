//! A QR code in the terminal.

use std::io::{self, Write};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use crate::style::PAPER;

/// Draws `text`, two squares to a character, dark on a light ground with its quiet zone, so that it
/// scans on dark terminals as on light ones. Without colours the squares are drawn inverted, as
/// most terminals are dark.
pub(crate) fn write(out: &mut dyn Write, text: &str, coloured: bool) -> io::Result<()> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(io::Error::other)?;
    let mut renderer = code.render::<Dense1x2>();
    if !coloured {
        renderer
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
    }
    for line in renderer.quiet_zone(true).build().lines() {
        writeln!(out, "{PAPER}{line}{PAPER:#}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(coloured: bool) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut out, "otpauth://totp/x?secret=AAAA", coloured).unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        String::from_utf8(text)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_ground_is_light_in_both_forms() {
        // The quiet zone is four squares wide: two lines of characters.
        for (coloured, light) in [(true, ' '), (false, '█')] {
            let lines = drawn(coloured);
            assert!(lines[0].chars().all(|square| square == light));
            assert!(lines[1].chars().all(|square| square == light));
            assert!(lines[4].chars().take(4).all(|square| square == light));
            assert!(lines[4].chars().any(|square| square != light));
        }
    }
}
