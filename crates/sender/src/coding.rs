//! Undoing what an answer's body is packed with (RFC 9110, section 8.4), within bounds.
//!
//! A few bytes can be packed so that they grow without measure. So a body is unpacked up to the same
//! limit as one that is not packed; and one that fills it from almost nothing is left as it came.

use std::{io::Read, sync::Arc};

use flate2::{Decompress, FlushDecompress, Status, bufread::MultiGzDecoder};
use ruzstd::decoding::StreamingDecoder;
use strongroom_contract::exchange::Decoded;

/// How many codings may lie upon one another.
const MOST_CODINGS: usize = 3;
/// How many bytes may come of one, in a body that does not end within the limit.
const MOST_GROWTH: usize = 250;
/// The largest window of zstd, in bytes (RFC 9659, section 3).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;
/// How much is unpacked at a time, in bytes.
const STEP: usize = 64 * 1024;

/// A body, and what became of its codings.
pub(crate) struct Unpacked {
    pub(crate) body: Vec<u8>,
    /// Whether the body goes on beyond the limit.
    pub(crate) truncated: bool,
    /// What was undone, if something was.
    pub(crate) outcome: Option<Result<Decoded, Undecoded>>,
}

impl Unpacked {
    pub(crate) fn as_it_came(body: Vec<u8>, truncated: bool, why: Option<Undecoded>) -> Self {
        Self {
            body,
            truncated,
            outcome: why.map(Err),
        }
    }
}

/// Whether there is anything to undo.
pub(crate) fn is_packed(headers: &[(String, Vec<u8>)], body: &[u8]) -> bool {
    !body.is_empty() && codings(headers).map_or(true, |codings| !codings.is_empty())
}

/// Why a body that is packed is shown as it came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecoded {
    /// It is packed in a way that is not undone here.
    #[error("the body's content coding {0:?} is none of gzip, deflate, br and zstd")]
    Unknown(String),
    /// There are more codings than anybody needs.
    #[error("the body is packed more than {MOST_CODINGS} times over")]
    TooMany,
    /// It is not what its coding says, or ends too early.
    #[error("the body is not what {0} makes, or ends too early")]
    Damaged(String),
    /// It grows as only what is meant to fill a memory does.
    #[error(
        "the body would grow from {from} bytes to more than {to} as {coding}, as a decompression bomb does"
    )]
    Bomb {
        /// The coding.
        coding: &'static str,
        /// How many bytes came.
        from: usize,
        /// How many are kept of a body.
        to: usize,
    },
}

/// Undoes the codings that `Content-Encoding` names. `truncated` says that there is more of `body` than
/// came in; of what it is unpacked to, at most `limit` bytes are kept.
pub(crate) async fn unpacked(
    body: Vec<u8>,
    truncated: bool,
    headers: &[(String, Vec<u8>)],
    limit: usize,
) -> Unpacked {
    let codings = match codings(headers) {
        Ok(codings) => codings,
        Err(error) => return Unpacked::as_it_came(body, truncated, Some(error)),
    };
    let names: Vec<&str> = codings.iter().map(|coding| coding.name()).collect();
    let coding = names.join(", ");
    let body = Arc::new(body);
    let packed = Arc::clone(&body);
    // It takes a while for a long body, and whatever a hostile one makes of an unpacker stays in there.
    let unpacking =
        tokio::task::spawn_blocking(move || all_undone(&codings, &packed, truncated, limit));
    match unpacking.await {
        Ok(Ok(stage)) => Unpacked {
            body: stage.bytes,
            truncated: stage.truncated,
            outcome: Some(Ok(Decoded {
                coding,
                encoded_bytes: body.len() as u64,
            })),
        },
        failed => {
            let error = match failed {
                Ok(Err(error)) => error,
                _ => Undecoded::Damaged(coding),
            };
            let body = Arc::try_unwrap(body).unwrap_or_else(|shared| shared.to_vec());
            Unpacked::as_it_came(body, truncated, Some(error))
        }
    }
}

/// The codings of a body, in the order in which they were applied.
fn codings(headers: &[(String, Vec<u8>)]) -> Result<Vec<Coding>, Undecoded> {
    let lines = headers
        .iter()
        .filter(|(name, _)| name == "content-encoding")
        .map(|(_, value)| String::from_utf8_lossy(value));
    let mut codings = Vec::new();
    for line in lines {
        for name in line.split(',') {
            let coding = match name.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                other => return Err(Undecoded::Unknown(other.to_owned())),
            };
            codings.push(coding);
        }
    }
    if codings.len() > MOST_CODINGS {
        return Err(Undecoded::TooMany);
    }
    Ok(codings)
}

/// Undoes the last coding first.
fn all_undone(
    codings: &[Coding],
    packed: &[u8],
    truncated: bool,
    limit: usize,
) -> Result<Stage, Undecoded> {
    let mut codings = codings.iter().rev();
    let mut stage = match codings.next() {
        Some(coding) => coding.undone(packed, truncated, limit)?,
        None => Stage::default(),
    };
    for coding in codings {
        stage = coding.undone(&stage.bytes, stage.truncated, limit)?;
    }
    Ok(stage)
}

/// What one coding was undone to.
#[derive(Default)]
struct Stage {
    bytes: Vec<u8>,
    truncated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// RFC 1952, as often as it is repeated.
    Gzip,
    /// RFC 1950. Many servers leave its header out (RFC 9110, section 8.4.1.2).
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn undone(self, packed: &[u8], cut_off: bool, limit: usize) -> Result<Stage, Undecoded> {
        let mut room = Room {
            bytes: Vec::new(),
            limit,
        };
        let end = match self {
            Self::Gzip => room.fill(MultiGzDecoder::new(packed)),
            Self::Deflate => inflate(packed, &mut room),
            Self::Brotli => room.fill(brotli_decompressor::Decompressor::new(packed, STEP)),
            Self::Zstd => zstd(packed, &mut room),
        };
        let bytes = room.bytes;
        match end {
            End::Whole => Ok(Stage {
                bytes,
                truncated: cut_off,
            }),
            // What is missing may be what was not read.
            End::Unsound if cut_off => Ok(Stage {
                bytes,
                truncated: true,
            }),
            End::Unsound => Err(Undecoded::Damaged(self.name().to_owned())),
            End::Full if limit > packed.len().saturating_mul(MOST_GROWTH) => Err(Undecoded::Bomb {
                coding: self.name(),
                from: packed.len(),
                to: limit,
            }),
            End::Full => Ok(Stage {
                bytes,
                truncated: true,
            }),
        }
    }
}

/// How an unpacking ended.
enum End {
    Whole,
    /// There is more than there is room for.
    Full,
    /// Damaged, or cut off.
    Unsound,
}

/// Where unpacked bytes go.
struct Room {
    bytes: Vec<u8>,
    limit: usize,
}

impl Room {
    /// Takes what fits; whether all of it did.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let left = self.limit - self.bytes.len();
        self.bytes
            .extend_from_slice(bytes.get(..left).unwrap_or(bytes));
        bytes.len() <= left
    }

    fn fill(&mut self, mut unpacked: impl Read) -> End {
        let mut step = vec![0; STEP];
        loop {
            match unpacked.read(&mut step) {
                Ok(0) => return End::Whole,
                Ok(count) => {
                    if !self.take(step.get(..count).unwrap_or_default()) {
                        return End::Full;
                    }
                }
                Err(_) => return End::Unsound,
            }
        }
    }
}

fn inflate(packed: &[u8], room: &mut Room) -> End {
    // Its first two bytes, as one number, are a multiple of 31; the lower half of the first is 8.
    let has_header = matches!(
        packed,
        [first, second, ..]
            if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
    );
    let mut state = Decompress::new(has_header);
    let mut step = Vec::with_capacity(STEP);
    let mut rest = packed;
    loop {
        step.clear();
        let before = state.total_in();
        let Ok(status) = state.decompress_vec(rest, &mut step, FlushDecompress::None) else {
            return End::Unsound;
        };
        let read = usize::try_from(state.total_in() - before).unwrap_or(usize::MAX);
        rest = rest.get(read..).unwrap_or_default();
        if !room.take(&step) {
            return End::Full;
        }
        match status {
            Status::StreamEnd => return End::Whole,
            _ if read == 0 && step.is_empty() => return End::Unsound,
            _ => {}
        }
    }
}

/// Frame by frame.
fn zstd(mut packed: &[u8], room: &mut Room) -> End {
    loop {
        let Ok(frame) = StreamingDecoder::new_with_max_window_size(&mut packed, ZSTD_WINDOW) else {
            return End::Unsound;
        };
        match room.fill(frame) {
            End::Whole if !packed.is_empty() => {}
            end => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"{\"amount\":10,\"amount_in_words\":\"ten, and ten again, ten\"}";
    const LIMIT: usize = 1024 * 1024;

    fn packed(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/data/packed.{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn undo(coding: Coding, packed: &[u8], limit: usize) -> Result<(Vec<u8>, bool), Undecoded> {
        let stage = coding.undone(packed, false, limit)?;
        Ok((stage.bytes, stage.truncated))
    }

    const ALL: [(Coding, &str); 5] = [
        (Coding::Gzip, "gz"),
        (Coding::Deflate, "zlib"),
        (Coding::Deflate, "raw"),
        (Coding::Brotli, "br"),
        (Coding::Zstd, "zst"),
    ];

    #[test]
    fn what_others_packed_is_unpacked() {
        for (coding, name) in ALL {
            let whole = undo(coding, &packed(name), LIMIT);
            assert_eq!(whole, Ok((TEXT.to_vec(), false)), "{name}");
        }
        for (coding, name) in [(Coding::Gzip, "gz"), (Coding::Zstd, "zst")] {
            let twice = packed(name).repeat(2);
            assert_eq!(undo(coding, &twice, LIMIT), Ok((TEXT.repeat(2), false)));
        }
    }

    #[test]
    fn it_is_cut_at_the_limit_and_no_byte_sooner() {
        for (coding, name) in ALL {
            let exact = undo(coding, &packed(name), TEXT.len());
            assert_eq!(exact, Ok((TEXT.to_vec(), false)), "{name}");
            let cut = undo(coding, &packed(name), 20);
            assert_eq!(cut, Ok((TEXT[..20].to_vec(), true)), "{name}");
        }
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_told_from_what_was_not_read() {
        for (coding, name) in ALL {
            let mut bytes = packed(name);
            bytes.truncate(bytes.len() - 1);
            let damaged = Err(Undecoded::Damaged(coding.name().to_owned()));
            assert_eq!(undo(coding, &bytes, LIMIT), damaged, "{name}");
            let unread = coding.undone(&bytes, true, LIMIT).ok();
            assert!(
                unread.is_some_and(|stage| stage.truncated && TEXT.starts_with(&stage.bytes)),
                "{name}"
            );
            assert_eq!(undo(coding, b"\x01not packed", LIMIT), damaged, "{name}");
        }
    }

    #[test]
    fn what_grows_without_measure_is_left_as_it_came() {
        for (coding, name) in [
            (Coding::Gzip, "bomb.gz"),
            (Coding::Brotli, "bomb.br"),
            (Coding::Zstd, "bomb.zst"),
        ] {
            let bytes = packed(name);
            let bomb = Undecoded::Bomb {
                coding: coding.name(),
                from: bytes.len(),
                to: 4 * LIMIT,
            };
            assert_eq!(undo(coding, &bytes, 4 * LIMIT), Err(bomb), "{name}");
        }
    }

    #[test]
    fn codings_are_read_as_they_are_listed() {
        let read = |values: &[&str]| {
            let headers: Vec<_> = values
                .iter()
                .map(|value| ("content-encoding".to_owned(), value.as_bytes().to_vec()))
                .collect();
            codings(&headers)
        };
        assert_eq!(read(&[]), Ok(vec![]));
        assert_eq!(read(&["identity", " "]), Ok(vec![]));
        let both = Ok(vec![Coding::Gzip, Coding::Brotli]);
        assert_eq!(read(&["X-GZip ,br"]), both);
        assert_eq!(read(&["gzip", "BR"]), both);
        assert_eq!(
            read(&["gzip, snappy"]),
            Err(Undecoded::Unknown("snappy".to_owned()))
        );
        assert_eq!(read(&["gzip", "gzip,br", "gzip"]), Err(Undecoded::TooMany));
    }

    proptest! {
        #[test]
        fn nothing_goes_beyond_the_limit(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            (at, flip) in (0_usize..200, any::<u8>()),
            limit in 0_usize..100,
            cut_off: bool,
        ) {
            for (coding, name) in ALL {
                let mut flipped = packed(name);
                let at = at % flipped.len();
                flipped[at] ^= flip;
                for hostile in [&bytes, &flipped] {
                    if let Ok(stage) = coding.undone(hostile, cut_off, limit) {
                        prop_assert!(stage.bytes.len() <= limit);
                    }
                }
            }
        }
    }
}
