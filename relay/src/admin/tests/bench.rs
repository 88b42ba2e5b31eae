//! A relay's admin for tests: its router without a port, and the clock that it goes by.

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use protocol::admin::{Audit, Login, MadeToken, NewToken};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use super::super::*;
use crate::router::tests::{exporter, state};

pub const PASSWORD: &str = "the operator's own";
pub const ORIGIN: (&str, &str) = ("origin", "http://localhost");
pub const ELSEWHERE: (&str, &str) = ("origin", "http://elsewhere.example");

/// A relay's admin, and the clock that it goes by.
pub struct Bench {
    pub admin: Arc<Admin>,
    router: Router,
    clock: Arc<AtomicU64>,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The cookie as a browser says it.
    pub fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let clock = Arc::new(AtomicU64::new(1_800_000_000_000));
        let read = Arc::clone(&clock);
        let app = state(&[]);
        let exporter = exporter(&app, None);
        // As quick as Argon2id can be: how slow it is in earnest is no matter here.
        let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let kept = argon2
            .hash_password(PASSWORD.as_bytes())
            .unwrap()
            .to_string();
        let store = exporter.store.clone();
        store
            .write_now(Operation::Password, |to| {
                password::set(to, &kept, None, 1, &password::deed("for a test"))
            })
            .unwrap();
        let mut parts = Parts {
            store,
            clock: Clock::set_by(move || read.load(Ordering::Relaxed)),
            exporter,
            outside: Arc::default(),
            settings: Vec::new(),
            logs: Logs::default(),
            gate: app.gate.clone(),
            is_configured: false,
        };
        change(&mut parts);
        let admin = Arc::new(Admin::new(parts).unwrap());
        Self {
            router: router(&admin),
            admin,
            clock,
        }
    }

    pub fn pass(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        self.ask_from("192.0.2.7", method, path, headers, body)
            .await
    }

    pub async fn ask_from(
        &self,
        address: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{ROOT}/{path}"))
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        let address = std::net::SocketAddr::new(address.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    pub async fn try_password(&self, address: &str, password: &str) -> Answer {
        let login = json(&Login {
            password: password.into(),
        });
        self.ask_from(address, "POST", "session", &[ORIGIN], login)
            .await
    }

    /// Logs in; what the browser says from now on.
    pub async fn login(&self) -> String {
        let answer = self.try_password("192.0.2.7", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.cookie()
    }

    /// A key; what programs say.
    pub async fn key(&self, cookie: &str, name: &str, scopes: &[Scope]) -> MadeToken {
        let wanted = NewToken {
            name: name.into(),
            scopes: scopes.to_vec(),
            days: Some(1),
        };
        let headers = [ORIGIN, ("cookie", cookie)];
        let answer = self.ask("POST", "tokens", &headers, json(&wanted)).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json()
    }

    pub async fn trail(&self) -> Audit {
        let read = |from: &rusqlite::Connection| {
            let verdict = trail::verify(from)?;
            Ok(Audit {
                entries: trail::list(from, None, 1_000)?,
                count: verdict.count,
                broken_at: verdict.broken_at,
            })
        };
        self.admin.store.read_now(Operation::Audit, read).unwrap()
    }
}

pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}
