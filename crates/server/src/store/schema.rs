//! The schema, and how an older one becomes this one. Steps are frozen once released.

use rusqlite::{Connection, TransactionBehavior};

/// Each step brings the schema from its index to the next.
const STEPS: &[&str] = &[
    VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6,
];

const VERSION_1: &str = "
CREATE TABLE clients (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT NOT NULL UNIQUE,
    created      INTEGER NOT NULL,
    personal_key BLOB -- sealed under the store key; NULL once the client was erased
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    app_id           TEXT PRIMARY KEY,
    client           BLOB NOT NULL REFERENCES clients (id),
    name             TEXT NOT NULL,
    created          INTEGER NOT NULL,
    not_before       INTEGER,
    expires          INTEGER,
    revoked          INTEGER,
    limit_per_minute INTEGER NOT NULL,
    daily_quota      INTEGER,
    allow            TEXT NOT NULL, -- JSON array of CIDRs
    scopes           TEXT NOT NULL, -- JSON array
    may_sign         INTEGER NOT NULL,
    last_used        INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    app_id    TEXT NOT NULL REFERENCES keys (app_id),
    id        INTEGER NOT NULL,
    tag       BLOB NOT NULL CHECK (length(tag) = 32), -- HMAC-SHA256 under the pepper
    sealed    BLOB,                                   -- under the store key, of signing keys
    created   INTEGER NOT NULL,
    retire_at INTEGER,
    last_used INTEGER,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    role    TEXT NOT NULL,
    tag     BLOB NOT NULL CHECK (length(tag) = 32), -- of the management key, under the pepper
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE resources (
    uuid    TEXT PRIMARY KEY,
    client  BLOB NOT NULL REFERENCES clients (id),
    kind    TEXT NOT NULL,
    created INTEGER NOT NULL,
    body    BLOB NOT NULL -- JSON, sealed under the client's personal key
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    client       BLOB NOT NULL,
    key_hash     BLOB NOT NULL CHECK (length(key_hash) = 32),
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    created      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    uuid         TEXT NOT NULL, -- of what was made
    body         BLOB NOT NULL, -- the answer's, sealed under the client's personal key
    PRIMARY KEY (client, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created);

CREATE TABLE refusals (
    request_id BLOB PRIMARY KEY CHECK (length(request_id) = 16),
    at         INTEGER NOT NULL,
    client     BLOB NOT NULL,
    body       BLOB NOT NULL -- trace and request, sealed under the client's personal key
) STRICT, WITHOUT ROWID;
CREATE INDEX refusals_by_age ON refusals (at);

-- Where in the audit log's files runs of rows lie. Can be made anew from them.
CREATE TABLE audit_blocks (
    first    INTEGER PRIMARY KEY, -- sequence of the run's first row
    rows     INTEGER NOT NULL,
    segment  INTEGER NOT NULL,
    offset   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    earliest INTEGER NOT NULL,    -- real time, milliseconds
    latest   INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

const VERSION_2: &str = "
ALTER TABLE keys ADD COLUMN note TEXT NOT NULL DEFAULT '';
";

const VERSION_3: &str = "
-- Access tokens that were revoked before their time; gone once that has come.
CREATE TABLE revoked_tokens (
    app_id  TEXT NOT NULL REFERENCES keys (app_id),
    id      BLOB NOT NULL CHECK (length(id) = 16),
    expires INTEGER NOT NULL, -- seconds
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;
";

// The index of the audit log says what is in each run of rows. It is made anew from the files.
const VERSION_4: &str = "
DROP TABLE audit_blocks;

CREATE TABLE audit_blocks (
    first       INTEGER PRIMARY KEY, -- sequence of the run's first row
    rows        INTEGER NOT NULL,
    segment     INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    earliest    INTEGER NOT NULL,    -- real time, milliseconds
    latest      INTEGER NOT NULL,
    earliest_at INTEGER NOT NULL,    -- the platform's time
    latest_at   INTEGER NOT NULL,
    facets      BLOB NOT NULL,       -- ids in audit_facets, 4 bytes each, little-endian
    sources     BLOB NOT NULL        -- ids in audit_sources, likewise
) STRICT;
CREATE INDEX audit_blocks_by_segment ON audit_blocks (segment, first);

-- What rows are about: all combinations that were seen.
CREATE TABLE audit_facets (
    id     INTEGER PRIMARY KEY,
    app_id TEXT NOT NULL, -- empty: no key
    act    TEXT NOT NULL,
    method TEXT NOT NULL,
    path   TEXT NOT NULL,
    status INTEGER NOT NULL,
    rule   TEXT NOT NULL, -- empty: not refused by one
    UNIQUE (app_id, act, method, path, status, rule)
) STRICT;

-- Where they came from: a keyed hash of the address. Gone with the client.
CREATE TABLE audit_sources (
    id     INTEGER PRIMARY KEY,
    hash   BLOB NOT NULL CHECK (length(hash) = 16),
    client BLOB NOT NULL CHECK (length(client) = 16),
    UNIQUE (hash, client)
) STRICT;

-- In which segments of the log each of them is.
CREATE TABLE audit_facet_segments (
    id      INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    PRIMARY KEY (id, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_source_segments (
    id      INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    PRIMARY KEY (id, segment)
) STRICT, WITHOUT ROWID;
";

const VERSION_5: &str = "
CREATE TABLE allowlists (
    name    TEXT PRIMARY KEY,
    entries TEXT NOT NULL -- JSON array of CIDRs
) STRICT, WITHOUT ROWID;

CREATE TABLE public_keys (
    app_id    TEXT PRIMARY KEY REFERENCES keys (app_id),
    id        INTEGER NOT NULL, -- numbered with the key's secrets
    key       BLOB NOT NULL CHECK (length(key) = 32), -- Ed25519
    created   INTEGER NOT NULL,
    ended     INTEGER,
    last_used INTEGER
) STRICT, WITHOUT ROWID;
";

const VERSION_6: &str = "
ALTER TABLE clients ADD COLUMN limit_per_minute INTEGER; -- over all of its keys
ALTER TABLE keys ADD COLUMN delay_ms INTEGER;

-- How many slots keys took on each of the last days, by the platform's time. Counted with the index of
-- the audit log and up to the same row.
CREATE TABLE key_days (
    day    INTEGER NOT NULL, -- since 1970-01-01
    app_id TEXT NOT NULL,
    slots  INTEGER NOT NULL,
    PRIMARY KEY (day, app_id)
) STRICT, WITHOUT ROWID;

-- What routes cost whose cost was set.
CREATE TABLE route_costs (
    method TEXT NOT NULL,
    path   TEXT NOT NULL,
    slots  INTEGER NOT NULL,
    PRIMARY KEY (method, path)
) STRICT, WITHOUT ROWID;
";

/// Brings the schema up to date, or says why it can't.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), String> {
    let version: usize = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|error| error.to_string())?;
    let Some(steps) = STEPS.get(version..) else {
        return Err(format!(
            "it was written by a newer version (schema {version}; this one knows {})",
            STEPS.len()
        ));
    };
    for (step, next) in steps.iter().zip(version + 1..) {
        let apply = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", next)?;
            transaction.commit()
        };
        apply(connection).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_refused_and_the_own_one_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refused = migrate(&mut connection).unwrap_err();
        assert!(refused.contains("99"), "{refused}");
    }
}
