//! How a tune is left: skipped, or heard to its end.

use protocol::keep::Deed;

use crate::model::Model;

/// A skip before this place is an early one, unless half of the tune was heard.
const EARLY_MILLIS: u32 = 30_000;
/// Percent of a tune after which it counts as heard.
const WHOLE_PERCENT: u64 = 95;

/// Whether a tune of that length counts as heard at a place.
pub(crate) fn is_whole(position_millis: u32, length_millis: u32) -> bool {
    u64::from(position_millis) * 100 >= u64::from(length_millis) * WHOLE_PERCENT
}

/// How a tune is left at a place.
pub(crate) fn left_at(position_millis: u32, length_millis: u32) -> Deed {
    if is_whole(position_millis, length_millis) {
        Deed::Finish
    } else if position_millis < EARLY_MILLIS && position_millis < length_millis / 2 {
        Deed::EarlySkip
    } else {
        Deed::LateSkip
    }
}

impl Model {
    /// The time of day in milliseconds since 1970.
    pub(crate) fn wall(&self) -> u64 {
        self.wall_offset + self.now
    }

    /// The current song is over, or another is wanted.
    pub(crate) fn song_ended(&mut self, is_over: bool) {
        if !std::mem::take(&mut self.player.is_begun) {
            return;
        }
        let Some(current) = &self.player.current else {
            return;
        };
        let kind = match is_over {
            true => Deed::Finish,
            false => left_at(self.player.position_millis, current.length()),
        };
        if is_over {
            let heard = self.listening.is_over();
            self.keep_changes(heard);
        }
        self.note_left(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_tune_is_left() {
        use Deed::{EarlySkip, Finish, LateSkip};
        for (position, length, kind) in [
            (0, 180_000, EarlySkip),
            (29_999, 180_000, EarlySkip),
            (30_000, 180_000, LateSkip),
            (11_000, 20_000, LateSkip),
            (9_000, 20_000, EarlySkip),
            (171_000, 180_000, Finish),
            (170_000, 180_000, LateSkip),
        ] {
            assert_eq!(left_at(position, length), kind, "{position} of {length}");
        }
    }
}
