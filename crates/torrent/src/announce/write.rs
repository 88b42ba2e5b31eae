//! Writing the objects.

use core::fmt::Write as _;

use super::Description;
use crate::{InfoHash, OfferId, PeerId};

pub(super) fn begin(info_hash: &InfoHash, out: &mut String) {
    out.push_str("{\"action\":\"announce\"");
    write_id("info_hash", &info_hash.0, out);
}

pub(super) fn write_relayed(
    info_hash: &InfoHash,
    peer_id: &PeerId,
    offer_id: &OfferId,
    (kind, description): (&str, &Description<'_>),
    out: &mut String,
) {
    begin(info_hash, out);
    write_id("peer_id", &peer_id.0, out);
    write_id("offer_id", &offer_id.0, out);
    out.push_str(",\"");
    out.push_str(kind);
    out.push_str("\":");
    out.push_str(&description.0);
    out.push('}');
}

pub(super) fn write_id(name: &str, bytes: &[u8; 20], out: &mut String) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    write_twenty(bytes, out);
}

pub(super) fn write_twenty(bytes: &[u8; 20], out: &mut String) {
    out.push('"');
    for &byte in bytes {
        write_char(char::from(byte), out);
    }
    out.push('"');
}

pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        write_char(c, out);
    }
    out.push('"');
}

fn write_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\0'..='\u{1f}' => {
            // A third of what a tracker writes is names, and an eighth of their bytes are these.
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.push_str("\\u00");
            out.push(char::from(DIGITS[c as usize >> 4]));
            out.push(char::from(DIGITS[c as usize & 15]));
        }
        _ => out.push(c),
    }
}

pub(super) fn put(out: &mut String, text: core::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes any text");
}
