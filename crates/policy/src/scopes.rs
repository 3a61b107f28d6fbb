//! What a key may do, and what each route asks for. Denied by default.

use std::{fmt, str::FromStr};

use crate::limiter::Cost;

macro_rules! scopes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// One permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope {
            $($(#[$doc])+ $name,)+
        }

        impl Scope {
            /// Every scope there is.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its text, `resource:action`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

scopes! {
    /// See payins.
    PayinsRead = "payins:read",
    /// Make payins.
    PayinsWrite = "payins:write",
    /// See payouts.
    PayoutsRead = "payouts:read",
    /// Make payouts.
    PayoutsWrite = "payouts:write",
    /// See refunds.
    RefundsRead = "refunds:read",
    /// Refund payins.
    RefundsWrite = "refunds:write",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let known = Self::ALL.iter().find(|scope| scope.as_str() == text);
        known.copied().ok_or_else(|| UnknownScope {
            typed: text.to_owned(),
            nearest: nearest(text),
        })
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    /// Reads scopes as they are typed. The same one twice counts once.
    ///
    /// # Errors
    ///
    /// [`UnknownScope`] names the first that there is not, and the nearest one that there is.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, UnknownScope> {
        texts
            .iter()
            .map(|text| text.as_ref().parse::<Scope>())
            .collect()
    }

    /// Whether `scope` is among them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .iter()
            .copied()
            .filter(move |scope| self.contains(*scope))
    }

    /// The set as a number that means the same as long as this process lives. What is stored is text:
    /// another version may number scopes otherwise.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of such a number.
    #[must_use]
    pub const fn of_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The scopes as text: what [`Scopes::parse`] reads back.
    #[must_use]
    pub fn to_strings(self) -> Vec<String> {
        self.iter().map(|scope| scope.to_string()).collect()
    }

    /// The scopes with spaces between them, as OAuth 2.0 writes them (RFC 6749, section 3.3).
    #[must_use]
    pub fn to_parameter(self) -> String {
        self.to_strings().join(" ")
    }

    const fn bit(scope: Scope) -> u32 {
        1 << scope as u32
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let bits = scopes.into_iter().map(Self::bit);
        Self(bits.fold(0, |set, bit| set | bit))
    }
}

impl fmt::Display for Scopes {
    /// The scopes with commas, or `no scope`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no scope");
        }
        for (index, scope) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{scope}")?;
        }
        Ok(())
    }
}

/// There is no such scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScope {
    /// What was typed.
    pub typed: String,
    /// What was probably meant, if something comes near.
    pub nearest: Option<Scope>,
}

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no scope {:?}", self.typed)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => {
                let all: Scopes = Scope::ALL.iter().copied().collect();
                write!(f, "; scopes are {all}")
            }
        }
    }
}

impl std::error::Error for UnknownScope {}

/// The scope that needs the fewest changes, if it needs at most three.
fn nearest(typed: &str) -> Option<Scope> {
    let typed = typed
        .trim()
        .to_ascii_lowercase()
        .replace(['.', '_', '/', ' '], ":");
    // Whatever is longer than this is no slip of the keyboard, and would take long to compare.
    if typed.len() > 40 {
        return None;
    }
    Scope::ALL
        .iter()
        .map(|scope| (distance(&typed, scope.as_str()), *scope))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, scope)| scope)
}

/// Levenshtein's distance, by bytes.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.bytes().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (b, cell) in right.bytes().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            before = replaced.min(before + 1).min(diagonal + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What a route asks of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Any key that is genuine.
    Key,
    /// Any key, presented by its secret or a signature: a token does not beget a token.
    Secret,
    /// The same at an endpoint of OAuth 2.0, where the secret may also be presented as a client secret
    /// (RFC 6749, section 2.3.1).
    Client,
    /// A scope.
    Scope(Scope),
}

/// One route of the platform: what stands in the audit log, and what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// What it asks of a key.
    pub needs: Needs,
    /// How many slots a request takes.
    pub cost: Cost,
}

impl Route {
    /// What a request is decided against whose path there is not: it takes a slot, and whoever has
    /// passed is told that there is nothing here.
    pub const NONE: Self = Self::new("*", "(none)", Needs::Key);

    const fn new(method: &'static str, path: &'static str, needs: Needs) -> Self {
        Self {
            method,
            path,
            needs,
            cost: Cost::ONE,
        }
    }

    /// The route of a method and a path (without query), if there is one.
    #[must_use]
    pub fn find(method: &str, path: &str) -> Option<&'static Self> {
        Self::at(path).find(|route| route.method == method)
    }

    /// The routes at a path, one for each method that it has.
    pub fn at(path: &str) -> impl Iterator<Item = &'static Self> {
        ROUTES.iter().filter(move |route| route.path == path)
    }
}

/// Every route that a key may call, of both faces.
pub const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v1/ping", Needs::Key),
    Route::new(
        "GET",
        "/api/v1/payment_gateways/access_token",
        Needs::Secret,
    ),
    Route::new("POST", "/api/v2/payins", Needs::Scope(Scope::PayinsWrite)),
    Route::new(
        "GET",
        "/api/v2/payins/detail",
        Needs::Scope(Scope::PayinsRead),
    ),
    Route::new("POST", "/api/v2/payouts", Needs::Scope(Scope::PayoutsWrite)),
    Route::new("GET", "/std/v1/ping", Needs::Key),
    Route::new("POST", "/oauth/token", Needs::Client),
    Route::new("POST", "/oauth/revoke", Needs::Client),
    Route::new("POST", "/std/v1/payins", Needs::Scope(Scope::PayinsWrite)),
    Route::new(
        "GET",
        "/std/v1/payins/detail",
        Needs::Scope(Scope::PayinsRead),
    ),
    Route::new("POST", "/std/v1/payouts", Needs::Scope(Scope::PayoutsWrite)),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_scope_that_there_is_not_names_the_nearest() {
        for (typed, nearest) in [
            ("payin:write", Some(Scope::PayinsWrite)),
            ("payouts.write", Some(Scope::PayoutsWrite)),
            ("PAYINS:READ", Some(Scope::PayinsRead)),
            ("refund:write", Some(Scope::RefundsWrite)),
            ("admin", None),
            ("", None),
        ] {
            let error = Scopes::parse(&["payins:read", typed]).unwrap_err();
            assert_eq!((error.typed.as_str(), error.nearest), (typed, nearest));
        }
        let message = Scopes::parse(&["everything"]).unwrap_err().to_string();
        assert!(
            message.contains("scopes are payins:read, payins:write"),
            "{message}"
        );
    }

    #[test]
    fn every_route_is_found_by_its_method_and_path_alone() {
        for route in ROUTES {
            assert_eq!(Route::find(route.method, route.path), Some(route));
            assert_eq!(Route::find("DELETE", route.path), None);
        }
        assert_eq!(Route::find("GET", "/api/v1/ping/"), None);
    }

    #[test]
    fn whatever_moves_or_shows_money_needs_a_scope() {
        let free = |route: &&Route| !matches!(route.needs, Needs::Scope(_));
        let mut paths: Vec<_> = ROUTES.iter().filter(free).map(|route| route.path).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "/api/v1/payment_gateways/access_token",
                "/api/v1/ping",
                "/oauth/revoke",
                "/oauth/token",
                "/std/v1/ping"
            ]
        );
    }

    proptest! {
        #[test]
        fn a_set_is_what_was_put_in(chosen in prop::collection::vec(0..Scope::ALL.len(), 0..8)) {
            let chosen: Vec<_> = chosen.into_iter().map(|at| Scope::ALL[at]).collect();
            let set: Scopes = chosen.iter().copied().collect();
            for scope in Scope::ALL {
                prop_assert_eq!(set.contains(*scope), chosen.contains(scope));
            }
            prop_assert_eq!(Scopes::parse(&set.to_strings()), Ok(set));
        }

        #[test]
        fn hostile_text_never_panics(text in ".{0,60}") {
            let _ = text.parse::<Scope>();
        }
    }
}
