//! Padding, so that a record's length tells little: 256 bytes, then powers of two.
//!
//! `padded(content) = u32le(len(content)) | content | zeros`, to the least of 256, 512, 1024, … that holds it

use strongroom_crypto::SecretBytes;

/// The shortest padded length.
pub(crate) const LEAST: usize = 256;
/// The longest content that a record may have, in bytes.
pub(crate) const MOST_CONTENT: usize = 1 << 20;
const PREFIX: usize = 4;

/// The content is longer than a record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an item holds at most 1 MiB")]
pub struct TooLong;

/// Pads `content`, which is wiped.
pub(crate) fn pad(content: &SecretBytes) -> Result<SecretBytes, TooLong> {
    let content = content.expose_secret();
    let len = u32::try_from(content.len()).map_err(|_| TooLong)?;
    if content.len() > MOST_CONTENT {
        return Err(TooLong);
    }
    let mut padded = Vec::with_capacity(padded_len(content.len()));
    padded.extend_from_slice(&len.to_le_bytes());
    padded.extend_from_slice(content);
    padded.resize(padded_len(content.len()), 0);
    Ok(SecretBytes::new(padded))
}

/// The content of what [`pad`] made; `None` if it can't have made it.
pub(crate) fn unpad(padded: &SecretBytes) -> Option<&[u8]> {
    let padded = padded.expose_secret();
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>()?;
    let len = usize::try_from(u32::from_le_bytes(*prefix)).ok()?;
    let (content, zeros) = rest.split_at_checked(len)?;
    let exact = padded.len() == padded_len(len) && zeros.iter().all(|&byte| byte == 0);
    exact.then_some(content)
}

/// Whether some content is padded to this many bytes.
pub(crate) fn is_padded_len(len: usize) -> bool {
    len.is_power_of_two() && (LEAST..=padded_len(MOST_CONTENT)).contains(&len)
}

const fn padded_len(content: usize) -> usize {
    let len = (content + PREFIX).next_power_of_two();
    if len < LEAST { LEAST } else { len }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_256_and_powers_of_two() {
        for (content, padded) in [(0, 256), (252, 256), (253, 512), (508, 512), (509, 1_024)] {
            let padded_now = pad(&SecretBytes::new(vec![1; content])).unwrap();
            assert_eq!(padded_now.len(), padded, "{content}");
            assert!(is_padded_len(padded));
        }
        assert!(pad(&SecretBytes::new(vec![0; MOST_CONTENT])).is_ok());
        assert!(pad(&SecretBytes::new(vec![0; MOST_CONTENT + 1])).is_err());
        assert!(
            [0, 1, 128, 300, 1 << 22]
                .iter()
                .all(|&len| !is_padded_len(len))
        );
    }

    proptest! {
        #[test]
        fn content_comes_back_and_anything_else_is_refused(
            content in prop::collection::vec(any::<u8>(), 0..700),
            at in any::<prop::sample::Index>(),
            cut in 1..300usize,
        ) {
            let padded = pad(&SecretBytes::copy_of(&content)).unwrap();
            prop_assert_eq!(unpad(&padded), Some(&content[..]));
            // A changed length, or a byte in the filler, is no padding.
            let mut bytes = padded.expose_secret().to_vec();
            let index = at.index(bytes.len());
            if !(4..4 + content.len()).contains(&index) {
                bytes[index] ^= 1;
                let changed = SecretBytes::new(bytes.clone());
                // Only the length of zeros at the end of the content may shrink or grow unseen.
                if let Some(other) = unpad(&changed) {
                    prop_assert!(index < 4 && other != &content[..]);
                }
            }
            let shorter = padded.len() - cut.min(padded.len());
            let shorter = SecretBytes::copy_of(&padded.expose_secret()[..shorter]);
            prop_assert_eq!(unpad(&shorter), None);
        }
    }
}
