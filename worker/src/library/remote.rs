//! Tunes whose bytes a swarm has: the catalogues of the site's collections, and files of torrents
//! that came without one.
//!
//! Catalogues are kept as they were published and read again at each start; their entries are not
//! in the library's own catalogue.

use std::collections::BTreeSet;

use catalog::{Catalogue, Entry, Index, Origin, Remote};
use protocol::EVENT;
use protocol::collections::{LISTING_VERSION, Listing};
use protocol::library::Event;
use sha2::{Digest as _, Sha256};
use sidfile::{Md5, Songlengths, Stil};

use super::{Library, Outside, SONGLENGTHS, STIL, Store};

/// Blob that holds the listing of the site's collections.
const LISTING: &str = "collections";
/// Blob that holds the info hashes of torrents that the listener removed.
const HIDDEN: &str = "hidden-torrents";

fn catalogue_blob(sha256: &str) -> String {
    format!("catalogue-{sha256}")
}

fn is_genuine(bytes: &[u8], sha256: &str) -> bool {
    let digest = Sha256::digest(bytes);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits == sha256.to_ascii_lowercase()
}

/// An address of the listing, which lies at the site's top.
fn from_site(url: &str) -> String {
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("/{}", url.trim_start_matches('/'))
    }
}

fn parse(text: &[u8]) -> Option<Listing> {
    let listing: Listing = serde_json::from_slice(text).ok()?;
    (listing.version == LISTING_VERSION).then_some(listing)
}

impl<S: Store, O: Outside> Library<S, O> {
    async fn hidden(&self) -> BTreeSet<[u8; 20]> {
        let bytes = self.store.get_blob(HIDDEN).await.ok().flatten();
        let bytes = bytes.unwrap_or_default();
        let hashes = bytes.chunks_exact(20);
        hashes.filter_map(|hash| hash.try_into().ok()).collect()
    }

    /// The collections' catalogues that are kept.
    async fn published(&self) -> Vec<Catalogue> {
        let listing = self.store.get_blob(LISTING).await.ok().flatten();
        let Some(listing) = listing.as_deref().and_then(parse) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for collection in listing.collections {
            let name = catalogue_blob(&collection.catalogue.sha256);
            let bytes = self.store.get_blob(&name).await.ok().flatten();
            // One that is damaged is fetched again when the site is asked.
            all.extend(bytes.and_then(|bytes| Catalogue::decode(&bytes).ok()));
        }
        all
    }

    pub(super) fn own(&self) -> Vec<Entry> {
        self.index.borrow().own().collect()
    }

    /// Puts the collections' entries behind the library's own; of two with the same digest the
    /// listener's own stays.
    pub(super) async fn rebuild(&self) {
        let published = self.published().await;
        let hidden = self.hidden().await;
        let new = self.new_tunes().await;
        // Read only now: an import may go on meanwhile.
        let mut index = Index::with_collections(self.own(), published);
        index.hide(&hidden);
        self.replace(index);
        self.index.borrow_mut().set_new(new);
    }

    /// Asks the site for its collections, and takes in the catalogues that are new. Whatever cannot
    /// be had now is asked for at the next start.
    pub async fn look_for_collections(&self) {
        let Some(text) = self.outside.fetch("/collections.json").await else {
            return;
        };
        let Some(listing) = parse(&text) else { return };
        let old = self.store.get_blob(LISTING).await.ok().flatten();
        let mut has_news = old.as_deref() != Some(&text);
        let mut is_kept = true;
        for collection in &listing.collections {
            let name = catalogue_blob(&collection.catalogue.sha256);
            let kept = self.store.get_blob(&name).await.ok().flatten();
            if kept.is_some_and(|bytes| is_genuine(&bytes, &collection.catalogue.sha256)) {
                continue;
            }
            let url = from_site(&collection.catalogue.url);
            let Some(bytes) = self.outside.fetch(&url).await else {
                return;
            };
            if !is_genuine(&bytes, &collection.catalogue.sha256) {
                return;
            }
            is_kept &= self.store.put_blob(&name, &bytes).await.is_ok();
            has_news = true;
            let old = old.as_deref().and_then(parse).unwrap_or_default();
            let mut old = old.collections.iter();
            if let Some(before) = old.find(|before| before.name == collection.name) {
                let before = catalogue_blob(&before.catalogue.sha256);
                if let Ok(Some(before)) = self.store.get_blob(&before).await {
                    self.note_changes(&collection.name, &before, &bytes).await;
                }
            }
        }
        if !has_news || !is_kept || self.store.put_blob(LISTING, &text).await.is_err() {
            return;
        }
        let wanted: BTreeSet<String> = listing
            .collections
            .iter()
            .map(|collection| catalogue_blob(&collection.catalogue.sha256))
            .collect();
        for collection in old
            .as_deref()
            .and_then(parse)
            .unwrap_or_default()
            .collections
        {
            let name = catalogue_blob(&collection.catalogue.sha256);
            if !wanted.contains(&name) {
                // What is left behind takes room and does no harm.
                let _ = self.store.remove_blob(&name).await;
            }
        }
        self.rebuild().await;
        self.tell_count();
    }

    pub(super) fn tell_count(&self) {
        let count = self.count();
        self.outside.tell(EVENT, &Event::LibraryChanged { count });
    }

    /// A torrent is here, or no longer.
    pub(super) async fn torrent(&self, info_hash: [u8; 20], is_here: bool) {
        let mut hidden = self.hidden().await;
        let changed = if is_here {
            hidden.remove(&info_hash)
        } else {
            hidden.insert(info_hash)
        };
        if !changed {
            return;
        }
        let bytes: Vec<u8> = hidden.into_iter().flatten().collect();
        if self.store.put_blob(HIDDEN, &bytes).await.is_ok() {
            self.rebuild().await;
            // What the listener added himself is forgotten with its torrent.
            let _ = self.save().await;
            self.tell_count();
        }
    }

    /// Takes up a file that the swarm has; true where the library knows more than before. Whoever
    /// calls has [`arrivals_are_over`](Self::arrivals_are_over) called a little later.
    pub async fn arrived(&self, remote: Remote, path: &str, bytes: &[u8]) -> bool {
        self.settled().await;
        let name = path.rsplit('/').next().unwrap_or(path);
        if name.eq_ignore_ascii_case("songlengths.md5") {
            self.knowledge.borrow_mut().lengths = Some(Songlengths::parse(bytes));
            self.keep_text(SONGLENGTHS, bytes).await;
            self.teach();
            return true;
        }
        if name.eq_ignore_ascii_case("stil.txt") {
            self.knowledge.borrow_mut().stil = Some(Stil::parse(bytes));
            self.keep_text(STIL, bytes).await;
            self.teach();
            return true;
        }
        let Ok(mut entry) = Entry::of_file(path, bytes, Origin::Imported) else {
            return false;
        };
        entry.remote = Some(remote);
        self.knowledge.borrow().apply(&mut entry);
        let is_new = self.index.borrow_mut().insert(entry);
        self.selection.borrow_mut().take();
        is_new
    }

    /// What is known of a torrent's file; it is fetched where nothing is.
    pub(super) async fn remote_entry(&self, remote: Remote) -> Event {
        let known = self.index.borrow().at_remote(remote);
        if let Some(entry) = known {
            return Event::Entry {
                md5: entry.md5,
                entry: Some(Box::new(entry)),
            };
        }
        let bytes = match self.outside.fetch_from_swarm(remote).await {
            Ok(bytes) => bytes,
            Err(reason) => return Event::Failed { reason },
        };
        let md5 = Md5::of(&bytes);
        // Its path comes with its arrival, which may be later than this.
        match Entry::of_file("file.sid", &bytes, Origin::Imported) {
            Ok(mut entry) => {
                entry.remote = Some(remote);
                let known = self.index.borrow().get(&md5);
                Event::Entry {
                    md5,
                    entry: Some(Box::new(known.unwrap_or(entry))),
                }
            }
            Err(error) => Event::Failed {
                reason: error.to_string(),
            },
        }
    }

    /// Keeps what has arrived, and tells of it.
    pub async fn arrivals_are_over(&self) {
        let event = self.changed().await;
        self.outside.tell(EVENT, &event);
    }

    /// The tunes of the last import that are still here.
    pub(super) fn imported(&self) -> Event {
        let index = self.index.borrow();
        let files = self.last_import.borrow();
        let files = files
            .iter()
            .filter(|(_, md5, _)| index.has(md5) && index.remote(md5).is_none());
        Event::Imported {
            files: files.cloned().collect(),
        }
    }
}
