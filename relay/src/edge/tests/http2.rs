//! Bounds of HTTP/2, frame by frame.

use super::*;

/// A frame of HTTP/2 (RFC 9113).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// Frames that came: kinds and payloads.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some(payload) = rest.get(..length) else {
            break;
        };
        found.push((*kind, payload.to_vec()));
        bytes = &rest[length..];
    }
    found
}

#[test]
fn http_2_has_its_bounds() {
    let relay = relay(Said {
        limits: impatient(),
        ..Said::default()
    });
    let say = |extra: &[u8]| {
        let mut stream = relay.connect();
        let hello = [PREFACE, &frame(SETTINGS, 0, 0, &[]), extra].concat();
        let _ = stream.write_all(&hello);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        frames(&bytes)
    };
    // It is told its bounds, and let go when nothing happens.
    let told = say(&[]);
    let (_, settings) = told.iter().find(|(kind, _)| *kind == SETTINGS).unwrap();
    let setting = |id: u8| {
        let mut six = settings.chunks(6);
        six.find(|six| six[1] == id)
            .map(|six| u32::from_be_bytes([six[2], six[3], six[4], six[5]]))
    };
    assert_eq!(setting(3), Some(MOST_STREAMS));
    assert_eq!(setting(6), Some(MOST_HEAD as u32));
    assert!(relay.metrics.edge.closed_quiet.get() > 0);

    // Requests that are taken back at once, without end (CVE-2023-44487).
    let get = [0x82, 0x84, 0x86, 0x41, 1, b'x'];
    let resets: Vec<u8> = (0..2_000)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            [
                frame(1, 5, stream, &get),
                frame(3, 0, stream, &[0, 0, 0, 8]),
            ]
            .concat()
        })
        .collect();
    let told = say(&resets);
    let goaway = told.iter().find(|(kind, _)| *kind == GOAWAY);
    let (_, payload) = goaway.expect("the connection is given up");
    // ENHANCE_YOUR_CALM.
    assert_eq!(payload[4..8], [0, 0, 0, 11]);
}
