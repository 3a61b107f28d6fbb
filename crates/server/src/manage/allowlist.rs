//! From where keys may be used: one key's list, and the one for all of them.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use http::StatusCode;
use serde_json::json;
use strongroom_contract::{
    audit::AuditQuery,
    error::{ErrorCode, Failure},
    manage::{AllowAllView, AuditRowView, ChangeAllowlist, ListCheck, SourceCheck},
};
use strongroom_policy::allowlist::{Allowlist, normalise};

use super::{
    Call, Done, NotDone,
    keys::{change, find, named},
};
use crate::{
    audit::{Filter, Search},
    store::KeyChange,
};

/// How many of the newest requests are looked at for sources seen lately.
const LATELY: usize = 1_000;

pub(super) async fn set(call: Call<'_>) -> Result<Done, NotDone> {
    let wanted: ChangeAllowlist = call.body()?;
    let list = parse(&wanted.allow)?;
    if wanted.guard {
        let app_id = named(call)?.to_string();
        guard(call, &list, Some(&app_id)).await?;
    }
    change(call, KeyChange::Allowlist(list)).await
}

pub(super) fn show_for_all(call: Call<'_>) -> Done {
    let allow = call.platform.allow_all.list().to_strings();
    Done::shown(&AllowAllView { allow })
}

/// Replaces the list for all keys: in memory first, where decisions are waited for, then in the audit
/// log, then in the store. Whatever fails, all of it is as before.
pub(super) async fn set_for_all(call: Call<'_>) -> Result<Done, NotDone> {
    let wanted: ChangeAllowlist = call.body()?;
    let list = Arc::new(parse(&wanted.allow)?);
    if wanted.guard {
        guard(call, &list, None).await?;
    }
    let recorder = call.recorder(StatusCode::OK, None, None);
    let (platform, new) = (Arc::clone(call.platform), Arc::clone(&list));
    let replace = move || {
        platform.allow_all.replace(new);
        platform.keys.wait_for_decisions();
        recorder()
    };
    let platform = call.platform;
    let before = platform.allow_all.list();
    if let Err(error) = platform.store.put_allow_all(&list, replace).await {
        platform.allow_all.replace(before);
        return Err(error.into());
    }
    let view = AllowAllView {
        allow: list.to_strings(),
    };
    Ok(Done::changed(StatusCode::OK, None, &view))
}

/// Whether a key may be used from an address.
pub(super) fn explain_source(call: Call<'_>) -> Result<Done, NotDone> {
    let app_id = named(call)?;
    let key = find(call, app_id)?.snapshot();
    let query = call.parts.uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let typed = pairs.find(|(name, _)| name == "address");
    let typed = typed.map(|(_, value)| value).unwrap_or_default();
    let address: IpAddr = typed.trim().parse().map_err(|_| {
        NotDone::usage(format!(
            "address is {typed:?}, not an IP address such as 203.0.113.7 or 2001:db8::1"
        ))
    })?;
    let address = normalise(address);
    let by_key = look(&key.allow, address);
    let by_all = look(&call.platform.allow_all.list(), address);
    let check = SourceCheck {
        address: address.to_string(),
        passes: by_key.passes && by_all.passes,
        by_key,
        by_all,
        is_proxy: call.platform.rules.proxies().contains(address),
    };
    Ok(Done::shown(&check).about(app_id))
}

fn look(list: &Allowlist, address: IpAddr) -> ListCheck {
    ListCheck {
        passes: list.allows(address),
        entry: list.holding(address).map(|network| network.to_string()),
        allow: list.to_strings(),
    }
}

/// Refuses a list that locks out where the change comes from, or every source that requests of the key
/// (of any, if none is named) were accepted from lately.
async fn guard(call: Call<'_>, list: &Allowlist, app_id: Option<&str>) -> Result<(), NotDone> {
    let own = normalise(call.arrival.peer);
    if !list.allows(own) {
        return Err(locks_out(
            format!("the list locks out {own}, which this change comes from"),
            &[own.to_string()],
        ));
    }
    let platform = call.platform;
    let query = AuditQuery {
        key: app_id.map(str::to_owned),
        act: Some(AuditRowView::REQUEST.to_owned()),
        ..AuditQuery::default()
    };
    let search = Search {
        store: &platform.store,
        keys: &platform.personal,
        filter: &Arc::new(Filter::of(&query, &platform.keys)),
        limit: LATELY,
    };
    let found = platform.audit.newest(search, None).await?;
    let rows = found.rows.iter().map(|row| row.view(&platform.personal));
    let accepted = rows.filter(|row| row.rule.is_none());
    let seen: BTreeSet<IpAddr> = accepted
        .filter_map(|row| row.source?.parse().ok())
        .collect();
    if seen.is_empty() || seen.iter().any(|source| list.allows(*source)) {
        return Ok(());
    }
    let seen: Vec<_> = seen.iter().map(ToString::to_string).collect();
    Err(locks_out(
        "the list locks out every source that requests were accepted from lately".to_owned(),
        &seen,
    ))
}

/// How many sources a failure names.
const NAMED: usize = 20;

fn locks_out(message: String, sources: &[String]) -> NotDone {
    let failure = Failure::new(ErrorCode::Conflict, message)
        .hint("put it on the list, or go on with --yes (in the API: without `guard`)")
        .details(json!({ "locks_out": sources.get(..NAMED).unwrap_or(sources) }));
    NotDone::new(StatusCode::CONFLICT, failure)
}

pub(super) fn parse(allow: &[String]) -> Result<Allowlist, NotDone> {
    Allowlist::parse(allow).map_err(|error| NotDone::usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{Reply, Stage};

    const PING: &str = "/api/v1/ping";

    async fn ping(stage: &Stage, (id, secret): &(String, String), more: &[(&str, &str)]) -> Reply {
        let mut headers = vec![("app-id", id.as_str()), ("secret-key", secret.as_str())];
        headers.extend(more);
        stage.send("GET", PING, &headers, b"").await
    }

    async fn put(stage: &Stage, path: &str, allow: &[&str], guard: bool) -> Reply {
        let body = json!({ "allow": allow, "guard": guard });
        stage.manage("PUT", path, body).await
    }

    #[tokio::test]
    async fn the_list_for_all_keys_narrows_each() {
        let stage = Stage::new().await;
        let (free, bound) = (
            stage.key(json!({})).await,
            stage.key(json!({ "allow": ["127.0.0.1"] })).await,
        );
        let set = put(&stage, "/allowlist", &["10.0.0.0/9", "10.128.0.0/9"], false).await;
        assert_eq!(
            (set.status, set.json()),
            (200, json!({ "allow": ["10.0.0.0/8"] }))
        );
        for key in [&free, &bound] {
            let refused = ping(&stage, key, &[]).await;
            assert_eq!(refused.status, 403);
            let path = format!("/requests/{}/explain", refused.request_id());
            let why = stage.manage("GET", &path, Value::Null).await.json();
            assert_eq!(why["rule"], "source");
            assert!(
                why["cause"].as_str().unwrap().contains("for all keys"),
                "{why}"
            );
            assert!(
                why["fix"]
                    .as_str()
                    .unwrap()
                    .contains("allow-all set 10.0.0.0/8 127.0.0.1")
            );
        }
        // The key's own list is looked at first.
        put(
            &stage,
            &format!("/keys/{}/allowlist", bound.0),
            &["192.0.2.1"],
            false,
        )
        .await;
        let refused = ping(&stage, &bound, &[]).await;
        let path = format!("/requests/{}/explain", refused.request_id());
        let why = stage.manage("GET", &path, Value::Null).await.json();
        assert_eq!(why["remedy"]["address"], "127.0.0.1");
        // What is pasted is judged alike.
        let pasted = json!({
            "method": "GET", "url": format!("https://localhost{PING}"), "peer": "127.0.0.1",
            "headers": [["app-id", free.0], ["secret-key", free.1]],
        });
        let why = stage
            .manage("POST", "/explain", pasted.clone())
            .await
            .json();
        assert_eq!(why["rule"], "source", "{why}");
        let mut unknown = pasted;
        unknown.as_object_mut().unwrap().remove("peer");
        let why = stage.manage("POST", "/explain", unknown).await.json();
        assert_eq!(why["decision"], "unknown", "{why}");
        assert_eq!(put(&stage, "/allowlist", &[], false).await.status, 200);
        assert_eq!(ping(&stage, &free, &[]).await.status, 200);
    }

    #[tokio::test]
    async fn whether_an_address_passes_is_told_with_the_entry_that_lets_it() {
        let stage = Stage::new().await;
        let key = stage.key(json!({ "allow": ["203.0.113.0/24"] })).await;
        put(
            &stage,
            "/allowlist",
            &["203.0.112.0/23", "2001:db8::/32"],
            false,
        )
        .await;
        let path = format!("/keys/{}/source?address=", key.0);
        let ask = async |address: &str| {
            stage
                .manage("GET", &format!("{path}{address}"), Value::Null)
                .await
        };
        let inside = ask("::ffff:203.0.113.7").await.json();
        assert_eq!(
            inside,
            json!({
                "address": "203.0.113.7", "passes": true, "is_proxy": false,
                "by_key": {
                    "passes": true, "entry": "203.0.113.0/24", "allow": ["203.0.113.0/24"],
                },
                "by_all": {
                    "passes": true, "entry": "203.0.112.0/23",
                    "allow": ["203.0.112.0/23", "2001:db8::/32"],
                },
            })
        );
        let outside = ask("203.0.112.1").await.json();
        assert_eq!(outside["passes"], false);
        assert_eq!(outside["by_key"]["entry"], Value::Null);
        assert_eq!(outside["by_all"]["passes"], true);
        for wrong in ["", "localhost", "203.0.113.0/24"] {
            assert_eq!(ask(wrong).await.status, 422, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_list_that_locks_out_is_refused_until_it_is_meant() {
        let stage = Stage::with(|config| {
            let proxies = strongroom_policy::allowlist::Allowlist::parse(&["127.0.0.1"]);
            config.proxies = strongroom_policy::source::Proxies::within(
                proxies.unwrap(),
                strongroom_policy::source::ForwardedHeader::default(),
            );
        })
        .await;
        let key = stage.key(json!({})).await;
        let own = format!("/keys/{}/allowlist", key.0);
        for path in [own.as_str(), "/allowlist"] {
            let refused = put(&stage, path, &["10.0.0.0/8"], true).await;
            assert_eq!(refused.status, 409);
            let error = &refused.json()["error"];
            assert_eq!(
                error["details"]["locks_out"],
                json!(["127.0.0.1"]),
                "{error}"
            );
            assert_eq!(put(&stage, path, &["127.0.0.0/8"], true).await.status, 200);
            assert_eq!(put(&stage, path, &[], true).await.status, 200);
        }
        // Requests came from elsewhere, and from there alone.
        for host in ["203.0.113.7", "203.0.113.8"] {
            let forwarded = [("x-forwarded-for", host)];
            assert_eq!(ping(&stage, &key, &forwarded).await.status, 200);
        }
        for path in [own.as_str(), "/allowlist"] {
            let refused = put(&stage, path, &["127.0.0.1"], true).await;
            assert_eq!(refused.status, 409);
            let seen = json!(["203.0.113.7", "203.0.113.8"]);
            assert_eq!(refused.json()["error"]["details"]["locks_out"], seen);
            let some = put(&stage, path, &["127.0.0.1", "203.0.113.8"], true).await;
            assert_eq!(some.status, 200);
        }
        assert_eq!(put(&stage, &own, &["127.0.0.1"], false).await.status, 200);
        let forwarded = [("x-forwarded-for", "10.0.0.1, 203.0.113.8")];
        let refused = ping(&stage, &key, &forwarded).await;
        assert_eq!(refused.status, 403);
        let page = stage
            .manage("GET", "/audit?limit=1", Value::Null)
            .await
            .json();
        assert_eq!(page["rows"][0]["source"], "203.0.113.8");
    }

    #[tokio::test]
    async fn the_list_for_all_keys_outlives_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let start = async || {
            let mut config = crate::Config::in_directory(home.path().join("state"));
            config.address.set_port(0);
            Stage::of(crate::Server::start(config).await.unwrap())
        };
        let stage = start().await;
        let key = stage.key(json!({})).await;
        put(&stage, "/allowlist", &["10.0.0.0/8"], false).await;
        stage.running.shutdown().await;
        let stage = start().await;
        let shown = stage.manage("GET", "/allowlist", Value::Null).await;
        assert_eq!(shown.json(), json!({ "allow": ["10.0.0.0/8"] }));
        assert_eq!(ping(&stage, &key, &[]).await.status, 403);
    }
}
