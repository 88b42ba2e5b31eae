//! Pictures of a tune that plays: scopes, spectrum, piano roll, registers.
//!
//! What the page tells is gathered here, and made into a list of marks when a picture is due; the
//! binary puts it on a canvas. Sound comes from the rings where memory is shared, so that pictures
//! move whatever the page's own thread does.

mod describe;
mod fft;
mod levels;
mod pace;
pub mod picture;
mod registers;
mod roll;
mod scopes;
mod spectrum;
mod trigger;

use std::collections::BTreeMap;

use listening::notes::{NoteTrack, VoiceState, pitch_name, pitch_of, waveform_text};
use protocol::engine::{ALL_AUDIBLE, Audible, MAX_CHIPS, Model};
use protocol::visuals::{Chip, Place, Request, Surface, View};
use sidfile::TuneId;

use levels::Blocks;
pub use levels::Levels;
use pace::Pace;
use picture::{Area, Picture};
use roll::Roll;
use scopes::Scopes;
use spectrum::Spectrum;

/// Samples that [`Sound::samples`] gives.
pub const SAMPLES: usize = spectrum::SIZE;
/// Levels a second: one for every 32 cycles of a PAL machine.
const LEVEL_RATE: f32 = 985_248.0 / 32.0;
/// A full swing of all voices of a chip together, as the levels count.
const FULL_LEVEL: f32 = 3.0 * 32_768.0;
/// Time between two descriptions, in milliseconds.
const DESCRIBE_MILLIS: f64 = 1_000.0;

/// The sound in shared memory, where there is such a thing.
pub trait Sound {
    /// The place in the song that is heard, in frames of the sound, and how many there are in a
    /// second; `None` without shared memory.
    fn position(&self) -> Option<(u32, u32)>;

    /// The latest `count` levels of the voices at that place. False where there are none.
    fn levels(&self, count: usize, out: &mut Levels) -> bool;

    /// [`SAMPLES`] samples around what is heard, and their rate. `None` where there are none.
    fn samples(&self, out: &mut Vec<f32>) -> Option<f32>;

    /// Milliseconds of sound that wait to be heard.
    fn ahead_millis(&self) -> Option<u32>;
}

/// What plays, as far as the page has told.
#[derive(Debug, Clone)]
pub struct Scene {
    tune: Option<TuneId>,
    chips: Vec<Chip>,
    audible: Audible,
    notes: NoteTrack,
    position_millis: u32,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            tune: None,
            chips: Vec::new(),
            audible: [ALL_AUDIBLE; MAX_CHIPS],
            notes: NoteTrack::default(),
            position_millis: 0,
        }
    }
}

impl Scene {
    /// The video frame that is heard.
    fn frame(&self) -> usize {
        self.notes.frame_at(self.position_millis)
    }

    /// A voice, where it sounds now.
    fn sounding(&self, chip: usize, voice: usize) -> Option<VoiceState> {
        let state = self.notes.voice(chip, self.frame(), voice)?;
        (state.gate && state.waveforms != 0 && !state.test).then_some(state)
    }

    /// Note and waveform of a voice in words; nothing where it rests.
    fn note_words(&self, chip: usize, voice: usize, is_short: bool) -> String {
        let Some(state) = self.sounding(chip, voice) else {
            return String::new();
        };
        let note = pitch_of(state.hertz).map(pitch_name).unwrap_or_default();
        if is_short {
            return note;
        }
        format!("{note} \u{b7} {}", waveform_text(state.waveforms))
    }

    /// How many frames ago a register changed; `None` where that is `most` frames or more.
    fn changed(&self, chip: usize, register: usize, most: usize) -> Option<usize> {
        let frame = self.frame();
        let at = |frame: usize| self.notes.registers(chip, frame).map(|all| all[register]);
        let now = at(frame)?;
        (0..most).find(|age| {
            let before = frame.checked_sub(age + 1).and_then(at);
            before.is_some_and(|before| before != now)
        })
    }
}

/// Model and address of a chip.
fn chip_name(scene: &Scene, chip: usize) -> String {
    scene.chips.get(chip).map_or_else(String::new, |chip| {
        let model = match chip.model {
            Model::Mos6581 => "6581",
            Model::Mos8580 => "8580",
        };
        format!("{model} ${:04X}", chip.address)
    })
}

/// Size of words in a picture, or a part of one, of this height.
fn size_of_words(height: f32) -> f32 {
    if height < 56.0 {
        10.0
    } else if height < 400.0 {
        11.0
    } else {
        13.0
    }
}

/// What a surface shows, and what its pictures remember.
#[derive(Debug, Clone, Default)]
struct Showing {
    how: Surface,
    scopes: Scopes,
    spectrum: Spectrum,
    roll: Roll,
    /// It does not look as it should.
    is_stale: bool,
}

/// Everything that is drawn.
#[derive(Default)]
pub struct Stage {
    scene: Scene,
    place: Place,
    /// When the page told the place.
    told_at: f64,
    blocks: Blocks,
    /// Frames of the sound in a second.
    rate: u32,
    surfaces: BTreeMap<u32, Showing>,
    pace: Pace,
    is_calm: bool,
    is_hidden: bool,
    described_at: Option<f64>,
    described: String,
    levels: Levels,
    samples: Vec<f32>,
}

impl Stage {
    /// Takes what the page says at `now`, in milliseconds.
    pub fn take(&mut self, request: Request, now: f64) {
        match request {
            Request::Attach { surface, how } => {
                let showing = Showing {
                    how,
                    ..Showing::default()
                };
                self.surfaces.insert(surface, showing);
            }
            Request::Change { surface, how } => {
                if let Some(showing) = self.surfaces.get_mut(&surface) {
                    showing.how = how;
                }
            }
            Request::Detach { surface } => {
                self.surfaces.remove(&surface);
            }
            Request::Calm(calm) => self.is_calm = calm,
            Request::Hidden(hidden) => self.is_hidden = hidden,
            Request::Tune {
                tune,
                chips,
                audible,
            } => {
                if tune != self.scene.tune {
                    for showing in self.surfaces.values_mut() {
                        showing.scopes = Scopes::default();
                        showing.roll = Roll::default();
                    }
                }
                self.scene.tune = tune;
                self.scene.chips = chips;
                self.scene.chips.truncate(MAX_CHIPS);
                self.scene.audible = audible;
            }
            Request::Place(place) => (self.place, self.told_at) = (place, now),
            Request::Heard(event) => {
                let notes = &mut self.scene.notes;
                let last = notes.frame_at(
                    self.place
                        .position_millis
                        .saturating_add(roll::BEHIND_MILLIS),
                );
                let (is_new, was_known) = (notes.tune() != self.scene.tune, notes.frames() > last);
                self.blocks.take(event.clone());
                notes.take(event);
                // While a song plays the next picture is due anyway, and what comes later than a
                // picture shows is not seen.
                if self.place.is_moving || (was_known && !is_new) {
                    return;
                }
            }
            Request::Rings { rate } => self.rate = rate,
            Request::Colours(_) | Request::Speak(_) => {}
        }
        for showing in self.surfaces.values_mut() {
            showing.is_stale = true;
        }
    }

    /// Whether anybody sees a picture that moves, or one that is not as it should be.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let seen = |showing: &&Showing| {
            let how = &showing.how;
            how.is_seen && (!self.is_hidden || how.is_apart)
        };
        let mut seen = self.surfaces.values().filter(seen);
        seen.any(|showing| showing.is_stale || self.place.is_moving)
    }

    /// Pictures are wanted while the page is on no screen, where frames of the screen do not come.
    #[must_use]
    pub fn needs_timer(&self) -> bool {
        self.is_hidden && self.is_busy()
    }

    /// Draws what is due at `now`; each picture goes to `show` with its surface. False where nothing
    /// is due.
    pub fn draw(
        &mut self,
        now: f64,
        sound: &dyn Sound,
        mut show: impl FnMut(u32, Surface, &Picture),
    ) -> bool {
        let is_stale = self.surfaces.values().any(|showing| showing.is_stale);
        let ahead = sound.ahead_millis().filter(|_| self.place.is_moving);
        if !is_stale && !self.pace.is_due(now, ahead, self.is_calm) {
            return false;
        }
        self.scene.position_millis = self.position(now, sound);
        let wants = |view: View| {
            let mut all = self.surfaces.values();
            all.any(|showing| showing.how.view == view && showing.how.is_seen)
        };
        let (wants_scopes, wants_spectrum) = (wants(View::Scopes), wants(View::Spectrum));
        let rate = if wants_spectrum {
            self.samples(sound)
        } else {
            LEVEL_RATE
        };
        if wants_scopes && !self.levels(scopes::COUNT, sound) {
            self.levels = Levels::default();
        }
        // What another song's chips were told says nothing of this one.
        let strange = self.scene.notes.tune() != self.scene.tune;
        let notes = strange.then(|| std::mem::take(&mut self.scene.notes));
        let mut picture = Picture::default();
        for (surface, showing) in &mut self.surfaces {
            showing.is_stale = false;
            let how = showing.how;
            if !how.is_seen || how.width < 8 || how.height < 8 {
                continue;
            }
            picture.clear();
            let area = Area::new(0.0, 0.0, f32::from(how.width), f32::from(how.height));
            match how.view {
                View::Scopes => {
                    let (scene, levels) = (&self.scene, &self.levels);
                    showing.scopes.draw(&mut picture, area, scene, levels);
                }
                View::Spectrum => {
                    let bars = Spectrum::bars_for(area.width);
                    let spectrum = &mut showing.spectrum;
                    // What stands still is not silence.
                    if self.place.is_moving {
                        spectrum.take(&self.samples, rate, bars, now, self.is_calm);
                    }
                    spectrum.draw(&mut picture, area, &self.scene);
                }
                View::Roll => {
                    let (scene, calm) = (&self.scene, self.is_calm);
                    showing.roll.draw(&mut picture, area, scene, calm);
                }
                View::Registers => {
                    registers::draw(&mut picture, area, &self.scene, self.is_calm);
                }
            }
            show(*surface, how, &picture);
        }
        if let Some(notes) = notes {
            self.scene.notes = notes;
        }
        true
    }

    /// Notes what drawing took that was begun at `now`, in milliseconds.
    pub fn drew(&mut self, now: f64, took: f64) {
        self.pace.drew(now, took);
    }

    /// What a picture takes, in milliseconds.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.pace.cost()
    }

    /// What is seen in words, where that is due and something else than before.
    pub fn describe(&mut self, now: f64) -> Option<&str> {
        let is_early = self
            .described_at
            .is_some_and(|at| now - at < DESCRIBE_MILLIS);
        if is_early || self.scene.notes.tune() != self.scene.tune {
            return None;
        }
        self.described_at = Some(now);
        let words = describe::words(&self.scene);
        (words != self.described).then(|| {
            self.described = words;
            &*self.described
        })
    }

    /// The place in the song.
    fn position(&self, now: f64, sound: &dyn Sound) -> u32 {
        let place = &self.place;
        if !place.is_moving {
            return place.position_millis;
        }
        if let Some((frames, rate)) = sound.position() {
            let millis = u64::from(frames) * 1_000 / u64::from(rate.max(1));
            return u32::try_from(millis).unwrap_or(u32::MAX);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the page tells it ten times a second"
        )]
        let passed = ((now - self.told_at).clamp(0.0, 10_000.0) * f64::from(place.speed_percent)
            / 100.0) as u32;
        place.position_millis.saturating_add(passed)
    }

    fn levels(&mut self, count: usize, sound: &dyn Sound) -> bool {
        if sound.position().is_some() {
            return sound.levels(count, &mut self.levels);
        }
        let position = u64::from(self.scene.position_millis) * u64::from(self.rate) / 1_000;
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        self.blocks.levels(position, count, &mut self.levels)
    }

    /// Samples of what is heard, and their rate: of the sound itself, or the voices' sum where that
    /// cannot be had.
    fn samples(&mut self, sound: &dyn Sound) -> f32 {
        if let Some(rate) = sound.samples(&mut self.samples) {
            return rate;
        }
        let is_here = self.levels(SAMPLES, sound);
        self.samples.clear();
        if is_here {
            let sum = |at: usize| {
                let of = |voice: &Vec<i16>| voice.get(at).copied().map_or(0.0, f32::from);
                self.levels.iter().map(of).sum::<f32>() / FULL_LEVEL
            };
            self.samples.extend((0..SAMPLES).map(sum));
        }
        LEVEL_RATE
    }
}

#[cfg(test)]
mod testing {
    //! A song made for tests.

    use protocol::engine::{Event, REGISTERS};
    use sidfile::Md5;

    use super::*;

    /// The frequency register of 440 Hz on a PAL machine.
    pub const A4: u16 = 7_493;

    /// The song of the scenes below.
    pub fn tune() -> TuneId {
        TuneId {
            md5: Md5::of(b"a"),
            song: 1,
        }
    }

    /// Registers of as many frames of 20 ms; `voice` tells frequency and control register of the
    /// first voice of the only chip.
    pub fn registers(frames: usize, voice: impl Fn(usize) -> (u16, u8)) -> Event {
        let row = |frame: usize| {
            let (frequency, control) = voice(frame);
            let mut row = vec![0; REGISTERS + 1];
            row[..2].copy_from_slice(&frequency.to_le_bytes());
            row[2..7].copy_from_slice(&[0xff, 0x07, control, 0x1a, 0xf3]);
            row[21..25].copy_from_slice(&[0x05, 0x80, 0xf1, 0x1f]);
            row
        };
        Event::Registers {
            tune: tune(),
            first: 0,
            frame_nanos: 20_000_000,
            clock_hertz: 985_248,
            chips: 1,
            rows: (0..frames).flat_map(row).collect(),
        }
    }

    /// A scene of one chip with these registers, at its start.
    pub fn scene_of(frames: usize, voice: impl Fn(usize) -> (u16, u8)) -> Scene {
        let chip = Chip {
            model: Model::Mos6581,
            address: 0xd400,
        };
        let mut scene = Scene {
            tune: Some(tune()),
            chips: vec![chip],
            ..Scene::default()
        };
        scene.notes.take(registers(frames, voice));
        scene
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{A4, registers, tune};
    use super::*;

    /// A page that shares no memory.
    struct Nothing;

    impl Sound for Nothing {
        fn position(&self) -> Option<(u32, u32)> {
            None
        }
        fn levels(&self, _count: usize, _out: &mut Levels) -> bool {
            false
        }
        fn samples(&self, _out: &mut Vec<f32>) -> Option<f32> {
            None
        }
        fn ahead_millis(&self) -> Option<u32> {
            None
        }
    }

    fn surface(view: View) -> Surface {
        Surface {
            view,
            width: 640,
            height: 320,
            ratio_percent: 100,
            is_seen: true,
            is_apart: false,
        }
    }

    fn place(is_moving: bool) -> Request {
        Request::Place(Place {
            position_millis: 1_000,
            is_moving,
            speed_percent: 100,
        })
    }

    fn stage(view: View) -> Stage {
        let mut stage = Stage::default();
        stage.take(Request::Rings { rate: 44_100 }, 0.0);
        let (surface, how) = (7, surface(view));
        stage.take(Request::Attach { surface, how }, 0.0);
        let chip = Chip {
            model: Model::Mos6581,
            address: 0xd400,
        };
        let tune = Request::Tune {
            tune: Some(tune()),
            chips: vec![chip],
            audible: [ALL_AUDIBLE; MAX_CHIPS],
        };
        stage.take(tune, 0.0);
        stage.take(Request::Heard(registers(500, |_| (A4, 0x41))), 0.0);
        stage
    }

    fn draw(stage: &mut Stage, now: f64) -> Option<Picture> {
        let mut drawn = None;
        stage.draw(now, &Nothing, |surface, _, picture| {
            assert_eq!(surface, 7);
            drawn = Some(picture.clone());
        });
        stage.drew(now, 1.0);
        drawn
    }

    #[test]
    fn what_stands_still_is_drawn_once() {
        let mut stage = stage(View::Registers);
        stage.take(place(false), 0.0);
        assert!(stage.is_busy());
        assert!(draw(&mut stage, 0.0).is_some());
        assert!(!stage.is_busy());
        // The engine runs ahead: ten seconds are known, and six seen.
        stage.take(Request::Heard(registers(600, |_| (A4, 0x41))), 10.0);
        assert!(!stage.is_busy());
        stage.take(place(true), 20.0);
        draw(&mut stage, 20.0);
        assert!(stage.is_busy(), "a song that plays moves");
    }

    #[test]
    fn what_nobody_sees_is_not_drawn() {
        let mut stage = stage(View::Registers);
        stage.take(place(true), 0.0);
        stage.take(Request::Hidden(true), 0.0);
        assert!(!stage.is_busy() && !stage.needs_timer());
        let mut how = surface(View::Registers);
        how.is_apart = true;
        stage.take(Request::Change { surface: 7, how }, 0.0);
        assert!(stage.is_busy() && stage.needs_timer());
        stage.take(Request::Hidden(false), 0.0);
        how.is_seen = false;
        stage.take(Request::Change { surface: 7, how }, 0.0);
        assert!(!stage.is_busy());
        assert_eq!(draw(&mut stage, 0.0), None);
        stage.take(Request::Detach { surface: 7 }, 0.0);
        assert!(!stage.is_busy());
    }

    #[test]
    fn the_place_goes_on_between_two_words_of_the_page() {
        let mut stage = stage(View::Roll);
        stage.take(place(true), 100.0);
        let first = draw(&mut stage, 100.0);
        assert_ne!(first, draw(&mut stage, 600.0));
        assert_eq!(stage.scene.position_millis, 1_500);
        stage.take(place(false), 700.0);
        draw(&mut stage, 5_000.0);
        assert_eq!(stage.scene.position_millis, 1_000);
    }

    #[test]
    fn every_view_is_another_picture() {
        let views = [View::Scopes, View::Spectrum, View::Roll, View::Registers];
        let pictures = views.map(|view| {
            let mut stage = stage(view);
            stage.take(place(true), 0.0);
            draw(&mut stage, 0.0).expect("it is seen")
        });
        for (at, picture) in pictures.iter().enumerate() {
            assert!(!picture.marks.is_empty());
            assert!(pictures[..at].iter().all(|other| other != picture));
        }
    }

    #[test]
    fn registers_of_another_song_are_not_shown() {
        let mut stage = stage(View::Registers);
        stage.take(place(false), 0.0);
        let own = draw(&mut stage, 0.0);
        assert!(stage.describe(0.0).is_some());
        assert!(stage.describe(10.0).is_none(), "once a second");
        let other = Request::Tune {
            tune: Some(TuneId { song: 2, ..tune() }),
            chips: Vec::new(),
            audible: [ALL_AUDIBLE; MAX_CHIPS],
        };
        stage.take(other, 2_000.0);
        assert_ne!(draw(&mut stage, 2_000.0), own);
        assert!(stage.describe(4_000.0).is_none());
    }
}
