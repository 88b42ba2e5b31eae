//! Reading the objects: whatever clients write for numbers is a number or none, and the twenty bytes
//! of a name are its characters.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Action, Counts, Error, Failure};
use crate::InfoHash;

/// All fields of all messages, as far as they are there.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Json<'a> {
    #[serde(borrow)]
    pub(super) action: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) info_hash: Option<&'a RawValue>,
    pub(super) peer_id: Option<Twenty>,
    pub(super) to_peer_id: Option<Twenty>,
    #[serde(borrow)]
    pub(super) event: Option<Cow<'a, str>>,
    pub(super) uploaded: Number,
    pub(super) downloaded: Number,
    pub(super) left: Number,
    pub(super) numwant: Number,
    #[serde(borrow)]
    pub(super) offers: Option<Vec<JsonOffer<'a>>>,
    pub(super) offer_id: Option<Twenty>,
    #[serde(borrow)]
    pub(super) offer: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) answer: Option<&'a RawValue>,
    pub(super) interval: Number,
    pub(super) complete: Number,
    pub(super) incomplete: Number,
    #[serde(borrow)]
    pub(super) files: Option<&'a RawValue>,
    #[serde(borrow, rename = "failure reason")]
    pub(super) failure_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(super) struct JsonOffer<'a> {
    pub(super) offer_id: Twenty,
    #[serde(borrow)]
    pub(super) offer: &'a RawValue,
}

/// A number as clients write it: anything that is none is [`Number::Other`].
#[derive(Clone, Copy, Default)]
pub(super) enum Number {
    #[default]
    Missing,
    Some(u64),
    Other,
}

impl Number {
    pub(super) fn get(self) -> Option<u64> {
        match self {
            Self::Some(number) => Some(number),
            Self::Missing | Self::Other => None,
        }
    }

    pub(super) fn or_zero(self) -> u32 {
        u32::try_from(self.get().unwrap_or(0)).unwrap_or(u32::MAX)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Number;

            fn expecting(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str("a number")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number::Some(number))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Number, E> {
                Ok(Number::Other)
            }
            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                let is_count = (0.0..1e18).contains(&number);
                Ok(if is_count {
                    Number::Some(number as u64)
                } else {
                    Number::Other
                })
            }
            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(text.parse().map_or(Number::Other, Number::Some))
            }
            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
                Ok(Number::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Number, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Number::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Number::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Twenty bytes as a string of 20 characters up to U+00FF.
pub(super) struct Twenty(pub(super) [u8; 20]);

impl<'de> Deserialize<'de> for Twenty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Twenty;

            fn expecting(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str("a string of 20 characters up to U+00FF")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Twenty, E> {
                let mut bytes = [0; 20];
                let mut count = 0;
                for c in text.chars() {
                    let byte = u8::try_from(u32::from(c)).ok();
                    let place = bytes.get_mut(count);
                    let (Some(byte), Some(place)) = (byte, place) else {
                        return Err(E::custom("not 20 characters up to U+00FF"));
                    };
                    *place = byte;
                    count += 1;
                }
                if count < 20 {
                    return Err(E::custom("not 20 characters up to U+00FF"));
                }
                Ok(Twenty(bytes))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Reads the object. Where it is not readable, what it was about is looked for once more, so that
/// whoever sent it can tell which of its torrents was meant.
pub(super) fn read(text: &str) -> Result<(Json<'_>, Action), Error> {
    match serde_json::from_str::<Json<'_>>(text) {
        Ok(json) => match json.action.as_deref() {
            Some("announce") => Ok((json, Action::Announce)),
            Some("scrape") => Ok((json, Action::Scrape)),
            _ => Err(failure(Action::Announce, &json, "the action is not known")),
        },
        Err(error) => {
            #[derive(Deserialize, Default)]
            #[serde(default)]
            struct About<'a> {
                #[serde(borrow)]
                action: Option<Cow<'a, str>>,
                #[serde(borrow)]
                info_hash: Option<&'a RawValue>,
            }
            let about: About<'_> = serde_json::from_str(text).unwrap_or_default();
            let action = match about.action.as_deref() {
                Some("scrape") => Action::Scrape,
                _ => Action::Announce,
            };
            let json = Json {
                info_hash: about.info_hash,
                ..Json::default()
            };
            Err(failure(action, &json, &format!("not a message: {error}")))
        }
    }
}

pub(super) fn failure(action: Action, json: &Json<'_>, reason: &str) -> Error {
    Error(Failure {
        action,
        info_hash: json.info_hash.and_then(|raw| hash_of(raw).ok()),
        reason: Cow::Owned(reason.to_owned()),
    })
}

pub(super) fn hash_of(raw: &RawValue) -> Result<InfoHash, serde_json::Error> {
    serde_json::from_str::<Twenty>(raw.get()).map(|twenty| InfoHash(twenty.0))
}

/// One hash, or a list of them.
pub(super) fn hashes_of(raw: &RawValue) -> Option<Vec<InfoHash>> {
    if let Ok(hash) = hash_of(raw) {
        return Some(vec![hash]);
    }
    let list: Vec<Twenty> = serde_json::from_str(raw.get()).ok()?;
    Some(list.into_iter().map(|twenty| InfoHash(twenty.0)).collect())
}

/// Counts by info hash.
pub(super) struct Files(pub(super) Vec<(InfoHash, Counts)>);

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct JsonCounts {
            complete: Number,
            incomplete: Number,
            downloaded: Number,
        }
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Files;

            fn expecting(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str("an object of info hashes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files, A::Error> {
                let mut files = Vec::new();
                while let Some((hash, counts)) = map.next_entry::<Twenty, JsonCounts>()? {
                    let counts = Counts {
                        complete: counts.complete.or_zero(),
                        incomplete: counts.incomplete.or_zero(),
                        downloaded: counts.downloaded.or_zero(),
                    };
                    files.push((InfoHash(hash.0), counts));
                }
                Ok(Files(files))
            }
        }
        deserializer.deserialize_map(Map)
    }
}
