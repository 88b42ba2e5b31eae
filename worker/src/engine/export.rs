//! Songs as files: whole, or a file for each voice.

use std::collections::VecDeque;
use std::rc::Rc;

use pcm::Tags;
use pcm::flac::Flac;
use pcm::silence::Silence;
use pcm::wav::Wav;
use pcm::zip::Zip;
use protocol::engine::{
    ALL_AUDIBLE, Audible, Event, ExportNames, ExportSong, Failure, FileFormat, MAX_CHIPS, Overrides,
};
use sidfile::{Md5, TuneId};

use super::Program;
use super::session::{Session, frames_of, millis_of};

/// Time between two tellings of progress.
const TELL_MILLIS: f64 = 100.0;
/// Parts of a chip that are heard by themselves: three voices, and samples.
const PARTS: [&str; 4] = ["voice 1", "voice 2", "voice 3", "samples"];

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct Plan {
    pub songs: Vec<ExportSong>,
    pub names: ExportNames,
    pub format: FileFormat,
    pub stems: bool,
}

/// A file that is still to be made.
struct Item {
    song: ExportSong,
    /// What is heard of it by itself: chip and part.
    part: Option<(usize, usize)>,
}

enum Encoder {
    Flac(Box<Flac>),
    Wav(Wav),
}

/// A file that is being made.
struct Running {
    item: Item,
    session: Session,
    encoder: Encoder,
    silence: Silence,
}

/// An export on its way.
pub struct Export {
    id: u32,
    md5: Md5,
    source: Rc<Program>,
    rate: u32,
    overrides: Overrides,
    plan: Plan,
    items: VecDeque<Item>,
    running: Option<Running>,
    files: Vec<(String, Vec<u8>)>,
    /// Frames of the files that are done, and of all together.
    done_frames: u64,
    all_frames: u64,
    told: f64,
}

/// Something to be told.
pub struct Told {
    /// What.
    pub event: Event,
    /// Bytes beside it.
    pub file: Option<Vec<u8>>,
    /// There is nothing left to do.
    pub is_last: bool,
}

impl Export {
    /// An export that has not begun.
    pub fn new(
        id: u32,
        md5: Md5,
        source: Rc<Program>,
        rate: u32,
        overrides: Overrides,
        plan: Plan,
        now: f64,
    ) -> Self {
        let chips = source.tune.chips.len().min(MAX_CHIPS);
        let parts: Vec<_> = if plan.stems {
            let parts = |chip| (0..PARTS.len()).map(move |part| Some((chip, part)));
            (0..chips).flat_map(parts).collect()
        } else {
            vec![None]
        };
        let items: VecDeque<Item> = plan
            .songs
            .iter()
            .flat_map(|song| {
                parts.iter().map(|part| Item {
                    song: song.clone(),
                    part: *part,
                })
            })
            .collect();
        let frames = |item: &Item| u64::from(frames_of(item.song.length_millis, rate));
        Self {
            id,
            md5,
            source,
            rate,
            overrides,
            plan,
            all_frames: items.iter().map(frames).sum(),
            items,
            running: None,
            files: Vec::new(),
            done_frames: 0,
            told: now,
        }
    }

    /// The request that it answers.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Works a little, with room for samples in `chunk`, and returns what is to be told.
    pub fn work(&mut self, chunk: &mut [f32], now: f64) -> Option<Told> {
        let Some(running) = &mut self.running else {
            return match self.items.pop_front() {
                Some(item) => self.begin(item).err().map(|failure| self.fail(failure)),
                None => Some(self.finish()),
            };
        };
        let count = running.session.render(chunk, None);
        if let Some(failure) = running.session.failure() {
            return Some(self.fail(failure));
        }
        let samples = &chunk[..2 * count as usize];
        running.silence.push(samples);
        match &mut running.encoder {
            Encoder::Flac(flac) => flac.push(samples),
            Encoder::Wav(wav) => wav.push(samples),
        }
        let at = u64::from(running.session.at());
        if count == 0 {
            self.end_file();
        } else if now - self.told >= TELL_MILLIS {
            self.told = now;
            return Some(Told {
                event: self.progress(self.done_frames + at),
                file: None,
                is_last: false,
            });
        }
        None
    }

    fn progress(&self, frames: u64) -> Event {
        let millis =
            |frames: u64| u32::try_from(frames).map_or(u32::MAX, |f| millis_of(f, self.rate));
        Event::ExportProgress {
            at_millis: millis(frames),
            length_millis: millis(self.all_frames),
        }
    }

    fn begin(&mut self, item: Item) -> Result<(), Failure> {
        let mut audible: Audible = [ALL_AUDIBLE; MAX_CHIPS];
        if let Some((chip, part)) = item.part {
            audible = [0; MAX_CHIPS];
            audible[chip] = 1 << part;
        }
        let song = &item.song;
        let end = Some(song.length_millis);
        let session = Session::new(
            &self.source,
            song.song,
            self.rate,
            end,
            self.overrides,
            audible,
        )?;
        let names = &self.plan.names;
        let tags = Tags {
            title: match self.part_name(&item) {
                Some(part) => format!("{} ({part})", song.title),
                None => song.title.clone(),
            },
            artist: names.artist.clone(),
            album: names.album.clone(),
            track: song.song,
            copyright: names.copyright.clone(),
        };
        let encoder = match self.plan.format {
            FileFormat::Flac => Encoder::Flac(Box::new(Flac::new(self.rate, &tags))),
            FileFormat::Wav => {
                let frames = frames_of(song.length_millis, self.rate);
                Encoder::Wav(Wav::new(self.rate, frames, &tags))
            }
        };
        self.running = Some(Running {
            item,
            session,
            encoder,
            silence: Silence::new(self.rate),
        });
        Ok(())
    }

    /// What a file has by itself, in words.
    fn part_name(&self, item: &Item) -> Option<String> {
        let (chip, part) = item.part?;
        let part = PARTS[part];
        Some(if self.source.tune.chips.len() > 1 {
            format!("chip {} {part}", chip + 1)
        } else {
            part.to_owned()
        })
    }

    fn end_file(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        let length = running.item.song.length_millis;
        self.done_frames += u64::from(frames_of(length, self.rate));
        // A voice that is never heard needs no file.
        if running.item.part.is_some() && running.silence.last_sound().is_none() {
            return;
        }
        let name = match self.part_name(&running.item) {
            Some(part) => format!("{} - {part}", running.item.song.file_name),
            None => running.item.song.file_name.clone(),
        };
        let bytes = match running.encoder {
            Encoder::Flac(flac) => flac.finish(),
            Encoder::Wav(wav) => wav.finish(),
        };
        let name = format!("{name}.{}", self.plan.format.ending());
        self.files.push((name, bytes));
    }

    fn finish(&mut self) -> Told {
        let files = std::mem::take(&mut self.files);
        let (file_name, bytes) = match <[_; 1]>::try_from(files) {
            Ok([only]) => only,
            Err(files) => {
                let mut zip = Zip::new();
                for (name, bytes) in files {
                    zip.push(&name, &bytes);
                }
                (format!("{}.zip", self.plan.names.file_name), zip.finish())
            }
        };
        Told {
            event: Event::Exported { file_name },
            file: Some(bytes),
            is_last: true,
        }
    }

    fn fail(&self, failure: Failure) -> Told {
        let song = self
            .running
            .as_ref()
            .map_or(1, |running| running.item.song.song);
        let tune = TuneId {
            md5: self.md5,
            song,
        };
        Told {
            event: Event::Failed {
                tune: Some(tune),
                failure,
            },
            file: None,
            is_last: true,
        }
    }
}
