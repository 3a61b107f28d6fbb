//! One request, from the rules to the answer.

use std::{pin::pin, time::Duration};

use strongroom_contract::exchange::Timings;

use crate::{
    answer::Answer,
    coding::{self, Unpacked},
    connect::{self, Connected, Hop},
    error::SendError,
    exchange::exchange,
    options::{Options, Phase},
    outgoing::Outgoing,
    proxy::Proxy,
    run::Run,
    target::Scheme,
    tls,
};

/// Sends a request over a connection of its own and reads the answer. `progress` hears of each
/// phase as it begins; `cancel` stops everything when it completes (give `std::future::pending()`
/// for a request that is never stopped). The future runs on any tokio runtime with its clock and
/// I/O enabled, and spawns nothing but the look-up of a name and the unpacking of a body.
///
/// # Errors
///
/// [`SendError`], if no whole answer came back. An error *status* is an answer.
pub async fn send(
    outgoing: &Outgoing,
    options: &Options,
    cancel: impl Future<Output = ()> + Send,
    progress: impl FnMut(Phase) + Send,
) -> Result<Answer, SendError> {
    check_rules(outgoing, options)?;
    let target = outgoing.target();
    let cancel = pin!(cancel);
    let mut run = Run::new(target.place(), options.timeout, cancel, progress);

    let hop = Hop::towards(target, options);
    let (addresses, dns) = run.phase(Phase::Lookup, connect::addresses(&hop)).await?;
    let accepted = connect::first_that_accepts(&hop, &addresses, run.remaining());
    let (
        Connected {
            mut stream,
            peer,
            local,
        },
        mut connecting,
    ) = run.phase(Phase::Connect, accepted).await?;
    let proxy = options.proxy_to(target);
    if let Some(proxy) = proxy {
        let tunnel = proxy.tunnel(&mut stream, target);
        connecting += run.phase(Phase::Tunnel, tunnel).await?.1;
    }

    let (received, tls, handshake) = match target.scheme() {
        Scheme::Http => {
            let received = exchange(stream, outgoing, options.body_limit, &mut run).await?;
            (received, None, Duration::ZERO)
        }
        Scheme::Https => {
            let (stream, handshake) = run
                .phase(Phase::Tls, tls::handshake(stream, target, options))
                .await?;
            let details = tls::details(stream.get_ref().1, target);
            let received = exchange(stream, outgoing, options.body_limit, &mut run)
                .await
                .map_err(|error| error.with_chain(&details.chain))?;
            (received, Some(details), handshake)
        }
    };
    let total = run.elapsed();
    let unpacked = if coding::is_packed(&received.headers, &received.body) {
        let (body, truncated) = (received.body, received.body_truncated);
        let work = coding::unpacked(body, truncated, &received.headers, options.body_limit);
        run.phase(Phase::Unpack, async { Ok(work.await) }).await?.0
    } else {
        Unpacked::as_it_came(received.body, received.body_truncated, None)
    };
    let (decoded, undecoded) = match unpacked.outcome {
        None => (None, None),
        Some(Ok(decoded)) => (Some(decoded), None),
        Some(Err(error)) => (None, Some(error)),
    };
    Ok(Answer {
        status: received.status,
        headers: received.headers,
        body: unpacked.body,
        body_truncated: unpacked.truncated,
        decoded,
        undecoded,
        http_version: received.http_version,
        timings: Timings {
            dns_ms: millis(dns),
            connect_ms: millis(connecting),
            tls_ms: millis(handshake),
            first_byte_ms: millis(received.first_byte),
            download_ms: millis(received.download),
            total_ms: millis(total),
        },
        tls,
        peer,
        local,
        proxy: proxy.map(Proxy::place),
    })
}

/// What must hold before anything leaves, a look-up included.
pub(crate) fn check_rules(outgoing: &Outgoing, options: &Options) -> Result<(), SendError> {
    let target = outgoing.target();
    if let Some(rules) = &options.allowed_hosts {
        let refused = |host: String| SendError::HostNotAllowed {
            host,
            allowed: rules.texts(),
        };
        if !rules.allow(target) {
            return Err(refused(target.place()));
        }
        for value in outgoing.host_values() {
            let authority = std::str::from_utf8(value).unwrap_or_default().trim();
            if !rules.allow_authority(authority, target.port()) {
                return Err(refused("the host that its Host header names".to_owned()));
            }
        }
    }
    if let Some(identity) = &options.identity
        && !identity.hosts().allow(target)
    {
        return Err(SendError::CertificateNotAllowed {
            host: target.place(),
            allowed: identity.hosts().texts(),
        });
    }
    let loopback = target.is_loopback();
    if target.scheme() == Scheme::Http && !(loopback && options.allow_plain_http_on_loopback) {
        return Err(SendError::PlainHttp {
            host: target.place(),
            loopback,
        });
    }
    Ok(())
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
