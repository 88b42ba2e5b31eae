//! What the fuzz targets check, with bytes by lot.

use proptest::prelude::*;

#[path = "../../../fuzz/src/peer.rs"]
mod peer;

/// Steps that mostly mean something.
fn steps() -> impl Strategy<Value = Vec<u8>> {
    let step = prop_oneof![
        8 => (0..21u8, any::<u8>()).prop_map(|(kind, argument)| vec![kind, argument]),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| {
            [&[21, bytes.len() as u8][..], &bytes].concat()
        }),
    ];
    let steps = prop::collection::vec(step, 0..60);
    (any::<u8>(), steps).prop_map(|(kind, steps)| [&[kind][..], &steps.concat()].concat())
}

proptest! {
    #[test]
    fn a_session_bears_any_peer(bytes in steps()) {
        peer::session(&bytes);
    }

    #[test]
    fn a_session_bears_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        peer::session(&bytes);
    }

    #[test]
    fn wire_and_extensions_bear_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        peer::wire(&bytes);
        peer::extension(&bytes);
    }
}
