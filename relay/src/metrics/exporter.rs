//! Answers scrapes: asks each part how it is, and writes what the registry has.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Metrics;
use crate::collections::Collections;
use crate::store::Store;
use crate::tracker::Hub;

/// What a scraper has to say to be answered. It is never written into a log.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Token(...)")
    }
}

impl std::str::FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let token = is_plain.then(|| Self(text.to_owned()));
        token.ok_or("a token is made of letters, digits and signs of ASCII")
    }
}

impl TryFrom<String> for Token {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Token {
    /// What a scraper says.
    pub(crate) fn said(&self) -> &str {
        &self.0
    }

    /// Whether `headers` have it. Digests are compared, in constant time, so that neither content
    /// nor length of the token shows in how long it takes.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(header::AUTHORIZATION);
        let said = said.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        said.is_some_and(|said| {
            let [said, own] = [said, self.0.as_bytes()].map(Sha256::digest);
            said.as_slice().ct_eq(own.as_slice()).into()
        })
    }
}

/// What scrapes need.
#[derive(Clone)]
pub struct Exporter {
    /// The registry.
    pub metrics: Metrics,
    /// The tracker, which is asked whether it lives.
    pub tracker: Hub,
    /// Collections, which are looked at.
    pub collections: Arc<Collections>,
    /// The store, which is asked whether it answers.
    pub store: Store,
    /// The folder whose disk is measured.
    pub data_dir: PathBuf,
    /// What scrapers have to say.
    pub token: Option<Token>,
}

impl Exporter {
    /// Asks every part how it is, so that gauges are what they should be now.
    pub async fn measure(&self) {
        let is_alive = self.tracker.measure().await;
        self.metrics.adapters.set("tracker", Some(is_alive));
        let tasks = tokio::runtime::Handle::current()
            .metrics()
            .global_queue_depth();
        self.metrics.tasks.set(super::declare::signed(tasks as u64));
        let exporter = self.clone();
        let work = move || {
            let adapters = &exporter.metrics.adapters;
            adapters.set("collections", exporter.collections.measure());
            adapters.set("store", Some(exporter.store.measure()));
            exporter.metrics.machine.measure(&exporter.data_dir);
        };
        if let Err(error) = tokio::task::spawn_blocking(work).await {
            tracing::error!(%error, "the parts could not be measured");
        }
    }
}

/// Answers `/metrics`.
pub async fn scrape(State(exporter): State<Exporter>, headers: HeaderMap) -> Response {
    if exporter
        .token
        .as_ref()
        .is_some_and(|token| !token.is_in(&headers))
    {
        let mut response = (StatusCode::UNAUTHORIZED, "a bearer token is needed\n").into_response();
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        return response;
    }
    exporter.measure().await;
    let work = move || exporter.metrics.text();
    match tokio::task::spawn_blocking(work).await {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics could not be gathered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lets_in_only_who_has_it() {
        let token: Token = "secret".parse().unwrap();
        let check = |said: Option<&str>, expected: bool| {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(header::AUTHORIZATION, said.parse().unwrap());
            }
            assert_eq!(token.is_in(&headers), expected, "{said:?}");
        };
        check(None, false);
        check(Some("secret"), false);
        check(Some("Basic secret"), false);
        check(Some("Bearer "), false);
        check(Some("Bearer secre"), false);
        check(Some("Bearer secret1"), false);
        check(Some("Bearer secret"), true);
        assert_eq!(format!("{token:?}"), "Token(...)");
        assert!("".parse::<Token>().is_err() && "a b".parse::<Token>().is_err());
    }
}
