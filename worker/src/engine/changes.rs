//! What the listener changes while a song plays: the place, the voices, the machine, the tempo.

use std::rc::Rc;

use protocol::engine::{ALL_AUDIBLE, Audible, Event, Failure, MAX_CHIPS, Overrides, Tempo};

use super::tempo::Flow;
use super::{
    CHUNK, Engine, Order, Outside, PRIME_MILLIS, SPLICE_MILLIS, Session, Sink, Task, Wanted,
    end_frame, frames_of, millis_of,
};

impl<S: Sink, O: Outside> Engine<S, O> {
    fn no_song(&self, id: u32) {
        let failure = Failure::State("no tune is loaded".into());
        self.outside.tell(
            id,
            &Event::Failed {
                tune: None,
                failure,
            },
            None,
        );
    }

    pub(super) fn seek(&mut self, id: u32, millis: u32) {
        self.part();
        let Some(song) = &mut self.song else {
            return self.no_song(id);
        };
        let target = frames_of(millis, self.rate).min(end_frame(&song.session));
        let is_muted = song.audible != [ALL_AUDIBLE; MAX_CHIPS];
        song.session.rewind(target, is_muted);
        song.head.clear();
        song.is_end_told = false;
        song.task = Task::Seeking {
            id,
            target,
            is_new: false,
            told: self.outside.now_millis(),
        };
    }

    pub(super) fn set_audible(&mut self, id: u32, audible: Audible) {
        self.part();
        let Some(song) = &mut self.song else {
            return self.no_song(id);
        };
        song.audible = audible;
        self.change(|session| session.set_audible(audible));
        self.outside.tell(id, &Event::Changed, None);
    }

    /// Changes the song that plays, and renders again from shortly ahead of the play head.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Session)) {
        let (Some(song), Some(sink)) = (&mut self.song, &mut self.sink) else {
            return;
        };
        if matches!(song.task, Task::Seeking { .. }) {
            change(&mut song.session);
            return;
        }
        let reader = sink.reader();
        let ahead = self.writer.ahead(reader.read, reader.seen);
        let splice = frames_of(SPLICE_MILLIS, self.rate);
        // While the last change has not been reached yet, this one starts from the same place.
        let pending = self.writer.current();
        let is_seen = reader.seen == pending.number;
        let (at, target) = if is_seen {
            let at = reader.read.wrapping_add(splice.min(ahead));
            (at, self.writer.song_position(at, reader.seen))
        } else {
            (pending.switch, pending.song)
        };
        let is_splice = is_seen || pending.splice;
        if is_splice {
            let end = if is_seen {
                self.writer.write()
            } else {
                pending.from
            };
            self.blend.keep(at, end, self.rate);
        }
        song.session.rewind(target, true);
        song.head.clear();
        // What faded out with it cannot be rendered again in step.
        self.tail = None;
        change(&mut song.session);
        while !song.session.advance(target, CHUNK) {}
        song.is_end_told = false;
        song.flow.restart();
        let step = song.flow.step();
        let opened = self
            .writer
            .open(target, step, is_splice.then_some(at), reader.seen);
        self.render(frames_of(PRIME_MILLIS, self.rate), Some(opened));
    }

    pub(super) fn set_end(&mut self, id: u32, end_millis: u32) {
        if self.is_joined() {
            // It is over already.
            return;
        }
        let Some(song) = &mut self.song else {
            return self.no_song(id);
        };
        song.end_millis = Some(end_millis);
        song.finds_length = false;
        song.session.set_end(end_millis);
        if let Some(scout) = &mut song.scout {
            scout.set_end(end_millis);
        }
        if song.flow.is_finished() && !song.session.is_over() {
            // It has been brought to an end that it does not have any more.
            self.change(|_| ());
        }
    }

    pub(super) fn set_tempo(&mut self, id: u32, tempo: Tempo) {
        self.part();
        let Some(song) = &mut self.song else {
            return self.no_song(id);
        };
        song.tempo = tempo;
        song.flow = Flow::new(self.rate, tempo);
        let (tune, asked, source) = (song.id, song.asked, Rc::clone(&song.source));
        // A grade that is fast enough at the song's own speed need not be so at another.
        let overrides = self.settle(asked, &source, tempo);
        if let Some(song) = &mut self.song {
            song.overrides = overrides;
        }
        self.change(|session| session.set_overrides(overrides));
        if let Some(song) = &self.song {
            let playing = song.session.playing();
            self.outside
                .tell(id, &Event::Loaded { tune, playing }, None);
        }
    }

    /// Another model is put in while the song plays; another video standard makes another machine,
    /// which has to get to the place first.
    pub(super) fn set_overrides(&mut self, id: u32, overrides: Overrides) {
        self.part();
        let Some(song) = &mut self.song else {
            return self.no_song(id);
        };
        if overrides.video == song.overrides.video {
            let (tune, source, tempo) = (song.id, Rc::clone(&song.source), song.tempo);
            song.asked = overrides;
            let overrides = self.settle(overrides, &source, tempo);
            if let Some(song) = &mut self.song {
                song.overrides = overrides;
            }
            self.change(|session| session.set_overrides(overrides));
            if let Some(song) = &mut self.song {
                // The other model has another loudness, and other moments.
                song.send_scout(self.rate);
                let playing = song.session.playing();
                self.outside
                    .tell(id, &Event::Loaded { tune, playing }, None);
            }
            return;
        }
        let at = match (song.task, &self.sink) {
            (Task::Seeking { target, .. }, _) => target,
            (Task::Playing, Some(sink)) => {
                let reader = sink.reader();
                self.writer.song_position(reader.read, reader.seen)
            }
            (Task::Playing, None) => 0,
        };
        let wanted = Wanted::Play {
            id,
            start_millis: millis_of(at, self.rate),
            end_millis: song.end_millis,
            finds_length: song.finds_length,
            tempo: song.tempo,
        };
        let order = Order {
            tune: song.id,
            overrides,
            audible: song.audible,
            wanted,
        };
        let source = Rc::clone(&song.source);
        self.fill(order, source);
    }
}
