//! How everything stands, in words: for the overlay, and for who is asked for help.

use crate::event::SoundMode;
use crate::language::{t, tf};
use crate::list::LibraryState;
use crate::model::Model;
use crate::swarm::SwarmState;
use crate::words;

impl Model {
    /// Facts about the page, name and value.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<(String, String)> {
        let player = &self.player;
        let dash = || "\u{2013}".to_owned();
        let way = self.way();
        let pick = way.pick.as_ref();
        let torrent = pick.and_then(|pick| pick.remote).and_then(|(hash, _)| {
            let mut torrents = self.swarm.view.torrents.iter();
            torrents.find(|torrent| torrent.status.info_hash.0 == hash)
        });
        let engine = match &player.gone {
            Some(reason) => reason.clone(),
            None if player.loaded => t("runs").to_owned(),
            None => t("waits").to_owned(),
        };
        let library = match &self.list.library {
            LibraryState::Opening => t("opens").to_owned(),
            LibraryState::Open { count, .. } => tf("open, {0} tunes", &[count]),
            LibraryState::Failed(reason) => reason.clone(),
        };
        let swarm = match &self.swarm.view.state {
            SwarmState::Opening => t("opens").to_owned(),
            SwarmState::Open {
                elsewhere: true, ..
            } => t("runs in another tab").to_owned(),
            SwarmState::Open { .. } => t("runs").to_owned(),
            SwarmState::Failed(reason) => reason.clone(),
        };
        let mode = match player.mode {
            None => t("not set up yet"),
            Some(SoundMode::Ring) => t("shared memory"),
            Some(SoundMode::Port) => t("messages"),
            Some(SoundMode::File) => t("rendered first"),
        };
        let next = self.hint_view().map(|hint| format!("{:?}", hint.state));
        let allowed = self.swarm.view.allowed.map_or_else(dash, words::bytes_text);
        let facts = [
            (t("State"), format!("{:?}", player.state)),
            (t("Sound output"), mode.to_owned()),
            (
                t("Engine speed"),
                player.speed_percent.map_or_else(dash, |percent| {
                    format!("{:.1}\u{d7}", f64::from(percent) / 100.0)
                }),
            ),
            (t("Buffer"), tf("{0} ms", &[&player.ahead_millis])),
            (t("Underruns in this tune"), player.stutters.to_string()),
            (t("Next tune"), next.unwrap_or_else(dash)),
            (
                t("Source"),
                pick.map_or_else(dash, |pick| pick.way.source.words().to_owned()),
            ),
            (
                t("Score"),
                pick.map_or_else(dash, |pick| pick.score.total.to_string()),
            ),
            (t("Second way taken"), way.fallbacks.to_string()),
            (
                t("Peers"),
                torrent.map_or_else(dash, |torrent| torrent.status.peers.to_string()),
            ),
            (
                t("Pieces on disk"),
                tf(
                    "{0} of {1}",
                    &[&words::bytes_text(self.swarm.view.used), &allowed],
                ),
            ),
            (t("Engine"), engine),
            (t("Library"), library),
            (t("Swarm"), swarm),
            (t("Processors"), self.ways.device.cores.to_string()),
            (t("Profile"), format!("{:016x}", self.profile().hash())),
        ];
        facts.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
}
