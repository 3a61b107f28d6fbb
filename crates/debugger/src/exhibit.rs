//! A request that failed, as it was pasted or kept.

use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{diagnosis, time::UnixMillis};
use strongroom_signing::{Field, Target, TargetError};

/// A request that failed. It may hold credentials, so it has no `Debug`.
pub struct Exhibit {
    /// The method.
    pub method: String,
    /// Where it went.
    pub target: Target,
    /// The headers in order, as bytes; names may repeat.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The address that it came from, if that is known.
    pub peer: Option<IpAddr>,
    /// The time to judge it at, if that is not now.
    pub at: Option<UnixMillis>,
}

impl Exhibit {
    /// Reads an exhibit as it crosses a border.
    ///
    /// # Errors
    ///
    /// [`ExhibitError`] says which part can't be used.
    pub fn read(exhibit: &diagnosis::Exhibit) -> Result<Self, ExhibitError> {
        let is_token = |byte: u8| byte.is_ascii_graphic();
        if exhibit.method.is_empty() || !exhibit.method.bytes().all(is_token) {
            return Err(ExhibitError::Method);
        }
        let peer = match &exhibit.peer {
            Some(peer) => Some(peer.parse().map_err(|_| ExhibitError::Peer)?),
            None => None,
        };
        let headers = exhibit.headers.iter();
        Ok(Self {
            method: exhibit.method.clone(),
            target: Target::parse(&exhibit.url)?,
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
                .collect(),
            body: BASE64_STANDARD
                .decode(&exhibit.body_base64)
                .map_err(|_| ExhibitError::Body)?,
            peer,
            at: exhibit.at,
        })
    }
}

/// A request can't be looked at. Repeats no part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExhibitError {
    /// No method.
    #[error("the request has no method; expected a word such as GET or POST")]
    Method,
    /// The URL can't be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The body is not base64.
    #[error("the body is not base64")]
    Body,
    /// The peer is no address.
    #[error("the peer is neither an IPv4 nor an IPv6 address")]
    Peer,
}

/// A request as it is, or as it would be with another form of its credential.
#[derive(Clone)]
pub(crate) struct View<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: &'a [u8],
    pub(crate) peer: Option<IpAddr>,
}

impl<'a> View<'a> {
    pub(crate) fn of(exhibit: &'a Exhibit) -> Self {
        Self {
            method: &exhibit.method,
            target: &exhibit.target,
            headers: exhibit.headers.clone(),
            body: &exhibit.body,
            peer: exhibit.peer,
        }
    }

    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| Field::new(name, value))
            .collect()
    }

    /// The first value of the header `name`, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// The same with another value of the header `name`.
    pub(crate) fn with(&self, name: &str, value: Vec<u8>) -> Self {
        let mut changed = self.clone();
        if let Some((_, old)) = changed
            .headers
            .iter_mut()
            .find(|(each, _)| each.eq_ignore_ascii_case(name))
        {
            *old = value;
        } else {
            changed.headers.push((name.to_owned(), value));
        }
        changed
    }

    /// The same without the header `name`.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed
            .headers
            .retain(|(each, _)| !each.eq_ignore_ascii_case(name));
        changed
    }
}
