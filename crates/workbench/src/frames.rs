//! Frames of the owner's socket: `u32le(length) | JSON`, as [`strongroom_contract::agent`] says.
//!
//! Frames carry secrets, so every buffer here is wiped: what is read lies in one wiped buffer that
//! the parsed frame borrows from, and what is written is built in another. (The strings that serde
//! builds for a [`Revealed`](strongroom_contract::secret::Revealed) are wiped by that type.)

use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use strongroom_contract::{
    agent::{MAX_FRAME, Progress, VERSION},
    error::{ErrorCode, Failure},
};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

/// Bytes of the length in front of a frame.
const PREFIX: usize = 4;
/// What is allocated before any byte of a body has come: a stranger's length is not believed.
const FIRST_CHUNK: usize = 16 * 1024;

/// Why no frame could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The frame is longer than is accepted.
    #[error("a frame of {0} bytes is longer than the {MAX_FRAME} that are accepted")]
    TooLong(usize),
    /// The connection broke, perhaps within a frame.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A request as it is read: [`strongroom_contract::agent::Request`] without copies. Its version was
/// looked at as [`AnyVersion`].
#[derive(Deserialize)]
pub(crate) struct RequestFrame<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) op: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) args: &'a RawValue,
}

/// What a request of any version has: the rest may look different.
#[derive(Deserialize)]
pub(crate) struct AnyVersion {
    pub(crate) v: u32,
}

#[derive(Serialize)]
struct OutgoingRequest<'a, A> {
    v: u32,
    id: u64,
    op: &'a str,
    args: &'a A,
}

/// A reply as it is read: [`strongroom_contract::agent::Reply`] without copies.
#[derive(Deserialize)]
pub(crate) struct ReplyFrame<'a> {
    pub(crate) kind: Kind,
    pub(crate) v: u32,
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) progress: Option<Progress>,
    #[serde(default, borrow)]
    pub(crate) result: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) error: Option<Failure>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Progress,
    Ok,
    Err,
}

#[derive(Serialize)]
struct OutgoingReply<'a, R> {
    kind: Kind,
    v: u32,
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<&'a Progress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
}

/// A whole frame, ready for the wire; wiped when dropped.
pub(crate) struct Encoded(Zeroizing<Vec<u8>>);

impl Encoded {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The frame's JSON.
    pub(crate) fn body(&self) -> &[u8] {
        self.0.get(PREFIX..).unwrap_or_default()
    }
}

/// A request's frame.
pub(crate) fn request<A: Serialize>(id: u64, op: &str, args: &A) -> Result<Encoded, Failure> {
    let v = VERSION;
    encode(&OutgoingRequest { v, id, op, args })
}

/// The frame of a successful reply.
pub(crate) fn ok<R: Serialize>(id: u64, result: &R) -> Result<Encoded, Failure> {
    encode(&OutgoingReply {
        kind: Kind::Ok,
        v: VERSION,
        id,
        progress: None,
        result: Some(result),
        error: None,
    })
}

/// The frame of a failed reply.
pub(crate) fn err(id: u64, error: &Failure) -> Result<Encoded, Failure> {
    encode(&OutgoingReply::<()> {
        kind: Kind::Err,
        v: VERSION,
        id,
        progress: None,
        result: None,
        error: Some(error),
    })
}

/// The frame that says how far a request is.
pub(crate) fn progress(id: u64, progress: &Progress) -> Result<Encoded, Failure> {
    encode(&OutgoingReply::<()> {
        kind: Kind::Progress,
        v: VERSION,
        id,
        progress: Some(progress),
        result: None,
        error: None,
    })
}

fn encode<T: Serialize>(frame: &T) -> Result<Encoded, Failure> {
    let mut out = Wiped::with_capacity(512);
    out.extend(&[0; PREFIX]);
    serde_json::to_writer(&mut out, frame).map_err(|error| {
        Failure::new(
            ErrorCode::Failed,
            format!(
                "a frame could not be written: {}",
                error.classify_in_words()
            ),
        )
    })?;
    let length = out.0.len() - PREFIX;
    if length > MAX_FRAME {
        return Err(Failure::new(
            ErrorCode::Usage,
            FrameError::TooLong(length).to_string(),
        ));
    }
    let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    for (at, byte) in out.0.iter_mut().zip(prefix) {
        *at = byte;
    }
    Ok(Encoded(out.0))
}

/// Reads a part of a frame: the arguments or the result. What it says of a failure names the place
/// and the kind, never the content.
pub(crate) fn parse<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(raw.get()).map_err(|error| malformed(&error))
}

/// JSON that is not the frame that was expected, said without quoting it: it may hold a secret.
pub(crate) fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(
        ErrorCode::Usage,
        format!(
            "a frame is not what was expected: {} at column {}",
            error.classify_in_words(),
            error.column()
        ),
    )
}

/// What kind of JSON error it was. Serde's own text can quote the value that it did not expect.
trait InWords {
    fn classify_in_words(&self) -> &'static str;
}

impl InWords for serde_json::Error {
    fn classify_in_words(&self) -> &'static str {
        match self.classify() {
            serde_json::error::Category::Io => "it could not be read or written",
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Data => "a field is missing or of another type",
            serde_json::error::Category::Eof => "it ends too early",
        }
    }
}

/// Reads one frame's JSON; `None` if the other end closed the connection between two frames.
pub(crate) fn read(stream: &mut impl Read) -> Result<Option<Zeroizing<Vec<u8>>>, FrameError> {
    let mut prefix = [0; PREFIX];
    let mut got = 0;
    while let Some(rest) = prefix.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut body = Body::new(prefix)?;
    while let Some(space) = body.space() {
        match stream.read(space) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(n) => body.filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(body.bytes.0))
}

/// [`read`] without blocking. Not safe to cancel: a frame that was begun is lost.
pub(crate) async fn read_async(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<Zeroizing<Vec<u8>>>, FrameError> {
    let mut prefix = [0; PREFIX];
    let mut got = 0;
    while let Some(rest) = prefix.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest).await? {
            0 if got == 0 => return Ok(None),
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            n => got += n,
        }
    }
    let mut body = Body::new(prefix)?;
    while let Some(space) = body.space() {
        match stream.read(space).await? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            n => body.filled += n,
        }
    }
    Ok(Some(body.bytes.0))
}

/// A body that is being read: it grows as bytes come, not as its prefix promises.
struct Body {
    bytes: Wiped,
    filled: usize,
    length: usize,
}

impl Body {
    fn new(prefix: [u8; PREFIX]) -> Result<Self, FrameError> {
        let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(FrameError::TooLong(length));
        }
        Ok(Self {
            bytes: Wiped::with_capacity(length.min(FIRST_CHUNK)),
            filled: 0,
            length,
        })
    }

    /// Where the next bytes go; `None` once all are there.
    fn space(&mut self) -> Option<&mut [u8]> {
        if self.filled == self.length {
            return None;
        }
        if self.filled == self.bytes.0.len() {
            let grown = (self.filled * 2)
                .clamp(FIRST_CHUNK, MAX_FRAME)
                .min(self.length);
            self.bytes.reserve(grown - self.filled);
            self.bytes.0.resize(grown, 0);
        }
        self.bytes.0.get_mut(self.filled..)
    }
}

/// Bytes that are wiped when dropped, and also when they move to grow.
struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    fn reserve(&mut self, more: usize) {
        let needed = self.0.len() + more;
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity() * 2));
            larger.extend_from_slice(&self.0);
            // The old allocation is wiped as it is replaced.
            self.0 = Zeroizing::new(larger);
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_contract::{
        agent::{Nothing, Reply, Request},
        secret::Revealed,
    };

    use super::*;

    fn framed(json: &[u8]) -> Vec<u8> {
        [&u32::try_from(json.len()).unwrap().to_le_bytes()[..], json].concat()
    }

    #[test]
    fn requests_and_replies_have_the_contracts_shape() {
        let frame = request(7, "key.list", &Nothing {}).unwrap();
        let parsed: Request = serde_json::from_slice(&frame.as_bytes()[PREFIX..]).unwrap();
        assert_eq!(
            (parsed.v, parsed.id, parsed.op.as_str()),
            (VERSION, 7, "key.list")
        );
        assert_eq!(parsed.args.get(), "{}");
        let failure = Failure::new(ErrorCode::Locked, "the vault is locked").hint("unlock it");
        let step = Progress {
            stage: "deriving the key".into(),
            done: 1,
            total: None,
            event: None,
        };
        for (frame, expected) in [
            (
                ok(1, &Nothing {}),
                r#"{"kind":"ok","v":1,"id":1,"result":{}}"#,
            ),
            (
                err(2, &failure),
                r#"{"kind":"err","v":1,"id":2,"error":{"code":"locked","message":"the vault is locked","hint":"unlock it","details":null}}"#,
            ),
            (
                progress(3, &step),
                r#"{"kind":"progress","v":1,"id":3,"progress":{"stage":"deriving the key","done":1,"total":null}}"#,
            ),
        ] {
            let frame = frame.unwrap();
            let json = std::str::from_utf8(&frame.as_bytes()[PREFIX..]).unwrap();
            assert_eq!(json, expected);
            let reply: Result<Reply, _> = serde_json::from_str(json);
            assert_eq!(serde_json::to_string(&reply.unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn an_oversized_frame_is_refused_before_it_is_read() {
        let mut hostile: &[u8] = &[0xff, 0xff, 0xff, 0xff, b'{'];
        assert!(matches!(
            read(&mut hostile),
            Err(FrameError::TooLong(0xffff_ffff))
        ));
        // A length that is allowed but promises more than comes costs no more than what came.
        let mut short = framed(b"{}");
        short[2] = 0xff;
        assert!(matches!(
            read(&mut short.as_slice()),
            Err(FrameError::Io(_))
        ));
    }

    #[test]
    fn a_connection_that_ends_within_a_frame_is_an_error_and_between_two_is_none() {
        let whole = framed(b"{\"v\":1}");
        for cut in 1..whole.len() {
            assert!(
                matches!(read(&mut &whole[..cut]), Err(FrameError::Io(_))),
                "{cut}"
            );
        }
        assert!(matches!(read(&mut &b""[..]), Ok(None)));
    }

    #[test]
    fn what_is_said_of_a_malformed_frame_does_not_quote_it() {
        for hostile in [
            r#"{"v":1,"id":1,"op":"x","args":{"passphrase":"CANARY-4711"}"#,
            r#"{"v":"CANARY-4711"}"#,
            "CANARY-4711",
        ] {
            let error = serde_json::from_str::<RequestFrame<'_>>(hostile)
                .err()
                .unwrap();
            let failure = malformed(&error);
            assert_eq!(failure.code, ErrorCode::Usage);
            assert!(!failure.message.contains("CANARY"), "{}", failure.message);
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back_however_it_is_cut(
            text in "\\PC{0,40000}",
            id in any::<u64>(),
            piece in 1..5_000usize,
        ) {
            let frame = request(id, "op", &Revealed::new(text.clone())).unwrap();
            let mut stream = Cut { rest: frame.as_bytes(), piece };
            let body = read(&mut stream).unwrap().unwrap();
            let parsed: RequestFrame<'_> = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(parsed.id, id);
            let back: Revealed = parse(parsed.args).unwrap();
            prop_assert_eq!(back.expose_secret(), &text);
            prop_assert!(read(&mut stream).unwrap().is_none());
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some(body)) = read(&mut bytes.as_slice()) {
                drop(serde_json::from_slice::<RequestFrame<'_>>(&body));
                drop(serde_json::from_slice::<ReplyFrame<'_>>(&body));
            }
        }
    }

    struct Cut<'a> {
        rest: &'a [u8],
        piece: usize,
    }

    impl Read for Cut<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.piece.min(out.len()).min(self.rest.len());
            let (now, later) = self.rest.split_at(n);
            out[..n].copy_from_slice(now);
            self.rest = later;
            Ok(n)
        }
    }
}
