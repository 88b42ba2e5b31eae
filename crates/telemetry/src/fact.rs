//! One thing that happened, as a page notes it.

use crate::labels::{
    Adapter, Buffer, Engine, Network, Outcome, Phase, Pressure, Reason, SeekMode, SeekOutcome,
    Source, Success, Verdict, Warmth, Worker,
};
use crate::table::FamilyId;

/// Microseconds that something took; `None` where it was waited for and never came.
pub type Time = Option<u64>;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// A tune is wanted.
    PlayAttempt,
    /// The wish ended.
    Play(Outcome),
    /// A tune could not be played.
    PlayFailure(Reason),
    /// A seek ended.
    Seek(SeekMode, SeekOutcome),
    /// So often there was no sound when the speakers wanted some.
    Underruns(u32),
    /// Something happened to the sound that waits.
    Buffer(Buffer),
    /// One source gave way to another.
    Fallback(Source, Source),
    /// A tune sounded that came from there.
    SourceUsed(Source),
    /// A tune sounded that was made by this.
    EngineUsed(Engine),
    /// The next tune was wanted.
    Prefetch(Warmth),
    /// A tune was taken up where it had been left.
    Resume(Success),
    /// A worker died and was started again.
    WorkerRestart(Worker),
    /// So often the page could not answer for long.
    LongFrames(u32),
    /// Room became scarce.
    StoragePressure(Pressure),
    /// So many seconds were heard.
    Listened(Network, u32),
    /// A part tried itself.
    SelfTest(Adapter, Verdict),
    /// From the gesture to sound.
    FirstAudio(Time),
    /// A part of that.
    StartPhase(Phase, Time),
    /// From the gesture to the sound at another place.
    SeekTime(SeekMode, Time),
    /// A torrent was read back.
    VerifyTime(Time),
    /// The library opened.
    CatalogOpen(Time),
    /// A search was answered.
    SearchTime(Time),
    /// Ways to a tune were weighed.
    ScoreTime(Time),
    /// The first verified bytes of a file came.
    TorrentFirstByte(Time),
    /// Listeners that the page is connected to.
    Peers(u32),
}

/// What a fact adds to its series.
pub(crate) enum Amount {
    /// So often.
    Times(u32),
    /// Once, this much.
    Value(Option<u64>),
}

impl Fact {
    /// Family and series that it belongs to, and what it adds there.
    pub(crate) fn place(self) -> (FamilyId, usize, Amount) {
        use Amount::{Times, Value};
        use FamilyId as Of;
        let once = Times(1);
        match self {
            Self::PlayAttempt => (Of::PlayAttempts, 0, once),
            Self::Play(outcome) => (Of::Plays, outcome as usize, once),
            Self::PlayFailure(reason) => (Of::PlayFailures, reason as usize, once),
            Self::Seek(mode, outcome) => {
                let series = mode as usize * SeekOutcome::ALL.len() + outcome as usize;
                (Of::Seeks, series, once)
            }
            Self::Underruns(count) => (Of::Underruns, 0, Times(count)),
            Self::Buffer(kind) => (Of::BufferEvents, kind as usize, once),
            Self::Fallback(from, to) => {
                let series = from as usize * Source::ALL.len() + to as usize;
                (Of::Fallbacks, series, once)
            }
            Self::SourceUsed(source) => (Of::SourceUsed, source as usize, once),
            Self::EngineUsed(engine) => (Of::EngineUsed, engine as usize, once),
            Self::Prefetch(warmth) => (Of::Prefetches, warmth as usize, once),
            Self::Resume(success) => (Of::Resumes, success as usize, once),
            Self::WorkerRestart(worker) => (Of::WorkerRestarts, worker as usize, once),
            Self::LongFrames(count) => (Of::LongFrames, 0, Times(count)),
            Self::StoragePressure(level) => (Of::StoragePressure, level as usize, once),
            Self::Listened(network, seconds) => {
                (Of::ListeningSeconds, network as usize, Times(seconds))
            }
            Self::SelfTest(adapter, verdict) => {
                let series = adapter as usize * Verdict::ALL.len() + verdict as usize;
                (Of::SelfTests, series, once)
            }
            Self::FirstAudio(time) => (Of::FirstAudio, 0, Value(time)),
            Self::StartPhase(phase, time) => (Of::StartPhase, phase as usize, Value(time)),
            Self::SeekTime(mode, time) => (Of::SeekTime, mode as usize, Value(time)),
            Self::VerifyTime(time) => (Of::VerifyTime, 0, Value(time)),
            Self::CatalogOpen(time) => (Of::CatalogOpen, 0, Value(time)),
            Self::SearchTime(time) => (Of::SearchTime, 0, Value(time)),
            Self::ScoreTime(time) => (Of::ScoreTime, 0, Value(time)),
            Self::TorrentFirstByte(time) => (Of::TorrentFirstByte, 0, Value(time)),
            Self::Peers(count) => (Of::Peers, 0, Value(Some(count.into()))),
        }
    }
}
