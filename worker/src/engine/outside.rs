//! What the engine needs: somewhere for sound to go, and the world around it.

use c64::ScopeBuffer;
use protocol::engine::Event;
use ring::pcm::Generation;
use sidfile::Md5;

/// The reader's words of the ring.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reader {
    /// Frames read.
    pub read: u32,
    /// Generation that it plays.
    pub seen: u32,
}

/// Where sound goes. Shared memory and messages differ only here.
pub trait Sink {
    /// Frames that fit.
    fn capacity(&self) -> u32;
    /// What the reader has done.
    fn reader(&self) -> Reader;
    /// Copies interleaved samples to `frame`; the reader does not know of them yet.
    fn store(&mut self, frame: u32, samples: &[f32]);
    /// Tells the reader how far it may read and whether the song ends there, and opens a
    /// generation first where there is a new one.
    fn publish(&mut self, write: u32, is_end: bool, opened: Option<Generation>);
    /// Another song follows: the levels that come now are of it.
    fn next_song(&mut self);
    /// Hands voice levels on. `step` is the distance of two entries, in 1/65536 frames.
    fn scope(&mut self, levels: &ScopeBuffer, step: u32);
}

impl Sink for Box<dyn Sink> {
    fn capacity(&self) -> u32 {
        (**self).capacity()
    }

    fn reader(&self) -> Reader {
        (**self).reader()
    }

    fn store(&mut self, frame: u32, samples: &[f32]) {
        (**self).store(frame, samples);
    }

    fn publish(&mut self, write: u32, is_end: bool, opened: Option<Generation>) {
        (**self).publish(write, is_end, opened);
    }

    fn next_song(&mut self) {
        (**self).next_song();
    }

    fn scope(&mut self, levels: &ScopeBuffer, step: u32) {
        (**self).scope(levels, step);
    }
}

/// What the engine needs of the world.
pub trait Outside {
    /// Says something to the page, with a rendered file beside it.
    fn tell(&self, id: u32, event: &Event, file: Option<Vec<u8>>);
    /// Asks the library for a file; it comes back through [`Engine::file`](super::Engine::file).
    fn ask_for(&self, md5: Md5);
    /// A clock for pacing and for measuring speed.
    fn now_millis(&self) -> f64;
}
