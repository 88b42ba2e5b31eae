//! Pieces in pack files: each pack has slots of one size, a power of two, and a journal says what
//! lies where. An evicted piece's slot is used again.
//!
//! Files: `pack-14`, `pack-15`, ... for slots of 16 KiB, 32 KiB, ...; `index-a` and `index-b` for
//! the journal, of which the sound one with the higher generation counts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use torrent::InfoHash;

use super::journal::{self, HEAD, RECORD, Record};
use super::store::ranges;
use crate::StoreError;

/// Binary logarithm of the smallest slot.
const SMALLEST: u8 = 14;
/// Records that a journal may have beyond twice what is there, before it is written anew.
const SLACK: usize = 4096;

/// A file that is open for this worker alone.
pub trait PackFile {
    /// Fills `bytes` from `at`, as far as the file goes; tells how far.
    ///
    /// # Errors
    /// The browser's.
    fn read(&self, at: u64, bytes: &mut [u8]) -> Result<usize, StoreError>;
    /// Writes `bytes` at `at`, whole.
    ///
    /// # Errors
    /// [`StoreError::Full`] where there is no room.
    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError>;
    /// Bytes of the file.
    ///
    /// # Errors
    /// The browser's.
    fn size(&self) -> Result<u64, StoreError>;
    /// Cuts the file, or lengthens it with zeros.
    ///
    /// # Errors
    /// The browser's.
    fn truncate(&self, bytes: u64) -> Result<(), StoreError>;
    /// Has the disk take what was written.
    fn flush(&self);
}

/// A folder of files.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Folder {
    /// Its files.
    type File: PackFile;
    /// Opens a file, or makes it.
    async fn open(&self, name: &str) -> Result<Self::File, StoreError>;
}

#[derive(Debug, Clone, Copy)]
struct Place {
    class: u8,
    slot: u32,
    length: u32,
}

#[derive(Debug)]
struct Pack<F> {
    file: F,
    /// Slots that were made, free ones included.
    slots: u32,
    free: BTreeSet<u32>,
}

#[derive(Debug)]
struct Inner<F> {
    packs: BTreeMap<u8, Pack<F>>,
    /// The journal in force is the first.
    journals: [F; 2],
    generation: u32,
    /// Records in the journal.
    records: usize,
    pieces: BTreeMap<(InfoHash, u32), Place>,
    used: u64,
}

/// Pieces in the pack files of a folder.
#[derive(Debug)]
pub struct Packs<D: Folder> {
    folder: D,
    inner: RefCell<Inner<D::File>>,
}

fn class_of(length: usize) -> u8 {
    let log = usize::BITS - length.saturating_sub(1).leading_zeros();
    SMALLEST.max(log as u8)
}

fn read_whole(file: &impl PackFile) -> Result<Vec<u8>, StoreError> {
    let size = file.size()?;
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let got = file.read(0, &mut bytes)?;
    bytes.truncate(got);
    Ok(bytes)
}

async fn open_pack<D: Folder>(folder: &D, class: u8) -> Result<Pack<D::File>, StoreError> {
    let file = folder.open(&format!("pack-{class}")).await?;
    let slots = u32::try_from(file.size()?.div_ceil(1 << class)).unwrap_or(u32::MAX);
    Ok(Pack {
        file,
        slots,
        free: BTreeSet::new(),
    })
}

impl<D: Folder> Packs<D> {
    /// Opens the packs of a folder, or makes them. A damaged journal loses the pieces that only its
    /// damaged part tells of.
    ///
    /// # Errors
    /// The folder's files cannot be opened.
    pub async fn open(folder: D) -> Result<Self, StoreError> {
        let a = folder.open("index-a").await?;
        let b = folder.open("index-b").await?;
        let (in_a, in_b) = (
            journal::read(&read_whole(&a)?),
            journal::read(&read_whole(&b)?),
        );
        let generation = |read: &Option<(u32, Vec<Record>)>| read.as_ref().map(|read| read.0);
        let (journals, read) = if generation(&in_b) > generation(&in_a) {
            ([b, a], in_b)
        } else {
            ([a, b], in_a)
        };
        let (generation, records) = read.unwrap_or_default();
        let mut inner = Inner {
            packs: BTreeMap::new(),
            journals,
            generation,
            records: records.len(),
            pieces: BTreeMap::new(),
            used: 0,
        };
        let mut taken: BTreeMap<(u8, u32), (InfoHash, u32)> = BTreeMap::new();
        for record in records {
            let key = (record.torrent, record.piece);
            let place = Place {
                class: record.class,
                slot: record.slot,
                length: record.length,
            };
            let slot = (record.class, record.slot);
            if record.is_there {
                // The last record of a slot counts.
                if let Some(other) = taken.insert(slot, key) {
                    inner.pieces.remove(&other);
                }
                if let Some(old) = inner.pieces.insert(key, place)
                    && (old.class, old.slot) != slot
                {
                    taken.remove(&(old.class, old.slot));
                }
            } else {
                taken.remove(&slot);
                inner.pieces.remove(&key);
            }
        }
        let classes: BTreeSet<u8> = inner.pieces.values().map(|place| place.class).collect();
        for class in classes {
            inner.packs.insert(class, open_pack(&folder, class).await?);
        }
        for (&class, pack) in &mut inner.packs {
            pack.free = (0..pack.slots)
                .filter(|slot| !taken.contains_key(&(class, *slot)))
                .collect();
        }
        inner.used = inner.pieces.values().map(|place| 1 << place.class).sum();
        let packs = Self {
            folder,
            inner: RefCell::new(inner),
        };
        packs.compact()?;
        Ok(packs)
    }

    /// Writes the journal anew where it is mostly about what is gone, or has no head yet.
    fn compact(&self) -> Result<(), StoreError> {
        let inner = &mut *self.inner.borrow_mut();
        if inner.generation > 0 && inner.records <= 2 * inner.pieces.len() + SLACK {
            return Ok(());
        }
        let generation = inner.generation + 1;
        let mut bytes = journal::head(generation).to_vec();
        for (&(torrent, piece), place) in &inner.pieces {
            let record = Record {
                is_there: true,
                class: place.class,
                slot: place.slot,
                torrent,
                piece,
                length: place.length,
            };
            bytes.extend(record.encode());
        }
        // The other file: until it is whole, the one in force stays as it is.
        let other = &inner.journals[1];
        other.truncate(0)?;
        other.write(0, &bytes)?;
        other.flush();
        inner.journals.swap(0, 1);
        inner.generation = generation;
        inner.records = inner.pieces.len();
        Ok(())
    }

    fn note(inner: &mut Inner<D::File>, record: Record) -> Result<(), StoreError> {
        let at = (HEAD + inner.records * RECORD) as u64;
        inner.journals[0].write(at, &record.encode())?;
        inner.records += 1;
        Ok(())
    }

    /// Keeps a piece; calls come one after another. Its record is written behind its bytes, so that no record tells of bytes that
    /// are not there.
    ///
    /// # Errors
    /// [`StoreError::Full`] where there is no room; nothing is lost then.
    pub async fn put(&self, torrent: InfoHash, piece: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let class = class_of(bytes.len());
        if !self.inner.borrow().packs.contains_key(&class) {
            let pack = open_pack(&self.folder, class).await?;
            self.inner.borrow_mut().packs.insert(class, pack);
        }
        {
            let inner = &mut *self.inner.borrow_mut();
            let key = (torrent, piece);
            let known = inner.pieces.get(&key).filter(|old| old.class == class);
            let known = known.map(|old| old.slot);
            let pack = inner
                .packs
                .get_mut(&class)
                .expect("it is there, or has just been put there");
            let slot = known
                .or_else(|| pack.free.pop_first())
                .unwrap_or(pack.slots);
            if let Err(error) = pack.file.write(u64::from(slot) << class, bytes) {
                if known.is_none() && slot < pack.slots {
                    pack.free.insert(slot);
                }
                return Err(error);
            }
            pack.slots = pack.slots.max(slot + 1);
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let record = Record {
                is_there: true,
                class,
                slot,
                torrent,
                piece,
                length,
            };
            if let Err(error) = Self::note(inner, record) {
                if known.is_none()
                    && let Some(pack) = inner.packs.get_mut(&class)
                {
                    pack.free.insert(slot);
                }
                return Err(error);
            }
            let place = Place {
                class,
                slot,
                length,
            };
            if let Some(old) = inner.pieces.insert(key, place) {
                inner.used -= 1 << old.class;
                if old.class != class
                    && let Some(pack) = inner.packs.get_mut(&old.class)
                {
                    pack.free.insert(old.slot);
                }
            }
            inner.used += 1 << class;
        }
        self.compact()
    }

    /// A piece as it was put.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn get(&self, torrent: InfoHash, piece: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let inner = self.inner.borrow();
        let Some(place) = inner.pieces.get(&(torrent, piece)) else {
            return Ok(None);
        };
        let Some(pack) = inner.packs.get(&place.class) else {
            return Ok(None);
        };
        let mut bytes = vec![0; place.length as usize];
        let got = pack
            .file
            .read(u64::from(place.slot) << place.class, &mut bytes)?;
        Ok((got == bytes.len()).then_some(bytes))
    }

    /// Forgets pieces; their slots are used again.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn remove(&self, torrent: InfoHash, pieces: Range<u32>) -> Result<(), StoreError> {
        {
            let inner = &mut *self.inner.borrow_mut();
            let keys: Vec<(InfoHash, u32)> = inner
                .pieces
                .range((torrent, pieces.start)..(torrent, pieces.end))
                .map(|(key, _)| *key)
                .collect();
            for key in keys {
                let place = inner.pieces[&key];
                let record = Record {
                    is_there: false,
                    class: place.class,
                    slot: place.slot,
                    torrent,
                    piece: key.1,
                    length: place.length,
                };
                Self::note(inner, record)?;
                inner.pieces.remove(&key);
                inner.used -= 1 << place.class;
                if let Some(pack) = inner.packs.get_mut(&place.class) {
                    pack.free.insert(place.slot);
                }
            }
            // Free slots at the end of a pack go back to the disk.
            for (class, pack) in &mut inner.packs {
                let old = pack.slots;
                while pack.slots > 0 && pack.free.remove(&(pack.slots - 1)) {
                    pack.slots -= 1;
                }
                if pack.slots < old {
                    pack.file.truncate(u64::from(pack.slots) << class)?;
                }
            }
        }
        self.compact()
    }

    /// Pieces of a torrent that are there, as ascending ranges.
    #[must_use]
    pub fn held(&self, torrent: InfoHash) -> Vec<(u32, u32)> {
        let inner = self.inner.borrow();
        let held = inner.pieces.range((torrent, 0)..=(torrent, u32::MAX));
        ranges(held.map(|((_, piece), _)| *piece))
    }

    /// Bytes that the slots of all pieces take.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.inner.borrow().used
    }

    /// Has the disk take what was written.
    pub fn flush(&self) {
        let inner = self.inner.borrow();
        inner.packs.values().for_each(|pack| pack.file.flush());
        inner.journals[0].flush();
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;
    use crate::swarm::tests::now;

    type Files = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

    /// Files in memory that outlive the packs, and bytes that fit.
    #[derive(Debug, Clone)]
    struct Disk(Files, u64);

    #[derive(Debug)]
    struct Open(Disk, String);

    impl Folder for Disk {
        type File = Open;

        async fn open(&self, name: &str) -> Result<Open, StoreError> {
            self.0.borrow_mut().entry(name.into()).or_default();
            Ok(Open(self.clone(), name.into()))
        }
    }

    impl PackFile for Open {
        fn read(&self, at: u64, bytes: &mut [u8]) -> Result<usize, StoreError> {
            let files = self.0.0.borrow();
            let file = files[&self.1].get(at as usize..).unwrap_or_default();
            let count = file.len().min(bytes.len());
            bytes[..count].copy_from_slice(&file[..count]);
            Ok(count)
        }

        fn write(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
            let end = at as usize + bytes.len();
            if end as u64 > self.0.1 {
                return Err(StoreError::Full);
            }
            let mut files = self.0.0.borrow_mut();
            let file = files.get_mut(&self.1).unwrap();
            file.resize(file.len().max(end), 0);
            file[at as usize..end].copy_from_slice(bytes);
            Ok(())
        }

        fn size(&self) -> Result<u64, StoreError> {
            Ok(self.0.0.borrow()[&self.1].len() as u64)
        }

        fn truncate(&self, bytes: u64) -> Result<(), StoreError> {
            let mut files = self.0.0.borrow_mut();
            files.get_mut(&self.1).unwrap().resize(bytes as usize, 0);
            Ok(())
        }

        fn flush(&self) {}
    }

    fn hash(number: u8) -> InfoHash {
        InfoHash([number; 20])
    }

    fn open(disk: &Disk) -> Packs<Disk> {
        now(Packs::open(disk.clone())).unwrap()
    }

    #[test]
    fn an_evicted_slot_is_used_again_and_the_end_is_given_back() {
        let disk = Disk(Files::default(), u64::MAX);
        let packs = open(&disk);
        for piece in 0..4 {
            now(packs.put(hash(1), piece, &[piece as u8; 16_384])).unwrap();
        }
        packs.remove(hash(1), 1..2).unwrap();
        now(packs.put(hash(2), 9, &[9; 100])).unwrap();
        assert_eq!(disk.0.borrow()["pack-14"].len(), 3 * 16_384 + 16_384);
        packs.remove(hash(1), 2..4).unwrap();
        assert_eq!(disk.0.borrow()["pack-14"].len(), 2 * 16_384);
        assert_eq!(packs.used(), 2 * 16_384);
        assert_eq!(open(&disk).get(hash(2), 9).unwrap(), Some(vec![9; 100]));
    }

    #[test]
    fn a_full_disk_loses_nothing() {
        let disk = Disk(Files::default(), 3 * 16_384);
        let packs = open(&disk);
        let put = |piece| now(packs.put(hash(1), piece, &[piece as u8; 16_384]));
        for piece in 0..3 {
            put(piece).unwrap();
        }
        assert_eq!(put(3), Err(StoreError::Full));
        assert_eq!(open(&disk).held(hash(1)), [(0, 3)]);
        packs.remove(hash(1), 0..1).unwrap();
        put(3).unwrap();
        assert_eq!(open(&disk).held(hash(1)), [(1, 4)]);
    }

    #[test]
    fn a_record_cut_short_loses_its_piece_alone() {
        let disk = Disk(Files::default(), u64::MAX);
        let packs = open(&disk);
        for piece in 0..3 {
            now(packs.put(hash(1), piece, &[1; 20_000])).unwrap();
        }
        for (name, file) in disk.0.borrow_mut().iter_mut() {
            if name.starts_with("index") && !file.is_empty() {
                file.pop();
            }
        }
        let packs = open(&disk);
        assert_eq!(packs.held(hash(1)), [(0, 2)]);
        now(packs.put(hash(1), 2, &[2; 20_000])).unwrap();
        assert_eq!(open(&disk).get(hash(1), 2).unwrap(), Some(vec![2; 20_000]));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Put(u8, u32, usize),
        Remove(u8, u32, u32),
        Reopen,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_u8..3, 0_u32..12, 1_usize..70_000).prop_map(|(t, p, l)| Step::Put(t, p, l)),
            2 => (0_u8..3, 0_u32..12, 1_u32..5).prop_map(|(t, p, n)| Step::Remove(t, p, n)),
            1 => Just(Step::Reopen),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn packs_hold_what_a_map_would(steps in prop::collection::vec(step(), 1..60)) {
            let disk = Disk(Files::default(), u64::MAX);
            let mut packs = open(&disk);
            let mut model: BTreeMap<(InfoHash, u32), Vec<u8>> = BTreeMap::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Put(torrent, piece, length) => {
                        let bytes = vec![number as u8; length];
                        now(packs.put(hash(torrent), piece, &bytes)).unwrap();
                        model.insert((hash(torrent), piece), bytes);
                    }
                    Step::Remove(torrent, piece, count) => {
                        packs.remove(hash(torrent), piece..piece + count).unwrap();
                        model.retain(|(of, at), _| {
                            *of != hash(torrent) || !(piece..piece + count).contains(at)
                        });
                    }
                    Step::Reopen => packs = open(&disk),
                }
                for (&(torrent, piece), bytes) in &model {
                    prop_assert_eq!(&packs.get(torrent, piece).unwrap(), &Some(bytes.clone()));
                }
                let held: u32 = (0..3).flat_map(|t| packs.held(hash(t))).map(|(a, b)| b - a).sum();
                prop_assert_eq!(held as usize, model.len());
            }
        }
    }
}
