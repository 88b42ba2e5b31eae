//! Sound at another speed and another pitch, each by itself.
//!
//! The input is read on a line of constant slope, which sets the pitch. Where the line has strayed
//! from where the song is to be, it goes over to one nearby that looks most alike there, and fades
//! (WSOLA: Verhelst and Roelands, "An overlap-add technique based on waveform similarity for high
//! quality time scale modification of speech", ICASSP 1993). Lines last as long as they may, so
//! that a sound close to its own speed is hardly ever cut; where pitch follows speed the line
//! never strays, and what comes out is resampled, no more.

use crate::resample::Kernel;

/// One, as [`Tempo::step`] has it.
pub const ONE: u32 = 1 << 16;
/// Output between two looks at where the line stands.
const SEQUENCE_MILLIS: u32 = 50;
/// Output while one line fades into the next: a few periods of what is played.
const FADE_MILLIS: u32 = 12;
/// A line strays this far before it is left, and its follower is looked for within as much. Twice
/// of it is a period of 33 Hz, below the lowest notes.
const STRAY_MILLIS: u32 = 15;
/// How much less alike a place may be to be taken for lying nearer to where the song is to be.
const NEARNESS: f32 = 0.05;

/// How fast and how high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tempo {
    /// Frames of the song that go by in 65,536 frames of output.
    pub step: u32,
    /// Factor of every frequency.
    pub pitch: f64,
}

impl Tempo {
    /// Speed in percent of the song's own, and semitones up, on top of what a changed speed does to
    /// the pitch of a tape where `pitch_follows`.
    #[must_use]
    pub fn of(speed_percent: u16, semitones: i8, pitch_follows: bool) -> Self {
        let step = u32::from(speed_percent) * ONE / 100;
        let speed = f64::from(step) / f64::from(ONE);
        let pitch = libm::exp2(f64::from(semitones) / 12.0);
        Self {
            step,
            pitch: if pitch_follows { pitch * speed } else { pitch },
        }
    }
}

/// A line through the input: the input frame of each output frame.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    start: f64,
    made: u32,
}

impl Line {
    fn at(&self, slope: f64) -> f64 {
        self.start + f64::from(self.made) * slope
    }
}

/// What fades out: its line, how much of the fade is done, and how like the two lines are.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    line: Line,
    done: u32,
    likeness: f32,
}

/// Makes sound of another [`Tempo`] of what is pushed into it. What comes out after `n` frames is
/// the song's frame `n * step / 65,536`, to within 15 ms and never adding up.
#[derive(Debug, Clone)]
pub struct Stretch {
    tempo: Tempo,
    kernel: Kernel,
    sequence: u32,
    fade: u32,
    stray: f64,
    /// Interleaved input from frame `first` on; what was before the song is silence.
    input: Vec<f32>,
    first: i64,
    pushed: u64,
    is_finished: bool,
    made: u64,
    line: Line,
    leaving: Option<Leaving>,
    /// Output frames until it is looked where the line stands.
    left: u32,
}

impl Stretch {
    /// Nothing pushed yet, for `rate` frames a second. A `step` of 0 is taken for 1.
    #[must_use]
    pub fn new(rate: u32, tempo: Tempo) -> Self {
        let frames = |millis: u32| (u64::from(millis) * u64::from(rate) / 1000).max(1) as u32;
        let kernel = Kernel::new(tempo.pitch);
        let tempo = Tempo {
            step: tempo.step.max(1),
            ..tempo
        };
        let mut stretch = Self {
            tempo,
            kernel,
            sequence: frames(SEQUENCE_MILLIS),
            fade: frames(FADE_MILLIS),
            stray: f64::from(frames(STRAY_MILLIS)),
            input: Vec::new(),
            first: 0,
            pushed: 0,
            is_finished: false,
            made: 0,
            line: Line::default(),
            leaving: None,
            left: 0,
        };
        stretch.restart();
        stretch
    }

    /// As if nothing had been pushed yet.
    pub fn restart(&mut self) {
        let before = self.kernel.reach() + self.stray as usize + 1;
        self.input.clear();
        self.input.resize(2 * before, 0.0);
        self.first = -(before as i64);
        self.is_finished = false;
        (self.pushed, self.made) = (0, 0);
        self.line = Line::default();
        self.leaving = None;
        self.left = 0;
    }

    /// Takes interleaved samples of the song.
    pub fn push(&mut self, samples: &[f32]) {
        debug_assert!(!self.is_finished);
        self.pushed += samples.len() as u64 / 2;
        self.input.extend_from_slice(samples);
    }

    /// The song is over: what has been pushed is all.
    pub fn finish(&mut self) {
        if !self.is_finished {
            self.is_finished = true;
            let slope = 2.0 * self.tempo.pitch.max(self.speed());
            let lines = slope * f64::from(self.sequence + self.fade);
            let behind = (lines + 2.0 * self.stray) as usize + 2 * self.kernel.reach() + 2;
            self.input.resize(self.input.len() + 2 * behind, 0.0);
        }
    }

    /// Whether the song is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether all has been pulled.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_finished && self.song_at() >= self.pushed as f64
    }

    /// Fills `out` as far as the input goes, and returns how many frames that is. After
    /// [`finish`](Self::finish) it comes to `pushed * 65,536 / step` frames altogether, rounded up.
    pub fn pull(&mut self, out: &mut [f32]) -> u32 {
        let mut count = 0;
        for frame in out.as_chunks_mut::<2>().0 {
            if self.is_over() || self.left == 0 && !self.look() {
                break;
            }
            *frame = self.frame();
            self.left -= 1;
            self.made += 1;
            count += 1;
        }
        count
    }

    /// Where in the song the next frame belongs.
    fn song_at(&self) -> f64 {
        self.made as f64 * self.speed()
    }

    fn speed(&self) -> f64 {
        f64::from(self.tempo.step) / f64::from(ONE)
    }

    /// Leaves the line if it has strayed. False where too little is there to go on.
    fn look(&mut self) -> bool {
        let (target, here) = (self.song_at(), self.line.at(self.tempo.pitch));
        let ahead = f64::from(self.sequence + self.fade);
        let last = ((target + self.stray).max(here) + ahead * self.tempo.pitch)
            .max(target + ahead * self.speed());
        let needed = last as i64 + self.kernel.reach() as i64 + 2;
        if self.first + ((self.input.len() / 2) as i64) < needed {
            return false;
        }
        let strayed = here - target;
        if strayed > self.stray || strayed < -self.stray {
            let (start, likeness) = self.most_alike(here, target);
            self.leaving = Some(Leaving {
                line: self.line,
                done: 0,
                likeness,
            });
            self.line = Line { start, made: 0 };
        }
        self.left = self.sequence;
        self.forget(here.min(target - self.stray));
        true
    }

    /// Drops what lies before `frame`, now and then.
    fn forget(&mut self, frame: f64) {
        let keep = frame.floor() as i64 - self.kernel.reach() as i64 - 1;
        let stale = 2 * usize::try_from(keep - self.first).unwrap_or(0);
        if stale > self.input.len() / 2 {
            self.input.drain(..stale);
            self.first = keep;
        }
    }

    /// The input from `frame` on.
    fn from(&self, frame: i64) -> &[f32] {
        let at = usize::try_from(frame - self.first).unwrap_or(0);
        &self.input[(2 * at).min(self.input.len())..]
    }

    /// The place around `target` that goes on most like the line does at `here`, and how like.
    fn most_alike(&self, here: f64, target: f64) -> (f64, f32) {
        let whole = here.floor();
        let length = 2 * ((f64::from(self.fade) * self.tempo.pitch) as usize).max(64);
        let pattern = self.from(whole as i64);
        let pattern = &pattern[..length.min(pattern.len())];
        let strength = dot(pattern, pattern);
        let middle = target.floor() as i64;
        let reach = self.stray as i64;
        let (mut best, mut best_score, mut likeness) = (middle, f32::MIN, 0.0);
        for place in middle - reach..=middle + reach {
            let found = self.from(place);
            let found = &found[..pattern.len().min(found.len())];
            let both = dot(pattern, found);
            let like = both / f32::sqrt((strength * dot(found, found)).max(1e-12));
            let away = (place - middle) as f32 / reach as f32;
            let score = like - NEARNESS * away * away;
            if score > best_score {
                (best, best_score, likeness) = (place, score, like);
            }
        }
        // What lies between two frames stays between them.
        (best as f64 + (here - whole), likeness.clamp(0.0, 1.0))
    }

    fn frame(&mut self) -> [f32; 2] {
        let slope = self.tempo.pitch;
        let new = self.sample(self.line.at(slope));
        self.line.made += 1;
        let Some(leaving) = &mut self.leaving else {
            return new;
        };
        leaving.line.made += 1;
        leaving.done += 1;
        let old_at = leaving.line.start + f64::from(leaving.line.made - 1) * slope;
        let (done, likeness) = (leaving.done, leaving.likeness);
        if done >= self.fade {
            self.leaving = None;
        }
        let old = self.sample(old_at);
        let [fading, rising] = fade(done as f32 / self.fade as f32, likeness);
        [0, 1].map(|side| old[side] * fading + new[side] * rising)
    }

    fn sample(&self, at: f64) -> [f32; 2] {
        let whole = at.floor();
        let first = whole as i64 - self.kernel.before() as i64;
        self.kernel.sample(self.from(first), (at - whole) as f32)
    }
}

/// Factors of what leaves and what comes, `done` of the way from one to the other: as loud
/// throughout, however alike the two are.
#[must_use]
pub fn fade(done: f32, likeness: f32) -> [f32; 2] {
    // A smooth step: both ends are level, so that neither end of a fade is a corner.
    let rising = done * done * (3.0 - 2.0 * done);
    let fading = 1.0 - rising;
    let power = fading * fading + rising * rising + 2.0 * likeness * fading * rising;
    let level = 1.0 / f32::sqrt(power.max(0.25));
    [fading * level, rising * level]
}

/// Sum of products, in eight lanes that are added up in a fixed order.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..8 {
            lanes[lane] += left[lane] * right[lane];
        }
    }
    let rest = left_rest.iter().zip(right_rest);
    lanes.iter().sum::<f32>() + rest.map(|(left, right)| left * right).sum::<f32>()
}
