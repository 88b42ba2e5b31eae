//! What is known of files from outside the catalogue, for `fav:`, `rating:`, `tag:`, `new:` and
//! `here:`.

use std::collections::{BTreeMap, BTreeSet};

use sidfile::Md5;

/// What the listener thinks of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// It is a favourite.
    pub favourite: bool,
    /// Stars from 1 to 5, 0 for none.
    pub rating: u8,
    /// Tags, in the listener's own spelling.
    pub tags: Vec<String>,
}

/// All of that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub marks: BTreeMap<Md5, Marks>,
    /// Files that came with the last change of a collection.
    pub new: BTreeSet<Md5>,
    /// Files of a swarm whose bytes are here.
    pub here: BTreeSet<Md5>,
}
