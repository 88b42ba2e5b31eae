//! The collections that the site offers: taken in by themselves, so that a tune of them can be
//! played at once. Nothing of them is fetched before it is wanted.

use std::rc::Rc;

use protocol::collections::{LISTING_VERSION, Listing, Part};
use protocol::swarm::Kind;
use torrent::session::{AddTorrent, Priority, Source};
use torrent::{InfoHash, Metainfo};

use super::{Outside, Store, Swarm};

impl<S: Store + 'static, O: Outside + 'static> Swarm<S, O> {
    /// Asks the site for its collections, and takes in what is new. A site without any has none.
    pub(super) async fn look_for_collections(self: &Rc<Self>) {
        let origin = self.state.borrow().origin.clone();
        let Ok(text) = self
            .outside
            .get(&format!("{origin}/collections.json"))
            .await
        else {
            return;
        };
        let Ok(listing) = serde_json::from_slice::<Listing>(&text) else {
            return;
        };
        if listing.version != LISTING_VERSION {
            return;
        }
        for part in listing.collections.iter().flat_map(|one| &one.torrents) {
            self.take_in(&origin, part).await;
        }
        self.drain();
    }

    async fn take_in(self: &Rc<Self>, origin: &str, part: &Part) {
        let Ok(torrent) = part.info_hash.parse::<InfoHash>() else {
            return;
        };
        {
            let state = self.state.borrow();
            if state.torrents.contains_key(&torrent) || state.dismissed.contains(&torrent) {
                return;
            }
        }
        let Ok(bytes) = self.outside.get(&absolute(origin, &part.torrent)).await else {
            return;
        };
        let Ok(metainfo) = Metainfo::parse(&bytes) else {
            return;
        };
        if metainfo.info_hash != torrent {
            return;
        }
        let mut trackers = metainfo.trackers;
        let own = self.own_tracker();
        trackers.extend(
            own.into_iter()
                .filter(|own| !trackers.contains(own))
                .collect::<Vec<_>>(),
        );
        let add = AddTorrent {
            source: Source::Info(metainfo.info_bytes),
            trackers,
            web_seeds: metainfo.web_seeds,
            flat_web_seeds: vec![absolute(origin, &part.flat)],
            stored: self.store.held(torrent),
            trusted: false,
            priority: Priority::None,
            priorities: Vec::new(),
            paused: false,
            totals: (0, 0),
        };
        self.add(Kind::Collection, torrent, add, Vec::new());
    }
}

/// An address of the listing, which may be relative to the site.
fn absolute(origin: &str, url: &str) -> String {
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("{origin}/{}", url.trim_start_matches('/'))
    }
}
