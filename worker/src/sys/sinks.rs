//! The two ways for sound to leave: shared memory, and messages to the worklet.

use std::cell::Cell;
use std::rc::Rc;

use c64::ScopeBuffer;
use js_sys::{Array, Atomics, Float32Array, Int16Array, Int32Array, Object, Reflect};
use protocol::EVENT;
use protocol::engine::Event;
use ring::pcm::{self, Generation, word};
use ring::scope;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};

use super::messages::post;
use crate::engine::{Reader, Sink};

/// Entries of the scope ring that lie between the entries of a batch and its frames do not line
/// up exactly, so the position of the last entry is rounded down.
fn last_frame(levels: &ScopeBuffer, step: u32) -> Option<(usize, u32)> {
    let count = levels.chips.first().map_or(0, Vec::len);
    let after = (count.checked_sub(1)? as u64 * u64::from(step)) >> 16;
    Some((
        count,
        u32::try_from(levels.first_frame + after).unwrap_or(u32::MAX),
    ))
}

/// Rings in shared memory.
pub struct SharedSink {
    words: Int32Array,
    samples: Float32Array,
    capacity: u32,
    scope_words: Int32Array,
    scope_levels: Int16Array,
    scope_capacity: u32,
    scope_write: u32,
    scratch: Vec<i16>,
}

impl SharedSink {
    /// Sink over the two buffers that the page made.
    ///
    /// # Errors
    /// They are no rings.
    pub fn new(pcm_buffer: &JsValue, scope_buffer: &JsValue) -> Result<Self, String> {
        let length = |buffer: &JsValue| {
            Reflect::get(buffer, &"byteLength".into())
                .ok()
                .and_then(|length| length.as_f64())
                .unwrap_or(0.0)
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rings have a few megabytes"
        )]
        let bytes = length(pcm_buffer) as u32;
        if bytes < pcm::byte_length(0) || length(scope_buffer) < f64::from(scope::byte_length(0)) {
            return Err("the rings did not come with the message".into());
        }
        let words = Int32Array::new_with_byte_offset_and_length(pcm_buffer, 0, pcm::HEADER_WORDS);
        let fixed = [word::MAGIC, word::VERSION, word::RATE, word::CAPACITY]
            .map(|at| words.get_index(at).cast_unsigned());
        let capacity = pcm::check_layout(fixed, bytes).map_err(|error| error.to_string())?;
        let scope_words =
            Int32Array::new_with_byte_offset_and_length(scope_buffer, 0, scope::HEADER_WORDS);
        Ok(Self {
            samples: Float32Array::new_with_byte_offset(pcm_buffer, pcm::HEADER_WORDS * 4),
            words,
            capacity,
            scope_capacity: scope_words.get_index(scope::word::CAPACITY).cast_unsigned(),
            scope_levels: Int16Array::new_with_byte_offset(scope_buffer, scope::HEADER_WORDS * 4),
            scope_words,
            scope_write: 0,
            scratch: Vec::new(),
        })
    }
}

/// Stores where the other side looks without a lock.
fn set(words: &Int32Array, at: u32, value: u32) {
    // An index inside the array cannot fail.
    let _ = Atomics::store(words, at, value.cast_signed());
}

fn get(words: &Int32Array, at: u32) -> u32 {
    Atomics::load(words, at).unwrap_or(0).cast_unsigned()
}

impl Sink for SharedSink {
    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn reader(&self) -> Reader {
        // SEEN first: a generation seen after READ was taken would be counted from a wrong place.
        let seen = get(&self.words, word::SEEN);
        Reader {
            seen,
            read: get(&self.words, word::READ),
        }
    }

    fn store(&mut self, frame: u32, samples: &[f32]) {
        let mut rest = samples;
        let count = u32::try_from(samples.len() / 2).unwrap_or(0);
        for (start, length) in pcm::stretches(self.capacity, frame, count) {
            let (part, later) = rest.split_at(length as usize);
            self.samples.subarray(start, start + length).copy_from(part);
            rest = later;
        }
    }

    fn publish(&mut self, write: u32, is_end: bool, opened: Option<Generation>) {
        let words = &self.words;
        if let Some(opened) = opened {
            set(words, word::GENERATION, opened.number.wrapping_sub(1));
            set(words, word::FROM, opened.from);
            set(words, word::SWITCH, opened.switch);
            set(words, word::SPLICE, u32::from(opened.splice));
            set(words, word::SONG, opened.song);
            set(words, word::STEP, opened.step);
            set(words, word::ENDED, u32::from(is_end));
            set(words, word::WRITE, write);
            set(words, word::GENERATION, opened.number);
        } else {
            set(words, word::WRITE, write);
            set(words, word::ENDED, u32::from(is_end));
        }
    }

    fn next_song(&mut self) {
        for (old, now) in [
            (scope::word::OLD_WRITE, scope::word::WRITE),
            (scope::word::OLD_STEP, scope::word::STEP),
            (scope::word::OLD_SONG, scope::word::SONG),
        ] {
            set(&self.scope_words, old, get(&self.scope_words, now));
        }
    }

    fn scope(&mut self, levels: &ScopeBuffer, step: u32) {
        let Some((count, last)) = last_frame(levels, step) else {
            return;
        };
        let width = scope::LEVELS as usize;
        self.scratch.clear();
        self.scratch.resize(count * width, 0);
        for (chip, entries) in levels.chips.iter().enumerate().take(width / 4) {
            for (frame, entry) in self.scratch.chunks_exact_mut(width).zip(entries) {
                frame[4 * chip..4 * chip + 4].copy_from_slice(entry);
            }
        }
        for frame in self.scratch.chunks_exact(width) {
            let at = (self.scope_write & (self.scope_capacity - 1)) * scope::LEVELS;
            self.scope_levels
                .subarray(at, at + scope::LEVELS)
                .copy_from(frame);
            self.scope_write = self.scope_write.wrapping_add(1);
        }
        set(
            &self.scope_words,
            scope::word::CHIPS,
            u32::try_from(levels.chips.len()).unwrap_or(0),
        );
        set(&self.scope_words, scope::word::STEP, step);
        set(&self.scope_words, scope::word::SONG, last);
        set(&self.scope_words, scope::word::WRITE, self.scope_write);
    }
}

/// Frames of the ring that lies in the worklet; the page makes it as large.
const PORT_CAPACITY: u32 = 1 << 17;

/// Messages to the worklet, which keeps the ring.
pub struct PortSink {
    port: MessagePort,
    reader: Rc<Cell<Reader>>,
    words: [i32; 8],
}

impl PortSink {
    /// Sink over a port to the worklet.
    pub fn new(port: MessagePort) -> Self {
        let reader = Rc::new(Cell::new(Reader::default()));
        let told = Rc::clone(&reader);
        let on_words = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(words) = event.data().dyn_into::<Int32Array>() {
                told.set(Reader {
                    read: words.get_index(0).cast_unsigned(),
                    seen: words.get_index(word::SEEN - word::READ).cast_unsigned(),
                });
            }
        });
        port.set_onmessage(Some(on_words.as_ref().unchecked_ref()));
        // It lives as long as the port.
        on_words.forget();
        Self {
            port,
            reader,
            words: [0; 8],
        }
    }

    fn send(&self, fields: &[(&str, &JsValue)], transfer: &Array) {
        let message = Object::new();
        for (name, value) in fields {
            // A plain object takes any property.
            let _ = Reflect::set(&message, &(*name).into(), value);
        }
        if let Err(error) = self.port.post_message_with_transferable(&message, transfer) {
            web_sys::console::error_2(&"sound could not be sent".into(), &error);
        }
    }
}

impl Sink for PortSink {
    fn capacity(&self) -> u32 {
        PORT_CAPACITY
    }

    fn reader(&self) -> Reader {
        self.reader.get()
    }

    fn store(&mut self, frame: u32, samples: &[f32]) {
        let mut rest = samples;
        let count = u32::try_from(samples.len() / 2).unwrap_or(0);
        for (start, length) in pcm::stretches(PORT_CAPACITY, frame, count) {
            let (part, later) = rest.split_at(length as usize);
            rest = later;
            if length > 0 {
                let block = Float32Array::from(part);
                let transfer = Array::of1(&block.buffer());
                self.send(&[("block", &block), ("at", &start.into())], &transfer);
            }
        }
    }

    fn publish(&mut self, write: u32, is_end: bool, opened: Option<Generation>) {
        let words = &mut self.words;
        words[0] = write.cast_signed();
        if let Some(opened) = opened {
            words[1] = opened.number.cast_signed();
            words[2] = opened.from.cast_signed();
            words[3] = opened.switch.cast_signed();
            words[4] = i32::from(opened.splice);
            words[5] = opened.song.cast_signed();
            words[6] = opened.step.cast_signed();
        }
        words[7] = i32::from(is_end);
        self.send(
            &[("words", &Int32Array::from(self.words.as_slice()))],
            &Array::new(),
        );
    }

    // The page sees by their places that levels are of another song.
    fn next_song(&mut self) {}

    fn scope(&mut self, levels: &ScopeBuffer, _step: u32) {
        let count = levels.chips.first().map_or(0, Vec::len);
        let chips = levels.chips.len().min(scope::LEVELS as usize / 4);
        let entries = (0..count).flat_map(|at| {
            levels.chips[..chips]
                .iter()
                .filter_map(move |chip| chip.get(at))
        });
        let flat: Vec<i16> = entries.flatten().copied().collect();
        if flat.is_empty() {
            return;
        }
        let frame = u32::try_from(levels.first_frame).unwrap_or(u32::MAX);
        let chips = u8::try_from(chips).unwrap_or(0);
        post(
            EVENT,
            &Event::Scope {
                frame,
                chips,
                levels: flat,
            },
            None,
        );
    }
}
