//! A machine with a tune in it, seen as a source of sound.

use std::collections::VecDeque;
use std::sync::Arc;

use sid::{Resampler, soft_clip};
use sidfile::mus::Mus;
use sidfile::{ChipModel, Clock, Speed, Tune};

use crate::chips::{Chips, Placement};
use crate::cia::CiaModel;
use crate::cpu::Cpu;
use crate::driver::{self, Song};
use crate::idle;
use crate::memory;
use crate::mus::Sidplayer;
use crate::roms::{RomSet, Roms};
use crate::scope::ScopeBuffer;
use crate::snapshot::{Snapshot, State};
use crate::system::{Board, System};
use crate::trace::Write;
use crate::vic::VicModel;

/// Cycles that the machine runs between two rounds of mixing and resampling. Long enough that a
/// chip is seldom cut short, small enough for the caches.
const BATCH_CYCLES: u64 = 4096;

/// The cycle before the CPU's first one: the reference player lets the machine stand for a while
/// before it starts the driver. Measured in its traces.
const POWER_ON_PAL: u64 = 167_832;
const POWER_ON_NTSC: u64 = 155_858;

/// Video standards that a listener can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum VideoStandard {
    /// 50 Hz, VIC 6569.
    Pal,
    /// 60 Hz, VIC 6567R8.
    Ntsc,
}

/// What the listener chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Output frames a second, at least 8,000.
    pub sample_rate: u32,
    /// Overrides the tune's video standard.
    pub clock: Option<VideoStandard>,
    /// Overrides the tune's chip models.
    pub model: Option<sid::Model>,
    /// Chip where the tune names none, or both.
    pub default_model: sid::Model,
    /// How much work the chips' analogue parts are; the program does not notice.
    pub grade: sid::Grade,
    /// How bright the filters of 6581s are.
    pub filter: sid::FilterCurve,
    /// Where several chips stand between left and right.
    pub placement: Placement,
    /// The CIAs on the board.
    pub cia: CiaModel,
    /// The VIC-II on the board; without it the usual one of the video standard. One of the other
    /// standard decides that too.
    pub vic: Option<VicModel>,
    /// ROMs that the listener supplied. BASIC programs need them; other tunes may use them.
    pub roms: Option<Arc<Roms>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sample_rate: 44_100,
            clock: None,
            model: None,
            default_model: sid::Model::Mos8580,
            grade: sid::Grade::Accurate,
            filter: sid::FilterCurve::AVERAGE,
            placement: Placement::Usual,
            cia: CiaModel::default(),
            vic: None,
            roms: None,
        }
    }
}

/// Why a song cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such song.
    #[error("song {song} does not exist, the tune has {songs}")]
    NoSuchSong {
        /// The song asked for, from 1.
        song: u16,
        /// Songs of the tune.
        songs: u16,
    },
    /// The tune fills the memory.
    #[error("the tune leaves no free page of memory for the player's driver")]
    NoRoomForDriver,
    /// A BASIC program.
    #[error("the tune is a BASIC program: it needs the BASIC and KERNAL ROMs of a C64")]
    NeedsRoms,
    /// A Sidplayer song that is none.
    #[error(transparent)]
    Mus(#[from] sidfile::mus::Error),
    /// A sample rate that no resampler makes.
    #[error("a sample rate of {0} Hz is not between 8,000 and 384,000")]
    SampleRate(u32),
}

/// Whether the tune still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Running,
    /// The CPU met an opcode that stops it for good.
    Jammed {
        /// Where.
        pc: u16,
        /// Which.
        opcode: u8,
    },
}

/// One sound chip of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipInfo {
    /// First register.
    pub address: u16,
    /// Model that is emulated.
    pub model: sid::Model,
}

/// A machine with a tune in it.
///
/// Frame 0 is the moment at which the CPU starts the driver, a fraction of a millisecond before
/// the tune's init routine; the resamplers' delay is not taken off.
#[derive(Clone)]
pub struct Player {
    cpu: Cpu,
    system: System,
    chips: Vec<ChipInfo>,
    /// What the chips are where the listener overrides nothing.
    own_models: Vec<sid::Model>,
    vic: VicModel,
    clock_hz: f64,
    /// Whether the play routine is called once a frame; otherwise CIA 1 tells.
    is_frame_driven: bool,
    /// The interpreter, where the tune is a song without a program.
    sidplayer: Option<Sidplayer>,
    /// One for mono, two for stereo.
    resamplers: Vec<Resampler>,
    /// Frames that are made but not yet handed out.
    ready: VecDeque<[f32; 2]>,
    frames: u64,
    /// Where the batch that is being run ends.
    batch_end: u64,
    left: Vec<f32>,
    right: Vec<f32>,
    resampled: [Vec<f32>; 2],
}

impl Player {
    /// Places song `song` (from 1) of a tune into a machine.
    ///
    /// # Errors
    /// Says why the song cannot be played.
    pub fn new(tune: &Tune, song: u16, config: &Config) -> Result<Self, Error> {
        if song == 0 || song > tune.songs {
            return Err(Error::NoSuchSong {
                song,
                songs: tune.songs,
            });
        }
        if !(8_000..=384_000).contains(&config.sample_rate) {
            return Err(Error::SampleRate(config.sample_rate));
        }
        let mus = tune.is_mus.then(|| Mus::of(tune)).transpose()?;
        let program = mus.is_some().then(|| Mus::program(tune));
        let tune = program.as_ref().unwrap_or(tune);
        if tune.is_basic
            && !config
                .roms
                .as_ref()
                .is_some_and(|roms| roms.can_run_basic())
        {
            return Err(Error::NeedsRoms);
        }
        let page = driver::free_page(tune).ok_or(Error::NoRoomForDriver)?;
        let vic = config.vic.unwrap_or_else(|| usual_vic(tune, config.clock));
        let video = standard_of(vic);
        let power_on = match video {
            VideoStandard::Pal => POWER_ON_PAL,
            VideoStandard::Ntsc => POWER_ON_NTSC,
        };
        let is_pal = video == VideoStandard::Pal;
        // The check above keeps the song within 1 to 256.
        let song = Song::new(tune, (song - 1) as u8, is_pal);
        let driver = driver::build(&song, page);
        let own_models = models(tune, config.default_model);
        let places = tune.chips.iter().zip(&own_models);
        let chips: Vec<_> = places
            .map(|(chip, own)| ChipInfo {
                address: chip.address,
                model: config.model.unwrap_or(*own),
            })
            .collect();
        let clock_hz = vic.clock_hz();
        let sids: Vec<_> = chips
            .iter()
            .map(|chip| (chip.address, chip.model))
            .collect();
        let board = Board {
            vic,
            cia: config.cia,
        };
        let roms = rom_set(config.roms.as_deref(), &song, driver.cold);
        let mut sids = Chips::new(&sids, config.grade);
        sids.set_filter_curve(config.filter);
        sids.set_placement(config.placement);
        let mut system = System::new(board, roms, sids, power_on);
        place(&mut system, tune, &driver, &song);
        system.chips.set_sounding(true, false, power_on + 1);

        let resampler = Resampler::with_board(clock_hz, config.sample_rate);
        let sides = if chips.len() == 1 { 1 } else { 2 };
        let mut resamplers = vec![resampler; sides];
        // While the machine came up, the chips stood still.
        let levels = system.chips.levels(power_on + 1);
        for (resampler, level) in resamplers.iter_mut().zip(levels) {
            resampler.settle(level, power_on);
        }
        Ok(Self {
            sidplayer: mus.map(|mus| Sidplayer::new(mus, clock_hz, system.cycle())),
            cpu: Cpu::new(driver.cold),
            batch_end: system.cycle(),
            system,
            chips,
            own_models,
            vic,
            clock_hz,
            is_frame_driven: song.speed == Speed::VerticalBlank && song.play != 0,
            resamplers,
            ready: VecDeque::new(),
            frames: 0,
            left: Vec::new(),
            right: Vec::new(),
            resampled: [Vec::new(), Vec::new()],
        })
    }

    /// Fills `out` with interleaved stereo frames. `scope` gets the voices' levels of the cycles
    /// run for them.
    pub fn render(&mut self, out: &mut [f32], mut scope: Option<&mut ScopeBuffer>) {
        self.start_sound(scope.is_some());
        if let Some(scope) = scope.as_deref_mut()
            && scope.is_empty()
        {
            scope.first_frame = self.frames + self.ready.len() as u64;
            scope.first_cycle = self.system.cycle();
        }
        let (frames, _) = out.as_chunks_mut::<2>();
        let mut done = 0;
        while done < frames.len() {
            let fresh = self.next_frames(frames.len() - done, scope.as_deref_mut());
            for (frame, fresh) in frames[done..].iter_mut().zip(fresh) {
                *frame = fresh;
                done += 1;
            }
        }
    }

    /// Advances by `frames` without handing them out. Afterwards everything is as if they had
    /// been rendered.
    pub fn skip(&mut self, frames: u64) {
        self.start_sound(false);
        let mut left = frames;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            left -= self.next_frames(most, None).len() as u64;
        }
    }

    fn start_sound(&mut self, is_tapped: bool) {
        // After `run_cycles` the batch begins anew.
        self.batch_end = self.batch_end.max(self.system.cycle());
        self.system
            .chips
            .set_sounding(true, is_tapped, self.system.cycle() + 1);
    }

    /// The next frames, `most` or fewer; those that a batch makes, if none are ready.
    fn next_frames(
        &mut self,
        most: usize,
        mut scope: Option<&mut ScopeBuffer>,
    ) -> impl ExactSizeIterator<Item = [f32; 2]> {
        while self.ready.is_empty() {
            self.run_batch(scope.as_deref_mut());
        }
        let count = most.min(self.ready.len());
        self.frames += count as u64;
        self.ready.drain(..count)
    }

    /// Runs the machine for a batch, and makes frames of what the chips did.
    fn run_batch(&mut self, scope: Option<&mut ScopeBuffer>) {
        self.batch_end += BATCH_CYCLES;
        self.run_to(self.batch_end);
        let end = self.system.cycle() + 1;
        self.system
            .chips
            .finish_batch(end, &mut self.left, &mut self.right, scope);
        let sides = [&self.left, &self.right];
        for ((resampler, input), out) in self
            .resamplers
            .iter_mut()
            .zip(sides)
            .zip(&mut self.resampled)
        {
            out.clear();
            match self.system.chips.grade() {
                sid::Grade::Accurate => resampler.process(input, out),
                sid::Grade::Light => resampler.process_eighths(input, out),
            }
        }
        let [left, right] = &self.resampled;
        if self.resamplers.len() == 1 {
            let frames = left.iter().map(|&sample| [soft_clip(sample); 2]);
            self.ready.extend(frames);
        } else {
            let frames = left.iter().zip(right);
            self.ready
                .extend(frames.map(|(&left, &right)| [soft_clip(left), soft_clip(right)]));
        }
    }

    fn run_to(&mut self, cycle: u64) {
        match &mut self.sidplayer {
            Some(sidplayer) => sidplayer.run_to(&mut self.cpu, &mut self.system, cycle),
            None => idle::run_to(&mut self.cpu, &mut self.system, cycle),
        }
    }

    /// Runs the machine without sound, for traces. What it does then is not heard later either;
    /// the position in frames does not move.
    pub fn run_cycles(&mut self, cycles: u64) {
        self.system
            .chips
            .set_sounding(false, false, self.system.cycle() + 1);
        self.run_to(self.system.cycle() + cycles);
    }

    /// Position in output frames since the start of the song.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames that the machine has made ahead of [`frames`](Self::frames). A snapshot is smallest
    /// where there are none.
    pub fn buffered(&self) -> u32 {
        u32::try_from(self.ready.len()).unwrap_or(u32::MAX)
    }

    /// The whole machine as it stands.
    pub fn snapshot(&mut self) -> Snapshot {
        let cycle = self.system.cycle();
        let state = State {
            circuits: self.system.state.clone(),
            cpu: self.cpu.clone(),
            cycle,
            frames: self.frames,
            sids: self.system.chips.sids(cycle + 1),
            resamplers: self.resamplers.iter().map(Resampler::state).collect(),
            ready: self.ready.iter().copied().collect(),
            sidplayer: self.sidplayer.as_ref().map(|player| player.state.clone()),
        };
        Snapshot::of(&self.system.ram, &state)
    }

    /// Returns to a moment of the same song. What is muted stays muted, and chips stay the models
    /// that they are.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        let state = snapshot.state(&mut self.system.ram);
        self.system.restore(&state.circuits, state.cycle);
        self.system.chips.restore(&state.sids, state.cycle + 1);
        self.cpu = state.cpu;
        self.frames = state.frames;
        for (resampler, state) in self.resamplers.iter_mut().zip(&state.resamplers) {
            resampler.set_state(state);
        }
        if let (Some(sidplayer), Some(state)) = (&mut self.sidplayer, state.sidplayer) {
            sidplayer.state = state;
        }
        self.ready = state.ready.into();
        self.batch_end = state.cycle;
    }

    /// Chooses what is heard of a chip: bits 0 to 2 the voices, bit 3 samples played through the
    /// volume register.
    pub fn set_audible(&mut self, chip: usize, mask: u8) {
        self.system.chips.set_audible(chip, mask);
    }

    /// Puts chips of other models into their sockets; `None` returns to those of the tune. The
    /// program does not notice: oscillators and envelopes go on.
    pub fn set_model(&mut self, model: Option<sid::Model>) {
        let places = self.chips.iter_mut().zip(&self.own_models).enumerate();
        for (index, (chip, own)) in places {
            chip.model = model.unwrap_or(*own);
            self.system.chips.set_model(index, chip.model);
        }
    }

    /// Chooses how much work the chips' analogue parts are, from the next batch on; the program
    /// and the position do not notice.
    pub fn set_grade(&mut self, grade: sid::Grade) {
        self.system.chips.set_grade(grade);
    }

    /// Chooses how bright the filters of 6581s are, at once.
    pub fn set_filter(&mut self, curve: sid::FilterCurve) {
        self.system.chips.set_filter_curve(curve);
    }

    /// Chooses where several chips stand between left and right, from the next batch on.
    pub fn set_placement(&mut self, placement: Placement) {
        self.system.chips.set_placement(placement);
    }

    /// The sound chips.
    pub fn chips(&self) -> &[ChipInfo] {
        &self.chips
    }

    /// Cycles a second.
    pub fn clock_hz(&self) -> f64 {
        self.clock_hz
    }

    /// Cycles of a video frame.
    pub fn frame_cycles(&self) -> u64 {
        let timing = self.vic.timing();
        u64::from(timing.lines) * u64::from(timing.cycles)
    }

    /// The machine's video standard.
    pub fn video(&self) -> VideoStandard {
        standard_of(self.vic)
    }

    /// Whether the tune still runs.
    pub fn status(&self) -> Status {
        match self.cpu.jammed() {
            None => Status::Running,
            Some((pc, opcode)) => Status::Jammed { pc, opcode },
        }
    }

    /// Calls of the play routine a second: the frame rate, or what timer A of CIA 1 makes.
    pub fn play_rate(&self) -> f32 {
        if let Some(sidplayer) = &self.sidplayer {
            return sidplayer.rate(self.clock_hz) as f32;
        }
        let period = if self.is_frame_driven {
            self.frame_cycles() as f64
        } else {
            f64::from(self.system.state.cia1.timer_a_latch()) + 1.0
        };
        (self.clock_hz / period) as f32
    }

    /// Starts or stops recording the writes to sound chips.
    pub fn set_trace(&mut self, on: bool) {
        self.system.chips.set_trace(on);
    }

    /// The writes since the last call.
    pub fn take_trace(&mut self) -> Vec<Write> {
        self.system.chips.take_trace()
    }

    /// Cycles since power-on.
    pub fn cycles(&self) -> u64 {
        self.system.cycle()
    }
}

/// The video standard of the machines that a VIC-II was made for.
fn standard_of(vic: VicModel) -> VideoStandard {
    match vic {
        VicModel::Mos6569 | VicModel::Mos6572 => VideoStandard::Pal,
        VicModel::Mos6567R8 | VicModel::Mos6567R56A | VicModel::Mos6573 => VideoStandard::Ntsc,
    }
}

/// The VIC-II of the standard that was chosen, or that the tune was written for.
fn usual_vic(tune: &Tune, clock: Option<VideoStandard>) -> VicModel {
    let video = clock.unwrap_or(match tune.clock {
        Clock::Ntsc => VideoStandard::Ntsc,
        Clock::Unknown | Clock::Pal | Clock::Any => VideoStandard::Pal,
    });
    match video {
        VideoStandard::Pal => VicModel::Mos6569,
        VideoStandard::Ntsc => VicModel::Mos6567R8,
    }
}

/// The ROMs, changed so that they lead to the driver where a tune leaves its own ways.
fn rom_set(supplied: Option<&Roms>, song: &Song, cold: u16) -> RomSet {
    let mut roms = supplied.map_or_else(|| RomSet::new(&Roms::default()), RomSet::new);
    roms.set_reset(cold);
    if song.is_basic {
        for (address, bytes) in driver::basic_start(song.index) {
            roms.patch_basic(address, &bytes);
        }
    } else {
        let (address, bytes) = driver::basic_trap();
        roms.patch_basic(address, &bytes);
    }
    roms
}

/// The models that a tune names for its chips; where it names none, that of the first chip, or
/// `default`.
fn models(tune: &Tune, default: sid::Model) -> Vec<sid::Model> {
    let known = |model| match model {
        ChipModel::Mos6581 => Some(sid::Model::Mos6581),
        ChipModel::Mos8580 => Some(sid::Model::Mos8580),
        ChipModel::Unknown | ChipModel::Any => None,
    };
    let first = tune.chips.first().and_then(|chip| known(chip.model));
    let fallback = first.unwrap_or(default);
    let chips = tune.chips.iter();
    chips
        .map(|chip| known(chip.model).unwrap_or(fallback))
        .collect()
}

/// Places driver and tune, as a loader on a machine that has come up would find them.
fn place(system: &mut System, tune: &Tune, driver: &driver::Driver, song: &Song) {
    let ram = &mut system.ram;
    memory::settle_low_pages(ram, song.is_real);
    ram[0x02a6] = u8::from(song.is_pal);
    let mut set_word = |address: usize, value: u16| {
        ram[address..address + 2].copy_from_slice(&value.to_le_bytes());
    };
    if !song.is_basic {
        set_word(0x0314, driver.irq);
        set_word(0x0328, driver.stop);
    }
    if !song.is_real {
        set_word(0x0316, driver.exception);
        set_word(0x0318, driver.exception);
    }
    let start = usize::from(driver.address);
    ram[start..start + driver.bytes.len()].copy_from_slice(&driver.bytes);
    // What loading a program leaves behind: BASIC's variables begin at its end.
    let range = tune.load_range();
    let [load_start, load_end] = [range.start as u16, range.end as u16];
    for (pointer, value) in [
        (0x2d, load_end),
        (0x2f, load_end),
        (0x31, load_end),
        (0xac, load_start),
        (0xae, load_end),
    ] {
        ram[pointer..pointer + 2].copy_from_slice(&value.to_le_bytes());
    }
    let (start, end) = (range.start as usize, range.end as usize);
    ram[start..end].copy_from_slice(&tune.data[..end - start]);
}
