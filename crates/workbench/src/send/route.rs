//! The way to a server: through which proxy, trusting whose certificates, showing which of our own.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{SendOptions, SendRequest},
    vault::ItemKind,
};
use strongroom_crypto::SecretText;
use strongroom_sender::{HostRules, Identity, Proxy, Target};
use strongroom_vault::Item;

use super::check_production;
use crate::{
    home::Home,
    problem::shown,
    session::{Open, Session, Work},
    settings,
};

/// The way to a server.
#[derive(Default)]
pub(crate) struct Route {
    pub(super) proxy: Option<Proxy>,
    pub(super) identity: Option<Identity>,
    /// PEM of certificates to trust.
    pub(super) trusted: Vec<String>,
    /// The items whose secrets this takes.
    pub(crate) items: Vec<String>,
}

/// Which proxy somebody named.
struct Named {
    url: String,
    key: Option<String>,
}

/// Whether a request takes something out of the vault, so that only the vault's owner can send it.
#[must_use]
pub fn needs_the_vault(home: &Home, request: &SendRequest) -> bool {
    let options = &request.options;
    request.key.is_some()
        || options.client_cert.is_some()
        || !options.ca.is_empty()
        || named(home, options).is_ok_and(|proxy| proxy.is_some_and(|proxy| proxy.key.is_some()))
}

impl Route {
    /// The way of a request that takes nothing out of the vault.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] for a proxy that is none.
    pub(super) fn without_vault(home: &Home, request: &SendRequest) -> Result<Self, Failure> {
        let proxy = named(home, &request.options)?;
        Ok(Self {
            proxy: proxy.map(|named| Proxy::parse(&named.url)).transpose()?,
            ..Self::default()
        })
    }

    /// The way of a request, with what the open vault holds for it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Refused`] if an item may not be used there; [`ErrorCode::Usage`] if one is not of the
    /// kind that is needed; [`ErrorCode::Locked`], [`ErrorCode::NotFound`], [`ErrorCode::Ambiguous`].
    pub(crate) fn of(
        session: &Session,
        request: &SendRequest,
        work: &Work,
    ) -> Result<Self, Failure> {
        let home = session.home();
        if !needs_the_vault(home, request) {
            return Self::without_vault(home, request);
        }
        work.check()?;
        let options = &request.options;
        let mut route = Self::default();
        if let Some(Named { url, key }) = named(home, options)? {
            let proxy = Proxy::parse(&url)?;
            route.proxy = Some(match key {
                None => proxy,
                Some(key) => {
                    session.with_open(|open| route.with_password(proxy, &key, open, options))?
                }
            });
        }
        if let Some(selector) = &options.client_cert {
            let identity = session.with_open(|open| route.identity(selector, open, options))?;
            route.identity = Some(identity);
        }
        for selector in &options.ca {
            let pem = session.with_open(|open| Ok(certificate(selector, open)?.1))?;
            route.trusted.push(pem.expose_secret().to_owned());
        }
        Ok(route)
    }

    /// The proxy with the item's id and secret, if the item names the proxy among its hosts.
    fn with_password(
        &mut self,
        proxy: Proxy,
        selector: &str,
        open: &Open,
        options: &SendOptions,
    ) -> Result<Proxy, Failure> {
        let item = open.vault.find(selector).map_err(shown)?;
        check_production(item.name(), item.view().environment, options)?;
        let place = proxy.place();
        let target = Target::parse(&format!("http://{place}"))?;
        if !HostRules::parse(item.hosts())?.allow(&target) {
            return Err(Failure::new(
                ErrorCode::Refused,
                format!(
                    "the secret of {} may not be sent to the proxy {place}: its hosts do not name it",
                    item.name()
                ),
            )
            .hint("add the proxy to the item's hosts; the password goes to it unencrypted, as proxies ask for it")
            .details(serde_json::json!({ "host": place, "allowed": item.hosts() })));
        }
        let user = item.public_id().unwrap_or_default().to_owned();
        let id = item.id().to_string();
        self.items.push(item.name().to_owned());
        let password = open.vault.secret(&id, "secret", None).map_err(shown)?;
        Ok(proxy.with_password(&user, &password)?)
    }

    fn identity(
        &mut self,
        selector: &str,
        open: &Open,
        options: &SendOptions,
    ) -> Result<Identity, Failure> {
        let (item, pem) = certificate(selector, open)?;
        check_production(item.name(), item.view().environment, options)?;
        let id = item.id().to_string();
        let key = open.vault.secret(&id, "private_key", None).map_err(shown)?;
        self.items.push(item.name().to_owned());
        let hosts = HostRules::parse(item.hosts())?;
        Ok(Identity::from_pem(pem.expose_secret(), &key, hosts)?)
    }
}

/// The item of a name or id, and the certificate that it holds.
fn certificate<'open>(
    selector: &str,
    open: &'open Open,
) -> Result<(&'open Item, SecretText), Failure> {
    let item = open.vault.find(selector).map_err(shown)?;
    if item.view().kind != ItemKind::Certificate {
        return Err(Failure::new(
            ErrorCode::Usage,
            format!("{} is not a certificate", item.name()),
        )
        .hint("add one with `strongroom key add NAME --certificate FILE`"));
    }
    let id = item.id().to_string();
    let pem = open.vault.secret(&id, "certificate", None).map_err(shown)?;
    Ok((item, pem))
}

/// The proxy that the request names, or else the settings. Nothing else is asked.
fn named(home: &Home, options: &SendOptions) -> Result<Option<Named>, Failure> {
    if options.no_proxy {
        return Ok(None);
    }
    if let Some(url) = &options.proxy {
        return Ok(Some(Named {
            url: url.clone(),
            key: options.proxy_key.clone(),
        }));
    }
    let settings = settings::read(home).unwrap_or_default();
    match settings.proxy {
        Some(url) => Ok(Some(Named {
            url,
            key: options.proxy_key.clone().or(settings.proxy_key),
        })),
        None if options.proxy_key.is_some() => Err(Failure::new(
            ErrorCode::Usage,
            "a user of a proxy is named, and no proxy",
        )
        .hint("name it with --proxy http://HOST:PORT, or in the settings")),
        None => Ok(None),
    }
}
