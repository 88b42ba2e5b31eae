//! The page's language: the catalogue is fetched where it is wanted, and the document says which.

use std::cell::Cell;

use listening::language;
use listening::preferences::{Language, Preferences};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{storage, workers};

thread_local! {
    /// What was wanted last: a catalogue that comes after that changed is not used.
    static WANTED: Cell<Tongue> = const { Cell::new(Tongue::English) };
}

/// A language that the page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tongue {
    English,
    German,
}

impl Tongue {
    /// What a choice comes to in this browser.
    fn of(choice: Language) -> Self {
        match choice {
            Language::English => Self::English,
            Language::German => Self::German,
            Language::Auto => {
                let tag = web_sys::window().and_then(|window| window.navigator().language());
                let tag = tag.unwrap_or_default().to_ascii_lowercase();
                if tag.split('-').next() == Some("de") {
                    Self::German
                } else {
                    Self::English
                }
            }
        }
    }

    /// Language tag of the document.
    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its catalogue; English is in the code.
    async fn catalogue(self) -> Result<String, JsValue> {
        match self {
            Self::English => Ok(String::new()),
            Self::German => {
                let mut texts = fetch(&workers::asset("german")?).await?;
                // The operator's page has words of its own beside the listener's.
                if let Ok(more) = workers::asset("germanMore") {
                    texts.push('\n');
                    texts.push_str(&fetch(&more).await?);
                }
                Ok(texts)
            }
        }
    }
}

/// Address of the catalogue that is spoken; empty for English.
pub fn address() -> String {
    match WANTED.get() {
        Tongue::English => String::new(),
        Tongue::German => workers::asset("german").unwrap_or_default(),
    }
}

/// Speaks the language that was kept: before the page is there.
pub async fn begin() {
    let (preferences, _) = Preferences::load(&storage::load());
    speak(preferences.language).await;
}

/// Speaks the language of a choice; true where that is another than before. A catalogue that
/// cannot be fetched leaves the language as it was.
pub async fn speak(choice: Language) -> bool {
    let tongue = Tongue::of(choice);
    let before = WANTED.replace(tongue);
    if before == tongue {
        return false;
    }
    let catalogue = tongue.catalogue().await;
    if WANTED.get() != tongue {
        return false;
    }
    let spoken = catalogue.and_then(|text| {
        language::speak(&text).map_err(|error| JsValue::from_str(&error.to_string()))
    });
    match spoken {
        Ok(()) => {
            super::document::set_language(tongue.tag());
            true
        }
        Err(error) => {
            WANTED.set(before);
            web_sys::console::warn_2(&"The page's texts could not be fetched:".into(), &error);
            false
        }
    }
}

async fn fetch(url: &str) -> Result<String, JsValue> {
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let response = JsFuture::from(window.fetch_with_str(url)).await?;
    let response: web_sys::Response = response.unchecked_into();
    if !response.ok() {
        return Err(response.status().into());
    }
    let text = JsFuture::from(response.text()?).await?;
    Ok(text.as_string().unwrap_or_default())
}
