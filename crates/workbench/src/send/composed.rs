//! A composed request: filled in by the vault's owner, then signed and sent like any other.

use std::{cell::RefCell, collections::BTreeMap};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    compose::{ComposeProblem, ComposedPreview, ComposedSend},
    error::{ErrorCode, Failure},
    exchange::SendRequest,
    vault::Environment,
};
use strongroom_crypto::SecretText;
use strongroom_formats::{Environment as Variables, template::Reference};
use strongroom_sender::Target;
use zeroize::Zeroize as _;

use super::{
    Credential, Redaction, check_hosts, check_production,
    draft::Draft,
    fill::{Values, fill},
    preview::sample,
};
use crate::{
    folder::Folder,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Fields that `key show` shows as well.
const PUBLIC: [&str; 5] = ["base_url", "id", "name", "provider", "scheme"];

/// A request that is filled in. It may hold secrets, which are wiped when this is dropped.
pub(crate) struct Filled {
    pub(crate) request: SendRequest,
    /// What of it is a secret, and what is shown in its place.
    pub(crate) secrets: Redaction,
    /// The items whose secrets are in it.
    pub(crate) items: Vec<String>,
}

impl Filled {
    /// A request that had nothing to be filled in.
    pub(crate) fn of(request: SendRequest) -> Self {
        Self {
            request,
            secrets: Redaction::default(),
            items: Vec::new(),
        }
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        self.request.url.zeroize();
        self.request.body_base64.zeroize();
        for (_, value) in &mut self.request.headers {
            value.zeroize();
        }
    }
}

/// What a request's placeholders are filled in from, beside the vault.
struct Surroundings {
    folder: Option<Folder>,
    environment: Option<Variables>,
}

impl Surroundings {
    fn of(args: &ComposedSend) -> Result<Self, Failure> {
        let folder = args.folder.as_deref().map(Folder::open).transpose()?;
        let environment = match (&folder, &args.environment) {
            (Some(folder), Some(called)) => Some(folder.environment(called)?),
            (None, Some(called)) => {
                return Err(Failure::new(
                    ErrorCode::Usage,
                    format!("the environment {called:?} is in no folder of requests"),
                )
                .hint("open the folder that it is in"));
            }
            (_, None) => None,
        };
        Ok(Self {
            folder,
            environment,
        })
    }

    fn is_production(&self) -> bool {
        self.environment
            .as_ref()
            .is_some_and(|environment| environment.production)
    }

    fn fill(
        &self,
        args: &ComposedSend,
        field: &dyn Fn(&Reference) -> Result<SecretText, Failure>,
    ) -> (SendRequest, Vec<ComposeProblem>) {
        let none = BTreeMap::new();
        let set = self
            .environment
            .as_ref()
            .map_or(&none, |environment| &environment.variables);
        let values = Values {
            variables: [&args.variables, set],
            field,
        };
        fill(args, self.folder.as_ref(), &values)
    }
}

/// Fills in a request with the vault's secrets, after checking that each may go where the request goes.
/// `known` are secrets among the variables.
///
/// # Errors
///
/// [`ErrorCode::Usage`] with every problem in `details`; [`ErrorCode::Refused`] for a host that a secret may
/// not go to, or for production without leave; [`ErrorCode::Locked`].
pub(crate) fn filled(
    session: &Session,
    args: &ComposedSend,
    known: &[(SecretText, String)],
    work: &Work,
) -> Result<Filled, Failure> {
    work.check()?;
    let surroundings = Surroundings::of(args)?;
    if surroundings.is_production() && !args.options.confirm_production {
        return Err(super::production("the chosen environment"));
    }
    let secrets = RefCell::new(Redaction::default());
    let items = RefCell::new(BTreeMap::new());
    let field = |reference: &Reference| {
        session.with_open(|open| {
            let item = open.vault.find(reference.item()).map_err(shown)?;
            let id = item.id().to_string();
            let about = (item.hosts().to_vec(), item.view().environment);
            let value = open
                .vault
                .secret(&id, reference.field(), None)
                .map_err(shown)?;
            if !PUBLIC.contains(&reference.field()) {
                items.borrow_mut().insert(item_name(open, &id), about);
                let copy = SecretText::new(value.expose_secret().to_owned());
                secrets.borrow_mut().push(copy, reference.to_string());
            }
            Ok(value)
        })
    };
    let (request, problems) = surroundings.fill(args, &field);
    let mut secrets = secrets.into_inner();
    for (secret, shown) in known {
        secrets.push(
            SecretText::new(secret.expose_secret().to_owned()),
            shown.clone(),
        );
    }
    let items = items.into_inner();
    let filled = Filled {
        request,
        secrets,
        items: items.keys().cloned().collect(),
    };
    if !problems.is_empty() {
        return Err(unfilled(&problems));
    }
    for (name, (hosts, environment)) in &items {
        check_hosts(&filled.request, hosts)?;
        check_production(name, *environment, &filled.request.options)?;
    }
    if !items.is_empty() {
        check_host_header(&filled.request)?;
    }
    Ok(filled)
}

fn item_name(open: &crate::session::Open, id: &str) -> String {
    open.vault
        .find(id)
        .map(|item| item.name().to_owned())
        .unwrap_or_default()
}

/// One server can serve several hosts, so that header decides where a secret ends up as much as the URL.
fn check_host_header(request: &SendRequest) -> Result<(), Failure> {
    let target = Target::parse(&request.url)?;
    let other = request
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("host") && *value != target.authority());
    if other {
        return Err(Failure::new(
            ErrorCode::Refused,
            "a secret is not sent under a Host header that names another host than the URL",
        )
        .hint("remove the header, or put its host into the URL"));
    }
    Ok(())
}

fn unfilled(problems: &[ComposeProblem]) -> Failure {
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.place, problem.message))
        .collect();
    Failure::new(ErrorCode::Usage, told.join("; "))
        .hint("give the variables a value in the environment, or correct the request")
        .details(serde_json::json!({ "problems": problems }))
}

/// The very bytes of a request, with its secrets masked, or what keeps it from being sent.
///
/// # Errors
///
/// There is no such folder or environment, or it cannot be read.
pub(crate) fn preview(session: &Session, args: &ComposedSend) -> Result<ComposedPreview, Failure> {
    let surroundings = Surroundings::of(args)?;
    let references = RefCell::new(Vec::new());
    let field = |reference: &Reference| {
        let name = reference.to_string();
        if !references.borrow().contains(&name) {
            references.borrow_mut().push(name.clone());
        }
        session.with_open(|open| {
            let item = open.vault.find(reference.item()).map_err(shown)?;
            let id = item.id().to_string();
            if PUBLIC.contains(&reference.field()) {
                return open
                    .vault
                    .secret(&id, reference.field(), None)
                    .map_err(shown);
            }
            Ok(SecretText::new(name))
        })
    };
    let (request, mut problems) = surroundings.fill(args, &field);
    let mut preview = ComposedPreview {
        url: request.url.clone(),
        references: references.into_inner(),
        production: surroundings.is_production(),
        ..ComposedPreview::default()
    };
    let mut note = |place: &str, failure: Failure| {
        problems.push(ComposeProblem {
            place: place.to_owned(),
            variables: Vec::new(),
            message: failure.message,
        });
    };
    let credential = match &request.key {
        None => None,
        Some(key) => match session.with_open(|open| {
            let item = open.vault.find(key).map_err(shown)?;
            let production = item.view().environment == Some(Environment::Production);
            Ok((production, sample(item, &request)))
        }) {
            Ok((production, credential)) => {
                preview.production |= production;
                Some(credential)
            }
            Err(failure) => {
                note("auth", failure);
                None
            }
        },
    };
    if let Err(failure) = shown_bytes(&request, credential.as_ref(), &mut preview)
        && !request.url.is_empty()
    {
        note("request", failure);
    }
    let bytes = BASE64.decode(&request.body_base64).unwrap_or_default();
    preview.body_bytes = bytes.len() as u64;
    match String::from_utf8(bytes) {
        Ok(text) => preview.body = Some(text),
        Err(_) => preview.body_base64 = Some(request.body_base64),
    }
    preview.problems = problems;
    Ok(preview)
}

/// The head of a request and the steps of its signature, made with a sample secret.
fn shown_bytes(
    request: &SendRequest,
    credential: Option<&Credential>,
    preview: &mut ComposedPreview,
) -> Result<(), Failure> {
    let mut draft = Draft::read(request)?;
    if let Some(credential) = credential {
        check_hosts(request, &credential.hosts)?;
        let scheme = super::scheme(request, credential)?;
        (preview.steps, _) = draft.sign(&super::fresh_nonce(), scheme, credential, clock::now())?;
    }
    let (outgoing, sent) = draft.finish()?;
    let mut head = format!(
        "{} {} HTTP/1.1\r\n",
        sent.method,
        outgoing.target().path_and_query()
    );
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    preview.head = head;
    preview.url = sent.url;
    Ok(())
}
