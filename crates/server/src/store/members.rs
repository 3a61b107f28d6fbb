//! Members of the platform: who may call `/manage`.

use rusqlite::params;
use strongroom_contract::time::UnixMillis;
use strongroom_policy::{credential::StoredTag, roles::Role};

use super::{Store, StoreError};

/// Someone who may call `/manage`.
#[derive(Clone)]
pub(crate) struct Member {
    /// Their name.
    pub(crate) name: String,
    /// What they are.
    pub(crate) role: Role,
    /// Their management key's tag under the pepper.
    pub(crate) tag: StoredTag,
}

impl Store {
    /// Everyone who may call `/manage`.
    pub(crate) async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.database
            .run(|connection| {
                let mut statement = connection.prepare("SELECT name, role, tag FROM members")?;
                let mut rows = statement.query([])?;
                let mut members = Vec::new();
                while let Some(row) = rows.next()? {
                    let role: String = row.get(1)?;
                    members.push(Member {
                        name: row.get(0)?,
                        role: role
                            .parse()
                            .map_err(|_| StoreError::damaged(format!("unknown role {role:?}")))?,
                        tag: StoredTag::from_bytes(row.get(2)?),
                    });
                }
                Ok::<_, StoreError>(members)
            })
            .await
    }

    /// Adds a member, or gives one of the same name another key and role.
    pub(crate) async fn put_member(
        &self,
        member: Member,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                connection.execute(
                    "INSERT INTO members (name, role, tag, created) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (name) DO UPDATE SET role = excluded.role, tag = excluded.tag",
                    params![
                        member.name,
                        member.role.as_str(),
                        member.tag.as_bytes(),
                        now.0
                    ],
                )?;
                Ok::<_, StoreError>(())
            })
            .await
    }
}
