//! What integrations get wrong: each defect with the clause that names it and the clause that mends it.

use strongroom_contract::diagnosis::Change;
use strongroom_policy::trace::redacted;

/// One thing that can be wrong. `what` follows "In your request"; `fix` is an order. `{}` stands for a
/// detail, such as a header's name.
pub(crate) struct Defect {
    pub(crate) id: &'static str,
    what: &'static str,
    fix: &'static str,
}

impl Defect {
    /// The change that undoes it, proven by a match.
    pub(crate) fn change(&self) -> Change {
        self.of("")
    }

    /// The same with a detail.
    pub(crate) fn of(&self, detail: &str) -> Change {
        // A detail comes out of the request: what looks like a credential stays out.
        let detail = &redacted(detail);
        Change {
            id: self.id.to_owned(),
            what: self.what.replace("{}", detail),
            fix: self.fix.replace("{}", detail),
            proven: true,
        }
    }

    /// The same with what is there and what should be: `{}` stands for either in its clause.
    pub(crate) fn of_two(&self, found: &str, expected: &str) -> Change {
        Change {
            fix: self.fix.replace("{}", &redacted(expected)),
            ..self.of(found)
        }
    }

    /// The same, read off the request alone.
    pub(crate) fn seen(&self, detail: &str) -> Change {
        Change {
            proven: false,
            ..self.of(detail)
        }
    }
}

macro_rules! defects {
    ($($name:ident = $id:literal: $what:literal, $fix:literal;)+) => {
        $(pub(crate) const $name: Defect = Defect { id: $id, what: $what, fix: $fix };)+

        /// The ids, for the test that compares them with the documentation.
        #[cfg(test)]
        pub(crate) const IDS: &[&str] = &[$($id),+];
    };
}

defects! {
    HEADER_NAME = "header-name": "the credential stands in a header of another name ({})", "send it in the headers app-id and secret-key, with hyphens and without a prefix";
    CREDENTIAL_PLACE = "credential-place": "the credential stands in the wrong header ({})", "send app-id and secret-key as two headers of their own";
    VALUE_INVISIBLE = "value-invisible": "the value of {} has characters that can't be seen", "copy the credential again as plain text, and trim what is read from a file";
    VALUE_QUOTES = "value-quotes": "there are quotes around the value of {}", "remove the quotes: they are part of the configuration's syntax, not of the credential";
    VALUE_PERCENT = "value-percent-encoded": "the value of {} is percent-encoded", "send it as it is: headers are not URL-encoded";
    VALUE_BASE64 = "value-base64": "the value of {} is encoded in base64", "send the credential as it was issued, without encoding it";
    VALUE_HEX = "value-hex": "the value of {} is encoded in hex", "send the credential as it was issued, without encoding it";
    VALUE_CASE = "value-case": "the letters of {} have another case than the credential", "send the credential as it was issued, and let nothing on the way change the case of header values";
    VALUE_TRUNCATED = "value-truncated": "the value of {} is a part of the credential alone", "copy the whole credential again";
    SWAPPED = "swapped": "app-id and secret-key are swapped", "send the public id as app-id and the secret as secret-key";
    DUPLICATE = "duplicate-header": "the header {} is there more than once, or holds its value twice", "send it once: look for a middleware or proxy that adds it again";
    UNFILLED = "unfilled-variable": "the value of {} is a variable that was not filled in", "define the variable in the environment that sends the request";
    BEARER_WORD = "bearer-word": "the header {} does not have the form that a token has there", "send Authorization: Bearer TOKEN with the word once, or access-token: TOKEN without it";
    TOKEN_ENCODING = "token-encoding": "the parts of the token are base64 with padding or of the other alphabet", "encode its parts in base64url without =";
    OTHER_KEY = "other-key": "the secret of another key was used ({})", "use the secret that belongs to this id: look at which environment's settings are loaded";
    ID_TYPO = "id-typo": "the id in {} is mistyped", "copy the id again, whole";
    ID_IS_NAME = "id-is-name": "the id in {} is the key's name", "send the key's public id in place of its name";

    PARAMETER_QUOTES = "parameter-quotes": "a parameter of Signature-Input has quotes where none belong, or none where they belong", "write keyid, alg, nonce and tag in double quotes, and created and expires as plain numbers";
    COMPONENT_QUOTES = "component-quotes": "the names of the covered components are not in double quotes", "write every covered component in double quotes, in Signature-Input and in the signature base";
    SIGNATURE_SYNTAX = "signature-syntax": "the value of Signature is not written between colons", "write it as label=:BASE64: with a colon at both ends and no quotes";
    SIGNATURE_ENCODING = "signature-encoding": "the signature's bytes are encoded in another way than plain base64", "encode the raw bytes of the MAC in standard base64, not its hex text and not base64url";
    LABEL = "label": "Signature and Signature-Input have different labels", "use the same label in both headers";
    DIGEST_SYNTAX = "digest-syntax": "Content-Digest has the syntax of the older Digest header", "write it as sha-256=:BASE64: in lower case and between colons";
    DIGEST_ENCODING = "digest-encoding": "the digest is encoded in another way than plain base64", "encode the raw bytes of the digest in standard base64, not its hex text and not base64url";
    DIGEST_ALGORITHM = "digest-algorithm": "Content-Digest names another algorithm than the one that made it", "name the algorithm that made the digest: sha-256 has 32 bytes, sha-512 has 64";
    DIGEST_OF_NOTHING = "digest-of-nothing": "the content digest is the one of an empty body", "make the digest after the body is set, over the bytes that are sent";

    BODY_NEWLINE = "body-trailing-newline": "the body was signed with another final line end than it is sent with", "sign the exact bytes that are sent (with curl, --data-binary keeps line ends that -d drops)";
    BODY_LINE_ENDS = "body-line-endings": "the body was signed with other line ends (LF or CRLF) than it is sent with", "sign the exact bytes that are sent, and let nothing convert line ends after that";
    BODY_SPACE = "body-json-whitespace": "the JSON body was signed with other white space than it is sent with", "serialise the body once, then sign and send those bytes";
    BODY_ORDER = "body-json-key-order": "the members of the JSON body were signed in another order than they are sent in", "serialise the body once, then sign and send those bytes";
    BODY_ESCAPES = "body-json-escapes": "the JSON body was signed with other escapes (\\u or \\/) than it is sent with", "serialise the body once, then sign and send those bytes";
    BODY_NUMBERS = "body-json-numbers": "a number of the JSON body was signed in another form than it is sent in", "serialise the body once, then sign and send those bytes";
    BODY_CHARSET = "body-charset": "the body was signed in another character encoding than it is sent in", "encode the body as UTF-8 once, then sign and send those bytes";
    BODY_BOM = "body-bom": "a byte order mark at the body's start is sent or signed, but not both", "write the body as UTF-8 without a byte order mark";
    BODY_UNICODE = "body-unicode-form": "accented letters of the body were signed in another Unicode form (composed or decomposed) than they are sent in", "sign the exact bytes that are sent, without normalising them in between";
    BODY_FORM = "body-form-encoding": "the form was signed with other escapes (+ or %20) than it is sent with", "encode the form once, then sign and send those bytes";
    BODY_EMPTY = "body-empty": "an empty JSON value was signed as the body, and no body is sent", "sign no body where none is sent, or send the body that was signed";
    BODY_LOST = "body-lost": "a body was signed, and none is sent", "look for a redirect, proxy or client setting that drops the body";

    METHOD_CASE = "method-case": "the method was signed in another case", "sign the method in upper case, as it is sent";
    METHOD = "method": "another method was signed ({}) than is sent", "sign the method that is sent, also after a redirect or retry";
    SCHEME = "scheme": "the other URL scheme was signed ({})", "sign the URL that the client calls: behind a proxy that ends TLS, that is https";
    HOST_PORT = "host-port": "the host was signed with or without its port ({})", "sign the host as the Host header has it: with the port, unless it is 443";
    HOST_CASE = "host-case": "the host was signed with upper case letters", "sign the host in lower case";
    HOST = "host": "another host was signed ({}) than the request reached", "sign the host that the request is sent to, or let the proxy keep the Host header";
    PATH_SLASH = "path-trailing-slash": "the path was signed with another final slash than it is sent with", "sign the path exactly as it is sent";
    PATH_PREFIX = "path-prefix": "the path was signed with another beginning ({})", "sign the path that reaches the platform: neither without the base path nor with what a proxy removes";
    PATH_ENCODING = "path-decoded": "the path was signed with other percent escapes than it is sent with", "sign the path as it stands in the request line, not decoded or encoded again";
    PATH_SLASHES = "path-double-slash": "two slashes were signed or sent where the base URL and the path meet", "join base URL and path with one slash";
    PERCENT_CASE = "percent-case": "percent escapes were signed in another case (%2f, %2F)", "sign the URL exactly as it is sent";
    QUERY_MISSING = "query-missing": "the query was not signed, or was signed and is not sent", "sign the URL with its query";
    QUERY_ORDER = "query-order": "the query's parameters were signed in another order than they are sent in", "sign the query exactly as it is sent, without sorting it";
    QUERY_SPACE = "query-space": "spaces of the query were signed in another form (+ or %20) than they are sent in", "build the query once, then sign and send that text";
    QUERY_DOUBLE = "query-double-encoding": "the query was percent-encoded once more or once less where it was signed", "build the query once, then sign and send that text";
    QUERY_DECODED = "query-decoded": "the query was signed with other percent escapes than it is sent with", "sign the query as it stands in the request line, not decoded or encoded again";
    TARGET_FORM = "target-form": "@target-uri was not signed as the absolute URL", "sign the whole URL as @target-uri, with scheme and host";

    SECRET_SPACE = "secret-whitespace": "the secret was used with white space at its end", "trim the secret after it is read from its file";
    SECRET_QUOTES = "secret-quotes": "the secret was used with quotes around it", "remove the quotes: they are part of the configuration's syntax, not of the secret";
    SECRET_DECODED = "secret-decoded": "the secret was decoded before it was used as the key", "use the secret's text as it was issued, as UTF-8 bytes";
    SECRET_ENCODED = "secret-encoded": "the secret was encoded before it was used as the key", "use the secret's text as it was issued, as UTF-8 bytes";
    SECRET_HASHED = "secret-hashed": "the secret was hashed before it was used as the key", "use the secret's text as it was issued, as UTF-8 bytes";
    SECRET_CASE = "secret-case": "the secret was used in another case", "use the secret's text as it was issued";
    SIGNATURE_DER = "signature-der": "the ECDSA signature is written in DER", "write r and s one after the other, 32 bytes each (in Node.js, dsaEncoding: 'ieee-p1363'; in Java, SHA256withECDSAinP1363Format)";
    PAIR_ALGORITHM = "pair-algorithm": "the signature was made in another way than the scheme's ({})", "sign with {}";
    RSA_SALT = "rsa-salt": "the RSA-PSS signature has {}", "use a salt as long as the hash, 64 bytes for SHA-512 (in OpenSSL, rsa_pss_saltlen:digest)";
    HASHED_TWICE = "hashed-twice": "what is signed was hashed before it was given to a function that hashes by itself", "give the function that signs the bytes themselves, and not their digest";
    TOKEN_ALGORITHM = "token-algorithm": "the token says that it is signed with {}", "sign it with {}, the one algorithm that is accepted for this key, and say so in its header";
    TOKEN_AUDIENCE = "token-audience": "the token is meant for somebody else (aud is {})", "ask for a token with aud {}";
    ALGORITHM = "algorithm": "the MAC was made with HMAC-SHA512", "sign with HMAC-SHA256";

    SECRET_UNDECODED = "secret-not-decoded": "the text of the webhook's secret was used as the key", "cut whsec_ off and decode the rest from base64: those bytes are the key";
    SECRET_PREFIX = "secret-prefix": "the webhook's secret was used without its prefix", "use the secret whole, with whsec_";
    WEBHOOK_CONTENT = "webhook-content": "the webhook's signature is over other pieces than the scheme's ({})", "sign id.time.body for Standard Webhooks, and time.body where the header is t=,v1=";
    WEBHOOK_ENCODING = "webhook-encoding": "the webhook's signature is written in another encoding than the scheme's", "write it in base64 for Standard Webhooks, and in hex where the header is t=,v1=";
    WEBHOOK_VERSION = "webhook-version": "the webhook's signature has no version before it", "write v1, and then the signature in base64";

    SECRET_TEXT = "secret-text": "the secret's text was used as the key, and not the bytes that it stands for in {}", "decode the secret from {} before it is used as the key";
    FORM_ENCODING = "form-encoding": "the signature is written in another encoding than the provider's form has ({})", "write the signature in {}";
    FORM_ALGORITHM = "form-algorithm": "the signature is made with another hash than the provider's form has ({})", "sign with {}";
    API_KEY_PLACE = "api-key-place": "the API key stands in {}, and not in the header and behind the word that the provider names", "send it where the provider's documentation has it, with the word before it that stands there";
    BASIC_PLAIN = "basic-not-encoded": "user name and password are not in base64", "encode USER:PASSWORD in base64 behind the word Basic";
    BASIC_COLON = "basic-colon": "there is no colon between user name and password", "join user name and password with a colon, also where one of them is empty, and encode them in base64";
    BASIC_SWAPPED = "basic-swapped": "user name and password are swapped", "send the public id as the user name and the secret as the password";

    AWS_QUERY = "aws-query": "the canonical query was sorted or encoded in another way than AWS has it", "sort the parameters by name and value, and percent-encode all but letters, digits and -_.~";
    AWS_PATH = "aws-path": "the canonical path was encoded or normalised in another way than the service has it", "encode the path as it is sent once more and drop dot segments, but for S3, which takes it as it is sent";

    BASE_NEWLINE = "base-trailing-newline": "the signature base was signed with a line end after its last line", "end the signature base without a line end";
    BASE_LINE_ENDS = "base-line-endings": "the lines of the signature base end with CRLF", "join the lines of the signature base with LF";
    BASE_PARAMS = "base-params": "the line @signature-params is missing from what was signed", "end the signature base with \"@signature-params\": and the value of Signature-Input";
    COMPONENT_ORDER = "component-order": "the covered components were signed in another order than Signature-Input lists them in", "write the lines of the signature base in the order of Signature-Input";
    PARAMS_ORDER = "params-order": "the signature's parameters were signed in another order than Signature-Input has them in", "copy the value of Signature-Input into the signature base as it is sent";
    HEADER_CHARSET = "header-charset": "Content-Type was signed with another charset parameter than it is sent with", "set Content-Type whole before signing, and look at what the HTTP client adds to it";
    HEADER_CASE = "header-value-case": "the value of {} was signed in another case than it is sent in", "sign header values as they are sent: only names are written in lower case";
    HEADER_SPACE = "header-whitespace": "the value of {} was signed with white space around it", "trim header values before they are signed";
    HEADER_COMBINED = "header-combined": "the lines of {} were signed in another way than joined by a comma and a space", "join several lines of a header with a comma and a space";
    HEADER_DROPPED = "header-dropped": "the header {} is covered by the signature and is not in the request", "send every header that is covered, and look for a proxy that drops it";

    MILLISECONDS = "milliseconds": "the time is in milliseconds", "write created in seconds (in JavaScript, Math.floor(Date.now() / 1000))";
    TIME_ZONE = "time-zone": "the time is off by {}, as local time taken for UTC is", "take the time as Unix seconds, which have no time zone";
}

/// One sentence for whoever made the request.
pub(crate) fn sentence(changes: &[Change]) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    let join = |parts: Vec<&str>| {
        let mut unique: Vec<&str> = Vec::new();
        for part in parts {
            if !unique.contains(&part) {
                unique.push(part);
            }
        }
        unique.join(", and ")
    };
    let what = join(changes.iter().map(|change| change.what.as_str()).collect());
    let fix = join(changes.iter().map(|change| change.fix.as_str()).collect());
    Some(format!("In your request {what}: please {fix}."))
}

/// The same as an order to oneself.
pub(crate) fn fix(changes: &[Change]) -> Option<String> {
    let mut fixes: Vec<&str> = Vec::new();
    for change in changes {
        if !fixes.contains(&change.fix.as_str()) {
            fixes.push(&change.fix);
        }
    }
    capitalised(&fixes.join(", and "))
}

/// The same as a cause.
pub(crate) fn cause(changes: &[Change]) -> Option<String> {
    let what: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
    capitalised(&what.join(", and "))
}

fn capitalised(clause: &str) -> Option<String> {
    let mut rest = clause.chars();
    let first = rest.next()?;
    Some(format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_is_described_in_the_documentation() {
        let page = include_str!("../../../docs/DEBUGGER.md");
        for id in IDS {
            assert!(page.contains(&format!("`{id}`")), "{id}");
        }
    }

    #[test]
    fn two_changes_make_one_sentence() {
        let changes = [BODY_SPACE.change(), BODY_ORDER.change()];
        let sentence = sentence(&changes).unwrap();
        assert!(
            sentence.starts_with("In your request the JSON body was signed with other white space")
        );
        assert_eq!(
            sentence.matches("serialise the body once").count(),
            1,
            "{sentence}"
        );
        assert_eq!(sentence.matches(". ").count(), 0, "{sentence}");
    }
}
