//! What is blocked, and swarms.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Json;
use protocol::admin::{Block, BlockKind, NewBlock, Swarm};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::Admin;
use super::guard::{Caller, Refusal, body};
use crate::blocks::Wanted;
use crate::store::{self, Operation, Store, audit, signed, unsigned};

/// Most that is blocked at once.
const MOST: i64 = 10_000;
/// Most letters of a reason.
const MOST_REASON: usize = 200;
/// Swarms that are told.
const MOST_SWARMS: usize = 500;

fn name_of(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Torrent => "torrent",
        BlockKind::Address => "address",
    }
}

fn read(from: &Connection) -> Result<Vec<Block>, store::Error> {
    let mut statement = from.prepare_cached("SELECT * FROM blocks ORDER BY id DESC")?;
    let rows = statement.query_map([], |row| {
        let kind: String = row.get("kind")?;
        Ok(Block {
            id: row.get("id")?,
            kind: match &*kind {
                "torrent" => BlockKind::Torrent,
                _ => BlockKind::Address,
            },
            value: row.get("value")?,
            reason: row.get("reason")?,
            made_millis: unsigned(row.get("made_millis")?),
            by: row.get("made_by")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is blocked, understood; what nobody understands any more is logged and blocks nothing.
fn understood(blocks: &[Block]) -> Vec<Wanted> {
    let wanted = |block: &Block| match Wanted::parse(block.kind, &block.value) {
        Ok(wanted) => Some(wanted),
        Err(error) => {
            tracing::warn!(id = block.id, %error, "a block is not understood");
            None
        }
    };
    blocks.iter().filter_map(wanted).collect()
}

/// What a store says is blocked.
///
/// # Errors
/// The database's own.
pub fn blocked(store: &Store) -> Result<Vec<Wanted>, store::Error> {
    Ok(understood(&store.read_now(Operation::Block, read)?))
}

impl Admin {
    /// Goes by what the store has.
    fn apply(&self, blocks: &[Block]) {
        let blocks = self.gate.set(understood(blocks));
        self.exporter.tracker.block(blocks);
    }
}

/// Answers `GET blocks`.
pub async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Block>>, Refusal> {
    Ok(Json(admin.store.read(Operation::Block, read).await?))
}

/// What became of a wish.
enum Added {
    Done(Block, Vec<Block>),
    Known,
    Full,
}

/// Answers `POST blocks`.
pub async fn add(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Block>, Refusal> {
    let new: NewBlock = body(request).await?;
    let wanted = Wanted::parse(new.kind, &new.value).map_err(Refusal::bad)?;
    if let Wanted::Address(network) = wanted {
        let has = |address: IpAddr| network.contains(address);
        if caller.address.is_some_and(has) {
            let words = "your own address is one of these: you would lock yourself out";
            return Err(Refusal::bad(words));
        }
    }
    let reason: String = new.reason.trim().chars().take(MOST_REASON).collect();
    let now = admin.clock.now();
    let (kind, value, by) = (new.kind, wanted.text(), caller.who.name.clone());
    let add = move |to: &Transaction<'_>| {
        let count: i64 = to.query_row("SELECT count(*) FROM blocks", [], |row| row.get(0))?;
        if count >= MOST {
            return Ok(Added::Full);
        }
        let added = to.execute(
            "INSERT INTO blocks (kind, value, reason, made_millis, made_by)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, value) DO NOTHING",
            params![name_of(kind), value, reason, signed(now), by],
        )?;
        if added == 0 {
            return Ok(Added::Known);
        }
        let block = Block {
            id: to.last_insert_rowid(),
            kind,
            value,
            reason,
            made_millis: now,
            by,
        };
        let subject = format!("{} {}", name_of(kind), block.value);
        audit::append(to, now, &caller.did("block.add", subject))?;
        Ok(Added::Done(block, read(to)?))
    };
    match admin.store.write(Operation::Block, add).await? {
        Added::Done(block, all) => {
            admin.apply(&all);
            Ok(Json(block))
        }
        Added::Known => Err(Refusal::conflict("that is blocked already")),
        Added::Full => {
            let words = format!("{MOST} are blocked: block networks instead of addresses");
            Err(Refusal::conflict(words))
        }
    }
}

/// Answers `DELETE blocks/ID`.
pub async fn remove(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Refusal> {
    let now = admin.clock.now();
    let remove = move |to: &Transaction<'_>| {
        let removed: Option<String> = to
            .query_row(
                "DELETE FROM blocks WHERE id = ? RETURNING kind || ' ' || value",
                [id],
                |row| row.get(0),
            )
            .optional()?;
        let Some(subject) = removed else {
            return Ok(None);
        };
        audit::append(to, now, &caller.did("block.remove", subject))?;
        Ok(Some(read(to)?))
    };
    match admin.store.write(Operation::Block, remove).await? {
        Some(all) => {
            admin.apply(&all);
            Ok(StatusCode::NO_CONTENT)
        }
        None => Err(Refusal::missing("there is no such block")),
    }
}

/// Answers `GET swarms`.
pub async fn swarms(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Swarm>>, Refusal> {
    let Some(swarms) = admin.exporter.tracker.swarms(MOST_SWARMS).await else {
        let words = "the tracker does not answer";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, words));
    };
    let collections = Arc::clone(&admin.exporter.collections);
    let names = tokio::task::spawn_blocking(move || {
        let mut names = BTreeMap::new();
        for known in collections.published() {
            for torrent in known.collection.iter().flat_map(|found| &found.torrents) {
                names.insert(torrent.metainfo.info_hash, known.name.clone());
            }
        }
        names
    });
    let names = names.await.unwrap_or_default();
    let swarm = |(hash, counts): (torrent::InfoHash, torrent::announce::Counts)| Swarm {
        info_hash: hash.to_string(),
        collection: names.get(&hash).cloned(),
        seeders: counts.complete.into(),
        leechers: counts.incomplete.into(),
    };
    Ok(Json(swarms.into_iter().map(swarm).collect()))
}
