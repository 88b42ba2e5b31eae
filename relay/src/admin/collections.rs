//! Collections, and the jobs that are done to them.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Json;
use protocol::admin::{Collection, Job, JobKind, Publish};
use rusqlite::{Connection, Transaction};
use tokio::task::spawn_blocking;

use super::Admin;
use super::guard::{Caller, Refusal, body};
use super::jobs::{self, Order, Stopped};
use crate::collections::look::UnpublishError;
use crate::collections::{self, Known, slug};
use crate::store::{self, Operation, audit};

/// Longest name of a collection.
const MOST_NAME: usize = 100;

/// Answers `GET collections`.
pub async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Collection>>, Refusal> {
    let collections = Arc::clone(&admin.exporter.collections);
    let read = move |from: &Connection| {
        let known = collections.published();
        known.into_iter().map(|known| told(from, known)).collect()
    };
    let told: Vec<Collection> = admin.store.read(Operation::Job, read).await?;
    Ok(Json(told))
}

fn told(from: &Connection, known: Known) -> Result<Collection, store::Error> {
    let freshness = jobs::found(from, &known.name, "freshness")?;
    let integrity = jobs::found(from, &known.name, "integrity")?;
    let manifest = known.collection.as_ref().map(|found| &found.manifest);
    let torrents = manifest.into_iter().flat_map(|manifest| &manifest.torrents);
    Ok(Collection {
        name: manifest.map_or_else(|| known.name.clone(), |manifest| manifest.name.clone()),
        folder: manifest.map_or_else(String::new, |manifest| {
            manifest.folder.display().to_string()
        }),
        files: manifest.map_or(0, |manifest| manifest.files.into()),
        tunes: manifest.map_or(0, |manifest| manifest.tunes.into()),
        bytes: manifest.map_or(0, |manifest| manifest.bytes),
        catalogue_bytes: manifest.map_or(0, |manifest| manifest.catalogue_bytes),
        torrents: torrents.map(ToString::to_string).collect(),
        published_millis: Some(known.seconds * 1_000),
        id: known.name,
        freshness,
        integrity,
        problem: known.problem,
    })
}

/// Answers `GET jobs`.
pub async fn jobs(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Job>>, Refusal> {
    let own = Arc::clone(&admin);
    let list = move |from: &Connection| own.jobs.list(from);
    Ok(Json(admin.store.read(Operation::Job, list).await?))
}

impl Admin {
    /// Has something done.
    async fn order(
        self: &Arc<Self>,
        caller: &Caller,
        action: &'static str,
        order: Order,
    ) -> Result<Json<Job>, Refusal> {
        let now = self.clock.now();
        let subject = match order.kind {
            JobKind::Publish => format!("{}: {}", order.collection, order.folder.display()),
            JobKind::Verify | JobKind::Compare => order.collection.clone(),
        };
        let deed = caller.did(action, subject);
        let add = move |to: &Transaction<'_>| {
            let job = jobs::add(to, &order, now)?;
            if job.is_some() {
                audit::append(to, now, &deed)?;
            }
            Ok(job)
        };
        let Some(job) = self.store.write(Operation::Job, add).await? else {
            let words = "something is being done to this collection: wait, or stop it";
            return Err(Refusal::conflict(words));
        };
        let admin = Arc::clone(self);
        // The store says what waits in any case.
        let _ = spawn_blocking(move || admin.jobs.wake()).await;
        Ok(Json(job))
    }
}

/// Answers `POST collections`.
pub async fn publish(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Job>, Refusal> {
    let wanted: Publish = body(request).await?;
    let name = wanted.name.trim().to_owned();
    let collection = slug(&name);
    if collection.is_empty() || name.chars().count() > MOST_NAME {
        let words = format!("a name has a letter or a digit, and {MOST_NAME} letters at most");
        return Err(Refusal::bad(words));
    }
    let out = admin.exporter.collections.folder().to_owned();
    let data = admin.exporter.data_dir.clone();
    let check = move || folder(&wanted.folder, &data, &out);
    let folder = spawn_blocking(check).await;
    let folder = folder.unwrap_or_else(|error| Err(error.to_string()));
    let order = Order {
        kind: JobKind::Publish,
        collection,
        folder: folder.map_err(Refusal::bad)?,
        name,
    };
    admin.order(&caller, "collection.publish", order).await
}

/// A folder that may be published: there, and not one with the relay's own secrets.
fn folder(text: &str, data: &FilePath, out: &FilePath) -> Result<PathBuf, String> {
    let path = FilePath::new(text.trim());
    if !path.is_absolute() {
        return Err("a folder is named from the root of the relay's machine on".into());
    }
    let path =
        std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if !path.is_dir() {
        return Err(format!("{} is no folder", path.display()));
    }
    let real = |path: &FilePath| std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let (data, out) = (real(data), real(out));
    if data.starts_with(&path) || path.starts_with(&out) {
        return Err(format!(
            "{} has what the relay keeps for itself: everybody could read it",
            path.display()
        ));
    }
    Ok(path)
}

/// A collection to which something is to be done.
fn known(admin: &Admin, name: &str) -> Result<(), Refusal> {
    let folder = admin.exporter.collections.folder().join(name);
    let is_there = slug(name) == name && folder.join("collection.json").is_file();
    if is_there {
        Ok(())
    } else {
        Err(Refusal::missing("there is no such collection"))
    }
}

async fn look_at(
    admin: &Arc<Admin>,
    caller: &Caller,
    kind: JobKind,
    action: &'static str,
    name: String,
) -> Result<Json<Job>, Refusal> {
    known(admin, &name)?;
    let order = Order {
        kind,
        collection: name,
        folder: PathBuf::new(),
        name: String::new(),
    };
    admin.order(caller, action, order).await
}

/// Answers `POST collections/NAME/verify`.
pub async fn verify(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Job>, Refusal> {
    look_at(&admin, &caller, JobKind::Verify, "collection.verify", name).await
}

/// Answers `POST collections/NAME/compare`.
pub async fn compare(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Job>, Refusal> {
    look_at(
        &admin,
        &caller,
        JobKind::Compare,
        "collection.compare",
        name,
    )
    .await
}

/// Answers `DELETE collections/NAME`.
pub async fn unpublish(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    let now = admin.clock.now();
    let disk = |error: collections::Error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    };
    let withdrawal = match admin.exporter.collections.withdraw(&name) {
        Ok(withdrawal) => withdrawal,
        Err(error @ UnpublishError::Unknown) => return Err(Refusal::missing(error.to_string())),
        Err(error @ UnpublishError::Busy) => return Err(Refusal::conflict(error.to_string())),
        Err(UnpublishError::Disk(error)) => return Err(disk(error)),
    };
    // Nothing goes that the trail does not tell.
    let note = move |to: &Transaction<'_>| {
        jobs::forget(to, &name)?;
        audit::append(to, now, &caller.did("collection.unpublish", &*name))
    };
    admin.store.write(Operation::Job, note).await?;
    let done = spawn_blocking(move || withdrawal.carry_out()).await;
    done.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?
        .map_err(disk)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers `DELETE jobs/ID`.
pub async fn stop(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Refusal> {
    let now = admin.clock.now();
    let stop = move |to: &Transaction<'_>| {
        let stopped = jobs::stop(to, id, now)?;
        if let Stopped::Yes(collection) = &stopped {
            let subject = format!("job {id} of {collection}");
            audit::append(to, now, &caller.did("job.stop", subject))?;
        }
        Ok(stopped)
    };
    match admin.store.write(Operation::Job, stop).await? {
        Stopped::Yes(_) => {
            admin.jobs.interrupt(id);
            Ok(StatusCode::NO_CONTENT)
        }
        Stopped::Ended => Err(Refusal::conflict("it has ended already")),
        Stopped::Unknown => Err(Refusal::missing("there is no such job")),
    }
}
