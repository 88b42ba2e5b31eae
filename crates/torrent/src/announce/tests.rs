//! Announcements and answers, as the trackers and clients at hand write them, and as nobody should.

use proptest::prelude::*;

use super::read::Twenty;
use super::*;

const HASH: &str = "aaaaaaaaaaaaaaaaaaaa";

fn client(text: &str) -> Result<ClientMessage<'_>, Error> {
    ClientMessage::parse(text)
}

fn announce(fields: &str) -> Announce<'static> {
    let text = format!(
        "{{\"action\":\"announce\",\"info_hash\":\"{HASH}\",\"peer_id\":\"{HASH}\"{fields}}}"
    );
    match client(&text).unwrap() {
        ClientMessage::Announce(announce) => Announce {
            offers: Vec::new(),
            ..announce
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_clients_write_for_numbers_and_events_is_understood() {
    assert_eq!(announce("").left, Left::Unsaid);
    assert_eq!(announce(",\"left\":null").left, Left::Unknown);
    assert_eq!(announce(",\"left\":-1").left, Left::Unknown);
    assert_eq!(announce(",\"left\":{\"a\":[1]}").left, Left::Unknown);
    assert_eq!(announce(",\"left\":0").left, Left::Bytes(0));
    assert_eq!(announce(",\"left\":1e3").left, Left::Bytes(1_000));
    assert_eq!(announce(",\"left\":\"7\"").left, Left::Bytes(7));
    assert_eq!(announce(",\"numwant\":1").numwant, Some(1));
    assert_eq!(announce(",\"numwant\":1e12").numwant, Some(u32::MAX));
    assert_eq!(announce(",\"numwant\":null").numwant, None);
    assert_eq!(announce(",\"offers\":null,\"trackerid\":7").numwant, None);
    for (event, expected) in [
        ("started", Event::Started),
        ("stopped", Event::Stopped),
        ("completed", Event::Completed),
        ("update", Event::Update),
        ("paused", Event::Update),
        ("", Event::Update),
    ] {
        assert_eq!(announce(&format!(",\"event\":\"{event}\"")).event, expected);
    }
    assert_eq!(announce(",\"event\":null").event, Event::Update);
}

fn check_refused(text: &str, action: Action, hash: Option<&str>, reason: &str) {
    let Error(failure) = client(text).unwrap_err();
    assert_eq!(failure.action, action, "{text}");
    let expected = hash.map(|hash| InfoHash(hash.as_bytes().try_into().unwrap()));
    assert_eq!(failure.info_hash, expected, "{text}");
    assert!(
        failure.reason.contains(reason),
        "{text}: {}",
        failure.reason
    );
}

#[test]
fn a_refusal_says_what_it_is_about() {
    let announce = Action::Announce;
    check_refused("", announce, None, "not a message");
    check_refused("7", announce, None, "not a message");
    check_refused("{\"action\":\"dance\"}", announce, None, "action");
    for hash in ["a".repeat(19), "a".repeat(21), "\u{100}".repeat(20)] {
        let text = format!("{{\"action\":\"announce\",\"info_hash\":\"{hash}\"}}");
        check_refused(&text, announce, None, "20 characters");
        let text = format!("{{\"action\":\"scrape\",\"info_hash\":\"{hash}\"}}");
        check_refused(&text, Action::Scrape, None, "20 characters");
    }
    let text = format!("{{\"action\":\"announce\",\"info_hash\":\"{HASH}\"}}");
    check_refused(&text, announce, Some(HASH), "peer_id");
    let text = text.replace('}', ",\"peer_id\":\"short\"}");
    check_refused(&text, announce, Some(HASH), "not 20 characters");
    let text = text.replace("short\"", &format!("{HASH}\",\"answer\":{{}}"));
    check_refused(&text, announce, Some(HASH), "to_peer_id");
}

#[test]
fn bytes_are_characters() {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&[0, 9, 10, 34, 92, 127, 128, 255]);
    let mut text = String::new();
    write_twenty(&bytes, &mut text);
    assert!(
        text.starts_with("\"\\u0000\\u0009\\n\\\"\\\\\u{7f}\u{80}\u{ff}\\u0000"),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Twenty>(&text).unwrap().0, bytes);
}

#[test]
fn a_description_passes_as_it_was_written() {
    let raw = "{ \"sdp\" : \"v=0\\r\\n\\u00fc\", \"more\": [1, 2] }";
    let text = format!(
        "{{\"offers\":[{{\"offer\":{raw},\"offer_id\":\"{HASH}\"}}],\"action\":\"announce\",\
         \"peer_id\":\"{HASH}\",\"info_hash\":\"{HASH}\"}}"
    );
    let Ok(ClientMessage::Announce(announce)) = client(&text) else {
        panic!("{:?}", client(&text))
    };
    assert_eq!(announce.offers[0].offer.0, raw);
    let message = TrackerMessage::Offer {
        info_hash: announce.info_hash,
        peer_id: announce.peer_id,
        offer_id: announce.offers[0].offer_id,
        offer: announce.offers[0].offer.clone(),
    };
    let text = message.encode();
    assert_eq!(TrackerMessage::parse(&text), Ok(message.clone()));
    let Ok(TrackerMessage::Offer { offer, .. }) = TrackerMessage::parse(&text) else {
        panic!("{text}")
    };
    assert_eq!(offer.sdp().as_deref(), Some("v=0\r\nü"));
}

fn twenty() -> impl Strategy<Value = [u8; 20]> {
    any::<[u8; 20]>()
}

proptest! {
    #[test]
    fn what_a_client_says_survives(
        (hash, peer, to, offer) in (twenty(), twenty(), twenty(), twenty()),
        sdp in any::<String>(), left in any::<u64>(), count in 0usize..4,
    ) {
        let offer_of = |number: usize| Offer {
            offer_id: OfferId([number as u8; 20]),
            offer: Description::offer(&sdp),
        };
        let messages = [
            ClientMessage::Announce(Announce {
                info_hash: InfoHash(hash), peer_id: PeerId(peer), event: Event::Started,
                uploaded: 1, downloaded: 2, left: Left::Bytes(left), numwant: Some(5),
                offers: (0..count).map(offer_of).collect(),
            }),
            ClientMessage::Answer(Answer {
                info_hash: InfoHash(hash), peer_id: PeerId(peer), to_peer_id: PeerId(to),
                offer_id: OfferId(offer), answer: Description::answer(&sdp),
            }),
            ClientMessage::Scrape(vec![InfoHash(hash); count]),
        ];
        for message in messages {
            let text = message.encode();
            prop_assert_eq!(ClientMessage::parse(&text), Ok(message));
        }
        prop_assert_eq!(Description::offer(&sdp).sdp(), Some(sdp));
    }

    #[test]
    fn what_a_tracker_says_survives(
        (hash, peer, offer) in (twenty(), twenty(), twenty()),
        (sdp, reason) in (any::<String>(), any::<String>()),
        (interval, complete, incomplete) in (any::<u32>(), any::<u32>(), any::<u32>()),
    ) {
        let (info_hash, peer_id, offer_id) = (InfoHash(hash), PeerId(peer), OfferId(offer));
        let counts = Counts { complete, incomplete, downloaded: 3 };
        let messages = [
            TrackerMessage::Reply { info_hash, interval, complete, incomplete },
            TrackerMessage::Offer {
                info_hash, peer_id, offer_id, offer: Description::offer(&sdp),
            },
            TrackerMessage::Answer {
                info_hash, peer_id, offer_id, answer: Description::answer(&sdp),
            },
            TrackerMessage::Scrape(vec![(info_hash, counts)]),
            TrackerMessage::Failure(Failure {
                action: Action::Scrape, info_hash: Some(info_hash), reason: reason.into(),
            }),
        ];
        for message in messages {
            let text = message.encode();
            prop_assert_eq!(TrackerMessage::parse(&text), Ok(message));
        }
    }

    #[test]
    fn any_text_is_a_message_or_an_error(text in any::<String>()) {
        let _ = ClientMessage::parse(&text);
        let _ = TrackerMessage::parse(&text);
    }
}
