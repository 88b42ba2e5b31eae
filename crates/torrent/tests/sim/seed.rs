//! Web seeds of the simulated world, good and bad.

use torrent::FetchId;
use torrent::session::Input;

use super::{Happening, World};

/// How a web seed behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Good,
    Lies,
    Cuts,
    Missing,
    Silent,
    TooMuch,
}

pub struct SimSeed {
    pub bytes: Vec<u8>,
    pub manner: Manner,
    pub rate: u64,
    pub served: u64,
}

impl World {
    pub fn serve(
        &mut self,
        node: usize,
        fetch: FetchId,
        url: String,
        offset: u64,
        left: u64,
        length: u64,
    ) {
        if self.cancelled.contains(&(node, fetch)) {
            return;
        }
        let Some(seed) = self.seeds.get_mut(&url) else {
            return self.input(
                node,
                Input::FetchFailed(fetch, Some(404), "not found".into()),
            );
        };
        let mut part = left.min(65_536);
        if seed.manner == Manner::Cuts {
            part = part.min(length / 2);
        }
        let wait = part * 1000 / seed.rate;
        let done = length - left;
        match seed.manner {
            Manner::Missing => {
                return self.input(node, Input::FetchFailed(fetch, Some(404), "gone".into()));
            }
            Manner::Silent => return,
            Manner::Cuts if done >= length / 2 => {
                return self.input(node, Input::FetchDone(fetch));
            }
            Manner::Good | Manner::Lies | Manner::Cuts | Manner::TooMuch => {}
        }
        if left == 0 {
            return self.input(node, Input::FetchDone(fetch));
        }
        let start = (offset + done) as usize;
        let mut bytes = seed.bytes[start..start + part as usize].to_vec();
        seed.served += part;
        match seed.manner {
            Manner::Lies => bytes[0] ^= 1,
            Manner::TooMuch if left == part => bytes.extend([0; 70_000]),
            _ => {}
        }
        let next = Happening::Seed(node, fetch, url, offset, left - part, length);
        self.schedule(self.now + wait, next);
        self.input(node, Input::Fetched(fetch, bytes));
    }
}
