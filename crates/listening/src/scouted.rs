//! What the engine found out by running ahead of the play head.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::engine::{self, FoundLength};
use sidfile::TuneId;

/// So much of a song has to be known before its loudness counts.
const SURE_MILLIS: u32 = 20_000;
/// Songs whose loudness and length are remembered.
const MOST_KNOWN: usize = 4_096;

/// A song from afar, as the seek bar shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OverviewView {
    /// Bins of a tenth of a second: highest sample and root of the mean square, in 255ths of full
    /// scale.
    pub bins: Arc<Vec<[u8; 2]>>,
    /// Run up to here.
    pub to_millis: u32,
    /// Loudness so far, LUFS.
    pub loudness_lufs: Option<f32>,
}

/// What was found in the current song, and the findings of earlier ones that are still of use.
#[derive(Debug, Default)]
pub(crate) struct Scouted {
    pub overview: OverviewView,
    /// Factor that the current song is brought to the common loudness by.
    pub gain: f32,
    gains: BTreeMap<TuneId, f32>,
    lengths: BTreeMap<TuneId, FoundLength>,
}

impl Scouted {
    /// Another song, or the same one anew.
    pub fn begin(&mut self, tune: TuneId) {
        self.overview = OverviewView::default();
        self.gain = self.gains.get(&tune).copied().unwrap_or(1.0);
    }

    /// Takes a report. Tells whether a length was found that was not known before.
    pub fn take(&mut self, report: engine::Scouted) -> Option<FoundLength> {
        let bins = Arc::make_mut(&mut self.overview.bins);
        let first = usize::try_from(report.first_bin).unwrap_or(usize::MAX);
        // The engine may have begun again, with other chips.
        bins.truncate(first);
        if first == bins.len() {
            bins.extend(report.bins);
        }
        self.overview.to_millis = report.to_millis;
        self.overview.loudness_lufs = report.loudness_lufs;
        let is_sure = report.is_done || report.to_millis >= SURE_MILLIS;
        let is_first = !self.gains.contains_key(&report.tune);
        // Once early, so that it is right soon, and once when all is known: in between it would
        // only swell and fade.
        if report.loudness_lufs.is_some() && is_sure && (is_first || report.is_done) {
            self.gain = report.gain;
            remember(&mut self.gains, report.tune, report.gain);
        }
        let found = report.length?;
        let old = remember(&mut self.lengths, report.tune, found);
        (old != Some(found)).then_some(found)
    }

    /// Factor that brings a song to the common loudness; 1 where it was not listened to.
    pub fn gain_of(&self, tune: TuneId) -> f32 {
        self.gains.get(&tune).copied().unwrap_or(1.0)
    }

    /// Lengths that were found on earlier visits.
    pub fn know(&mut self, lengths: Vec<(TuneId, FoundLength)>) {
        for (tune, length) in lengths {
            remember(&mut self.lengths, tune, length);
        }
    }

    /// The length of a song that has been listened to before.
    pub fn length(&self, tune: TuneId) -> Option<FoundLength> {
        self.lengths.get(&tune).copied()
    }
}

fn remember<T>(known: &mut BTreeMap<TuneId, T>, tune: TuneId, value: T) -> Option<T> {
    let old = known.insert(tune, value);
    if known.len() > MOST_KNOWN {
        known.pop_first();
    }
    old
}
