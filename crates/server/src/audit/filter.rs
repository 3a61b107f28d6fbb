//! Which rows are wanted.

use std::{borrow::Cow, collections::HashSet, net::IpAddr};

use strongroom_contract::{
    audit::{AuditQuery, RuleQuery, StatusQuery},
    explain::Rule,
    time::UnixMillis,
};
use strongroom_policy::{audit::Row, key::ClientId};

use crate::{
    face::RequestId,
    keys::KeyRing,
    store::{Facet, Filed, PersonalKeys, Store, StoreError},
};

/// A question to the log, ready to be put to rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    about: About,
    source: Option<IpAddr>,
    from: Option<UnixMillis>,
    until: Option<UnixMillis>,
    is_everything: bool,
}

/// What rows have to be about.
#[derive(Debug, Clone, Default)]
struct About {
    app_id: Option<String>,
    route: Option<Route>,
    status: Option<StatusQuery>,
    rule: Option<RuleQuery>,
    act: Option<String>,
    /// An act that is passed over.
    act_except: Option<&'static str>,
    text: Option<Text>,
}

#[derive(Debug, Clone)]
struct Route {
    method: Option<String>,
    path: String,
    /// Whether all paths that begin like it are meant.
    is_prefix: bool,
}

/// A text that something of the row contains.
#[derive(Debug, Clone)]
struct Text {
    /// In small letters.
    needle: String,
    /// Keys with it in their names.
    named: HashSet<String>,
}

impl Filter {
    /// What a question asks for. The names of keys are those of now.
    pub(crate) fn of(query: &AuditQuery, keys: &KeyRing) -> Self {
        let AuditQuery {
            key,
            route,
            status,
            rule,
            act,
            source,
            text,
            from,
            until,
        } = query.clone();
        Self {
            is_everything: query.is_everything(),
            about: About {
                app_id: key,
                route: route.map(|route| Route::of(&route)),
                status,
                rule,
                act,
                act_except: None,
                text: text.map(|text| Text::of(&text, keys)),
            },
            source,
            from,
            until,
        }
    }

    /// The same but for rows of `act`, unless they are asked for by name.
    pub(crate) fn except(mut self, act: &'static str) -> Self {
        if self.about.act.is_none() {
            self.about.act_except = Some(act);
            self.is_everything = false;
        }
        self
    }

    /// The request that is meant, if the text is its id.
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.about.text.as_ref()?.needle.parse().ok()
    }

    /// Whether a row from one of these times to the other can be wanted.
    pub(crate) fn can_be_within(&self, (earliest, latest): (u64, u64)) -> bool {
        self.from.is_none_or(|from| latest >= from.0)
            && self.until.is_none_or(|until| earliest < until.0)
    }

    /// Whether a row is wanted.
    pub(crate) fn takes(&self, row: &Row<'_>, keys: &PersonalKeys) -> bool {
        self.is_everything
            || (self.from.is_none_or(|from| row.platform >= from)
                && self.until.is_none_or(|until| row.platform < until)
                && (self.request() == Some(RequestId(row.request.0))
                    || self.about.takes(&Looked::at_row(row)))
                && self
                    .source
                    .is_none_or(|wanted| came_from(row, wanted, keys)))
    }

    /// Where the index has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store failed.
    pub(crate) async fn filed(
        &self,
        store: &Store,
        keys: &PersonalKeys,
    ) -> Result<Filed, StoreError> {
        let about = self.about.clone();
        let app_id = about.app_id.clone();
        // The index knows no request by its id.
        let is_any = self.about.is_anything() || self.request().is_some();
        let fits = (!is_any).then_some(move |facet: &Facet| about.takes(&Looked::at_facet(facet)));
        let source = self.source.map(|address| keys.source_hash(address));
        let times = (
            self.from.map_or(0, |from| from.0),
            self.until.map_or(u64::MAX, |until| until.0),
        );
        store.filed(app_id, fits, source, times).await
    }
}

/// What a row or a combination of the index is about.
struct Looked<'a> {
    app_id: &'a str,
    act: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    rule: Option<Rule>,
}

impl<'a> Looked<'a> {
    fn at_row(row: &Row<'a>) -> Self {
        Self {
            app_id: row.key.unwrap_or_default(),
            act: row.act,
            method: row.method,
            path: row.path,
            status: row.status,
            rule: row.rule,
        }
    }

    fn at_facet(facet: &'a Facet) -> Self {
        Self {
            app_id: facet.app_id(),
            act: &facet.act,
            method: &facet.method,
            path: &facet.path,
            status: facet.status,
            rule: facet.rule,
        }
    }
}

impl About {
    fn is_anything(&self) -> bool {
        let Self {
            app_id,
            route,
            status,
            rule,
            act,
            act_except,
            text,
        } = self;
        app_id.is_none()
            && route.is_none()
            && status.is_none()
            && rule.is_none()
            && act.is_none()
            && act_except.is_none()
            && text.is_none()
    }

    fn takes(&self, it: &Looked<'_>) -> bool {
        self.app_id.as_ref().is_none_or(|id| id == it.app_id)
            && self.status.is_none_or(|status| status.takes(it.status))
            && self.rule.is_none_or(|rule| rule.takes(it.rule))
            && self.act.as_ref().is_none_or(|act| act == it.act)
            && self.act_except.is_none_or(|act| act != it.act)
            && self.route.as_ref().is_none_or(|route| route.takes(it))
            && self.text.as_ref().is_none_or(|text| text.takes(it))
    }
}

impl Route {
    fn of(text: &str) -> Self {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method.to_ascii_uppercase()), path.trim()),
            None => (None, text),
        };
        Self {
            method,
            path: path.strip_suffix('*').unwrap_or(path).to_owned(),
            is_prefix: path.ends_with('*'),
        }
    }

    fn takes(&self, it: &Looked<'_>) -> bool {
        let fits = match self.is_prefix {
            true => it.path.starts_with(&self.path),
            false => it.path == self.path,
        };
        fits && self
            .method
            .as_ref()
            .is_none_or(|method| method == it.method)
    }
}

impl Text {
    fn of(text: &str, keys: &KeyRing) -> Self {
        let needle = text.trim().to_lowercase();
        let named = keys.records().into_iter();
        let named = named.filter(|record| record.name.to_lowercase().contains(&needle));
        Self {
            named: named.map(|record| record.app_id.to_string()).collect(),
            needle,
        }
    }

    fn takes(&self, it: &Looked<'_>) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.needle);
        let route: Cow<'_, str> = match self.needle.contains(' ') {
            true => format!("{} {}", it.method, it.path).into(),
            false => it.path.into(),
        };
        has(it.act)
            || has(&route)
            || has(it.method)
            || has(it.app_id)
            || it.rule.is_some_and(|rule| has(rule.id()))
            || self.named.contains(it.app_id)
    }
}

fn came_from(row: &Row<'_>, wanted: IpAddr, keys: &PersonalKeys) -> bool {
    row.personal.is_some_and(|personal| {
        let client = ClientId(personal.key_id);
        keys.open_source(client, &personal.bound.0, personal.sealed) == Some(wanted)
    })
}
