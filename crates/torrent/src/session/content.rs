//! What is known of a torrent's content: its files and pieces, how wanted they are, and which are
//! here. All progress is counted here.

use core::cmp::Reverse;
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::Info;
use crate::assembly::{Assembly, Suspects};
use crate::bitfield::Bitfield;
use crate::lot::Lot;
use crate::picker::{Picker, PieceState};

use super::{FileStatus, Priority};

#[derive(Debug)]
pub struct Content {
    pub info: Info,
    pub info_bytes: Vec<u8>,
    pub picker: Picker,
    /// Pieces in the store, verified.
    pub have: Bitfield,
    pub assemblies: BTreeMap<u32, Assembly>,
    /// Pieces being put together with blocks that nobody is asked for.
    pub partial: BTreeSet<(Reverse<Priority>, u32)>,
    /// Pieces that came false, until who is guilty is known.
    pub suspects: BTreeMap<u32, Suspects>,
    pub file_priorities: Vec<Priority>,
    /// When files of [`Priority::Now`] should be here.
    pub deadlines: BTreeMap<u32, u64>,
    /// Pieces to read back, in order, and how many were and are to be.
    pub unverified: VecDeque<u32>,
    pub verified: (u32, u32),
    pub bytes_completed: u64,
    pub wanted: u64,
    pub wanted_completed: u64,
}

/// A piece that became wanted, or is so no more.
pub type Change = (u32, bool);

impl Content {
    pub fn new(info: Info, info_bytes: Vec<u8>, lot: &mut Lot) -> Self {
        let pieces = info.pieces.len() as u32;
        Self {
            picker: Picker::new(pieces, lot),
            have: Bitfield::new(pieces),
            assemblies: BTreeMap::new(),
            partial: BTreeSet::new(),
            suspects: BTreeMap::new(),
            file_priorities: vec![Priority::None; info.files.len()],
            deadlines: BTreeMap::new(),
            unverified: VecDeque::new(),
            verified: (0, 0),
            bytes_completed: 0,
            wanted: 0,
            wanted_completed: 0,
            info,
            info_bytes,
        }
    }

    pub fn pieces(&self) -> u32 {
        self.info.pieces.len() as u32
    }

    pub fn length(&self, piece: u32) -> u64 {
        self.info.length_of_piece(piece).into()
    }

    pub fn is_complete(&self) -> bool {
        self.have.is_full()
    }

    pub fn has_all_wanted(&self) -> bool {
        self.wanted == self.wanted_completed
    }

    /// Pieces that have bytes of a file. An empty file has none.
    pub fn pieces_of(&self, file: u32) -> Range<u32> {
        let file = &self.info.files[file as usize];
        let size = u64::from(self.info.piece_length);
        let start = (file.offset / size) as u32;
        if file.length == 0 {
            return start..start;
        }
        start..(file.offset + file.length).div_ceil(size) as u32
    }

    /// Files that have bytes in a piece.
    pub fn files_of(&self, piece: u32) -> impl Iterator<Item = u32> + '_ {
        let start = u64::from(piece) * u64::from(self.info.piece_length);
        let end = start + self.length(piece);
        let files = &self.info.files;
        let first = files.partition_point(|file| file.offset + file.length <= start);
        (first..files.len())
            .take_while(move |&file| files[file].offset < end)
            .filter(move |&file| files[file].length > 0)
            .map(|file| file as u32)
    }

    pub fn is_file_complete(&self, file: u32) -> bool {
        let pieces = self.pieces_of(file);
        self.have.count_in(pieces.clone()) == pieces.len() as u32
    }

    pub fn file_status(&self, index: u32) -> FileStatus {
        let file = &self.info.files[index as usize];
        let pieces = self.pieces_of(index);
        let bytes_completed = self.file_bytes(index, pieces.clone());
        FileStatus {
            index,
            path: file.path.clone(),
            length: file.length,
            bytes_completed,
            piece_start: pieces.start,
            piece_end: pieces.end,
            progress: if bytes_completed == file.length {
                1.0
            } else {
                // Close to the end it is not yet 1.
                (bytes_completed as f64 / file.length as f64).min(0.999_999) as f32
            },
            priority: self.file_priorities[index as usize],
        }
    }

    /// Bytes of a file in verified pieces.
    fn file_bytes(&self, file: u32, pieces: Range<u32>) -> u64 {
        let file = &self.info.files[file as usize];
        let size = u64::from(self.info.piece_length);
        let of_piece = |piece: u32| {
            let start = (u64::from(piece) * size).max(file.offset);
            let end = ((u64::from(piece) + 1) * size).min(file.offset + file.length);
            if self.have.get(piece) { end - start } else { 0 }
        };
        match pieces.len() {
            0 => 0,
            1 => of_piece(pieces.start),
            _ => {
                let inner = pieces.start + 1..pieces.end - 1;
                of_piece(pieces.start)
                    + u64::from(self.have.count_in(inner)) * size
                    + of_piece(pieces.end - 1)
            }
        }
    }

    /// Sets how wanted files are, and brings their pieces into line. A piece of several files
    /// takes the highest. Returns what changed.
    pub fn prioritise(
        &mut self,
        files: Range<u32>,
        priority: Priority,
        deadline: Option<u64>,
    ) -> Vec<Change> {
        let files = files.start..files.end.min(self.info.files.len() as u32);
        if files.is_empty() {
            return Vec::new();
        }
        for file in files.clone() {
            self.file_priorities[file as usize] = priority;
            self.deadlines.remove(&file);
            if let (Priority::Now, Some(deadline)) = (priority, deadline) {
                self.deadlines.insert(file, deadline);
            }
        }
        let size = u64::from(self.info.piece_length);
        let first = &self.info.files[files.start as usize];
        let last = &self.info.files[files.end as usize - 1];
        let end = (last.offset + last.length).div_ceil(size);
        self.update_pieces((first.offset / size) as u32..end as u32)
    }

    /// Priorities of pieces from those of their files.
    fn update_pieces(&mut self, pieces: Range<u32>) -> Vec<Change> {
        let size = u64::from(self.info.piece_length);
        let start = u64::from(pieces.start) * size;
        let mut first = self
            .info
            .files
            .partition_point(|file| file.offset + file.length <= start);
        let mut changes = Vec::new();
        for piece in pieces {
            let (from, to) = (u64::from(piece) * size, (u64::from(piece) + 1) * size);
            let mut priority = Priority::None;
            let mut deadline: Option<u64> = None;
            let mut at = first;
            while let Some(file) = self.info.files.get(at).filter(|file| file.offset < to) {
                if file.offset + file.length > from && file.length > 0 {
                    priority = priority.max(self.file_priorities[at]);
                    let own = self.deadlines.get(&(at as u32)).copied();
                    deadline = deadline.into_iter().chain(own).min();
                }
                // The next piece begins with the file that reaches into it.
                if file.offset + file.length <= to {
                    first = at + 1;
                }
                at += 1;
            }
            changes.extend(self.set_priority(piece, priority, deadline));
        }
        changes
    }

    fn set_priority(
        &mut self,
        piece: u32,
        priority: Priority,
        deadline: Option<u64>,
    ) -> Option<Change> {
        let (old, was) = (self.picker.priority(piece), self.picker.is_wanted(piece));
        if old == priority && self.picker.deadline(piece) == deadline {
            return None;
        }
        let length = self.length(piece);
        let here = if self.have.get(piece) { length } else { 0 };
        if old != Priority::None {
            self.wanted -= length;
            self.wanted_completed -= here;
        }
        if priority != Priority::None {
            self.wanted += length;
            self.wanted_completed += here;
        }
        if self.partial.remove(&(Reverse(old), piece)) {
            self.partial.insert((Reverse(priority), piece));
        }
        self.picker.set_priority(piece, priority, deadline);
        let is = self.picker.is_wanted(piece);
        (was != is).then_some((piece, is))
    }

    /// Something else is done about a piece.
    pub fn set_state(&mut self, piece: u32, state: PieceState) -> Option<Change> {
        let was = self.picker.is_wanted(piece);
        if self.have.set(piece, state == PieceState::Have) {
            let length = self.length(piece);
            let wanted = self.picker.priority(piece) != Priority::None;
            let counts = [
                (&mut self.bytes_completed, true),
                (&mut self.wanted_completed, wanted),
            ];
            for (count, counted) in counts {
                match (counted, state == PieceState::Have) {
                    (true, true) => *count += length,
                    (true, false) => *count -= length,
                    (false, _) => {}
                }
            }
        }
        self.picker.set_state(piece, state);
        let is = self.picker.is_wanted(piece);
        (was != is).then_some((piece, is))
    }

    /// Begins to put a piece together.
    pub fn open(&mut self, piece: u32) {
        let length = self.info.length_of_piece(piece);
        self.assemblies.insert(piece, Assembly::new(length));
        self.note_free(piece);
    }

    /// Brings the list of pieces with free blocks into line.
    pub fn note_free(&mut self, piece: u32) {
        let key = (Reverse(self.picker.priority(piece)), piece);
        if self.assemblies.get(&piece).is_some_and(Assembly::has_free) {
            self.partial.insert(key);
        } else {
            self.partial.remove(&key);
        }
    }

    /// Gives up a piece that is put together, or takes it out.
    pub fn close(&mut self, piece: u32) -> Option<Assembly> {
        let assembly = self.assemblies.remove(&piece);
        self.partial
            .remove(&(Reverse(self.picker.priority(piece)), piece));
        assembly
    }

    /// Pieces `start..end` of the torrent as far as there are.
    pub fn clamp(&self, pieces: (u32, u32)) -> Range<u32> {
        pieces.0.min(self.pieces())..pieces.1.min(self.pieces())
    }

    /// Pieces in the store, as ascending ranges: those that were not read back yet among them.
    pub fn stored(&self) -> Vec<(u32, u32)> {
        let mut stored = self.have.clone();
        if self.verified.0 < self.verified.1 {
            for piece in 0..self.pieces() {
                if self.picker.state(piece) == PieceState::Unverified {
                    stored.set(piece, true);
                }
            }
        }
        stored.ranges()
    }

    /// Priorities as ranges of files that differ from `normal`.
    pub fn priority_ranges(&self, normal: Priority) -> Vec<(u32, u32, Priority)> {
        let mut ranges: Vec<(u32, u32, Priority)> = Vec::new();
        for (file, &priority) in (0..).zip(&self.file_priorities) {
            match ranges.last_mut() {
                Some(last) if last.1 == file && last.2 == priority => last.1 += 1,
                _ if priority == normal => {}
                _ => ranges.push((file, file + 1, priority)),
            }
        }
        ranges
    }
}
