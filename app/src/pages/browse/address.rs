//! Addresses of the pages for browsing.

use catalog::Shelf;
use listening::language::t;

/// Shelves that have pages, and their names in the address.
pub const SHELVES: [(Shelf, &str); 5] = [
    (Shelf::Composer, "composers"),
    (Shelf::Group, "groups"),
    (Shelf::Year, "years"),
    (Shelf::Chip, "chips"),
    (Shelf::Folder, "folders"),
];

/// Name of a shelf in an address.
pub fn name_of(shelf: Shelf) -> &'static str {
    let known = SHELVES.into_iter().find(|(known, _)| *known == shelf);
    known.map_or("composers", |(_, name)| name)
}

/// Heading of a shelf.
pub fn heading_of(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Composer => t("Composers"),
        Shelf::Group => t("Groups"),
        Shelf::Year => t("Years"),
        Shelf::Chip => t("Chips"),
        Shelf::Sids => t("Count of chips"),
        Shelf::Format => t("Format"),
        Shelf::Folder => t("Folders"),
    }
}

/// Address of a shelf.
pub fn shelf_path(shelf: Shelf) -> String {
    format!("/browse/{}", name_of(shelf))
}

/// Address of what a shelf has under a name: a composer, a folder.
pub fn group_path(shelf: Shelf, value: &str) -> String {
    format!("/browse/{}?of={}", name_of(shelf), escaped(value))
}

/// `text` as a part of an address.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
