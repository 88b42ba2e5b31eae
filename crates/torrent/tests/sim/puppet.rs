//! Peers that say what they are told to say.

use std::collections::BTreeMap;

use torrent::wire::{Decoder, Handshake, Message};
use torrent::{ConnectionId, InfoHash, PeerId};

/// What a puppet sends: to whom, and bytes; none to hang up.
pub type Sent = Vec<(ConnectionId, Vec<u8>)>;

/// A peer that is no session.
pub trait Puppet {
    fn connected(&mut self, connection: ConnectionId, out: &mut Sent);
    fn received(&mut self, connection: ConnectionId, bytes: &[u8], out: &mut Sent);
}

/// A peer made of what it says first, and how it answers messages.
pub struct Scripted<F> {
    pub hello: Vec<u8>,
    pub answer: F,
    decoders: BTreeMap<ConnectionId, (Decoder, bool)>,
}

impl<F: FnMut(&Message<'_>) -> Vec<u8>> Scripted<F> {
    pub fn new(torrent: InfoHash, greeting: &[Message<'_>], answer: F) -> Self {
        let handshake = Handshake {
            info_hash: torrent,
            peer_id: PeerId(*b"-XX0100-puppetpuppet"),
            fast: true,
            extended: true,
        };
        Self {
            hello: [&handshake.encode()[..], &encode(greeting)].concat(),
            answer,
            decoders: BTreeMap::new(),
        }
    }
}

impl<F: FnMut(&Message<'_>) -> Vec<u8>> Puppet for Scripted<F> {
    fn connected(&mut self, connection: ConnectionId, out: &mut Sent) {
        self.decoders
            .insert(connection, (Decoder::default(), false));
        out.push((connection, self.hello.clone()));
    }

    fn received(&mut self, connection: ConnectionId, bytes: &[u8], out: &mut Sent) {
        let Some((decoder, greeted)) = self.decoders.get_mut(&connection) else {
            return;
        };
        decoder.expect_bitfield(1 << 20);
        decoder.push(bytes.to_vec());
        if !*greeted {
            *greeted = decoder.handshake().expect("sessions shake hands").is_some();
        }
        while let (true, Some(message)) = (*greeted, decoder.message().expect("sessions speak")) {
            let answer = (self.answer)(&message);
            if !answer.is_empty() {
                out.push((connection, answer));
            }
        }
    }
}

pub fn encode(messages: &[Message<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        message.encode(&mut out);
    }
    out
}
