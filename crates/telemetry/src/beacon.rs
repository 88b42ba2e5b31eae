//! What a page sends, byte by byte.
//!
//! Version 1: the version; the id, 8 bytes, little-endian; the number of counts that are not 0; for
//! each, how many zeros lie before it and the count; and the sum of each series of a histogram that
//! counted anything. Numbers are LEB128 in their shortest form. Counts stand in the order of
//! [`crate::FAMILIES`]: a series of a counter is one, a series of a histogram one for each bucket
//! (not cumulative) and one for what is beyond the last bound. A change of the table's order, labels
//! or bounds is another version.

use crate::layout::{self, CELLS, SUMS};
use crate::table::{FAMILIES, Family, Kind};

/// Version of the form and of the table.
pub const VERSION: u8 = 1;
/// No beacon is longer.
pub const MOST_BYTES: usize = 4096;
/// No count of a beacon is higher.
pub const MOST_OF_A_KIND: u32 = 100_000;

/// Counts and sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub cells: Box<[u32]>,
    /// In the unit of each histogram.
    pub sums: Box<[u64]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            cells: vec![0; CELLS].into(),
            sums: vec![0; SUMS].into(),
        }
    }
}

/// What happened on a page in about a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    pub(crate) id: u64,
    pub(crate) tally: Tally,
}

/// A series of a beacon that counted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure<'a> {
    /// Of which family.
    pub family: &'static Family,
    /// Which of its series; see [`Family::labels_of`].
    pub series: usize,
    /// The count of a counter; of a histogram, one for each bucket and one for what is beyond.
    pub counts: &'a [u32],
    /// Sum of a histogram in microseconds or ones; 0 for a counter.
    pub sum: u64,
}

/// Why bytes are no beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are too many.
    #[error("{0} bytes are more than a beacon has")]
    TooLong(usize),
    /// It is of another time.
    #[error("version {0} is not known")]
    Version(u8),
    /// It ends too early.
    #[error("it ends within a number or before one")]
    Truncated,
    /// Something follows that does not belong to it.
    #[error("{0} bytes follow its end")]
    TrailingBytes(usize),
    /// A number is too large, or longer than it need be.
    #[error("the number at byte {0} is not in its shortest form")]
    Number(usize),
    /// A count lies outside the table.
    #[error("there is no count {0}")]
    Cell(u64),
    /// A count is 0, or higher than any page's.
    #[error("count {0} is {1}")]
    Count(usize, u64),
    /// Values in those buckets do not add up to this.
    #[error("sum {0} cannot be {1}")]
    Sum(usize, u64),
}

impl Error {
    /// The bytes have the form of a beacon, but no page can have counted so.
    #[must_use]
    pub fn is_impossible(self) -> bool {
        matches!(self, Self::Count(..) | Self::Sum(..))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.bytes.get(self.at).copied().ok_or(Error::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, Error> {
        let from = self.at;
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || shift == 0;
                return is_shortest.then_some(value).ok_or(Error::Number(from));
            }
        }
        Err(Error::Number(from))
    }
}

fn write_number(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

impl Beacon {
    /// The random number that is used once.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.id.to_le_bytes());
        let cells = &self.tally.cells;
        let counted = cells.iter().filter(|count| **count > 0).count();
        write_number(&mut bytes, counted as u64);
        let mut zeros = 0;
        for count in cells {
            if *count == 0 {
                zeros += 1;
            } else {
                write_number(&mut bytes, zeros);
                write_number(&mut bytes, u64::from(*count));
                zeros = 0;
            }
        }
        for (first, bounds, sum) in layout::histograms() {
            if cells[first..=first + bounds.len()]
                .iter()
                .any(|count| *count > 0)
            {
                write_number(&mut bytes, self.tally.sums[sum]);
            }
        }
        bytes
    }

    /// Reads a beacon, and believes none that no page can have made.
    ///
    /// # Errors
    /// Where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::TooLong(bytes.len()));
        }
        let mut reader = Reader { bytes, at: 0 };
        let version = reader.byte()?;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let mut id = [0; 8];
        for byte in &mut id {
            *byte = reader.byte()?;
        }
        let mut tally = Tally::default();
        let mut next = 0;
        for _ in 0..reader.number()? {
            let cell = reader.number()?.saturating_add(next);
            let at = usize::try_from(cell).unwrap_or(usize::MAX);
            let count = reader.number()?;
            let place = tally.cells.get_mut(at).ok_or(Error::Cell(cell))?;
            match u32::try_from(count) {
                Ok(count @ 1..=MOST_OF_A_KIND) => *place = count,
                _ => return Err(Error::Count(at, count)),
            }
            next = cell + 1;
        }
        for (first, bounds, sum) in layout::histograms() {
            let counts = &tally.cells[first..=first + bounds.len()];
            if counts.iter().all(|count| *count == 0) {
                continue;
            }
            let value = reader.number()?;
            let (least, most) = layout::possible_sums(bounds, counts);
            if !(least..=most).contains(&value) {
                return Err(Error::Sum(sum, value));
            }
            tally.sums[sum] = value;
        }
        match bytes.len() - reader.at {
            0 => Ok(Self {
                id: u64::from_le_bytes(id),
                tally,
            }),
            more => Err(Error::TrailingBytes(more)),
        }
    }

    /// What it tells: every series that counted something, in the table's order.
    pub fn figures(&self) -> impl Iterator<Item = Figure<'_>> {
        let tally = &self.tally;
        FAMILIES.iter().flat_map(move |family| {
            (0..family.series()).filter_map(move |series| {
                let first = layout::cell(family.id, series);
                let (wide, sum) = match family.kind {
                    Kind::Counter => (1, 0),
                    Kind::Histogram { bounds, .. } => {
                        (bounds.len() + 1, tally.sums[layout::sum(family.id, series)])
                    }
                };
                let counts = &tally.cells[first..first + wide];
                counts.iter().any(|count| *count > 0).then_some(Figure {
                    family,
                    series,
                    counts,
                    sum,
                })
            })
        })
    }
}
