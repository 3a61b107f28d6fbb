//! Whether the user has gone: the screen was locked, or the machine is about to sleep. Desktops say so on
//! D-Bus; where there is no bus, nothing is said.

use std::{cell::Cell, ops::ControlFlow, rc::Rc, thread, time::Duration};

use dbus::{blocking::LocalConnection, message::MatchRule};

/// How long at most a watcher outlives the one that it watches for.
const LOOK: Duration = Duration::from_secs(30);
/// How long the login manager may take to name the session.
const ASK: Duration = Duration::from_secs(5);
const LOGIN: &str = "org.freedesktop.login1";

/// Calls `gone` whenever the screen is locked or the machine is about to sleep, from threads of its own,
/// until it breaks. It is also called now and then to say [`Seen::Present`], so that a watcher ends with
/// the one that it watches for. A forged signal can do no more than that.
pub(crate) fn watch(gone: impl FnMut(Seen) -> ControlFlow<()> + Clone + Send + 'static) {
    // libdbus would start a bus by itself where there is a display and no bus.
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() {
        listen("screen-lock", session_bus, gone.clone());
    }
    listen("login-lock", system_bus, gone);
}

/// What a watcher saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing new.
    Present,
    /// The screen was locked, or the machine is about to sleep.
    Gone,
}

/// Set by the signals of a connection.
type Flag = Rc<Cell<bool>>;

fn listen(
    name: &str,
    connect: fn(&Flag) -> Result<LocalConnection, dbus::Error>,
    mut tell: impl FnMut(Seen) -> ControlFlow<()> + Send + 'static,
) {
    let watching = move || {
        let flag = Flag::default();
        let connection = match connect(&flag) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::debug!(%error, "the screen's lock can't be watched on this bus");
                return;
            }
        };
        loop {
            // It fails once the bus is gone, and the user's session with it.
            let alive = connection.process(LOOK).is_ok();
            let seen = if flag.take() || !alive {
                Seen::Gone
            } else {
                Seen::Present
            };
            if tell(seen).is_break() || !alive {
                return;
            }
        }
    };
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(watching) {
        tracing::warn!(%error, "the screen's lock can't be watched");
    }
}

/// What screen savers say (freedesktop.org's interface, and GNOME's of the same shape).
fn session_bus(flag: &Flag) -> Result<LocalConnection, dbus::Error> {
    let bus = LocalConnection::new_session()?;
    for interface in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
        raise_if_active(
            &bus,
            MatchRule::new_signal(interface, "ActiveChanged"),
            flag,
        )?;
    }
    Ok(bus)
}

/// What the login manager says of this session, and of the machine.
fn system_bus(flag: &Flag) -> Result<LocalConnection, dbus::Error> {
    let bus = LocalConnection::new_system()?;
    let manager = bus.with_proxy(LOGIN, "/org/freedesktop/login1", ASK);
    raise_if_active(
        &bus,
        MatchRule::new_signal("org.freedesktop.login1.Manager", "PrepareForSleep"),
        flag,
    )?;
    let session: Result<(dbus::Path<'static>,), _> = manager.method_call(
        "org.freedesktop.login1.Manager",
        "GetSessionByPID",
        (std::process::id(),),
    );
    match session {
        Ok((session,)) => {
            let raised = Rc::clone(flag);
            let lock =
                MatchRule::new_signal("org.freedesktop.login1.Session", "Lock").with_path(session);
            bus.add_match(lock, move |(): (), _, _| {
                raised.set(true);
                true
            })?;
        }
        // A service of the user belongs to none; its machine goes to sleep all the same.
        Err(error) => tracing::debug!(%error, "the login manager knows no session of this process"),
    }
    Ok(bus)
}

/// Raises the flag at a signal whose one argument is true.
fn raise_if_active(
    bus: &LocalConnection,
    signal: MatchRule<'static>,
    flag: &Flag,
) -> Result<(), dbus::Error> {
    let raised = Rc::clone(flag);
    bus.add_match(signal, move |(active,): (bool,), _, _| {
        if active {
            raised.set(true);
        }
        true
    })?;
    Ok(())
}
