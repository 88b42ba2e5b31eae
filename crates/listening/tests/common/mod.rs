//! A page without a browser: a library of a few tunes, and helpers to drive the model.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use catalog::{Entry, Index, Origin, Row};
use listening::{AudioEvent, Effect, Event, Heard, Intent, Model, SoundMode, Ticket};
use protocol::engine::{self, Playing, PlayingChip, Video};
use protocol::find;
use protocol::library::{self, Storage};
use sidfile::{ChipModel, Clock, Format, Md5, SidChip, TuneId};

pub fn entry(title: &str, lengths: &[Option<u32>]) -> Entry {
    Entry {
        md5: Md5::of(title.as_bytes()),
        path: format!("MUSICIANS/{title}.sid"),
        title: title.into(),
        author: "Composer".into(),
        released: "1987 Label".into(),
        format: Format::Psid,
        version: 2,
        clock: Clock::Pal,
        chips: vec![SidChip {
            address: 0xd400,
            model: ChipModel::Mos6581,
        }],
        load_address: 0x1000,
        init_address: 0x1000,
        play_address: 0x1003,
        size: 4000,
        start_song: 1,
        lengths: lengths.to_vec(),
        needs_basic: false,
        origin: Origin::Imported,
        remote: None,
        notes: Vec::new(),
    }
}

pub fn library() -> Index {
    Index::new([
        entry("a", &[Some(60_000), Some(30_000), None]),
        entry("b", &[None]),
        entry("c", &[Some(10_000)]),
    ])
}

pub fn tune(title: &str, song: u16) -> TuneId {
    TuneId {
        md5: Md5::of(title.as_bytes()),
        song,
    }
}

pub fn machine() -> Playing {
    Playing {
        chips: vec![PlayingChip {
            address: 0xd400,
            model: engine::Model::Mos6581,
        }],
        video: Video::Pal,
        grade: engine::Grade::Accurate,
        play_rate_millihertz: 50_125,
    }
}

pub fn answer(index: &mut Index, request: &library::Request) -> Option<library::Event> {
    Some(match request {
        library::Request::Open => library::Event::Opened {
            count: index.len() as u32,
            storage: Storage::Kept,
            repaired: None,
        },
        library::Request::Rows {
            query,
            offset,
            count,
        } => {
            let found = index.select(query);
            library::Event::Rows {
                total: found.len() as u32,
                offset: *offset,
                rows: found
                    .iter()
                    .skip(*offset as usize)
                    .take(*count as usize)
                    .map(|&file| index.row(file))
                    .collect(),
            }
        }
        library::Request::Find(find::Request::Hits {
            query,
            offset,
            count,
        }) => {
            let found = index.search(query);
            let window = found.files.iter().skip(*offset as usize);
            library::Event::Find(find::Event::Hits {
                total: found.files.len() as u32,
                offset: *offset,
                hits: window
                    .take(*count as usize)
                    .map(|file| index.hit(*file, &found))
                    .collect(),
                is_tolerant: found.is_tolerant,
                hints: found.parsed.hints.clone(),
            })
        }
        library::Request::Find(find::Request::Facets { query }) => {
            let found = index.search(query);
            let facets = index.facets(&found);
            library::Event::Find(find::Event::Facets { facets })
        }
        library::Request::Find(find::Request::Shelf {
            shelf,
            under,
            words,
            largest_first,
        }) => {
            let groups = index.shelf(*shelf, under, words, *largest_first);
            library::Event::Find(find::Event::Shelf { groups })
        }
        library::Request::Entry { md5 } => library::Event::Entry {
            md5: *md5,
            entry: index.get(md5).map(Box::new),
        },
        library::Request::Neighbours { query, md5 } => {
            let found = index.select(query);
            let row = |file: u32| index.row(file);
            let place = found.iter().position(|&file| index.md5(file) == *md5);
            library::Event::Neighbours {
                md5: *md5,
                previous: place
                    .and_then(|at| at.checked_sub(1))
                    .map(|at| row(found[at])),
                next: match place {
                    Some(at) => found.get(at + 1).map(|&at| row(at)),
                    None => found.first().map(|&at| row(at)),
                },
            }
        }
        _ => return None,
    })
}

/// The model, and a library that answers at once; what concerns the engine is kept.
pub struct Page {
    pub model: Model,
    pub index: Index,
    pub now: u64,
    pub effects: Vec<Effect>,
    /// What the page keeps in the library.
    pub blobs: BTreeMap<String, Vec<u8>>,
}

impl Page {
    pub fn open(preferences: &str) -> Self {
        Self::open_again(preferences, BTreeMap::new())
    }

    /// A page whose library keeps something of an earlier one.
    pub fn open_again(preferences: &str, blobs: BTreeMap<String, Vec<u8>>) -> Self {
        let mut page = Self {
            model: Model::default(),
            index: library(),
            now: 0,
            effects: Vec::new(),
            blobs,
        };
        page.event(Event::Opened {
            preferences: preferences.into(),
        });
        page
    }

    pub fn event(&mut self, event: Event) {
        let mut effects = self.model.update(event);
        let mut at = 0;
        while at < effects.len() {
            if let Effect::Library(ticket, request) = &effects[at]
                && let Some(event) = self.answer(request)
            {
                let ticket = *ticket;
                effects.extend(self.model.update(Event::Library { ticket, event }));
            }
            at += 1;
        }
        self.effects.extend(effects);
    }

    fn answer(&mut self, request: &library::Request) -> Option<library::Event> {
        match request {
            library::Request::GetBlob { name } => Some(library::Event::Blob {
                name: name.clone(),
                bytes: self.blobs.get(name).cloned(),
            }),
            library::Request::PutBlob { name, bytes } => {
                self.blobs
                    .insert(name.clone(), bytes.clone().unwrap_or_default());
                Some(library::Event::BlobKept { name: name.clone() })
            }
            _ => answer(&mut self.index, request),
        }
    }

    pub fn wish(&mut self, intent: Intent) {
        self.event(Event::Wish(intent));
    }

    pub fn row(&mut self, title: &str) -> Intent {
        let md5 = Md5::of(title.as_bytes());
        Intent::PlayRow(std::sync::Arc::new(Row::from(
            &self.index.get(&md5).expect("the tune is in the library"),
        )))
    }

    pub fn mode(&mut self, mode: SoundMode) {
        self.event(Event::Audio(AudioEvent::ModeChosen(mode)));
    }

    pub fn engine(&mut self, ticket: Ticket, event: engine::Event) {
        self.event(Event::Engine {
            ticket,
            event,
            file: None,
        });
    }

    pub fn tick(&mut self, millis: u64, position_millis: u32) {
        self.now += millis;
        let heard = Heard {
            position_millis,
            underruns: 0,
        };
        self.event(Event::Tick {
            now: self.now,
            heard,
        });
    }

    /// The last request to the engine about the current song.
    pub fn asked(&self) -> Option<(Ticket, engine::Request)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Engine(
                _,
                engine::Request::Prepare { .. }
                | engine::Request::Unprepare
                | engine::Request::SetLevel { .. },
            ) => None,
            Effect::Engine(ticket, request) => Some((*ticket, request.clone())),
            _ => None,
        })
    }

    /// Lets the engine answer its last load.
    pub fn loads(&mut self) -> TuneId {
        let (ticket, tune) = self
            .effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Engine(ticket, engine::Request::Load { tune, .. }) => {
                    Some((*ticket, *tune))
                }
                _ => None,
            })
            .expect("a load was asked for");
        let playing = machine();
        self.engine(ticket, engine::Event::Loaded { tune, playing });
        tune
    }

    /// Plays a row with a ring, as far as sound.
    pub fn playing(title: &str) -> Self {
        let mut page = Self::open("");
        let row = page.row(title);
        page.wish(row);
        page.mode(SoundMode::Ring);
        page.loads();
        page
    }
}
