//! How torrents, files and peers stand, for those who show it.

use core::ops::Range;

use crate::{Info, InfoHash};

use super::torrent::Torrent;
use super::{AddTorrent, FileStatus, PeerStatus, Phase, Session, Source, TorrentStatus};

impl Session {
    /// How all torrents stand, in the order in which they were added.
    pub fn torrents(&self, now: u64) -> Vec<TorrentStatus> {
        let mut torrents: Vec<&Torrent> = self.torrents.values().collect();
        torrents.sort_by_key(|torrent| torrent.sequence);
        let torrents = torrents.into_iter();
        torrents
            .map(|torrent| self.status_of(now, torrent))
            .collect()
    }

    /// How a torrent stands.
    pub fn status(&self, now: u64, torrent: &InfoHash) -> Option<TorrentStatus> {
        Some(self.status_of(now, self.torrents.get(torrent)?))
    }

    fn status_of(&self, now: u64, torrent: &Torrent) -> TorrentStatus {
        let content = torrent.content.as_ref();
        let phase = torrent.phase();
        let download_rate = torrent.down.rate(now);
        let left = content.map_or(0, |content| content.wanted - content.wanted_completed);
        let (mut sources, swarm) = self.tracker_status(torrent);
        sources.extend(torrent.seeds.iter().map(|seed| seed.status(now)));
        let mut problems = torrent.problems(now);
        problems.extend(self.tracker_problems(now, &torrent.info_hash));
        let name = content.map(|content| content.info.name.clone());
        TorrentStatus {
            info_hash: torrent.info_hash,
            name: name
                .or_else(|| torrent.name.clone())
                .unwrap_or_else(|| torrent.info_hash.to_string()),
            phase,
            files: content.map_or(0, |content| content.info.files.len() as u32),
            pieces: content.map_or(0, |content| content.pieces()),
            piece_length: content.map_or(0, |content| content.info.piece_length),
            length: content.map_or(0, |content| content.info.total_length()),
            bytes_completed: content.map_or(0, |content| content.bytes_completed),
            wanted: content.map_or(0, |content| content.wanted),
            wanted_completed: content.map_or(0, |content| content.wanted_completed),
            verified: content.map_or((0, 0), |content| content.verified),
            download_rate,
            upload_rate: torrent.up.rate(now),
            downloaded: torrent.totals.0 + torrent.down.total(),
            uploaded: torrent.totals.1 + torrent.up.total(),
            peers: torrent.peers.values().filter(|peer| peer.is_open()).count() as u32,
            swarm,
            eta_seconds: (phase == Phase::Downloading && download_rate > 0)
                .then(|| (left / u64::from(download_rate)).min(u64::from(u32::MAX)) as u32),
            sources,
            problems,
        }
    }

    /// How files of a torrent stand; what lies beyond the last is left out.
    pub fn files(&self, torrent: &InfoHash, files: Range<u32>) -> Vec<FileStatus> {
        let content = self.torrents.get(torrent).and_then(|t| t.content.as_ref());
        let Some(content) = content else {
            return Vec::new();
        };
        let end = files.end.min(content.info.files.len() as u32);
        (files.start..end)
            .map(|file| content.file_status(file))
            .collect()
    }

    /// How a torrent's peers stand.
    pub fn peers(&self, now: u64, torrent: &InfoHash) -> Vec<PeerStatus> {
        let Some(torrent) = self.torrents.get(torrent) else {
            return Vec::new();
        };
        let open = torrent.peers.values().filter(|peer| peer.is_open());
        open.map(|peer| PeerStatus {
            connection: peer.connection,
            client: peer.client.clone().unwrap_or_else(|| {
                let id = peer.peer_id.map_or([0; 20], |id| id.0);
                client_of(&id)
            }),
            progress: peer.have.count() as f32 / peer.have.len().max(1) as f32,
            download_rate: peer.down.rate(now),
            upload_rate: peer.up.rate(now),
            downloaded: peer.down.total(),
            uploaded: peer.up.total(),
            unchoked_us: !peer.choking_us,
            unchoked_them: !peer.choked,
            interested: peer.interested,
            wants: peer.wants,
            requests: peer.requests.len() as u32,
            latency_millis: peer.latency,
        })
        .collect()
    }

    /// The torrent's pieces in `buckets` equal parts: the share of verified ones in each, up to 255.
    pub fn piece_map(&self, torrent: &InfoHash, buckets: u16) -> Vec<u8> {
        let content = self.torrents.get(torrent).and_then(|t| t.content.as_ref());
        let Some(content) = content else {
            return Vec::new();
        };
        let (pieces, buckets) = (u64::from(content.pieces()), u64::from(buckets));
        let share = |bucket: u64| {
            let start = bucket * pieces / buckets;
            // With fewer pieces than buckets, a piece fills several.
            let end = ((bucket + 1) * pieces / buckets).max(start + 1);
            let here = content.have.count_in(start as u32..end as u32);
            (u64::from(here) * 255 / (end - start)) as u8
        };
        (0..buckets).map(share).collect()
    }

    /// The torrent's `info` dictionary, once it is known.
    pub fn info(&self, torrent: &InfoHash) -> Option<&Info> {
        let content = self.torrents.get(torrent)?.content.as_ref()?;
        Some(&content.info)
    }

    /// What to save, so that adding it again restores the torrent.
    pub fn record(&self, torrent: &InfoHash) -> Option<AddTorrent> {
        let torrent = self.torrents.get(torrent)?;
        let seeds = |flat: bool| {
            let seeds = torrent.seeds.iter().filter(move |seed| seed.flat == flat);
            seeds.map(|seed| seed.url.clone()).collect()
        };
        let (source, stored, priorities) = match &torrent.content {
            Some(content) => (
                Source::Info(content.info_bytes.clone()),
                content.stored(),
                content.priority_ranges(torrent.priority),
            ),
            None => (
                Source::InfoHash(torrent.info_hash, torrent.name.clone()),
                torrent.stored.clone(),
                torrent.priorities.clone(),
            ),
        };
        Some(AddTorrent {
            source,
            trackers: torrent.trackers.clone(),
            web_seeds: seeds(false),
            flat_web_seeds: seeds(true),
            stored,
            trusted: false,
            priority: torrent.priority,
            priorities,
            paused: torrent.paused,
            totals: (
                torrent.totals.0 + torrent.down.total(),
                torrent.totals.1 + torrent.up.total(),
            ),
        })
    }
}

/// A client's name from its peer id: `-WW0301-` is how webtorrent 3.1 calls itself.
fn client_of(id: &[u8; 20]) -> String {
    let is_code = id[0] == b'-' && id[7] == b'-' && id[1..7].iter().all(u8::is_ascii_alphanumeric);
    if !is_code {
        return "?".into();
    }
    let code: String = id[1..3].iter().map(|&byte| char::from(byte)).collect();
    let version: String = id[3..7].iter().map(|&byte| char::from(byte)).collect();
    let name = match code.as_str() {
        "WW" | "WT" => "WebTorrent",
        "WD" => "WebTorrent Desktop",
        "LT" | "lt" => "libtorrent",
        "TR" => "Transmission",
        other => other,
    };
    format!("{name} {version}")
}
