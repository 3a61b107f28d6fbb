//! A request's own signature: what it covers unless told otherwise, and how it is checked.

use std::str::FromStr as _;

use sfv::{KeyRef, key_ref};
use strongroom_contract::time::UnixMillis;

use super::{
    Component, Derived, InputError, MakeError, SIGNATURE, SIGNATURE_INPUT, Signature,
    SignatureInput, SignatureParams, VerifyError, algorithm_name, sign,
};
use crate::{
    content_digest::{self, Algorithm, CONTENT_DIGEST, ContentDigest},
    credential::{Algorithm as KeyAlgorithm, Credential, SigningKey, VerifyingKey},
    message::{Field, Request},
    scheme::Scheme,
    settings::{Setting, SettingError, Settings},
    sign::{SignError, Signed, public, public_id, refuse_present, step},
    verify::{Refusal, Verified, same_id},
};

/// The label of our signatures.
const LABEL: &KeyRef = key_ref("sig1");

const COMPONENTS: &str = "components";
const LIFETIME: &str = "lifetime";
const TAG: &str = "tag";

const ABOUT_COMPONENTS: Setting = Setting::optional(
    COMPONENTS,
    "what is covered, as in \"@method\" \"@path\"",
    r#""@method" "@authority" "@path""#,
);
const ABOUT_LIFETIME: Setting =
    Setting::optional(LIFETIME, "seconds until it expires (never stated)", "60");
const ABOUT_TAG: Setting = Setting::optional(TAG, "the application that it is for", "payments");

pub(crate) const SETTINGS: [Setting; 3] = [ABOUT_COMPONENTS, ABOUT_LIFETIME, ABOUT_TAG];
pub(crate) const SHARED_SETTINGS: [Setting; 4] = [
    ABOUT_COMPONENTS,
    ABOUT_LIFETIME,
    ABOUT_TAG,
    Setting::secret_encoding(),
];

/// What is covered, and what is said of it, by the settings.
pub(crate) struct Covered<'a> {
    components: Option<Vec<Component>>,
    lifetime: Option<u64>,
    tag: Option<&'a str>,
}

impl<'a> Covered<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, SettingError> {
        let components = settings.get(COMPONENTS).map(|list| {
            SignatureInput::from_str(&format!("({list})"))
                .map(|input| input.components().to_vec())
                .map_err(|error| {
                    SettingError::malformed(COMPONENTS, format!("a list of components: {error}"))
                })
        });
        Ok(Self {
            components: components.transpose()?,
            lifetime: settings.seconds(LIFETIME)?,
            tag: settings.get(TAG),
        })
    }
}

fn algorithm(scheme: Scheme) -> KeyAlgorithm {
    scheme.rfc9421().unwrap_or(KeyAlgorithm::HmacSha256)
}

/// Covers `@method`, `@target-uri`, the content's digest and type if there are any, unless settings
/// name other components. A digest is made where one is covered and the request has none.
pub(crate) fn sign_request(
    scheme: Scheme,
    nonce: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    refuse_present(request, &[SIGNATURE, SIGNATURE_INPUT])?;
    let keyid = public_id(scheme, credential)?;
    let key = SigningKey::new(algorithm(scheme), credential)?;
    let covered = Covered::read(credential.settings)?;
    let mut headers = Vec::new();
    let mut steps = Vec::new();
    let mut fields = request.headers().to_vec();
    let asked_for_digest = covered.components.as_ref().is_some_and(|components| {
        let digest = format!("\"{CONTENT_DIGEST}\"");
        components
            .iter()
            .any(|component| component.identifier() == digest)
    });
    let digest = match ContentDigest::read(request.headers())? {
        Some(present) => {
            present.verify(request.body())?;
            None
        }
        None if request.body().is_empty() && !asked_for_digest => None,
        None => Some(content_digest::make(Algorithm::Sha256, request.body())),
    };
    if let Some(digest) = &digest {
        fields.push(Field::new(CONTENT_DIGEST, digest.as_bytes()));
        steps.push(step("content_digest", &**digest));
        headers.push(public(CONTENT_DIGEST, digest.clone()));
    }
    let components = match covered.components {
        Some(components) => components,
        None => usual(&fields)?,
    };
    let input = SignatureInput::new(
        components,
        SignatureParams {
            created: Some(now.secs()),
            expires: covered.lifetime.map(|seconds| now.secs() + seconds),
            keyid: Some(keyid.to_owned()),
            alg: Some(algorithm_name(algorithm(scheme)).to_owned()),
            nonce: Some(nonce.to_owned()),
            tag: covered.tag.map(str::to_owned),
        },
    )?;
    let complete = Request::new(request.method(), request.target(), &fields, request.body());
    let made = sign(LABEL, (&complete).into(), &input, &key).map_err(|error| match error {
        MakeError::Base(error) => SignError::from(error),
        MakeError::Key(error) => SignError::from(error),
    })?;
    steps.push(step("signature_base", made.base));
    steps.push(step("signature", &*made.signature));
    headers.push(public(SIGNATURE_INPUT, made.signature_input));
    headers.push(public(SIGNATURE, made.signature));
    Ok(Signed::new(headers, steps))
}

fn usual(fields: &[Field<'_>]) -> Result<Vec<Component>, InputError> {
    let mut components = vec![
        Component::derived(Derived::Method),
        Component::derived(Derived::TargetUri),
    ];
    for name in [CONTENT_DIGEST, "content-type"] {
        if fields
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name))
        {
            components.push(Component::field(name).map_err(InputError::from)?);
        }
    }
    Ok(components)
}

/// Checks every signature that names the credential's id, of which there must be one, and a digest of
/// the content if there is one. Whether enough is covered is for `policy` to say.
pub(crate) fn verify_request(
    scheme: Scheme,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let malformed = |error: &dyn std::error::Error| Refusal::Malformed(error.to_string());
    let signatures = Signature::read_all(request.headers()).map_err(|error| malformed(&error))?;
    let key = VerifyingKey::new(algorithm(scheme), credential)?;
    let mut verified = Verified::default();
    if let Some(digest) =
        ContentDigest::read(request.headers()).map_err(|error| malformed(&error))?
    {
        digest
            .verify(request.body())
            .map_err(|error| malformed(&error))?;
        verified
            .steps
            .push(step("content_digest", "it is the content's"));
    }
    if signatures.is_empty() {
        return Err(Refusal::Absent(
            "Signature-Input and Signature headers".to_owned(),
        ));
    }
    for signature in &signatures {
        let params = signature.input().params();
        if let Some(keyid) = &params.keyid {
            same_id(keyid, credential)?;
        }
        let base = signature
            .verify(request.into(), &key)
            .map_err(|error| match error {
                VerifyError::Algorithm { found, expected } => Refusal::OtherScope {
                    found,
                    expected: expected.to_owned(),
                },
                VerifyError::Base(error) => malformed(&error),
                VerifyError::Mismatch { base } => Refusal::Mismatch {
                    steps: vec![step("signature_base", base)],
                },
            })?;
        verified.steps.push(step("signature_base", base));
        verified.made = params.created.map(UnixMillis::from_secs);
    }
    Ok(verified)
}
