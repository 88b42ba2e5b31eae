//! The audio graph: worklet, gain, speakers; and an `<audio>` element that keeps media keys alive,
//! or plays rendered files where there is no worklet.

mod browser;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Int32Array, Object, Reflect, SharedArrayBuffer, Uint8Array};
use protocol::engine::{Output, Tempo};
use protocol::visuals::Request;
use ring::pcm;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioContext, AudioContextState, AudioWorkletNode, AudioWorkletNodeOptions, GainNode,
    HtmlAudioElement, MessageChannel, MessageEvent,
};

use browser::{forget, gain_of, has_worklet, is_isolated, silence, worklet_node};

use super::workers::{Workers, asset, object_url};
use super::{document, visuals};

/// Frames of the PCM ring: more than a second at any rate, twice over for a change of voices.
const PCM_CAPACITY: u32 = 1 << 17;
/// Seconds of fading when sound starts or stops, so that it does not click.
const FADE_SECONDS: f64 = 0.008;
/// The speakers are opened after this time, if the listener does nothing.
const SPEAKERS_MILLIS: i32 = 6_000;
/// Time constant of a change of level, which should not be noticed.
const LEVEL_SECONDS: f64 = 0.6;

/// How sound gets to the speakers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Through shared memory.
    Ring,
    /// In messages, where memory cannot be shared.
    Port,
    /// As a rendered file, where there is no worklet.
    File,
}

/// What the audio graph tells.
pub enum AudioEvent {
    /// How sound will get to the speakers; said once.
    ModeChosen(Mode),
    /// Somebody else took the speakers (a phone call).
    Interrupted,
    /// The speakers are back.
    Resumed,
    /// There is no sound, in words.
    Failed(String),
    /// The rendered file was played to its end.
    FileEnded,
    /// Sound goes through other rings than before, see [`Audio::show_rings`].
    Connected,
}

/// What has been heard, by the audio clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Position in the song.
    pub position_millis: u32,
    /// Times that sound was missing.
    pub underruns: u32,
    /// Frames that were missing.
    pub missing_frames: u32,
}

type OnMessage = Closure<dyn FnMut(MessageEvent)>;

/// The graph behind a worklet.
struct Graph {
    context: AudioContext,
    gain: GainNode,
    node: RefCell<Option<AudioWorkletNode>>,
    /// The header of the ring, or a copy that the worklet sends.
    words: RefCell<Int32Array>,
    /// Kept as long as the context may call it.
    _on_state: Closure<dyn FnMut()>,
    on_words: RefCell<Option<OnMessage>>,
}

struct Inner {
    workers: Workers,
    handler: Box<dyn Fn(AudioEvent)>,
    mode: Cell<Option<Mode>>,
    /// Made before its graph, which needs the worklet's program first.
    context: RefCell<Option<AudioContext>>,
    graph: RefCell<Option<Rc<Graph>>>,
    /// Media element: rendered files in [`Mode::File`], else silence that holds the media keys.
    element: HtmlAudioElement,
    volume: Cell<f32>,
    /// Factor that brings the tune to the common loudness.
    level: Cell<f32>,
    playing: Cell<bool>,
    unlocked: Cell<bool>,
    /// The rings of sound and levels, where memory is shared.
    rings: RefCell<Option<(JsValue, JsValue)>>,
    on_ended: RefCell<Option<Closure<dyn FnMut()>>>,
}

/// Handle to the audio graph.
#[derive(Clone)]
pub struct Audio {
    inner: Rc<Inner>,
}

impl Audio {
    /// Chooses how sound gets out and sets it up; nothing sounds before [`unlock`](Self::unlock).
    pub fn new(workers: &Workers, handler: impl Fn(AudioEvent) + 'static) -> Self {
        let element = HtmlAudioElement::new().expect("every browser has media elements");
        let audio = Self {
            inner: Rc::new(Inner {
                workers: workers.clone(),
                handler: Box::new(handler),
                mode: Cell::new(None),
                context: RefCell::new(None),
                graph: RefCell::new(None),
                element,
                volume: Cell::new(1.0),
                level: Cell::new(1.0),
                playing: Cell::new(false),
                unlocked: Cell::new(false),
                rings: RefCell::new(None),
                on_ended: RefCell::new(None),
            }),
        };
        let this = audio.clone();
        workers.on_engine_restart(move || this.connect_engine());
        let this = audio.clone();
        spawn_local(async move { this.set_up().await });
        audio
    }

    async fn set_up(&self) {
        let mode = match self.set_up_graph().await {
            Ok(mode) => mode,
            Err(error) => {
                let reason = format!("{:?}", error);
                web_sys::console::warn_2(
                    &"no audio worklet, playing rendered files".into(),
                    &error,
                );
                if !has_worklet() {
                    Mode::File
                } else {
                    (self.inner.handler)(AudioEvent::Failed(reason));
                    return;
                }
            }
        };
        self.inner.mode.set(Some(mode));
        self.connect_engine();
        self.set_up_element(mode);
        (self.inner.handler)(AudioEvent::ModeChosen(mode));
        // A gesture may have come while the worklet was loading.
        if self.inner.unlocked.get() {
            self.apply_playing();
        }
    }

    async fn set_up_graph(&self) -> Result<Mode, JsValue> {
        if !has_worklet() {
            return Err("this page has no AudioWorklet".into());
        }
        // Opening the speakers holds a browser up for tens of milliseconds, in which the page would
        // not be drawn.
        document::sign_of_life(SPEAKERS_MILLIS).await;
        let context = AudioContext::new()?;
        *self.inner.context.borrow_mut() = Some(context.clone());
        JsFuture::from(context.audio_worklet()?.add_module(&asset("pcm")?)?).await?;
        let gain = context.create_gain()?;
        gain.gain().set_value(0.0);
        gain.connect_with_audio_node(&context.destination())?;
        let this = self.clone();
        let on_state = Closure::new(move || this.state_changed());
        context.set_onstatechange(Some(on_state.as_ref().unchecked_ref()));
        *self.inner.graph.borrow_mut() = Some(Rc::new(Graph {
            context,
            gain,
            node: RefCell::new(None),
            words: RefCell::new(Int32Array::new_with_length(pcm::HEADER_WORDS)),
            _on_state: on_state,
            on_words: RefCell::new(None),
        }));
        Ok(if is_isolated() {
            Mode::Ring
        } else {
            Mode::Port
        })
    }

    /// Makes rings, a worklet node and the engine's end of them; again after the engine died.
    fn connect_engine(&self) {
        let problem = match self.inner.mode.get() {
            None => return,
            Some(Mode::File) => {
                self.inner.workers.start_engine(44_100, Output::File, &[]);
                return;
            }
            Some(mode) => self.connect_worklet(mode).err(),
        };
        if let Some(error) = problem {
            (self.inner.handler)(AudioEvent::Failed(format!("{error:?}")));
        }
    }

    fn connect_worklet(&self, mode: Mode) -> Result<(), JsValue> {
        let Some(graph) = self.inner.graph.borrow().clone() else {
            return Ok(());
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is a small integer"
        )]
        let rate = graph.context.sample_rate() as u32;
        let bytes = pcm::byte_length(PCM_CAPACITY);
        let buffer: JsValue = match mode {
            Mode::Ring => SharedArrayBuffer::new(bytes).into(),
            _ => ArrayBuffer::new(bytes).into(),
        };
        let words = Int32Array::new_with_byte_offset_and_length(&buffer, 0, pcm::HEADER_WORDS);
        for (word, value) in [
            (pcm::word::MAGIC, pcm::MAGIC_VALUE),
            (pcm::word::VERSION, pcm::VERSION_VALUE),
            (pcm::word::RATE, rate),
            (pcm::word::CAPACITY, PCM_CAPACITY),
        ] {
            words.set_index(word, value.cast_signed());
        }

        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_inputs(0);
        options.set_output_channel_count(&Array::of1(&2.into()));
        let beside = Object::new();
        Reflect::set(&beside, &"ring".into(), &buffer)?;
        let channel = MessageChannel::new()?;
        options.set_processor_options(Some(&beside));
        let node = worklet_node(
            &graph.context,
            &options,
            (mode == Mode::Port).then(|| channel.port1()),
        )?;
        node.connect_with_audio_node(&graph.gain)?;
        if let Some(old) = graph.node.borrow_mut().replace(node) {
            old.disconnect()?;
        }

        let output = if mode == Mode::Ring {
            let scope_buffer = visuals::scope_ring();
            *self.inner.rings.borrow_mut() = Some((buffer.clone(), scope_buffer.clone()));
            self.inner.workers.start_engine(
                rate,
                Output::Ring,
                &[("pcm", &buffer), ("scope", &scope_buffer)],
            );
            *graph.words.borrow_mut() = words;
            Output::Ring
        } else {
            *self.inner.rings.borrow_mut() = None;
            *graph.words.borrow_mut() = Int32Array::new_with_length(pcm::HEADER_WORDS);
            let copy = graph.words.borrow().clone();
            copy.set_index(pcm::word::RATE, rate.cast_signed());
            let on_words = Closure::new(move |event: MessageEvent| {
                if let Ok(words) = event.data().dyn_into::<Int32Array>() {
                    copy.set(&words, pcm::word::READ);
                }
            });
            if let Some(node) = &*graph.node.borrow() {
                node.port()?
                    .set_onmessage(Some(on_words.as_ref().unchecked_ref()));
            }
            *graph.on_words.borrow_mut() = Some(on_words);
            self.inner
                .workers
                .start_engine(rate, Output::Port, &[("port", &channel.port2())]);
            Output::Port
        };
        debug_assert_ne!(output, Output::File);
        (self.inner.handler)(AudioEvent::Connected);
        Ok(())
    }

    fn set_up_element(&self, mode: Mode) {
        let element = &self.inner.element;
        if mode == Mode::File {
            let this = self.clone();
            let on_ended = Closure::new(move || (this.inner.handler)(AudioEvent::FileEnded));
            element.set_onended(Some(on_ended.as_ref().unchecked_ref()));
            *self.inner.on_ended.borrow_mut() = Some(on_ended);
        } else {
            element.set_loop(true);
            if let Some(url) = object_url(&Uint8Array::from(silence().as_slice()), "audio/wav") {
                element.set_src(&url);
            }
        }
    }

    /// Gets sound out in another way, where that is possible here, and tells which it is then.
    pub fn use_mode(&self, mode: Mode) {
        let has_graph = self.inner.graph.borrow().is_some();
        let is_possible = match mode {
            Mode::File => true,
            Mode::Port => has_graph,
            Mode::Ring => has_graph && is_isolated(),
        };
        let now = self.inner.mode.get();
        let Some(mode) = Some(mode).filter(|_| is_possible).or(now) else {
            return;
        };
        if now != Some(mode) {
            let element = &self.inner.element;
            let _ = element.pause();
            element.set_onended(None);
            element.set_loop(false);
            if mode == Mode::File
                && let Some(graph) = &*self.inner.graph.borrow()
                && let Some(node) = graph.node.take()
            {
                // What is not connected is silent, whatever its engine does.
                let _ = node.disconnect();
            }
            self.inner.mode.set(Some(mode));
            self.connect_engine();
            self.set_up_element(mode);
            self.apply_playing();
        }
        (self.inner.handler)(AudioEvent::ModeChosen(mode));
    }

    /// Lets sound out. Browsers allow that only inside a gesture of the listener's.
    pub fn unlock(&self) {
        self.inner.unlocked.set(true);
        if let Some(context) = &*self.inner.context.borrow()
            && context.state() != AudioContextState::Running
        {
            forget(context.resume());
        }
    }

    /// Goes on playing.
    pub fn play(&self) {
        self.inner.playing.set(true);
        self.apply_playing();
    }

    /// Stops where it is.
    pub fn pause(&self) {
        self.inner.playing.set(false);
        self.apply_playing();
    }

    fn apply_playing(&self) {
        let playing = self.inner.playing.get();
        let Some(mode) = self.inner.mode.get() else {
            return;
        };
        if playing {
            if mode != Mode::File || !self.inner.element.src().is_empty() {
                forget(self.inner.element.play());
            }
        } else {
            let _ = self.inner.element.pause();
        }
        let Some(graph) = self.inner.graph.borrow().clone() else {
            return;
        };
        if playing {
            forget(graph.context.resume());
            Self::fade(&graph, self.gain(), FADE_SECONDS);
            return;
        }
        Self::fade(&graph, 0.0, FADE_SECONDS);
        let this = self.clone();
        // Five time constants later the sound is below 1 %, and the clock can stop.
        gloo::timers::callback::Timeout::new(40, move || {
            if !this.inner.playing.get() {
                forget(graph.context.suspend());
            }
        })
        .forget();
    }

    /// Sets the volume, 0 to 1 as the ear hears it.
    pub fn set_volume(&self, volume: f32) {
        self.inner.volume.set(volume.clamp(0.0, 1.0));
        self.apply_gain(FADE_SECONDS);
    }

    /// Sets the factor that brings the tune to the common loudness.
    pub fn set_level(&self, level: f32) {
        self.inner.level.set(level.clamp(0.0, 8.0));
        self.apply_gain(LEVEL_SECONDS);
    }

    fn gain(&self) -> f32 {
        gain_of(self.inner.volume.get()) * self.inner.level.get()
    }

    fn apply_gain(&self, seconds: f64) {
        if self.inner.mode.get() == Some(Mode::File) {
            // An element cannot be louder than its file.
            let gain = f64::from(self.gain()).min(1.0);
            self.inner.element.set_volume(gain);
        }
        let graph = self.inner.graph.borrow().clone();
        if let Some(graph) = graph
            && self.inner.playing.get()
        {
            Self::fade(&graph, self.gain(), seconds);
        }
    }

    fn fade(graph: &Graph, gain: f32, seconds: f64) {
        let parameter = graph.gain.gain();
        let now = graph.context.current_time();
        // The only failure is a negative time.
        let _ = parameter.cancel_scheduled_values(now);
        let _ = parameter.set_target_at_time(gain, now, seconds);
    }

    /// What has been heard.
    pub fn heard(&self) -> Heard {
        if self.inner.mode.get() == Some(Mode::File) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "seconds of a song"
            )]
            let position_millis = (self.inner.element.current_time() * 1000.0) as u32;
            return Heard {
                position_millis,
                ..Heard::default()
            };
        }
        let Some(graph) = self.inner.graph.borrow().clone() else {
            return Heard::default();
        };
        let words = graph.words.borrow();
        let word = |at: u32| words.get_index(at).cast_unsigned();
        let rate = word(pcm::word::RATE).max(1);
        let millis = u64::from(word(pcm::word::POSITION)) * 1000 / u64::from(rate);
        Heard {
            position_millis: u32::try_from(millis).unwrap_or(u32::MAX),
            underruns: word(pcm::word::UNDERRUNS),
            missing_frames: word(pcm::word::MISSING),
        }
    }

    /// How sound gets out; `None` until that is known.
    pub fn mode(&self) -> Option<Mode> {
        self.inner.mode.get()
    }

    /// Plays a rendered file. [`Mode::File`] only.
    pub fn play_file(&self, url: &str, start_millis: u32) {
        let element = &self.inner.element;
        let old = element.src();
        element.set_src(url);
        if old.starts_with("blob:") {
            // It cannot be in use any more.
            let _ = web_sys::Url::revoke_object_url(&old);
        }
        element.set_volume(f64::from(self.gain()).min(1.0));
        self.seek_file(start_millis);
        if self.inner.playing.get() {
            forget(element.play());
        }
    }

    /// Sets the speed of rendered files. [`Mode::File`] only; elsewhere the engine does it.
    pub fn set_tempo(&self, tempo: Tempo) {
        let element = &self.inner.element;
        let rate = f64::from(tempo.speed_percent) / 100.0;
        // A file that is loaded later begins at the default.
        element.set_default_playback_rate(rate);
        element.set_playback_rate(rate);
        // A browser without it keeps the pitch.
        let _ = Reflect::set(
            element,
            &"preservesPitch".into(),
            &(!tempo.pitch_follows).into(),
        );
    }

    /// Goes to a place in the rendered file.
    pub fn seek_file(&self, millis: u32) {
        self.inner
            .element
            .set_current_time(f64::from(millis) / 1000.0);
    }

    /// Shows the rings to the visuals; without shared memory there are none.
    pub fn show_rings(&self) {
        let Some(graph) = self.inner.graph.borrow().clone() else {
            return;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is a small integer"
        )]
        let rate = graph.context.sample_rate() as u32;
        let request = Request::Rings { rate };
        let workers = &self.inner.workers;
        match &*self.inner.rings.borrow() {
            Some((pcm, scope)) => workers.visuals(&request, &[("pcm", pcm), ("scope", scope)]),
            None => workers.visuals(&request, &[]),
        }
    }

    fn state_changed(&self) {
        let Some(graph) = self.inner.graph.borrow().clone() else {
            return;
        };
        if !self.inner.playing.get() {
            return;
        }
        let event = match graph.context.state() {
            AudioContextState::Running => AudioEvent::Resumed,
            AudioContextState::Closed => {
                AudioEvent::Failed("the browser closed the audio output".into())
            }
            // Suspended, or "interrupted", which only Safari says.
            _ => AudioEvent::Interrupted,
        };
        (self.inner.handler)(event);
    }
}
