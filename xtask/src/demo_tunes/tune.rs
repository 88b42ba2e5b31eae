//! From a tune's text to the tables the player reads, and to a SID file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use testkit::asm::assemble;

use super::samples::drums;
use super::text::{Entry, Pattern, entries, hex, note, pattern, times};

const PLAYER: &str = include_str!("player.asm");
const PSID: &str = include_str!("psid.asm");
const RSID: &str = include_str!("rsid.asm");

/// Clocks of a PAL frame and a second.
const FRAME_CLOCKS: usize = 312 * 63;
const PAL_HERTZ: f64 = 985_248.6;

/// A song of a tune.
pub struct Song {
    /// Its name, as `STIL.txt` gives it.
    pub name: String,
    /// What `STIL.txt` says of it.
    pub about: String,
    /// One pass.
    pub seconds: f64,
    tempo: [usize; 2],
    tracks: Vec<String>,
}

/// A tune made from its text.
pub struct Tune {
    /// Title in the header.
    pub title: String,
    /// What `STIL.txt` says of it.
    pub about: String,
    /// Its songs.
    pub songs: Vec<Song>,
    /// The SID file.
    pub file: Vec<u8>,
}

/// Everything of a text as it is read.
#[derive(Default)]
struct Reading {
    title: String,
    about: String,
    is_8580: bool,
    has_samples: bool,
    /// Sound chips, 1 to 3.
    chips: usize,
    /// The only chip, from 1, whose voices go through the filter; all of them if none is named.
    filtered_chip: Option<usize>,
    calls: usize,
    waves: Vec<(u8, u8)>,
    wave_starts: BTreeMap<String, u8>,
    filters: Vec<(u8, u8)>,
    filter_starts: BTreeMap<String, u8>,
    instruments: Vec<String>,
    instrument_rows: Vec<[u8; 11]>,
    pattern_names: Vec<String>,
    patterns: Vec<Pattern>,
    songs: Vec<Song>,
}

/// Makes a tune.
pub fn make(text: &str) -> Result<Tune> {
    let mut reading = Reading {
        calls: 1,
        chips: 1,
        waves: vec![(0x08, 0), (0xff, 0)],
        filters: vec![(0, 0)],
        ..Reading::default()
    };
    for entry in entries(text)? {
        reading
            .entry(&entry)
            .with_context(|| format!("line {}", entry.line))?;
    }
    reading.finish()
}

impl Reading {
    fn entry(&mut self, entry: &Entry<'_>) -> Result<()> {
        let words = &entry.words;
        match entry.keyword {
            "title" => self.title = words.join(" "),
            "model" => self.is_8580 = words == &["8580"],
            "calls" => self.calls = words.concat().parse()?,
            "samples" => self.has_samples = true,
            "chips" => {
                self.chips = words.concat().parse()?;
                ensure!((1..=3).contains(&self.chips), "{} chips", self.chips);
            }
            "filtered" => self.filtered_chip = Some(words.concat().parse()?),
            "wave" => self.wave(words)?,
            "filter" => self.filter(words)?,
            "inst" => self.instrument(words)?,
            "pattern" => {
                let (name, words) = words.split_first().context("no name")?;
                let made = pattern(words, &self.instruments, &self.filter_starts)
                    .with_context(|| format!("pattern {name}"))?;
                ensure!(made.rows % 16 == 0, "pattern {name} has {} rows", made.rows);
                self.pattern_names.push((*name).to_owned());
                self.patterns.push(made);
            }
            "song" => {
                let at = words
                    .iter()
                    .position(|word| *word == "tempo")
                    .context("no tempo")?;
                let tempo: Vec<usize> = words[at + 1..]
                    .iter()
                    .map(|word| word.parse())
                    .collect::<Result<_, _>>()?;
                let tempo = tempo.try_into().ok().context("two tempos")?;
                self.songs.push(Song {
                    name: words[..at].join(" "),
                    about: String::new(),
                    seconds: 0.0,
                    tempo,
                    tracks: Vec::new(),
                });
            }
            "track" => {
                let song = self.songs.last_mut().context("no song yet")?;
                song.tracks.push(words.join(" "));
            }
            "about" => match self.songs.last_mut() {
                Some(song) => song.about = words.join(" "),
                None => self.about = words.join(" "),
            },
            word => bail!("{word:?} starts no entry"),
        }
        Ok(())
    }

    fn wave(&mut self, words: &[&str]) -> Result<()> {
        let (name, words) = words.split_first().context("no name")?;
        let start = self.waves.len();
        let mut has_end = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if *word == "loop" {
                let to: usize = words.next().context("no target")?.parse()?;
                self.waves.push((0xff, u8::try_from(start + to)?));
                has_end = true;
                continue;
            }
            let (word, count) = times(word)?;
            let step = if let Some((wave, name)) = word.split_once('=') {
                (hex(wave)?, 0x80 + note(name, &mut 3)?)
            } else {
                let (wave, semitones) = word.split_once(':').context("no colon")?;
                let semitones: i8 = semitones.parse()?;
                (hex(wave)?, semitones.to_le_bytes()[0] & 0x7f)
            };
            self.waves.extend(std::iter::repeat_n(step, count));
        }
        if !has_end {
            self.waves.push((0xff, u8::try_from(self.waves.len() - 1)?));
        }
        self.wave_starts
            .insert((*name).to_owned(), u8::try_from(start)?);
        Ok(())
    }

    fn filter(&mut self, words: &[&str]) -> Result<()> {
        let (name, words) = words.split_first().context("no name")?;
        let start = self.filters.len();
        let mut has_end = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = *words.next().context("no value")?;
            match *word {
                "route" => self.filters.push((0x80, hex(value)?)),
                "lp" => self.filters.push((0x90, hex(value)?)),
                "bp" => self.filters.push((0xa0, hex(value)?)),
                "hp" => self.filters.push((0xc0, hex(value)?)),
                "loop" => {
                    let to: usize = value.parse()?;
                    self.filters.push((0, u8::try_from(start + to)?));
                    has_end = true;
                }
                frames => {
                    let mut left: usize = frames.parse()?;
                    let delta: i8 = value.parse()?;
                    while left > 0 {
                        let part = left.min(127);
                        self.filters
                            .push((u8::try_from(part)?, delta.to_le_bytes()[0]));
                        left -= part;
                    }
                }
            }
        }
        if !has_end {
            let at = u8::try_from(self.filters.len())?;
            self.filters.extend([(127, 0), (0, at)]);
        }
        self.filter_starts
            .insert((*name).to_owned(), u8::try_from(start)?);
        Ok(())
    }

    /// `name adsr 09a0 wave w [pulse start,speed,min,max] [filter f] [vibrato delay,speed,depth]
    /// [gate frames]`
    fn instrument(&mut self, words: &[&str]) -> Result<()> {
        let (name, words) = words.split_first().context("no name")?;
        let mut row = [0, 0, 0, 0xff, 8, 1, 0, 0, 0, 0, 0xf];
        for pair in words.chunks(2) {
            let [what, value] = pair else {
                bail!("{pair:?} has no value")
            };
            let parts: Vec<&str> = value.split(',').collect();
            match (*what, parts.as_slice()) {
                ("adsr", [both]) => {
                    row[0] = hex(&both[..2])?;
                    row[1] = hex(&both[2..])?;
                }
                ("wave", [name]) => {
                    row[2] = *self.wave_starts.get(*name).context("no such wave")?
                }
                ("vibrato", [delay, speed, depth]) => {
                    row[3] = delay.parse()?;
                    row[4] = speed.parse()?;
                    row[5] = depth.parse()?;
                }
                ("gate", [frames]) => row[6] = frames.parse()?,
                ("filter", [name]) => {
                    row[7] = *self.filter_starts.get(*name).context("no such filter")?;
                }
                ("pulse", [start, speed, min, max]) => {
                    row[8] = hex(start)?;
                    row[9] = hex(speed)?;
                    row[10] = hex(&format!("{min}{max}"))?;
                }
                _ => bail!("{what} {value}"),
            }
        }
        self.instruments.push((*name).to_owned());
        self.instrument_rows.push(row);
        Ok(())
    }

    /// A track's orders as bytes, and its rows.
    fn orders(&self, track: &str) -> Result<(Vec<u8>, usize)> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut rows = 0;
        let mut back = 0;
        for word in track.split(' ') {
            if word == "|" {
                back = bytes.len();
            } else if word.starts_with(['+', '-']) {
                let shift: i8 = word.parse()?;
                bytes.push(0xa0_u8.wrapping_add_signed(shift));
            } else {
                let (name, count) = times(word)?;
                let index = self
                    .pattern_names
                    .iter()
                    .position(|known| known == name)
                    .with_context(|| format!("no pattern {name}"))?;
                bytes.extend(std::iter::repeat_n(u8::try_from(index)?, count));
                rows += self.patterns[index].rows * count;
            }
        }
        bytes.extend([0xff, u8::try_from(back)?]);
        ensure!(bytes.len() < 256, "too many orders");
        Ok((bytes, rows))
    }

    fn finish(mut self) -> Result<Tune> {
        let mut source = self.head();
        let mut songs = String::new();
        let mut orders = String::new();
        let tracks = self.tracks();
        let slots = self.slots();
        ensure!(
            self.chips == 1 || self.songs.len() == 1 && !self.has_samples,
            "several chips play one song, without samples"
        );
        for at in 0..self.songs.len() {
            let song = &self.songs[at];
            ensure!(
                song.tracks.len() == tracks,
                "{} has other tracks",
                song.name
            );
            let mut lengths = Vec::new();
            for track in 0..slots {
                if let Some(text) = song.tracks.get(track) {
                    let (bytes, rows) = self.orders(text)?;
                    lengths.push(rows);
                    writeln!(orders, "orders{at}x{track}")?;
                    write_bytes(&mut orders, &bytes);
                    writeln!(songs, " .word orders{at}x{track}")?;
                } else {
                    writeln!(songs, " .word 0")?;
                }
            }
            ensure!(
                lengths.iter().all(|rows| *rows == lengths[0]),
                "the tracks of {} are {lengths:?} rows long",
                song.name
            );
            let calls = lengths[0] * (song.tempo[0] + song.tempo[1]) / 2;
            let clocks = calls * (FRAME_CLOCKS / self.calls);
            self.songs[at].seconds = clocks as f64 / PAL_HERTZ;
        }
        writeln!(source, "songs\n{songs}{orders}")?;
        self.tables(&mut source)?;
        let program = assemble(&source)?;
        Ok(Tune {
            file: self.header(program.origin, &program.bytes),
            title: self.title,
            about: self.about,
            songs: self.songs,
        })
    }

    fn tracks(&self) -> usize {
        3 * self.chips + usize::from(self.has_samples)
    }

    /// Tracks that the player's variables have room for. Songs are told apart by eighths of
    /// their tables, so that one chip has four.
    fn slots(&self) -> usize {
        match self.chips {
            1 => 4,
            2 => 7,
            _ => 9,
        }
    }

    /// Driver and player, with the constants they want.
    fn head(&self) -> String {
        let (rate, driver) = if self.has_samples {
            (123, RSID)
        } else if self.calls > 1 {
            (FRAME_CLOCKS / self.calls - 1, PSID)
        } else {
            (0, PSID)
        };
        let constants = [
            ("RATE", rate.to_string()),
            ("TRACKS", self.tracks().to_string()),
            ("VOICES", (3 * self.chips).to_string()),
            ("SLOTS", self.slots().to_string()),
            // Several volumes that fall together would thump.
            ("LASTREG", if self.chips == 1 { 24 } else { 23 }.to_string()),
            ("HARD", (2 * self.calls).to_string()),
        ];
        // Three chips have more variables than an index reaches.
        let cleared = if self.chips < 3 {
            "varsend-vars"
        } else {
            "160"
        };
        let mut head = String::new();
        for (name, value) in constants {
            head += &format!("{name} = {value}\n");
        }
        for line in driver.lines().chain(PLAYER.lines()) {
            let routed = ["SID+23", "SID+55", "SID+87"]
                .iter()
                .position(|register| line.ends_with(register));
            if let (Some(chip), Some(filtered)) = (routed, self.filtered_chip)
                && chip + 1 != filtered
            {
                continue;
            }
            let wanted = match line.split_at_checked(2) {
                Some((";2", rest)) if self.chips >= 2 => format!("  {rest}"),
                Some((";3", rest)) if self.chips >= 3 => format!("  {rest}"),
                _ => line.to_owned(),
            };
            head += &wanted.replace("CLEARED", cleared);
            head.push('\n');
        }
        head
    }

    fn tables(&self, source: &mut String) -> Result<()> {
        // The player finds the tempos of several chips' only song behind the end of its tracks.
        let repeated = if self.chips == 1 { 1 } else { 2 };
        let tempos = |which: usize| -> Vec<u8> {
            let each = self
                .songs
                .iter()
                .map(|song| song.tempo[which].to_le_bytes()[0]);
            each.cycle().take(repeated * self.songs.len()).collect()
        };
        let tempos = [tempos(0), tempos(1)];
        let mut table = |name: &str, bytes: Vec<u8>| {
            source.push_str(name);
            source.push('\n');
            write_bytes(source, &bytes);
        };
        let [first, second] = tempos;
        table("tempos1", first);
        table("tempos2", second);
        let frequencies: Vec<u16> = (0..128).map(frequency).collect();
        table(
            "freqlo",
            frequencies
                .iter()
                .map(|value| value.to_le_bytes()[0])
                .collect(),
        );
        table(
            "freqhi",
            frequencies
                .iter()
                .map(|value| value.to_le_bytes()[1])
                .collect(),
        );
        table("wavew", self.waves.iter().map(|step| step.0).collect());
        table("waven", self.waves.iter().map(|step| step.1).collect());
        table("fcmd", self.filters.iter().map(|step| step.0).collect());
        table("fval", self.filters.iter().map(|step| step.1).collect());
        let names = [
            "iad", "isr", "iwave", "ivdel", "ivspd", "ivdep", "igate", "ifilt", "ipw", "ipspd",
        ];
        for (column, name) in names.iter().enumerate() {
            table(
                name,
                self.instrument_rows.iter().map(|row| row[column]).collect(),
            );
        }
        table(
            "ipmin",
            self.instrument_rows
                .iter()
                .map(|row| row[10] >> 4)
                .collect(),
        );
        table(
            "ipmax",
            self.instrument_rows
                .iter()
                .map(|row| row[10] & 15)
                .collect(),
        );
        for (index, made) in self.patterns.iter().enumerate() {
            table(&format!("pattern{index}"), made.bytes.clone());
        }
        let count = self.patterns.len();
        ensure!(count < 128, "too many patterns");
        pointers(source, "patlo", "pathi", "pattern", count)?;
        if self.has_samples {
            let drums = drums();
            pointers(source, "samplo", "samphi", "drum", drums.len())?;
            for (index, (_, bytes)) in drums.iter().enumerate() {
                writeln!(source, "drum{index}")?;
                write_bytes(source, bytes);
            }
        }
        Ok(())
    }

    fn header(&self, origin: u16, bytes: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let (magic, play, speed) = if self.has_samples {
            (b"RSID", 0, 0_u32)
        } else if self.calls > 1 {
            (b"PSID", origin + 3, (1 << self.songs.len()) - 1)
        } else {
            (b"PSID", origin + 3, 0)
        };
        file.extend(magic);
        // Version 3 has a second chip, version 4 a third.
        let version = self.chips as u16 + 1;
        for word in [version, 0x7c, 0, origin, play] {
            file.extend(word.to_be_bytes());
        }
        file.extend([0, self.songs.len().to_le_bytes()[0], 0, 1]);
        file.extend(speed.to_be_bytes());
        for text in [&self.title, "Sidereal Project", "2026 Sidereal"] {
            let mut field = [0; 32];
            for (to, from) in field.iter_mut().zip(text.bytes()) {
                *to = from;
            }
            file.extend(field);
        }
        // PAL, and the model of each chip.
        let model = if self.is_8580 { 2_u16 } else { 1 };
        let models = [0, 1, 2].map(|chip| {
            if chip < self.chips {
                model << (4 + 2 * chip)
            } else {
                0
            }
        });
        file.extend((4 | models[0] | models[1] | models[2]).to_be_bytes());
        let address = |chip: usize, page: u8| if chip < self.chips { page } else { 0 };
        file.extend([0, 0, address(1, 0x42), address(2, 0x44)]);
        file.extend(origin.to_le_bytes());
        file.extend(bytes);
        file
    }
}

/// The chip's frequency value of a note at the PAL clock, A-4 (57) at 440 Hz.
fn frequency(note: i32) -> u16 {
    let hertz = 440.0 * (f64::from(note - 57) / 12.0).exp2();
    (hertz * 16_777_216.0 / PAL_HERTZ).round().min(65_535.0) as u16
}

/// Tables of the low and high bytes of numbered labels.
fn pointers(source: &mut String, low: &str, high: &str, label: &str, count: usize) -> Result<()> {
    for (name, sign) in [(low, '<'), (high, '>')] {
        writeln!(source, "{name}")?;
        for index in 0..count {
            writeln!(source, " .byte {sign}{label}{index}")?;
        }
    }
    Ok(())
}

fn write_bytes(source: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(16) {
        let items: Vec<String> = line.iter().map(u8::to_string).collect();
        source.push_str(" .byte ");
        source.push_str(&items.join(","));
        source.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_in_tune() {
        assert_eq!(frequency(57), 7492);
        for note in 24..84 {
            let made = f64::from(frequency(note)) * PAL_HERTZ / 16_777_216.0;
            let wanted = 440.0 * (f64::from(note - 57) / 12.0).exp2();
            assert!(((made / wanted).log2() * 1200.0).abs() < 2.0, "note {note}");
        }
    }
}
