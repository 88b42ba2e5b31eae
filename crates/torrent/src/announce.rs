//! The messages of a WebTorrent tracker, as both sides read and write them: one JSON object for
//! each WebSocket message. Info hashes, peer ids and offer ids are strings of 20 characters from
//! U+0000 to U+00FF, one for each byte.
//!
//! A description passes a tracker as it was written: [`Description`] borrows it.

mod read;
mod write;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use read::{Files, Number, failure, hash_of, hashes_of, read};
use write::{begin, put, write_id, write_relayed, write_text, write_twenty};

use crate::{InfoHash, OfferId, PeerId};

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage<'a> {
    /// It is there, and wants to meet others.
    Announce(Announce<'a>),
    /// It answers an offer.
    Answer(Answer<'a>),
    /// It asks how many peers there are; of all torrents where the list is empty.
    Scrape(Vec<InfoHash>),
}

/// A client's announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announce<'a> {
    /// Torrent.
    pub info_hash: InfoHash,
    /// Who.
    pub peer_id: PeerId,
    /// Why now.
    pub event: Event,
    /// Bytes given since it started.
    pub uploaded: u64,
    /// Bytes got since it started.
    pub downloaded: u64,
    /// Bytes that it lacks; 0 of a seeder.
    pub left: Left,
    /// How many peers it wants to meet.
    pub numwant: Option<u32>,
    /// Offers, each for another peer.
    pub offers: Vec<Offer<'a>>,
}

/// An offer under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Ties the answer to it.
    pub offer_id: OfferId,
    /// What it offers.
    pub offer: Description<'a>,
}

/// A client's answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Torrent.
    pub info_hash: InfoHash,
    /// Who answers.
    pub peer_id: PeerId,
    /// Who offered.
    pub to_peer_id: PeerId,
    /// Which offer.
    pub offer_id: OfferId,
    /// The answer.
    pub answer: Description<'a>,
}

/// Why a client announces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Event {
    /// Its time has come, or anything that this project does not know.
    #[default]
    Update,
    /// It joins.
    Started,
    /// It leaves.
    Stopped,
    /// It has everything now.
    Completed,
}

/// What a client says that it lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Left {
    /// Nothing said.
    #[default]
    Unsaid,
    /// Something, nobody knows how much: `null`, or no number.
    Unknown,
    /// Bytes.
    Bytes(u64),
}

/// What a tracker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackerMessage<'a> {
    /// To an announcement.
    Reply {
        /// Torrent.
        info_hash: InfoHash,
        /// Seconds until the next announcement.
        interval: u32,
        /// Seeders.
        complete: u32,
        /// Leechers.
        incomplete: u32,
    },
    /// Another client's offer.
    Offer {
        /// Torrent.
        info_hash: InfoHash,
        /// Who offers.
        peer_id: PeerId,
        /// Which offer.
        offer_id: OfferId,
        /// The offer.
        offer: Description<'a>,
    },
    /// Another client's answer.
    Answer {
        /// Torrent.
        info_hash: InfoHash,
        /// Who answers.
        peer_id: PeerId,
        /// To which offer.
        offer_id: OfferId,
        /// The answer.
        answer: Description<'a>,
    },
    /// How many peers there are.
    Scrape(Vec<(InfoHash, Counts)>),
    /// A message could not be served.
    Failure(Failure<'a>),
}

/// Why a message could not be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<'a> {
    /// What it was about: reference clients close the socket where this is missing.
    pub action: Action,
    /// Torrent, where it was readable.
    pub info_hash: Option<InfoHash>,
    /// In words.
    pub reason: Cow<'a, str>,
}

/// Peers of a torrent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Seeders.
    pub complete: u32,
    /// Leechers.
    pub incomplete: u32,
    /// How often it was completed.
    pub downloaded: u32,
}

/// Kind of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Action {
    /// Announcements, offers and answers.
    #[default]
    Announce,
    /// Counts.
    Scrape,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Scrape => "scrape",
        }
    }
}

/// A session description as JSON: `{"type":"offer","sdp":"..."}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a>(Cow<'a, str>);

impl Description<'_> {
    /// An offer of this session description (SDP).
    #[must_use]
    pub fn offer(sdp: &str) -> Description<'static> {
        Self::of("offer", sdp)
    }

    /// An answer of this session description (SDP).
    #[must_use]
    pub fn answer(sdp: &str) -> Description<'static> {
        Self::of("answer", sdp)
    }

    /// Reads a description that was handed on as text; none where it is no JSON.
    #[must_use]
    pub fn read(text: &str) -> Option<Description<'_>> {
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        Some(Description(Cow::Borrowed(raw.get())))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(kind: &str, sdp: &str) -> Description<'static> {
        let mut json = format!("{{\"type\":\"{kind}\",\"sdp\":");
        write_text(sdp, &mut json);
        json.push('}');
        Description(Cow::Owned(json))
    }

    /// The session description (SDP), where there is one.
    #[must_use]
    pub fn sdp(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Json {
            sdp: String,
        }
        serde_json::from_str::<Json>(&self.0)
            .ok()
            .map(|json| json.sdp)
    }
}

/// Why a message is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.reason)]
pub struct Error(pub Failure<'static>);

impl<'a> ClientMessage<'a> {
    /// Reads what a client sent.
    ///
    /// # Errors
    /// Not a message; what to tell the client.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (json, action) = read(text)?;
        let refused = |reason: &str| failure(action, &json, reason);
        if action == Action::Scrape {
            return match json.info_hash {
                None => Ok(Self::Scrape(Vec::new())),
                Some(raw) => hashes_of(raw)
                    .map(Self::Scrape)
                    .ok_or_else(|| refused("an info hash has 20 characters up to U+00FF")),
            };
        }
        let info_hash = json.info_hash.and_then(|raw| hash_of(raw).ok());
        let info_hash =
            info_hash.ok_or_else(|| refused("an info hash has 20 characters up to U+00FF"))?;
        let peer_id = json.peer_id.as_ref().map(|twenty| PeerId(twenty.0));
        let peer_id = peer_id.ok_or_else(|| refused("there is no peer_id"))?;
        let borrow = |raw: &'a RawValue| Description(Cow::Borrowed(raw.get()));
        if let Some(answer) = json.answer {
            let (Some(to_peer_id), Some(offer_id)) = (&json.to_peer_id, &json.offer_id) else {
                return Err(refused("an answer needs to_peer_id and offer_id"));
            };
            return Ok(Self::Answer(Answer {
                info_hash,
                peer_id,
                to_peer_id: PeerId(to_peer_id.0),
                offer_id: OfferId(offer_id.0),
                answer: borrow(answer),
            }));
        }
        let event = match json.event.as_deref() {
            Some("started") => Event::Started,
            Some("stopped") => Event::Stopped,
            Some("completed") => Event::Completed,
            _ => Event::Update,
        };
        let offers = json.offers.unwrap_or_default().into_iter();
        Ok(Self::Announce(Announce {
            info_hash,
            peer_id,
            event,
            uploaded: json.uploaded.get().unwrap_or(0),
            downloaded: json.downloaded.get().unwrap_or(0),
            left: match json.left {
                Number::Missing => Left::Unsaid,
                Number::Some(bytes) => Left::Bytes(bytes),
                Number::Other => Left::Unknown,
            },
            numwant: json.numwant.get().map(|_| json.numwant.or_zero()),
            offers: offers
                .map(|offer| Offer {
                    offer_id: OfferId(offer.offer_id.0),
                    offer: borrow(offer.offer),
                })
                .collect(),
        }))
    }

    /// The message as a client sends it.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Announce(announce) => announce.write(&mut out),
            Self::Answer(answer) => {
                begin(&answer.info_hash, &mut out);
                write_id("peer_id", &answer.peer_id.0, &mut out);
                write_id("to_peer_id", &answer.to_peer_id.0, &mut out);
                write_id("offer_id", &answer.offer_id.0, &mut out);
                out.push_str(",\"answer\":");
                out.push_str(&answer.answer.0);
                out.push('}');
            }
            Self::Scrape(hashes) => {
                out.push_str("{\"action\":\"scrape\"");
                for (number, hash) in hashes.iter().enumerate() {
                    out.push_str(if number == 0 { ",\"info_hash\":[" } else { "," });
                    write_twenty(&hash.0, &mut out);
                }
                out.push_str(if hashes.is_empty() { "}" } else { "]}" });
            }
        }
        out
    }
}

impl Announce<'_> {
    fn write(&self, out: &mut String) {
        begin(&self.info_hash, out);
        write_id("peer_id", &self.peer_id.0, out);
        let event = match self.event {
            Event::Update => "",
            Event::Started => ",\"event\":\"started\"",
            Event::Stopped => ",\"event\":\"stopped\"",
            Event::Completed => ",\"event\":\"completed\"",
        };
        out.push_str(event);
        put(out, format_args!(",\"uploaded\":{}", self.uploaded));
        put(out, format_args!(",\"downloaded\":{}", self.downloaded));
        match self.left {
            Left::Unsaid => {}
            Left::Unknown => out.push_str(",\"left\":null"),
            Left::Bytes(bytes) => put(out, format_args!(",\"left\":{bytes}")),
        }
        if let Some(number) = self.numwant {
            put(out, format_args!(",\"numwant\":{number}"));
        }
        for (number, offer) in self.offers.iter().enumerate() {
            out.push_str(if number == 0 { ",\"offers\":[" } else { "," });
            out.push_str("{\"offer_id\":");
            write_twenty(&offer.offer_id.0, out);
            out.push_str(",\"offer\":");
            out.push_str(&offer.offer.0);
            out.push('}');
        }
        out.push_str(if self.offers.is_empty() { "}" } else { "]}" });
    }
}

impl<'a> TrackerMessage<'a> {
    /// Reads what a tracker sent.
    ///
    /// # Errors
    /// Not a message; why.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (json, action) = read(text)?;
        let info_hash = json.info_hash.and_then(|raw| hash_of(raw).ok());
        if let Some(reason) = json.failure_reason {
            return Ok(Self::Failure(Failure {
                action,
                info_hash,
                reason,
            }));
        }
        let refused = |reason: &str| failure(action, &json, reason);
        if action == Action::Scrape {
            let files = json.files.ok_or_else(|| refused("there are no files"))?;
            let files: Files = serde_json::from_str(files.get())
                .map_err(|error| refused(&format!("files: {error}")))?;
            return Ok(Self::Scrape(files.0));
        }
        let info_hash =
            info_hash.ok_or_else(|| refused("an info hash has 20 characters up to U+00FF"))?;
        let description = json.offer.or(json.answer);
        let Some(description) = description else {
            return Ok(Self::Reply {
                info_hash,
                interval: json.interval.or_zero(),
                complete: json.complete.or_zero(),
                incomplete: json.incomplete.or_zero(),
            });
        };
        let (Some(peer_id), Some(offer_id)) = (&json.peer_id, &json.offer_id) else {
            return Err(refused("an offer or an answer needs peer_id and offer_id"));
        };
        let (peer_id, offer_id) = (PeerId(peer_id.0), OfferId(offer_id.0));
        let description = Description(Cow::Borrowed(description.get()));
        Ok(if json.offer.is_some() {
            Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                offer: description,
            }
        } else {
            Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                answer: description,
            }
        })
    }

    /// The message as a tracker sends it.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends the message as a tracker sends it.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Reply {
                info_hash,
                interval,
                complete,
                incomplete,
            } => {
                begin(info_hash, out);
                put(
                    out,
                    format_args!(
                        ",\"interval\":{interval},\"complete\":{complete},\"incomplete\":{incomplete}}}"
                    ),
                );
            }
            Self::Offer {
                info_hash,
                peer_id,
                offer_id,
                offer,
            } => write_relayed(info_hash, peer_id, offer_id, ("offer", offer), out),
            Self::Answer {
                info_hash,
                peer_id,
                offer_id,
                answer,
            } => write_relayed(info_hash, peer_id, offer_id, ("answer", answer), out),
            Self::Scrape(files) => {
                out.push_str("{\"action\":\"scrape\",\"files\":{");
                for (number, (hash, counts)) in files.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    write_twenty(&hash.0, out);
                    let Counts {
                        complete,
                        incomplete,
                        downloaded,
                    } = counts;
                    put(
                        out,
                        format_args!(
                            ":{{\"complete\":{complete},\"incomplete\":{incomplete},\"downloaded\":{downloaded}}}"
                        ),
                    );
                }
                out.push_str("}}");
            }
            Self::Failure(failure) => {
                put(
                    out,
                    format_args!("{{\"action\":\"{}\"", failure.action.as_str()),
                );
                if let Some(hash) = &failure.info_hash {
                    write_id("info_hash", &hash.0, out);
                }
                out.push_str(",\"failure reason\":");
                write_text(&failure.reason, out);
                out.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests;
