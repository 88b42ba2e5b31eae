//! What the engine does when nobody asks for anything: seek, fill the ring, render a file.

use protocol::EVENT;
use protocol::engine::Event;
use ring::pcm::Generation;

use super::{
    AHEAD_MILLIS, AHEAD_SONG_MILLIS, CHUNK, Engine, Meter, Next, Outside, SILENT_MILLIS,
    SLICE_MILLIS, Sink, Task, end_frame, frames_of, millis_of,
};

impl<S: Sink, O: Outside> Engine<S, O> {
    /// Works for a slice and tells what there is to do next.
    pub fn work(&mut self) -> Next {
        let until = self.outside.now_millis() + SLICE_MILLIS;
        loop {
            let next = self.work_once();
            let has_work = matches!(next, Next::Busy | Next::Ahead);
            if !has_work || self.outside.now_millis() >= until {
                self.tell_meter();
                return next;
            }
        }
    }

    fn work_once(&mut self) -> Next {
        if self.job.is_some() {
            return self.work_on_file();
        }
        if self.export.is_some() {
            return self.work_on_export();
        }
        let Some(song) = &mut self.song else {
            return Next::Idle;
        };
        match song.task {
            Task::Seeking {
                id,
                target,
                is_new,
                told,
            } => self.work_on_seek(id, target, is_new, told),
            // What is heard comes first: the scout runs while there is enough of it.
            Task::Playing => match self.work_on_song() {
                Next::Full => self.work_ahead(),
                next => next,
            },
        }
    }

    fn work_ahead(&mut self) -> Next {
        if self.work_on_next() {
            return Next::Ahead;
        }
        if self.is_joined() {
            // What it finds would be told of a song that is not heard yet.
            return Next::Full;
        }
        let Some(song) = &mut self.song else {
            return Next::Idle;
        };
        let Some(scout) = &mut song.scout else {
            return Next::Full;
        };
        let Some(timeline) = song.session.timeline() else {
            return Next::Full;
        };
        scout.run(timeline, &mut self.chunk);
        let is_done = scout.is_done();
        let now = self.outside.now_millis();
        if is_done || scout.is_due(now) {
            for event in scout.report(song.id, now) {
                self.outside.tell(EVENT, &event, None);
            }
        }
        if is_done {
            song.scout = None;
        }
        Next::Ahead
    }

    fn work_on_export(&mut self) -> Next {
        let Some(export) = &mut self.export else {
            return Next::Idle;
        };
        let now = self.outside.now_millis();
        let done = match export.work(&mut self.chunk, now) {
            None => return Next::Busy,
            Some(done) => done,
        };
        let id = export.id();
        if done.is_last {
            self.export = None;
        }
        self.outside.tell(id, &done.event, done.file);
        Next::Busy
    }

    fn work_on_seek(&mut self, id: u32, target: u32, is_new: bool, told: f64) -> Next {
        let (Some(song), Some(sink)) = (&mut self.song, &mut self.sink) else {
            return Next::Idle;
        };
        if !song.session.advance(target, CHUNK) {
            let now = self.outside.now_millis();
            if now - told > 100.0 {
                song.task = Task::Seeking {
                    id,
                    target,
                    is_new,
                    told: now,
                };
                let (at_millis, target_millis) = (
                    millis_of(song.session.at(), self.rate),
                    millis_of(target, self.rate),
                );
                self.outside.tell(
                    id,
                    &Event::Seeking {
                        at_millis,
                        target_millis,
                    },
                    None,
                );
            }
            return Next::Busy;
        }
        let tune = song.id;
        song.task = Task::Playing;
        song.flow.restart();
        self.tail = None;
        let seen = sink.reader().seen;
        let opened = self
            .writer
            .open(song.session.at(), song.flow.step(), None, seen);
        self.render(CHUNK / 2, Some(opened));
        let (id, event) = match is_new {
            true => (EVENT, Event::Filled { tune }),
            false => {
                let millis = millis_of(target, self.rate);
                (id, Event::Sought { millis })
            }
        };
        self.outside.tell(id, &event, None);
        Next::Busy
    }

    fn work_on_song(&mut self) -> Next {
        self.notice_pass();
        if self.is_due_to_join() {
            self.join();
            return Next::Busy;
        }
        let (Some(song), Some(sink)) = (&mut self.song, &self.sink) else {
            return Next::Idle;
        };
        let reader = sink.reader();
        let ahead = self.writer.ahead(reader.read, reader.seen);
        if song.is_over() {
            if ahead == 0 && reader.seen == self.writer.current().number && !song.is_end_told {
                song.is_end_told = true;
                self.outside
                    .tell(EVENT, &Event::Ended { tune: song.id }, None);
            }
            return Next::Full;
        }
        let wanted = AHEAD_MILLIS.min(song.flow.millis_of_song(AHEAD_SONG_MILLIS));
        if ahead >= frames_of(wanted, self.rate) || self.writer.free(reader.read) < CHUNK {
            return Next::Full;
        }
        self.render(CHUNK, None);
        self.check_song();
        Next::Busy
    }

    /// Renders up to `frames` into the ring, and tells the reader; of a new generation first.
    pub(super) fn render(&mut self, frames: u32, opened: Option<Generation>) {
        let (Some(song), Some(sink)) = (&mut self.song, &mut self.sink) else {
            return;
        };
        let start = self.outside.now_millis();
        let mut left = frames;
        while left > 0 {
            let size = 2 * left.min(CHUNK) as usize;
            let (session, head, scope) = (&mut song.session, &mut song.head, &mut self.scope);
            let count = song.flow.fill(&mut self.chunk[..size], |out| {
                if let Some(count) = head.take(out, |levels| {
                    sink.scope(levels, session.scope_step());
                }) {
                    return count;
                }
                scope.clear();
                let count = session.render(out, Some(&mut *scope));
                if count > 0 {
                    sink.scope(scope, session.scope_step());
                }
                count
            });
            if count == 0 {
                break;
            }
            let samples = &mut self.chunk[..2 * count as usize];
            song.level.apply(samples, self.rate);
            if let Some(tail) = &mut self.tail {
                tail.mix(samples, self.rate);
            }
            self.blend.mix(samples);
            self.blend.store(self.writer.write(), samples);
            sink.store(self.writer.write(), samples);
            self.writer.advance(count);
            self.meter.frames += count;
            left -= count;
        }
        sink.publish(self.writer.write(), song.is_over(), opened);
        self.meter.spent_millis += self.outside.now_millis() - start;
    }

    fn check_song(&mut self) {
        if self.is_joined() {
            // Its failure is told when it is heard.
            return;
        }
        let Some(song) = &mut self.song else { return };
        if let Some(failure) = song.session.failure() {
            let tune = song.id;
            self.song = None;
            self.silence();
            self.fail(EVENT, tune, failure);
            return;
        }
        let silent = millis_of(song.session.silent_frames(), self.rate);
        let is_whole = song.session.is_over() && silent > 0;
        if !song.is_silence_told && (silent >= SILENT_MILLIS || is_whole) {
            song.is_silence_told = true;
            self.outside.tell(
                EVENT,
                &Event::Silent {
                    tune: song.id,
                    millis: silent,
                },
                None,
            );
        }
    }

    fn tell_meter(&mut self) {
        let now = self.outside.now_millis();
        if now < self.meter.next_millis || self.meter.spent_millis <= 0.0 {
            return;
        }
        let Some(sink) = &self.sink else { return };
        let reader = sink.reader();
        let rendered = f64::from(self.meter.frames) * 1000.0 / f64::from(self.rate);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "hundredths of a small number"
        )]
        let speed_percent = (100.0 * rendered / self.meter.spent_millis) as u32;
        let ahead = self.writer.ahead(reader.read, reader.seen);
        let current = self.writer.current();
        let in_song = current.song_at(current.from.wrapping_add(ahead));
        let ahead_millis = millis_of(in_song.wrapping_sub(current.song), self.rate);
        self.meter = Meter {
            next_millis: now + 1000.0,
            ..Meter::default()
        };
        self.outside.tell(
            EVENT,
            &Event::Meter {
                speed_percent,
                ahead_millis,
            },
            None,
        );
    }

    fn work_on_file(&mut self) -> Next {
        let Some(job) = &mut self.job else {
            return Next::Idle;
        };
        let session = &mut job.session;
        let count = job
            .flow
            .fill(&mut self.chunk, |out| session.render(out, None));
        job.wav.push(&self.chunk[..2 * count as usize]);
        let now = self.outside.now_millis();
        if let Some(failure) = job.session.failure() {
            let (id, tune) = (job.id, job.tune);
            self.job = None;
            self.fail(id, tune, failure);
        } else if count == 0 {
            if let Some(job) = self.job.take() {
                let event = Event::FileRendered {
                    tune: job.tune,
                    playing: job.session.playing(),
                };
                self.outside.tell(job.id, &event, Some(job.wav.finish()));
            }
        } else if now - job.told > 100.0 {
            job.told = now;
            let at_millis = millis_of(job.session.at(), self.rate);
            let length_millis = millis_of(end_frame(&job.session), self.rate);
            self.outside.tell(
                job.id,
                &Event::FileProgress {
                    at_millis,
                    length_millis,
                },
                None,
            );
        }
        Next::Busy
    }
}
