//! Variables that are made anew each time: `{{$uuid}}` and others with a `$` in front.

use strongroom_crypto::random;

use crate::os::clock;

/// The value of a variable whose name begins with `$`; `None` if there is none of that name. The names are
/// those that other API clients have, in any case.
pub(super) fn value(name: &str) -> Option<String> {
    let name = name.strip_prefix('$')?.to_ascii_lowercase();
    Some(match name.as_str() {
        "uuid" | "guid" | "randomuuid" => uuid(),
        "timestamp" => clock::now().secs().to_string(),
        "timestampms" => clock::now().0.to_string(),
        "isotimestamp" | "datetime" => clock::now().to_string(),
        "randomint" => (u16::from_le_bytes(random::bytes()) % 1_000).to_string(),
        "randomhex" => random::bytes::<16>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        _ => return None,
    })
}

/// A random UUID (RFC 9562, section 5.4).
fn uuid() -> String {
    let mut bytes: [u8; 16] = random::bytes();
    if let Some(byte) = bytes.get_mut(6) {
        *byte = *byte & 0x0f | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = *byte & 0x3f | 0x80;
    }
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_anew() {
        let (one, other) = (value("$uuid").unwrap(), value("$GUID").unwrap());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]));
        assert!(value("$timestamp").unwrap().parse::<u64>().unwrap() > 1_700_000_000);
        assert!(value("$isoTimestamp").unwrap().ends_with('Z'));
        assert!(value("$randomInt").unwrap().parse::<u64>().unwrap() < 1_000);
        assert_eq!(value("$unknown"), None);
        assert_eq!(value("uuid"), None);
    }
}
