//! Addresses of the pages for browsing.

use catalog::Shelf;

/// Shelves that have pages: name in the address, heading.
pub const SHELVES: [(Shelf, &str, &str); 5] = [
    (Shelf::Composer, "composers", "Composers"),
    (Shelf::Group, "groups", "Groups"),
    (Shelf::Year, "years", "Years"),
    (Shelf::Chip, "chips", "Chips"),
    (Shelf::Folder, "folders", "Folders"),
];

/// Name of a shelf in an address.
pub fn name_of(shelf: Shelf) -> &'static str {
    let known = SHELVES.into_iter().find(|(known, ..)| *known == shelf);
    known.map_or("composers", |(_, name, _)| name)
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
