//! What a secret looks like: by a known prefix, by the name it stands under, by its letters.

/// Prefixes of keys, as their issuers document them for scanners, and whose they are.
pub(super) const PREFIXES: &[(&str, usize, &str)] = &[
    ("sr_sk_", 20, "a secret key of the platform"),
    ("sr_mk_", 20, "a management key of the platform"),
    ("sk_live_", 12, "a Stripe secret key"),
    ("sk_test_", 12, "a Stripe secret key"),
    ("rk_live_", 12, "a Stripe restricted key"),
    ("rk_test_", 12, "a Stripe restricted key"),
    ("whsec_", 12, "a webhook secret"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 18, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xapp-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("GOCSPX-", 20, "a Google client secret"),
    ("SG.", 40, "a SendGrid key"),
    ("npm_", 36, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
    ("sk-", 32, "an API key"),
    ("PMAK-", 30, "a Postman key"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("shpat_", 30, "a Shopify token"),
    ("hf_", 30, "a Hugging Face token"),
    ("EAAA", 60, "a Square or Facebook token"),
];

/// Header and field names that hold a secret, whatever its value looks like.
const SECRET_NAMES: &[&str] = &[
    "access-token",
    "accesstoken",
    "api-key",
    "api-secret",
    "apikey",
    "apisecret",
    "auth-token",
    "authtoken",
    "client-secret",
    "clientsecret",
    "cookie",
    "id-token",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "privatekey",
    "proxy-authorization",
    "refresh-token",
    "refreshtoken",
    "secret",
    "secret-access-key",
    "secret-key",
    "secretaccesskey",
    "secretkey",
    "session-token",
    "set-cookie",
    "webhook-secret",
];

/// Words in a name that make a random-looking value a secret.
const SECRET_WORDS: &[&str] = &[
    "auth",
    "credential",
    "key",
    "password",
    "pwd",
    "secret",
    "token",
];

/// Names that have such a word in them and hold no secret.
const PUBLIC_NAMES: &[&str] = &[
    "idempotency-key",
    "sec-websocket-key",
    "app-id",
    "keyid",
    "key-id",
];

/// What `value` under `name` is taken for; `None` if it is no secret.
#[must_use]
pub fn kind_of(name: &str, value: &str) -> Option<&'static str> {
    let value = value.trim();
    if let Some(kind) = known(value) {
        return Some(kind);
    }
    let plain = name.trim().to_ascii_lowercase().replace('_', "-");
    let bare = plain.strip_prefix("x-").unwrap_or(&plain);
    if PUBLIC_NAMES.contains(&bare) || value.is_empty() {
        return None;
    }
    let bearer = value.get(..7).is_some_and(|start| {
        start.eq_ignore_ascii_case("bearer ") || start.to_ascii_lowercase().starts_with("basic ")
    });
    if plain == "authorization" || bearer {
        return Some("a credential of a header");
    }
    if SECRET_NAMES.contains(&bare)
        || SECRET_NAMES.iter().any(|name| {
            bare.strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('-'))
        })
    {
        return Some("a field that is called a secret");
    }
    if SECRET_WORDS.iter().any(|word| bare.contains(word)) && looks_random(value) {
        return Some("a random-looking value of a field called like a secret");
    }
    None
}

/// Whose key this is by its prefix, or that it is a JWT or a private key.
pub(super) fn known(word: &str) -> Option<&'static str> {
    if word.contains("-----BEGIN ") && word.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if is_jwt(word) {
        return Some("a JWT");
    }
    PREFIXES
        .iter()
        .find(|(prefix, least, _)| {
            word.len() >= prefix.len().max(*least)
                && word.strip_prefix(prefix).is_some_and(|rest| {
                    rest.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=".contains(&byte))
                })
        })
        .map(|(.., kind)| *kind)
}

/// Three parts of base64url or more, the first of them a JSON object (RFC 7519, section 7.2). What follows
/// may be the end of a sentence or of a file's name.
fn is_jwt(word: &str) -> bool {
    let mut parts = word.split('.');
    let (Some(header), Some(claims), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    header.starts_with("eyJ") && header.len() >= 16 && claims.len() >= 8
}

/// Whether a value has the look of a key: long, of one word, and of more than 3 bits a character.
fn looks_random(value: &str) -> bool {
    let word = value.bytes().all(|byte| byte.is_ascii_graphic());
    if value.len() < 16 || !word || value.contains("://") {
        return false;
    }
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let entropy: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / length;
            -share * share.log2()
        })
        .sum();
    entropy > 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_prefix_name_and_look() {
        for (name, value) in [
            ("x", "sr_sk_test_0123456789abcdefghij"),
            ("x", "ghp_0123456789abcdefghij0123456789abcdef"),
            ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
            ("secret-key", "a"),
            ("X_API_KEY", "abc"),
            ("stripe_client_secret", "abc"),
            ("Authorization", "Bearer x"),
            ("password", "hunter2"),
            ("auth", "Zm9vYmFyYmF6cXV4MTIzNDU2"),
            (
                "pem",
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
            ),
        ] {
            assert!(kind_of(name, value).is_some(), "{name}");
        }
        for (name, value) in [
            ("x", "sr_app_test_0123456789abcdefghij"),
            ("content-type", "application/json"),
            ("idempotency-key", "0b9f8a7e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"),
            ("key", "bank_account"),
            ("token_type", "bearer"),
            ("author", "somebody"),
            ("sk-", "sk-"),
            ("monkey", "aaaaaaaaaaaaaaaaaaaaaaa"),
            ("callback_auth_url", "https://example.org/a8f7s6d5f4g3"),
        ] {
            assert_eq!(kind_of(name, value), None, "{name}");
        }
    }
}
