//! The song at the listener's tempo, and the seam where one way of playing it follows another.

use pcm::tempo::{self, ONE, Stretch};
use protocol::engine::Tempo;

use super::session::{Session, frames_of};

/// Frames of the song rendered at once on the way to another tempo.
const CHUNK: usize = 1024;
/// Time in which the old sound fades into the new one.
const BLEND_MILLIS: u32 = 8;

/// What the session renders, on its way to the ring.
pub struct Flow {
    /// Where speed or pitch is not the song's own.
    stretch: Option<Stretch>,
    step: u32,
    chunk: Vec<f32>,
}

impl Flow {
    /// From the session's place on, at `tempo`.
    pub fn new(rate: u32, tempo: Tempo) -> Self {
        let wanted = tempo::Tempo::of(tempo.speed_percent, tempo.semitones, tempo.pitch_follows);
        let step = wanted.step;
        let stretch = (!tempo.is_own()).then(|| Stretch::new(rate, wanted));
        Self {
            chunk: vec![0.0; stretch.as_ref().map_or(0, |_| 2 * CHUNK)],
            stretch,
            step,
        }
    }

    /// Goes on from another place of the session.
    pub fn restart(&mut self) {
        if let Some(stretch) = &mut self.stretch {
            stretch.restart();
        }
    }

    /// Frames of the song in 65,536 frames of output.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// How long it takes to play `millis` of the song.
    pub fn millis_of_song(&self, millis: u32) -> u32 {
        let time = u64::from(millis) * u64::from(ONE) / u64::from(self.step.max(1));
        u32::try_from(time).unwrap_or(u32::MAX)
    }

    /// Fills `out` with what `source` renders, as far as it goes, and returns how many frames that
    /// is; 0 at the end of the song, where `source` renders none.
    pub fn fill(&mut self, out: &mut [f32], mut source: impl FnMut(&mut [f32]) -> u32) -> u32 {
        let Some(stretch) = &mut self.stretch else {
            return source(out);
        };
        let mut count = 0;
        loop {
            count += stretch.pull(&mut out[2 * count as usize..]);
            if 2 * count as usize >= out.len() || stretch.is_over() {
                return count;
            }
            match source(&mut self.chunk) {
                0 => stretch.finish(),
                rendered => stretch.push(&self.chunk[..2 * rendered as usize]),
            }
        }
    }

    /// Whether `session` is over, and all of it has come out.
    pub fn is_over(&self, session: &Session) -> bool {
        let is_out = self.stretch.as_ref().is_none_or(Stretch::is_over);
        is_out && session.is_over()
    }

    /// Whether it takes no more of the song.
    pub fn is_finished(&self) -> bool {
        self.stretch.as_ref().is_some_and(Stretch::is_finished)
    }
}

/// What lies in the ring, so that sound that is replaced can fade into what comes instead.
#[derive(Default)]
pub struct Blend {
    written: Vec<f32>,
    old: Vec<f32>,
    done: usize,
}

impl Blend {
    /// For a ring of `capacity` frames.
    pub fn new(capacity: u32) -> Self {
        Self {
            written: vec![0.0; 2 * capacity as usize],
            ..Self::default()
        }
    }

    /// Notes what is written to the ring at `frame`.
    pub fn store(&mut self, frame: u32, samples: &[f32]) {
        for (frame, sample) in (u64::from(frame)..).zip(samples.as_chunks::<2>().0) {
            if let Some(at) = self.place(frame) {
                self.written[at..at + 2].copy_from_slice(sample);
            }
        }
    }

    /// What is mixed next replaces the frames from `at` on, of which there are some before `end`.
    pub fn keep(&mut self, at: u32, end: u32, rate: u32) {
        let left = end.wrapping_sub(at).cast_signed().max(0).cast_unsigned();
        let length = frames_of(BLEND_MILLIS, rate).min(left);
        self.done = 0;
        self.old.clear();
        for frame in u64::from(at)..u64::from(at) + u64::from(length) {
            if let Some(at) = self.place(frame) {
                self.old.extend_from_slice(&self.written[at..at + 2]);
            }
        }
    }

    /// Lets the old sound fade into `samples`, where there is some left.
    pub fn mix(&mut self, samples: &mut [f32]) {
        let length = self.old.len() / 2;
        let old = self.old[2 * self.done..].as_chunks::<2>().0;
        for (new, old) in samples.as_chunks_mut::<2>().0.iter_mut().zip(old) {
            let [fading, rising] = tempo::fade(self.done as f32 / length as f32, 1.0);
            for (new, old) in new.iter_mut().zip(old) {
                *new = old * fading + *new * rising;
            }
            self.done += 1;
        }
    }

    fn place(&self, frame: u64) -> Option<usize> {
        let capacity = self.written.len() as u64 / 2;
        let at = frame.checked_rem(capacity)?;
        usize::try_from(2 * at).ok()
    }
}
