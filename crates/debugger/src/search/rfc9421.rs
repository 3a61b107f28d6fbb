//! Which signature base (RFC 9421, section 2.5) was signed?

use strongroom_contract::diagnosis::{Change, Part, Search};
use strongroom_signing::{
    Algorithm, Message, Request, UriScheme,
    content_digest::{CONTENT_DIGEST, ContentDigest},
    rfc9421::{SIGNATURE_INPUT, Signature, SignatureInput, SignatureParams, signature_base},
};

use super::{Alternative, Facets, Found, digest, makers::Makers};
use crate::{
    defect::{
        BASE_LINE_ENDS, BASE_NEWLINE, BASE_PARAMS, COMPONENT_ORDER, COMPONENT_QUOTES, HEADER_CASE,
        HEADER_CHARSET, HEADER_COMBINED, HEADER_DROPPED, HEADER_SPACE, METHOD, METHOD_CASE,
        PARAMS_ORDER, SCHEME, TARGET_FORM,
    },
    exhibit::View,
    form::url,
    judge::Secrets,
    pieces,
};

/// Beyond so many lines or parameters, not every order is tried.
const ORDERS: usize = 5;

/// One line of the base.
struct Line {
    /// `"@method"`
    identifier: String,
    /// `None` if the message does not have it.
    value: Option<String>,
}

/// How `@target-uri` was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TargetForm {
    Absolute,
    PathAndQuery,
    WithoutScheme,
}

/// How the lines were put together.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    AsIs,
    FinalLineEnd,
    Crlf,
    WithoutParams,
    Unquoted,
    /// Another order of the lines, by their places.
    Order(Vec<usize>),
}

/// What one alternative changes.
enum Value {
    Method(String),
    Scheme(&'static str),
    Authority(String),
    Path(String),
    Query(Option<String>),
    Form(TargetForm),
    Line(usize, String),
    Shape(Shape),
    Params(String),
    Maker(usize),
    Mark(usize),
}

/// The request as it could have been signed.
#[derive(Clone)]
struct Scene<'s> {
    method: &'s str,
    scheme: &'s str,
    authority: &'s str,
    path: &'s str,
    query: Option<&'s str>,
    form: TargetForm,
    lines: [Option<(usize, &'s str)>; 2],
    shape: &'s Shape,
    params: &'s str,
    maker: usize,
    mark: usize,
}

impl<'s> Scene<'s> {
    fn with(mut self, values: &[&'s Value]) -> Self {
        for value in values {
            match value {
                Value::Method(method) => self.method = method,
                Value::Scheme(scheme) => self.scheme = scheme,
                Value::Authority(authority) => self.authority = authority,
                Value::Path(path) => self.path = path,
                Value::Query(query) => self.query = query.as_deref(),
                Value::Form(form) => self.form = *form,
                Value::Line(at, value) => {
                    let free = self.lines.iter_mut().find(|line| line.is_none());
                    if let Some(free) = free {
                        *free = Some((*at, value));
                    }
                }
                Value::Shape(shape) => self.shape = shape,
                Value::Params(params) => self.params = params,
                Value::Maker(maker) => self.maker = *maker,
                Value::Mark(mark) => self.mark = *mark,
            }
        }
        self
    }

    /// The value of the line at `at`.
    fn value(&self, at: usize, line: &Line) -> Option<String> {
        let replaced = self.lines.iter().flatten().find(|(each, _)| *each == at);
        if let Some((_, value)) = replaced {
            return Some((*value).to_owned());
        }
        let query = || self.query.map(|query| format!("?{query}"));
        let target = || format!("{}{}", self.path, query().unwrap_or_default());
        match line.identifier.as_str() {
            "\"@method\"" => Some(self.method.to_owned()),
            "\"@scheme\"" => Some(self.scheme.to_owned()),
            "\"@authority\"" => Some(self.authority.to_owned()),
            "\"@path\"" => Some(self.path.to_owned()),
            "\"@query\"" => Some(query().unwrap_or_else(|| "?".to_owned())),
            "\"@request-target\"" => Some(target()),
            "\"@target-uri\"" => Some(match self.form {
                TargetForm::Absolute => format!("{}://{}{}", self.scheme, self.authority, target()),
                TargetForm::PathAndQuery => target(),
                TargetForm::WithoutScheme => format!("{}{}", self.authority, target()),
            }),
            _ => line.value.clone(),
        }
    }

    /// The base; `None` if a line has no value.
    fn base(&self, lines: &[Line]) -> Option<String> {
        let mut out = String::with_capacity(512);
        let end = if *self.shape == Shape::Crlf {
            "\r\n"
        } else {
            "\n"
        };
        let mut put = |at: usize, line: &Line| -> Option<()> {
            let identifier = match self.shape {
                Shape::Unquoted => line.identifier.trim_matches('"'),
                _ => &line.identifier,
            };
            out.push_str(identifier);
            out.push_str(": ");
            out.push_str(&self.value(at, line)?);
            out.push_str(end);
            Some(())
        };
        match self.shape {
            Shape::Order(order) => {
                for at in order {
                    put(*at, lines.get(*at)?)?;
                }
            }
            _ => {
                for (at, line) in lines.iter().enumerate() {
                    put(at, line)?;
                }
            }
        }
        if *self.shape == Shape::WithoutParams {
            out.truncate(out.len() - end.len());
            return Some(out);
        }
        out.push_str("\"@signature-params\": ");
        out.push_str(self.params);
        if *self.shape == Shape::FinalLineEnd {
            out.push('\n');
        }
        Some(out)
    }
}

/// Looks for what the signature of `view` is over, which `algorithm` should have made. `original` is the
/// request before its credential was repaired, if it was.
pub(crate) fn signed_request(
    algorithm: Algorithm,
    view: &View<'_>,
    original: &View<'_>,
    secrets: &Secrets,
) -> Found {
    let fields = view.fields();
    let request = Request::new(view.method, view.target, &fields, view.body);
    let Some(signature) = Signature::read_all(&fields)
        .ok()
        .and_then(|all| all.into_iter().next())
    else {
        return Found::default();
    };
    let input = signature.input();
    let lines = lines(&request, input);
    let body = ContentDigest::read(&fields)
        .ok()
        .flatten()
        .filter(|_| input.covers_header(CONTENT_DIGEST))
        .and_then(|digest| digest::body(&digest, view.body));

    let makers = Makers::new(algorithm, secrets, signature.value());
    let as_is = Shape::AsIs;
    let received = Scene {
        method: view.method,
        scheme: view.target.scheme().as_str(),
        authority: view.target.authority(),
        path: view.target.path(),
        query: view.target.query(),
        form: TargetForm::Absolute,
        lines: [None, None],
        shape: &as_is,
        params: input.as_str(),
        maker: 0,
        mark: 0,
    };
    let facets = facets(view, original, &lines, input, &makers);
    let (found, search) = facets.search(makers.most(), &mut |values| {
        let scene = received.clone().with(values);
        let base = scene.base(&lines);
        base.is_some_and(|base| makers.made(scene.maker, scene.mark, base.as_bytes()))
    });
    let search = Search {
        tried: search.tried + body.as_ref().map_or(0, |body| body.search.tried),
        complete: search.complete && body.as_ref().is_none_or(|body| body.search.complete),
    };
    let signed = found.as_ref().map(|found| {
        let values: Vec<&Value> = found.iter().map(|each| &each.value).collect();
        received.clone().with(&values)
    });
    let mut parts = parts(&lines, &received, signed.as_ref());
    let mut changes: Vec<Change> = match &found {
        Some(found) => found
            .iter()
            .filter_map(|each| each.change.clone())
            .collect(),
        None => lines
            .iter()
            .filter(|line| line.value.is_none())
            .map(|line| HEADER_DROPPED.seen(line.identifier.trim_matches('"')))
            .collect(),
    };
    if let Some(body) = body {
        parts.push(body.part);
        changes.extend(body.changes);
    }
    Found {
        changes,
        parts,
        search: Some(search),
    }
}

/// The base's lines but the last, as the message has them.
fn lines(request: &Request<'_>, input: &SignatureInput) -> Vec<Line> {
    let components = input.components().iter();
    components
        .map(|component| {
            let identifier = component.identifier().to_owned();
            let alone = SignatureInput::new(vec![component.clone()], SignatureParams::default());
            let value = alone
                .ok()
                .and_then(|alone| signature_base(Message::Request(request), &alone).ok())
                .and_then(|base| {
                    let line = base.lines().next()?;
                    let value = line.strip_prefix(&identifier)?.strip_prefix(": ")?;
                    Some(value.to_owned())
                });
            Line { identifier, value }
        })
        .collect()
}

fn parts(lines: &[Line], received: &Scene<'_>, signed: Option<&Scene<'_>>) -> Vec<Part> {
    let mut parts: Vec<Part> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let name = &line.identifier;
            let signed = signed.map(|signed| signed.value(at, line).unwrap_or_default());
            let received = received.value(at, line).unwrap_or_default();
            pieces::part_of_base(name, &received, signed.as_deref())
        })
        .collect();
    let name = "\"@signature-params\"";
    parts.push(pieces::part_of_base(
        name,
        received.params,
        signed.map(|signed| signed.params),
    ));
    if let Some(signed) = signed.filter(|signed| *signed.shape != Shape::AsIs) {
        let (is, was) = match signed.shape {
            Shape::AsIs => return parts,
            Shape::FinalLineEnd => ("\"@signature-params\": …", "\"@signature-params\": …\n"),
            Shape::Crlf => ("\n", "\r\n"),
            Shape::WithoutParams => ("…\n\"@signature-params\": …", "…"),
            Shape::Unquoted => ("\"@method\": …", "@method: …"),
            Shape::Order(order) => {
                let names = |order: &mut dyn Iterator<Item = usize>| -> String {
                    let names = order.filter_map(|at| lines.get(at));
                    names
                        .map(|line| line.identifier.as_str())
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                let is = names(&mut (0..lines.len()));
                let was = names(&mut order.iter().copied());
                parts.push(pieces::part_in_clear("the order of the lines", &is, &was));
                return parts;
            }
        };
        parts.push(pieces::part_in_clear("the lines put together", is, was));
    }
    parts
}

fn facets(
    view: &View<'_>,
    original: &View<'_>,
    lines: &[Line],
    input: &SignatureInput,
    makers: &Makers,
) -> Facets<Value> {
    let mut facets = Facets::new();
    facets.push(Alternative::all(makers.others(), Value::Maker));
    facets.push(targets(url::authorities(view), Value::Authority));
    facets.push(targets(url::paths(view), Value::Path));
    facets.push(targets(url::queries(view), Value::Query));
    let other = match view.target.scheme() {
        UriScheme::Https => UriScheme::Http.as_str(),
        UriScheme::Http => UriScheme::Https.as_str(),
    };
    facets.push(vec![Alternative::new(
        SCHEME.of(other),
        1,
        Value::Scheme(other),
    )]);
    facets.push(methods(view.method));
    for (at, line) in lines.iter().enumerate() {
        facets.push(header(at, line, view, original));
    }
    facets.push(shapes(lines));
    facets.push(params(input, original));
    let form = |form| Alternative::new(TARGET_FORM.change(), 2, Value::Form(form));
    facets.push(vec![
        form(TargetForm::PathAndQuery),
        form(TargetForm::WithoutScheme),
    ]);
    facets.push(Alternative::all(makers.marks(), Value::Mark));
    facets
}

fn targets<T>(
    variants: Vec<url::Variant<T>>,
    value: impl Fn(T) -> Value,
) -> Vec<Alternative<Value>> {
    let variants = variants.into_iter();
    variants
        .map(|each| Alternative::new(each.change, each.cost, value(each.value)))
        .collect()
}

fn methods(own: &str) -> Vec<Alternative<Value>> {
    let mut out = Vec::new();
    for case in [own.to_ascii_lowercase(), own.to_ascii_uppercase()] {
        if case != own {
            out.push(Alternative::new(
                METHOD_CASE.change(),
                1,
                Value::Method(case),
            ));
        }
    }
    for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
        if !other.eq_ignore_ascii_case(own) {
            let value = Value::Method(other.to_owned());
            out.push(Alternative::new(METHOD.of(other), 2, value));
        }
    }
    out
}

/// What the value of a covered header could have been.
fn header(at: usize, line: &Line, view: &View<'_>, original: &View<'_>) -> Vec<Alternative<Value>> {
    let name = line.identifier.trim_matches('"');
    if name.starts_with('@') || name.contains('"') {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut offer = |change: Option<Change>, cost, value: String| {
        out.push(Alternative {
            change,
            cost,
            value: Value::Line(at, value),
        });
    };
    let before = original.header(name).map(<[u8]>::trim_ascii);
    if let Some(before) = before.filter(|before| Some(*before) != view.header(name)) {
        // As it was before it was repaired: what is wrong with it has been said.
        offer(None, 0, String::from_utf8_lossy(before).into_owned());
    }
    let Some(value) = &line.value else {
        let guesses: &[&str] = match name {
            "content-type" => &[
                "application/json",
                "application/json; charset=utf-8",
                "application/x-www-form-urlencoded",
            ],
            "accept" => &["application/json", "*/*"],
            _ => &[],
        };
        for guess in guesses {
            offer(Some(HEADER_DROPPED.of(name)), 1, (*guess).to_owned());
        }
        match name {
            "content-length" => {
                let length = view.body.len().to_string();
                offer(Some(HEADER_DROPPED.of(name)), 1, length);
            }
            "host" => {
                let host = view.target.authority().to_owned();
                offer(Some(HEADER_DROPPED.of(name)), 1, host);
            }
            _ => {}
        }
        return out;
    };
    if name == "content-type" {
        let charset = || Some(HEADER_CHARSET.change());
        match value.split_once(';') {
            Some((bare, _)) => offer(charset(), 1, bare.trim_end().to_owned()),
            None => {
                for added in [
                    "; charset=utf-8",
                    ";charset=UTF-8",
                    "; charset=UTF-8",
                    ";charset=utf-8",
                ] {
                    offer(charset(), 1, format!("{value}{added}"));
                }
            }
        }
    }
    let lower = value.to_ascii_lowercase();
    if lower != *value {
        offer(Some(HEADER_CASE.of(name)), 2, lower);
    }
    let space = || Some(HEADER_SPACE.of(name));
    for spaced in [
        format!(" {value}"),
        format!("{value} "),
        format!("{value}\r"),
    ] {
        offer(space(), 2, spaced);
    }
    if value.contains(", ") {
        let combined = || Some(HEADER_COMBINED.of(name));
        offer(combined(), 2, value.replace(", ", ","));
        if let Some((first, last)) = value.split_once(", ") {
            offer(combined(), 2, first.to_owned());
            offer(combined(), 2, last.to_owned());
        }
    }
    out
}

fn shapes(lines: &[Line]) -> Vec<Alternative<Value>> {
    let shape = |change, cost, shape| Alternative::new(change, cost, Value::Shape(shape));
    let mut out = vec![
        shape(BASE_NEWLINE.change(), 1, Shape::FinalLineEnd),
        shape(BASE_LINE_ENDS.change(), 1, Shape::Crlf),
        shape(BASE_PARAMS.change(), 1, Shape::WithoutParams),
        shape(COMPONENT_QUOTES.change(), 2, Shape::Unquoted),
    ];
    let as_is: Vec<usize> = (0..lines.len()).collect();
    let mut sorted = as_is.clone();
    sorted.sort_by_key(|at| lines.get(*at).map(|line| line.identifier.as_str()));
    for order in [sorted, as_is.iter().rev().copied().collect()] {
        if order != as_is {
            out.push(shape(COMPONENT_ORDER.change(), 1, Shape::Order(order)));
        }
    }
    for order in orders(lines.len()) {
        if order != as_is {
            out.push(shape(COMPONENT_ORDER.change(), 5, Shape::Order(order)));
        }
    }
    out
}

/// What the line `@signature-params` could have been.
fn params(input: &SignatureInput, original: &View<'_>) -> Vec<Alternative<Value>> {
    let mut out = Vec::new();
    let before = original.header(SIGNATURE_INPUT).unwrap_or_default();
    let before = String::from_utf8_lossy(before);
    if let Some((_, raw)) = before.split_once('=')
        && raw.trim() != input.as_str()
    {
        out.push(Alternative {
            change: None,
            cost: 0,
            value: Value::Params(raw.trim().to_owned()),
        });
    }
    let Some((list, params)) = input.as_str().split_once(')') else {
        return out;
    };
    let params = split_params(params);
    let mut offer = |cost, order: Vec<&str>| {
        let text = format!("{list});{}", order.join(";"));
        if text != input.as_str() {
            out.push(Alternative::new(
                PARAMS_ORDER.change(),
                cost,
                Value::Params(text),
            ));
        }
    };
    let mut sorted = params.clone();
    sorted.sort_unstable();
    offer(1, sorted);
    offer(1, params.iter().rev().copied().collect());
    for order in orders(params.len()) {
        let order = order.iter().filter_map(|at| params.get(*at).copied());
        offer(5, order.collect());
    }
    out
}

/// `;a=1;b="x;y"` as its parameters.
fn split_params(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut quoted = false;
    let mut begin = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                out.extend(text.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(begin..));
    out.retain(|param| !param.is_empty());
    out
}

/// Every order of so many things; none if they are too many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > ORDERS {
        return Vec::new();
    }
    let mut out = vec![Vec::new()];
    for next in 0..count {
        out = out
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    out
}
