//! What the audio graph asks of the browser.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AudioContext, AudioWorkletNode, AudioWorkletNodeOptions};

/// Louder as the ear hears it: -50 dB at the lower end, and silence at 0.
pub fn gain_of(volume: f32) -> f32 {
    volume * volume * volume
}

/// The browser has an audio worklet, here.
pub fn has_worklet() -> bool {
    let global = js_sys::global();
    let has =
        |name: &str| Reflect::get(&global, &name.into()).is_ok_and(|value| !value.is_undefined());
    // Over plain http some browsers have the types, and no worklet on the context.
    let secure = Reflect::get(&global, &"isSecureContext".into());
    let secure = secure.is_ok_and(|secure| secure.is_truthy());
    secure && has("AudioWorkletNode") && has("AudioContext")
}

/// Memory can be shared with workers.
pub fn is_isolated() -> bool {
    let global = js_sys::global();
    let isolated = Reflect::get(&global, &"crossOriginIsolated".into());
    isolated.is_ok_and(|value| value.is_truthy())
        && Reflect::get(&global, &"SharedArrayBuffer".into())
            .is_ok_and(|value| !value.is_undefined())
}

/// A worklet node; a port among its options has to be transferred by message, as options are only
/// copied.
pub fn worklet_node(
    context: &AudioContext,
    options: &AudioWorkletNodeOptions,
    port: Option<web_sys::MessagePort>,
) -> Result<AudioWorkletNode, JsValue> {
    let node = AudioWorkletNode::new_with_options(context, "pcm", options)?;
    if let Some(port) = port {
        let message = Object::new();
        Reflect::set(&message, &"engine".into(), &port)?;
        node.port()?
            .post_message_with_transferable(&message, &Array::of1(&port))?;
    }
    Ok(node)
}

/// Ten seconds of silence as a WAV file, 8 bit at 8 kHz: shorter files do not hold media keys.
pub fn silence() -> Vec<u8> {
    const RATE: u32 = 8000;
    const BYTES: u32 = RATE * 10;
    let mut wav = Vec::with_capacity(44 + BYTES as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + BYTES).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    for word in [16, 0x0001_0001, RATE, RATE, 0x0008_0001] {
        wav.extend_from_slice(&u32::to_le_bytes(word));
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&BYTES.to_le_bytes());
    wav.resize(44 + BYTES as usize, 128);
    wav
}

/// Lets a promise go on by itself. Playing may be refused before a gesture; `unlock` comes with it.
pub fn forget(promise: Result<js_sys::Promise, JsValue>) {
    if let Ok(promise) = promise {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}
