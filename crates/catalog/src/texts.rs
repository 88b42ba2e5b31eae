//! Many short texts in one piece of memory, and dictionaries of them.

/// Texts one behind the other, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Texts whose lengths are `lengths`; `None` where these do not fit the characters of `all`.
    pub fn of(all: String, lengths: impl Iterator<Item = u32>) -> Option<Self> {
        let mut ends = Vec::with_capacity(lengths.size_hint().0);
        let mut end = 0u32;
        for length in lengths {
            end = end.checked_add(length)?;
            if !all.is_char_boundary(end as usize) {
                return None;
            }
            ends.push(end);
        }
        (end as usize == all.len()).then_some(Self { all, ends })
    }

    /// Count of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[at] as usize]
    }

    /// Adds a text and returns its number.
    pub fn push(&mut self, text: &str) -> u32 {
        self.all.push_str(text);
        let end = u32::try_from(self.all.len()).expect("texts of a catalogue stay below 4 GB");
        self.ends.push(end);
        count(self.ends.len()) - 1
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// All texts as one.
    pub fn all(&self) -> &str {
        &self.all
    }
}

/// A count of things in memory, which is 32 bits wide where this runs.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a catalogue has fewer than four billion things")
}

/// Texts that are there once each. A table of numbers by hash, with open addressing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary {
    texts: Texts,
    /// Number of a text and one; 0 for an empty place. Empty until the first text is looked up.
    places: Vec<u32>,
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl From<Texts> for Dictionary {
    fn from(texts: Texts) -> Self {
        Self {
            texts,
            places: Vec::new(),
        }
    }
}

impl Dictionary {
    /// The texts.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Number of `text`, which is added where it is new.
    pub fn number(&mut self, text: &str) -> u32 {
        if self.texts.len() * 2 >= self.places.len() {
            self.grow();
        }
        let mask = self.places.len() - 1;
        let mut at = hash(text.as_bytes()) as usize & mask;
        loop {
            match self.places[at] {
                0 => {
                    let number = self.texts.push(text);
                    self.places[at] = number + 1;
                    return number;
                }
                taken if self.texts.get(taken as usize - 1) == text => return taken - 1,
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.texts.len() * 4).next_power_of_two().max(64);
        self.places = vec![0; size];
        for (number, text) in (1..).zip(self.texts.iter()) {
            let mut at = hash(text.as_bytes()) as usize & (size - 1);
            while self.places[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.places[at] = number;
        }
    }
}

/// A quick hash of short texts: multiply and rotate by words, the high half folded in at the end.
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("a chunk has eight bytes"));
        state = (state.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
    let mut word = 0;
    for &byte in chunks.remainder() {
        word = word << 8 | u64::from(byte);
    }
    state = (state.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    (state ^ state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_number() {
        let mut texts = Texts::default();
        assert_eq!(
            (texts.push("é"), texts.push(""), texts.push("abc")),
            (0, 1, 2)
        );
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["é", "", "abc"]);
        assert_eq!(Texts::of("éabc".into(), [2, 0, 3].into_iter()), Some(texts));
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        for lengths in [&[1, 4][..], &[2], &[6], &[u32::MAX, 6], &[]] {
            assert_eq!(Texts::of("éabc".into(), lengths.iter().copied()), None);
        }
    }

    #[test]
    fn a_text_has_one_number() {
        let words: Vec<String> = (0..5_000).map(|number| format!("word {number}")).collect();
        let mut dictionary = Dictionary::default();
        for (number, word) in (0..).zip(&words) {
            assert_eq!(dictionary.number(word), number);
        }
        let mut read = Dictionary::from(dictionary.texts().clone());
        for (number, word) in (0..).zip(&words) {
            assert_eq!(
                (dictionary.number(word), read.number(word)),
                (number, number)
            );
        }
        assert_eq!(read, dictionary);
    }
}
