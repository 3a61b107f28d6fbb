//! A QR code as an SVG path.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::EnrolmentStarted,
    window::{EnrolmentShown, QrCode},
};

/// What is scanned, with its picture.
pub(super) fn shown(started: EnrolmentStarted) -> Result<EnrolmentShown, Failure> {
    let qr = draw(started.otpauth_uri.expose_secret())?;
    Ok(EnrolmentShown {
        otpauth_uri: started.otpauth_uri,
        qr,
    })
}

/// Each run of dark modules in a row is a rectangle of height 1.
fn draw(text: &str) -> Result<QrCode, Failure> {
    // Without its text, which is a secret.
    let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| {
        Failure::new(
            ErrorCode::Failed,
            format!("the QR code cannot be drawn: {error}"),
        )
    })?;
    let width = code.width();
    let colors = code.into_colors();
    // A run takes at most 18 bytes, and no row has more runs than half its modules: growing would
    // leave copies behind.
    let mut path = String::with_capacity(width * (width / 2 + 1) * 18);
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
            }
            x += length;
        }
    }
    Ok(QrCode {
        modules: u32::try_from(width).unwrap_or(u32::MAX),
        path: Revealed::new(path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_exactly_the_dark_modules() {
        let text = "otpauth://totp/Strongroom:vault?secret=AAAABBBBCCCCDDDD";
        let drawn = draw(text).unwrap();
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(drawn.modules as usize, code.width());
        let mut dark = vec![false; code.width() * code.width()];
        for run in drawn.path.expose_secret().split_terminator('z') {
            let (from, rest) = run.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = from.split_once(' ').unwrap();
            let (length, back) = rest.split_once("v1h-").unwrap();
            assert_eq!(length, back);
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            for at in x..x + length.parse::<usize>().unwrap() {
                dark[y * code.width() + at] = true;
            }
        }
        let expected: Vec<bool> = code
            .to_colors()
            .iter()
            .map(|color| *color == Color::Dark)
            .collect();
        assert_eq!(dark, expected);
        let capacity = code.width() * (code.width() / 2 + 1) * 18;
        assert!(drawn.path.expose_secret().len() < capacity);
    }
}
