//! Who may call what of the management API: a table.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a member of the platform's team is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Holds the platform: everything.
    Owner,
    /// Runs it: everything but its clock.
    Admin,
    /// Builds against it: keys, limits and the clock.
    Developer,
    /// Helps those who build against it: sees why requests are refused.
    Support,
    /// Looks on.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Developer,
        Self::Support,
        Self::Viewer,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Support => "support",
            Self::Viewer => "viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// There is no such role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no role {0:?}; roles are owner, admin, developer, support and viewer")]
pub struct UnknownRole(pub String);

macro_rules! operations {
    ($($(#[$doc:meta])+ $name:ident = $act:literal: $($role:ident)+;)+) => {
        /// One thing that can be done by the management API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])+ $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name, as it stands in audit rows.
            #[must_use]
            pub const fn act(self) -> &'static str {
                match self {
                    $(Self::$name => $act,)+
                }
            }

            /// Who may do it.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role,)+],)+
                }
            }
        }
    };
}

operations! {
    /// Issue a key.
    KeyCreate = "key.create": Owner Admin Developer;
    /// See the keys, without secrets.
    KeyList = "key.list": Owner Admin Developer Support Viewer;
    /// End a key.
    KeyRevoke = "key.revoke": Owner Admin Developer;
    /// Give a key a second secret, which takes over.
    KeyRotate = "key.rotate": Owner Admin Developer;
    /// End one of a key's two secrets.
    KeyRetire = "key.retire": Owner Admin Developer;
    /// Change what is noted about a key.
    KeyNote = "key.note": Owner Admin Developer;
    /// Change a key's name.
    KeyRename = "key.rename": Owner Admin Developer;
    /// Change when a key ends.
    KeyExpire = "key.expire": Owner Admin Developer;
    /// Register a key's public key, or end it.
    KeyRegister = "key.register": Owner Admin Developer;
    /// Change a key's limit.
    KeyLimit = "key.limit": Owner Admin Developer;
    /// Change a key's daily quota.
    KeyQuota = "key.quota": Owner Admin Developer;
    /// Change whether a key's requests wait for a slot.
    KeyDelay = "key.delay": Owner Admin Developer;
    /// See what limit a key's use suggests.
    LimitExplain = "limit.explain": Owner Admin Developer Support;
    /// Change where a key may be used from.
    KeyAllowlist = "key.allowlist": Owner Admin Developer;
    /// Change what a key may do.
    KeyScopes = "key.scopes": Owner Admin Developer;
    /// Learn whether a source may use a key.
    SourceExplain = "source.explain": Owner Admin Developer Support;
    /// See from where keys may be used, all of them.
    AllowAllShow = "allow_all.show": Owner Admin Developer Support Viewer;
    /// Change from where keys may be used, all of them.
    AllowAllSet = "allow_all.set": Owner Admin;
    /// See the audit log. It names people's addresses.
    AuditList = "audit.list": Owner Admin Support;
    /// Prove the audit log.
    AuditVerify = "audit.verify": Owner Admin;
    /// Sign a checkpoint of the audit log, to be kept elsewhere.
    AuditCheckpoint = "audit.checkpoint": Owner Admin;
    /// Take rows of the audit log elsewhere, with a proof.
    AuditExport = "audit.export": Owner Admin;
    /// Check such a proof.
    AuditExportVerify = "audit.export.verify": Owner Admin;
    /// Make the index of the audit log anew.
    AuditReindex = "audit.reindex": Owner Admin;
    /// See for how long rows of the audit log are kept.
    AuditRetention = "audit.retention.show": Owner Admin Support;
    /// Change for how long rows of the audit log are kept, and cut off what is older.
    AuditRetain = "audit.retain": Owner Admin;
    /// See the clients.
    ClientList = "client.list": Owner Admin Developer Support;
    /// Change the limit that a client's keys share.
    ClientLimit = "client.limit": Owner Admin Developer;
    /// See what routes there are, and what they cost.
    RouteList = "route.list": Owner Admin Developer Support Viewer;
    /// Change what a route costs.
    RouteCost = "route.cost": Owner Admin Developer;
    /// End a client's keys and erase what is personal of it.
    ClientErase = "client.erase": Owner Admin;
    /// See a refused request as it arrived.
    RequestShow = "request.show": Owner Admin Developer Support;
    /// See why a request was refused.
    RequestExplain = "request.explain": Owner Admin Developer Support;
    /// Learn what the rules make of a request that is pasted, and what would make it match.
    ExhibitExplain = "exhibit.explain": Owner Admin Developer Support;
    /// See the platform's clock.
    ClockShow = "clock.show": Owner Admin Developer Support Viewer;
    /// Let the virtual clock jump ahead: keys expire and limits refill for everyone.
    ClockAdvance = "clock.advance": Owner Developer;
}

/// Whether `role` may do `operation`.
#[must_use]
pub fn may(role: Role, operation: Operation) -> bool {
    operation.roles().contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_do_everything() {
        for operation in Operation::ALL {
            assert!(may(Role::Owner, *operation), "{operation:?}");
        }
    }

    #[test]
    fn support_and_viewers_change_nothing() {
        for operation in Operation::ALL {
            let reads = ["list", "show", "explain"];
            let reads = reads.iter().any(|verb| operation.act().ends_with(verb));
            for role in [Role::Support, Role::Viewer] {
                assert!(reads || !may(role, *operation), "{role} {operation:?}");
            }
        }
    }

    #[test]
    fn acts_are_unique_and_fit_an_audit_row() {
        let mut acts: Vec<_> = Operation::ALL.iter().map(|it| it.act()).collect();
        acts.sort_unstable();
        acts.dedup();
        assert_eq!(acts.len(), Operation::ALL.len());
        assert!(!acts.contains(&"request"));
    }

    #[test]
    fn roles_read_back() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
