//! The tracker through real sockets: how it behaves, case by case, where the trackers in use differ.

mod client;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use axum_server::Handle;
use prometheus::IntCounter;
use serde_json::{Value, json};

use client::{Said, Socket};

use super::*;
use crate::metrics::Metrics;
use crate::router::{self, App};
use crate::server::serve_public;
use torrent::frames::MOST_MESSAGE;

/// A relay on a port of its own.
struct Relay {
    address: SocketAddr,
    metrics: Metrics,
    hub: Hub,
    runtime: tokio::runtime::Runtime,
}

fn relay(config: Config) -> Relay {
    let state = router::tests::state(&[]);
    let metrics = state.metrics.clone();
    let hub = Hub::start(config, metrics.tracker.clone()).unwrap();
    let app = App {
        tracker: hub.clone(),
        ..state
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(async move {
        serve_public(listener, None, app, Handle::new())
            .await
            .unwrap();
    });
    Relay {
        address,
        metrics,
        hub,
        runtime,
    }
}

fn twenty(c: char) -> String {
    c.to_string().repeat(20)
}

/// An announcement of a leecher, with other fields over its own.
fn announcement(peer: char, fields: Value) -> String {
    let mut message = json!({
        "action": "announce", "info_hash": twenty('h'), "peer_id": twenty(peer),
        "uploaded": 0, "downloaded": 0, "left": 9,
    });
    for (name, value) in fields.as_object().unwrap() {
        message[name] = value.clone();
    }
    message.to_string()
}

fn answer(peer: char, to: char, sdp: &str) -> String {
    json!({
        "action": "announce", "info_hash": twenty('h'), "peer_id": twenty(peer),
        "to_peer_id": twenty(to), "offer_id": twenty('o'),
        "answer": { "type": "answer", "sdp": sdp },
    })
    .to_string()
}

fn offers(count: usize) -> Value {
    let offer = |number: usize| {
        let id = char::from(b'0' + number as u8);
        json!({ "offer_id": twenty(id), "offer": { "type": "offer", "sdp": "v=0" } })
    };
    (0..count).map(offer).collect()
}

/// Sockets whose peers have announced themselves: `a`, `b` and so on.
fn crowd(relay: &Relay, count: u8) -> Vec<Socket> {
    let join = |number| {
        let mut socket = relay.connect();
        let peer = char::from(b'a' + number);
        assert_eq!(
            socket.announce(peer, json!({ "event": "started" })).len(),
            1
        );
        socket
    };
    (0..count).map(join).collect()
}

/// How many offers everybody but the first got.
fn offered(crowd: &mut [Socket]) -> usize {
    let offers = |socket: &mut Socket| {
        let all = socket.all();
        assert!(all.len() <= 1, "each offer goes to another peer: {all:?}");
        all.len()
    };
    crowd[1..].iter_mut().map(offers).sum()
}

fn check_offers(fields: Value, expected: usize) {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 25);
    let replies = crowd[0].announce('a', fields);
    assert_eq!(replies.len(), 1);
    assert_eq!(offered(&mut crowd), expected);
}

#[test]
fn offers_are_relayed_up_to_what_is_configured() {
    check_offers(json!({ "offers": offers(24), "numwant": 50 }), 20);
}

#[test]
fn numwant_bounds_offers() {
    check_offers(json!({ "offers": offers(3), "numwant": 1 }), 1);
}

#[test]
fn offers_need_no_numwant() {
    check_offers(json!({ "offers": offers(3) }), 3);
}

#[test]
fn an_offer_and_its_answer_meet() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    crowd[0].announce('a', json!({ "offers": offers(1) }));
    let offer = &crowd[1].all()[0];
    let expected = json!({
        "action": "announce", "info_hash": twenty('h'), "peer_id": twenty('a'),
        "offer_id": twenty('0'), "offer": { "type": "offer", "sdp": "v=0" },
    });
    assert_eq!(*offer, expected);
    crowd[1].send(&answer('b', 'a', "v=1"));
    assert_eq!(crowd[1].all(), [Value::Null; 0], "an answer has no reply");
    let expected = json!({
        "action": "announce", "info_hash": twenty('h'), "peer_id": twenty('b'),
        "offer_id": twenty('o'), "answer": { "type": "answer", "sdp": "v=1" },
    });
    assert_eq!(
        crowd[0].all(),
        [expected],
        "without to_peer_id, and whatever the offer_id"
    );
    let metrics = &relay.metrics.tracker;
    let relayed = [&metrics.relayed_offers, &metrics.relayed_answers];
    assert_eq!(relayed.map(IntCounter::get), [1, 1]);
}

#[test]
fn a_seeder_that_answers_stays_a_seeder() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    crowd[0].announce('a', json!({ "left": 0 }));
    crowd[0].send(&answer('a', 'b', "v=0"));
    let reply = &crowd[1].announce('b', json!({}))[1];
    assert_eq!(
        (&reply["complete"], &reply["incomplete"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn an_answer_to_a_peer_that_is_gone_is_ignored() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 1);
    crowd[0].send(&answer('a', 'q', "v=0"));
    assert_eq!(crowd[0].all(), [Value::Null; 0]);
    assert_eq!(relay.metrics.tracker.gone.get(), 1);
}

#[test]
fn every_event_gets_a_reply() {
    let relay = relay(Config::default());
    let mut socket = relay.connect();
    for event in [
        "started",
        "update",
        "paused",
        "",
        "completed",
        "stopped",
        "stopped",
    ] {
        let replies = socket.announce('a', json!({ "event": event }));
        assert_eq!(replies.len(), 1, "{event}");
        assert_eq!(replies[0]["interval"], 120, "{event}");
        assert!(replies[0].get("failure reason").is_none(), "{event}");
    }
}

#[test]
fn a_socket_may_be_several_peers() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 1);
    let replies = crowd[0].announce('b', json!({ "offers": offers(2) }));
    assert_eq!(
        replies.len(),
        2,
        "a reply, and the offer for the other peer: {replies:?}"
    );
    assert_eq!(replies[1]["peer_id"], twenty('b'));
}

#[test]
fn a_peer_belongs_to_its_socket_while_that_is_there() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    for fields in [json!({}), json!({ "event": "stopped" })] {
        let replies = crowd[1].announce('a', fields);
        assert!(replies[0]["failure reason"].is_string(), "{replies:?}");
        assert_eq!(replies[0]["action"], "announce");
        assert_eq!(replies[0]["info_hash"], twenty('h'));
    }
    assert_eq!(crowd[1].announce('b', json!({}))[0]["incomplete"], 2);
    drop(crowd.remove(0));
    // The relay hears of the end by and by.
    loop {
        let replies = crowd[0].announce('a', json!({}));
        if replies[0].get("failure reason").is_none() {
            break;
        }
        std::thread::yield_now();
    }
}

#[test]
fn nobody_knows_what_null_lacks() {
    let relay = relay(Config::default());
    let mut socket = relay.connect();
    let reply = &socket.announce('a', json!({ "left": null }))[0];
    assert_eq!(
        (&reply["complete"], &reply["incomplete"]),
        (&json!(0), &json!(1))
    );
}

#[test]
fn a_message_may_have_64_kb() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    for length in [20_000, 60_000] {
        let sdp = "x".repeat(length);
        crowd[1].send(&answer('b', 'a', &sdp));
        crowd[1].all();
        assert_eq!(crowd[0].all()[0]["answer"]["sdp"], sdp);
    }
    crowd[1].send_frame(0x81, &[b'x'; MOST_MESSAGE + 1]);
    let Said::Close(1009, reason) = crowd[1].receive() else {
        panic!("a longer one closes the socket")
    };
    assert!(reason.contains("65536"), "{reason}");
    assert!(matches!(crowd[1].receive(), Said::End));
}

#[test]
fn what_cannot_be_served_is_answered_and_the_socket_stays() {
    let relay = relay(Config::default());
    let mut socket = relay.connect();
    for (text, action) in [
        ("nonsense".to_owned(), "announce"),
        (
            announcement('a', json!({ "info_hash": "h".repeat(19) })),
            "announce",
        ),
        (
            announcement('a', json!({ "info_hash": "h".repeat(21) })),
            "announce",
        ),
        (announcement('a', json!({ "peer_id": 7 })), "announce"),
        (json!({ "action": "dance" }).to_string(), "announce"),
        (
            json!({ "action": "scrape", "info_hash": "h" }).to_string(),
            "scrape",
        ),
        (json!({ "action": "scrape" }).to_string(), "scrape"),
    ] {
        socket.send(&text);
        let reply = socket.json();
        assert!(reply["failure reason"].is_string(), "{text}: {reply}");
        assert_eq!(reply["action"], action, "{text}");
    }
    assert_eq!(socket.announce('a', json!({})).len(), 1);
}

#[test]
fn scrapes_count() {
    let full_scrape = true;
    let relay = relay(Config {
        full_scrape,
        ..Config::default()
    });
    let mut crowd = crowd(&relay, 2);
    crowd[0].announce('a', json!({ "event": "completed", "left": 0 }));
    let counts = json!({ "complete": 1, "incomplete": 1, "downloaded": 1 });
    let none = json!({ "complete": 0, "incomplete": 0, "downloaded": 0 });
    let (h, i) = (twenty('h'), twenty('i'));
    for (asked, expected) in [
        (json!(h), json!({ &h: counts })),
        (json!([h, i]), json!({ &h: counts, &i: none })),
        (json!([]), json!({ &h: counts })),
    ] {
        crowd[1].send(&json!({ "action": "scrape", "info_hash": asked }).to_string());
        assert_eq!(
            crowd[1].json(),
            json!({ "action": "scrape", "files": expected })
        );
    }
}

#[test]
fn pings_are_answered_and_a_close_is_returned() {
    let relay = relay(Config::default());
    let mut socket = relay.connect();
    socket.send_frame(0x89, b"there?");
    assert!(matches!(socket.receive(), Said::Text(text) if text == "pong there?"));
    socket.send_frame(0x88, &[3, 232]);
    assert!(matches!(socket.receive(), Said::Close(1000, _)));
    assert!(matches!(socket.receive(), Said::End));
}

#[test]
fn a_socket_that_says_too_much_is_told() {
    let relay = relay(Config::default());
    let mut socket = relay.connect();
    let ping = announcement('a', json!({ "event": "stopped" }));
    for _ in 0..3_000 {
        socket.send(&ping);
    }
    loop {
        match socket.receive() {
            Said::Text(_) => {}
            Said::Close(1008, reason) => break assert!(reason.contains("messages a second")),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(relay.metrics.tracker.limited_messages.get(), 1);
}

#[test]
fn a_socket_that_does_not_read_is_closed_and_the_loss_is_counted() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    let sdp = "x".repeat(60_000);
    // Fills the buffers of both ends of the connection, and then the outbox.
    for _ in 0..300 {
        crowd[1].send(&answer('b', 'a', &sdp));
    }
    crowd[1].all();
    let metrics = &relay.metrics.tracker;
    let lost = metrics.lost.get();
    assert!(lost > 0);
    let mut read = 0;
    loop {
        match crowd[0].receive() {
            Said::Text(_) => read += 1,
            Said::Close(1008, reason) => break assert!(reason.contains("slowly"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        read + lost + metrics.gone.get(),
        300,
        "what was relayed before arrives, the rest is counted"
    );
    assert_eq!(metrics.closed_slow.get(), 1);
}

#[test]
fn gauges_are_of_the_moment_when_they_are_asked_for() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 3);
    crowd[0].announce('a', json!({ "left": 0 }));
    let measure = || {
        assert!(relay.runtime.block_on(relay.hub.measure()));
        let metrics = &relay.metrics.tracker;
        let gauges = [
            &metrics.sockets,
            &metrics.swarms,
            &metrics.peers,
            &metrics.seeders,
            &metrics.handover,
        ];
        gauges.map(IntGauge::get)
    };
    assert_eq!(measure(), [3, 1, 3, 1, 0]);
    let metrics = &relay.metrics.tracker;
    let kinds = [&metrics.announces, &metrics.scrapes, &metrics.unreadable];
    let messages: u64 = kinds.iter().map(|kind| kind.get()).sum();
    assert_eq!(metrics.message_seconds.get_sample_count(), messages);
    crowd[0].announce('a', json!({ "event": "stopped" }));
    assert_eq!(measure(), [3, 1, 2, 0, 0]);
}

#[test]
fn a_tracker_whose_thread_has_ended_is_known_to_be_gone() {
    let relay = relay(Config::default());
    let (to_thread, _) = mpsc::unbounded_channel();
    let hub = Hub {
        to_thread,
        ..relay.hub.clone()
    };
    assert!(!relay.runtime.block_on(hub.measure()));
}

#[test]
fn everybody_is_told_when_the_relay_stops() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    relay.hub.stop();
    for socket in &mut crowd {
        assert!(matches!(socket.receive(), Said::Close(1001, _)));
    }
}

#[test]
fn a_page_that_is_no_socket_is_told() {
    let relay = relay(Config::default());
    let mut stream = TcpStream::connect(relay.address).unwrap();
    stream
        .write_all(b"GET /announce HTTP/1.0\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.0 426 "), "{text}");
}

#[test]
fn sockets_of_an_address_are_bounded() {
    let most_sockets = 2;
    let mut room = Room::new(
        Config {
            most_sockets,
            ..Config::default()
        },
        Metrics::new(false).tracker,
    );
    let address = Some("203.0.113.9".parse().unwrap());
    let sockets: Vec<_> = (0..3).map(|_| room.enter(address)).collect();
    let closing: Vec<bool> = sockets
        .iter()
        .map(|(_, outbox)| outbox.is_closing())
        .collect();
    assert_eq!(closing, [false, false, true]);
    for (client, _) in &sockets {
        room.leave(client, address);
    }
    assert!(room.addresses.is_empty() && room.post.outboxes.is_empty());
    assert_eq!(room.metrics.limited_sockets.get(), 1);
}

#[test]
fn a_blocked_torrent_is_forgotten_and_a_blocked_address_hangs_up() {
    let relay = relay(Config::default());
    let mut crowd = crowd(&relay, 2);
    let block = |kind, value: &str| {
        let wanted = blocks::Wanted::parse(kind, value).unwrap();
        let blocks = Blocks::new(relay.metrics.blocks.clone(), [wanted]);
        relay.hub.block(Arc::new(blocks));
    };
    let hash = data_encoding::HEXLOWER.encode(twenty('h').as_bytes());
    let swarms = relay.runtime.block_on(relay.hub.swarms(9)).unwrap();
    assert_eq!((swarms.len(), &*swarms[0].0.to_string()), (1, &*hash));
    block(protocol::admin::BlockKind::Torrent, &hash);
    assert_eq!(
        relay.runtime.block_on(relay.hub.swarms(9)).unwrap().len(),
        0
    );
    let said = crowd[0].announce('a', json!({}));
    assert_eq!(said[0]["failure reason"], blocks::TORRENT_WORDS, "{said:?}");
    // Another torrent of the same socket is served.
    let said = crowd[0].announce('a', json!({ "info_hash": twenty('i') }));
    assert_eq!(said[0].get("failure reason"), None, "{said:?}");
    assert_eq!(relay.metrics.blocks.announces.get(), 1);

    block(protocol::admin::BlockKind::Address, "127.0.0.0/8");
    for mut socket in crowd {
        match socket.receive() {
            Said::Close(1008, words) => assert_eq!(words, blocks::ADDRESS_WORDS),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(relay.metrics.blocks.sockets.get(), 2);
    // The torrent is no longer blocked, since the list is another.
    match relay.connect().receive() {
        Said::Close(1008, words) => assert_eq!(words, blocks::ADDRESS_WORDS),
        other => panic!("{other:?}"),
    }
}
