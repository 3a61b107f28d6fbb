//! Asking the index of the audit log which runs may have a row that is wanted.

use std::{collections::HashSet, sync::Arc};

use rusqlite::{Connection, params};
use strongroom_contract::explain::Rule;

use super::{
    Store, StoreError,
    index::{Block, COLUMNS, Facet, block},
};

/// How many runs are looked at before others have a turn with the store.
const LOOKS: usize = 16_384;
/// How many segments are named one by one; beyond, all are looked through.
const NAMED_SEGMENTS: usize = 4_096;

/// What is looked for: runs that have at least one of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filed {
    /// Combinations, by their numbers; any if absent.
    facets: Option<Arc<HashSet<u32>>>,
    /// Sources, likewise.
    sources: Option<Arc<HashSet<u32>>>,
    /// The segments that have them, ascending; all if absent.
    segments: Option<Arc<Vec<u64>>>,
    /// Rows of the platform's time from this on, in milliseconds.
    from: u64,
    /// And before this.
    until: u64,
}

impl Filed {
    /// Whether nothing in the index can be it.
    pub(crate) fn is_nothing(&self) -> bool {
        let is_empty =
            |ids: &Option<Arc<HashSet<u32>>>| ids.as_ref().is_some_and(|it| it.is_empty());
        is_empty(&self.facets) || is_empty(&self.sources) || self.from >= self.until
    }
}

/// Which way, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sweep {
    /// Runs that begin before this row, the last first.
    Before(u64),
    /// Runs that hold this row or later ones, in order.
    From(u64),
}

/// What a sweep has found.
#[derive(Debug)]
pub(crate) struct Swept {
    /// Runs that may have what is wanted.
    pub(crate) blocks: Vec<Block>,
    /// Where to go on; `None` at the end of the index.
    pub(crate) rest: Option<Sweep>,
}

impl Store {
    /// The numbers of what is filed under the key `app_id`, if given, and fits; of the sources of
    /// this hash, if given; within a time of the platform. Sources are `None` for any.
    pub(crate) async fn filed(
        &self,
        app_id: Option<String>,
        fits: Option<impl Fn(&Facet) -> bool + Send + 'static>,
        source: Option<[u8; 16]>,
        times: (u64, u64),
    ) -> Result<Filed, StoreError> {
        self.database
            .run(move |connection| {
                let facets = match fits {
                    Some(fits) => Some(facets(connection, app_id.as_deref(), fits)?),
                    None => None,
                };
                let sources = match source {
                    Some(hash) => Some(sources(connection, hash)?),
                    None => None,
                };
                let segments = [
                    (&facets, "audit_facet_segments"),
                    (&sources, "audit_source_segments"),
                ]
                .into_iter()
                .filter_map(|(ids, table)| Some((ids.as_ref()?, table)))
                .map(|(ids, table)| segments(connection, ids, table))
                .collect::<Result<Vec<_>, _>>()?;
                let segments = segments.into_iter().flatten().reduce(|both, other| {
                    let kept = both.into_iter().filter(|it| other.contains(it));
                    kept.collect()
                });
                let segments = segments.map(|segments| {
                    let mut ordered: Vec<_> = segments.into_iter().collect();
                    ordered.sort_unstable();
                    Arc::new(ordered)
                });
                // The store has signed numbers.
                let most = i64::MAX as u64;
                Ok::<_, StoreError>(Filed {
                    facets: facets.map(Arc::new),
                    sources: sources.map(Arc::new),
                    segments,
                    from: times.0.min(most),
                    until: times.1.min(most),
                })
            })
            .await
    }

    /// Looks for runs, at most `most` of them.
    pub(crate) async fn sweep(
        &self,
        filed: Filed,
        way: Sweep,
        most: usize,
    ) -> Result<Swept, StoreError> {
        self.database
            .run(move |connection| sweep(connection, &filed, way, most))
            .await
    }
}

fn facets(
    connection: &Connection,
    app_id: Option<&str>,
    fits: impl Fn(&Facet) -> bool,
) -> rusqlite::Result<HashSet<u32>> {
    let clause = match app_id {
        Some(_) => "WHERE app_id = ?1",
        None => "WHERE ?1 IS NULL",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT app_id, act, method, path, status, rule, id FROM audit_facets {clause}"
    ))?;
    let mut rows = statement.query(params![app_id])?;
    let mut ids = HashSet::new();
    while let Some(row) = rows.next()? {
        let text = |column| row.get::<_, String>(column);
        let (app_id, rule) = (text(0)?, text(5)?);
        let facet = Facet {
            app_id: app_id.parse().ok(),
            act: text(1)?.into(),
            method: text(2)?.into(),
            path: text(3)?.into(),
            status: row.get(4)?,
            rule: Rule::named(&rule),
        };
        if fits(&facet) {
            ids.insert(row.get(6)?);
        }
    }
    Ok(ids)
}

fn sources(connection: &Connection, hash: [u8; 16]) -> rusqlite::Result<HashSet<u32>> {
    connection
        .prepare_cached("SELECT id FROM audit_sources WHERE hash = ?1")?
        .query_map([hash], |row| row.get(0))?
        .collect()
}

/// The segments that have one of `ids`; `None` if there are too many to ask for one by one.
fn segments(
    connection: &Connection,
    ids: &HashSet<u32>,
    table: &'static str,
) -> rusqlite::Result<Option<HashSet<u64>>> {
    if ids.len() > NAMED_SEGMENTS {
        return Ok(None);
    }
    let mut statement =
        connection.prepare_cached(&format!("SELECT segment FROM {table} WHERE id = ?1"))?;
    let mut segments = HashSet::new();
    for id in ids {
        for segment in statement.query_map([id], |row| row.get(0))? {
            segments.insert(segment?);
        }
        if segments.len() > NAMED_SEGMENTS {
            return Ok(None);
        }
    }
    Ok(Some(segments))
}

fn sweep(
    connection: &Connection,
    filed: &Filed,
    way: Sweep,
    most: usize,
) -> Result<Swept, StoreError> {
    let mut swept = Swept {
        blocks: Vec::new(),
        rest: None,
    };
    if filed.is_nothing() {
        return Ok(swept);
    }
    let mut looks = LOOKS;
    let mut passes: Vec<Option<u64>> = match &filed.segments {
        Some(segments) => segments.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    if let Sweep::Before(_) = way {
        passes.reverse();
    }
    for segment in passes {
        swept.rest = pass(
            connection,
            filed,
            way,
            segment,
            most,
            &mut looks,
            &mut swept.blocks,
        )?;
        if swept.rest.is_some() {
            break;
        }
    }
    Ok(swept)
}

/// Looks through one segment, or all. Says where it stopped before the end.
fn pass(
    connection: &Connection,
    filed: &Filed,
    way: Sweep,
    segment: Option<u64>,
    most: usize,
    looks: &mut usize,
    found: &mut Vec<Block>,
) -> Result<Option<Sweep>, StoreError> {
    let in_segment = match segment {
        Some(_) => "segment = ?1 AND",
        None => "?1 IS NULL AND",
    };
    let (bound, order, row) = match way {
        Sweep::Before(row) => ("first < ?2", "DESC", row),
        // No run has more rows than this.
        Sweep::From(row) => ("first > ?2 - 4096 AND first + rows > ?2", "ASC", row),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, facets, sources FROM audit_blocks
         WHERE {in_segment} {bound} ORDER BY first {order}"
    ))?;
    // The store has signed numbers.
    let row = row.min(i64::MAX as u64);
    let mut rows = statement.query(params![segment, row])?;
    while let Some(row) = rows.next()? {
        let block = block(row)?;
        let is_in_time = block.earliest_at < filed.until && block.latest_at >= filed.from;
        let has = |ids: &Option<Arc<HashSet<u32>>>, column: usize| match ids {
            None => Ok::<_, rusqlite::Error>(true),
            Some(ids) => {
                let noted = row.get_ref(column)?.as_blob().unwrap_or_default();
                let mut noted = noted.chunks_exact(4).filter_map(|it| it.first_chunk());
                Ok(noted.any(|id| ids.contains(&u32::from_le_bytes(*id))))
            }
        };
        if is_in_time && has(&filed.facets, 9)? && has(&filed.sources, 10)? {
            found.push(block);
        }
        *looks = looks.saturating_sub(1);
        if found.len() >= most || *looks == 0 {
            return Ok(Some(match way {
                Sweep::Before(_) => Sweep::Before(block.first),
                Sweep::From(_) => Sweep::From(block.first + block.rows),
            }));
        }
    }
    Ok(None)
}
