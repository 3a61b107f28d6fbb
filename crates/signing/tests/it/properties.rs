//! What holds for every request, and that no input makes a reader panic.

use proptest::{prelude::*, sample::Index};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{
    Credential, Field, Message, Request, Scheme, SigningContext, Target, UriScheme,
    content_digest::ContentDigest,
    header_pair,
    rfc9421::{Component, Derived, Signature, SignatureInput, SignatureParams, signature_base},
    sign, token,
};

use crate::support::{Lines, secret};

const SECRET: &str = "the secret of these tests";

/// A request that owns its parts, so that a test can change them.
#[derive(Debug, Clone)]
struct Owned {
    method: String,
    origin: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Owned {
    fn with<T>(&self, lines: &Lines, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let target = self.target();
        let fields = lines.fields();
        then(&Request::new(&self.method, &target, &fields, &self.body))
    }

    fn url(&self) -> String {
        format!("{}{}{}", self.origin, self.path, self.query)
    }

    fn target(&self) -> Target {
        Target::parse(&self.url()).unwrap()
    }

    fn lines(&self) -> Lines {
        Lines(self.headers.clone())
    }

    fn signed(&self) -> Lines {
        let secret = secret(SECRET);
        let credential = Credential::new(&secret, "sr://k/secret").with_public_id("app");
        let context = SigningContext {
            now: UnixMillis::from_secs(1_700_000_000),
            nonce: [3; 16],
        };
        let signed = self.with(&self.lines(), |request| {
            sign(Scheme::Rfc9421HmacSha256, request, &credential, &context).unwrap()
        });
        self.lines().and(&signed)
    }

    /// Whether the request as it is now carries a genuine signature that covers all of it.
    fn is_genuine(&self, lines: &Lines) -> bool {
        let key = HmacSha256::new(SECRET.as_bytes());
        self.with(lines, |request| {
            let Ok(signatures) = Signature::read_all(request.headers()) else {
                return false;
            };
            let digest = match ContentDigest::read(request.headers()) {
                Ok(Some(digest)) => digest.verify(&self.body).is_ok(),
                Ok(None) => self.body.is_empty(),
                Err(_) => false,
            };
            digest
                && signatures.len() == 1
                && signatures.iter().all(|signature| {
                    let input = signature.input();
                    input.covers(Derived::Method)
                        && input.covers(Derived::TargetUri)
                        && (self.body.is_empty() || input.covers_header("content-digest"))
                        && signature.verify_hmac_sha256(request.into(), &key).is_ok()
                })
        })
    }
}

fn any_request() -> impl Strategy<Value = Owned> {
    let path = "(/[A-Za-z0-9._~!$&'()*+,;=:@-]{0,8}|/%[0-9A-Fa-f]{2}){1,4}";
    let query = "(\\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}){0,30})?";
    let headers = prop::collection::vec(("x-[a-z0-9-]{1,8}", "[ -~]{0,20}"), 0..5);
    (
        "[A-Z!#$%&'*+.^_`|~-]{1,8}",
        "https?://(localhost|[a-z]{1,8}\\.example|\\[::1\\])(:[1-9][0-9]{0,3})?",
        path,
        query,
        headers,
        prop::option::of("[a-z]{1,6}/[a-z]{1,6}(; charset=utf-8)?"),
        prop::collection::vec(any::<u8>(), 0..200),
    )
        .prop_map(|(method, origin, path, query, mut headers, kind, body)| {
            headers.extend(kind.map(|kind| ("Content-Type".to_owned(), kind)));
            Owned {
                method,
                origin,
                path,
                query,
                headers,
                body,
            }
        })
}

/// Replaces the character at `at` by another one that may stand there.
fn other_character(text: &str, at: Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_every_change_breaks_it(
        request in any_request(), at: Index, bit in 0..8u8,
    ) {
        let signed = request.signed();
        prop_assert!(request.is_genuine(&signed));

        let mut changed = request.clone();
        changed.method = other_character(&request.method, at);
        prop_assert!(!changed.is_genuine(&signed), "the method can be changed");

        let mut changed = request.clone();
        changed.query.push_str(if request.query.is_empty() { "?" } else { "&" });
        prop_assert!(!changed.is_genuine(&signed), "the query can be extended");

        let mut changed = request.clone();
        changed.path.push('x');
        prop_assert!(!changed.is_genuine(&signed), "the path can be extended");

        let mut changed = request.clone();
        changed.origin = request.origin.replacen("://", "://x", 1);
        if !request.origin.contains('[') {
            prop_assert!(!changed.is_genuine(&signed), "the host can be changed");
        }

        let mut changed = request.clone();
        changed.origin = match request.origin.strip_prefix("https") {
            Some(rest) => format!("http{rest}"),
            None => request.origin.replacen("http", "https", 1),
        };
        prop_assert!(!changed.is_genuine(&signed), "the scheme can be changed");

        let mut changed = request.clone();
        changed.body.push(b'\n');
        prop_assert!(!changed.is_genuine(&signed), "the body can be extended");
        if !request.body.is_empty() {
            let mut changed = request.clone();
            let at = at.index(changed.body.len());
            changed.body[at] ^= 1 << bit;
            prop_assert!(!changed.is_genuine(&signed), "the body can be changed");
            changed.body.clear();
            prop_assert!(!changed.is_genuine(&signed), "the body can be removed");
        }
    }

    #[test]
    fn every_character_of_the_covered_headers_counts(request in any_request(), at: Index) {
        let signed = request.signed();
        for (index, (name, value)) in signed.0.iter().enumerate() {
            let covered = ["content-type", "content-digest", "signature-input"];
            let mut changed = signed.clone();
            if covered.contains(&name.to_ascii_lowercase().as_str()) {
                changed.0[index].1 = other_character(value, at);
                prop_assert!(!request.is_genuine(&changed), "{name} can be changed");
                changed.0.remove(index);
                prop_assert!(!request.is_genuine(&changed), "{name} can be removed");
            } else if name.starts_with("x-") {
                changed.0[index].1.push('x');
                prop_assert!(request.is_genuine(&changed), "{name} is not covered");
            }
        }
    }

    #[test]
    fn white_space_lines_and_case_of_names_do_not_change_the_base(
        values in prop::collection::vec("[!-~]{1,5}( [!-~]{1,5}){0,2}", 1..4),
        before in "[ \t]{0,3}", after in "[ \t]{0,3}",
    ) {
        let target = Target::parse("https://h.example/").unwrap();
        let input: SignatureInput = "(\"x-list\")".parse().unwrap();
        let base = |fields: &[Field<'_>]| {
            let request = Request::new("GET", &target, fields, b"");
            signature_base((&request).into(), &input).unwrap()
        };
        let joined = values.join(", ");
        let plain = base(&[Field::new("x-list", joined.as_bytes())]);
        prop_assert_eq!(
            &plain,
            &format!("\"x-list\": {joined}\n\"@signature-params\": (\"x-list\")")
        );
        let padded: Vec<_> = values.iter().map(|value| format!("{before}{value}{after}")).collect();
        let lines: Vec<_> =
            padded.iter().map(|value| Field::new("X-LIST", value.as_bytes())).collect();
        prop_assert_eq!(&base(&lines), &plain);
        let folded = joined.replace(' ', &format!("{after}\r\n {before}"));
        prop_assert_eq!(&base(&[Field::new("x-List", folded.as_bytes())]), &plain);
    }

    #[test]
    fn any_list_of_components_is_signed_and_verified(
        which in prop::sample::subsequence(
            vec![
                "\"@method\"", "\"@target-uri\"", "\"@authority\"", "\"@scheme\"",
                "\"@request-target\"", "\"@path\"", "\"@query\"", "\"x-a\"", "\"x-a\";bs",
                "\"priority\";sf", "\"priority\";key=\"u\"", "\"@query-param\";name=\"q\"",
            ],
            0..12,
        ).prop_shuffle(),
        value in "[ -~]{0,12}",
        urgency in 0..8u8,
        created in prop::option::of(0..1_000_000_000_000_000u64),
        expires in prop::option::of(0..1_000_000_000_000_000u64),
        texts in prop::collection::vec(prop::option::of("[ -~]{0,10}"), 3),
    ) {
        let components: Vec<Component> = which.iter().map(|text| text.parse().unwrap()).collect();
        let params = SignatureParams {
            created,
            expires,
            keyid: texts[0].clone(),
            nonce: texts[1].clone(),
            tag: texts[2].clone(),
            alg: None,
        };
        let input = SignatureInput::new(components, params).unwrap();
        prop_assert_eq!(&input.as_str().parse::<SignatureInput>().unwrap(), &input);

        let target = Target::parse("https://h.example/p?q=1").unwrap();
        let priority = format!("u={urgency},  i");
        let fields = [
            Field::new("x-a", value.as_bytes()),
            Field::new("Priority", priority.as_bytes()),
        ];
        let request = Request::new("GET", &target, &fields, b"");
        let key = HmacSha256::new(b"k");
        let label = sfv::KeyRef::from_str("a").unwrap();
        let message = Message::from(&request);
        let made = strongroom_signing::rfc9421::sign_hmac_sha256(label, message, &input, &key).unwrap();
        let headers = [
            Field::new("Signature-Input", made.signature_input.as_bytes()),
            Field::new("Signature", made.signature.as_bytes()),
        ];
        let signature = Signature::read_all(&headers).unwrap().remove(0);
        prop_assert_eq!(signature.input(), &input);
        prop_assert_eq!(signature.verify_hmac_sha256(message, &key), Ok(made.base.clone()));
        prop_assert_eq!(made.base.lines().count(), which.len() + 1);
    }

    #[test]
    fn a_server_sees_the_target_that_was_sent(request in any_request()) {
        let sent = request.target();
        prop_assert_eq!(sent.request_target(), format!("{}{}", request.path, request.query));
        let received = Target::received(sent.scheme(), sent.authority(), sent.request_target());
        prop_assert_eq!(received, Ok(sent.clone()));
        prop_assert_eq!(Target::parse(&sent.to_string()), Ok(sent));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        text in "\\PC{0,60}",
        fields in "[a-z0-9=(\"@:;, A/+?*.%-]{0,60}",
    ) {
        for bytes in [&bytes[..], text.as_bytes(), fields.as_bytes()] {
            let headers: Vec<_> =
                ["signature", "signature-input", "content-digest", "app-id", "secret-key",
                 "authorization", "access-token"]
                .into_iter()
                .map(|name| Field::new(name, bytes))
                .collect();
            let _ = Signature::read_all(&headers);
            let _ = ContentDigest::read(&headers);
            let _ = header_pair::read(&headers);
            let _ = token::read(&headers);
            let target = Target::parse("https://h.example/").unwrap();
            let request = Request::new("GET", &target, &headers, b"");
            let input: SignatureInput = r#"("signature" "signature";sf "app-id";bs)"#.parse().unwrap();
            let _ = signature_base((&request).into(), &input);
        }
        for text in [&text, &fields] {
            let _ = text.parse::<Component>();
            let _ = text.parse::<SignatureInput>();
            let _ = Target::parse(text);
            let _ = Target::parse(&format!("https://{text}"));
            let _ = Target::received(UriScheme::Http, text, text);
        }
    }

    #[test]
    fn an_escape_in_a_query_parameter_is_written_one_way(name in "\\PC{1,6}", value in "\\PC{0,8}") {
        let encode = |text: &str| -> String {
            text.bytes().map(|byte| format!("%{byte:02x}")).collect()
        };
        let url = format!("https://h.example/?{}={}&other=1", encode(&name), encode(&value));
        let target = Target::parse(&url).unwrap();
        let request = Request::new("GET", &target, &[], b"");
        // Both sides of the identifier and of the value are in the set of the form serialiser.
        let written = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
        };
        prop_assume!(name != "other");
        let text = format!("(\"@query-param\";name=\"{}\")", written(&name));
        let input: SignatureInput = text.parse().unwrap();
        let base = signature_base((&request).into(), &input).unwrap();
        let (line, _) = base.split_once('\n').unwrap();
        prop_assert_eq!(line.split_once(": ").unwrap().1, written(&value));
    }
}
