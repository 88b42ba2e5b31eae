//! Who gets in and who does not, through the router without a port and by a clock of the tests.

mod bench;
mod work;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use protocol::admin::{Audit, Login, NewPassword, NewToken, Problem, Session, Who};
use tower::ServiceExt as _;

use super::sessions::{IDLE, LASTS};
use super::*;
use crate::router::tests::state;
use bench::{Bench, ELSEWHERE, ORIGIN, PASSWORD, json};

/// Every route and who may use it, as `protocol::admin` documents it. A new route needs a line.
const TABLE: &[(&str, &str, &str)] = &[
    ("POST", "session", "open"),
    ("GET", "session", "any"),
    ("DELETE", "session", "any"),
    ("GET", "sessions", "manage"),
    ("DELETE", "sessions/{id}", "manage"),
    ("POST", "password", "manage"),
    ("GET", "tokens", "manage"),
    ("POST", "tokens", "manage"),
    ("DELETE", "tokens/{id}", "manage"),
    ("GET", "status", "read"),
    ("GET", "history", "read"),
    ("GET", "collections", "read"),
    ("POST", "collections", "publish"),
    ("DELETE", "collections/{name}", "publish"),
    ("POST", "collections/{name}/verify", "publish"),
    ("POST", "collections/{name}/compare", "publish"),
    ("GET", "jobs", "read"),
    ("DELETE", "jobs/{id}", "publish"),
    ("GET", "swarms", "read"),
    ("GET", "blocks", "read"),
    ("POST", "blocks", "moderate"),
    ("DELETE", "blocks/{id}", "moderate"),
    ("GET", "telemetry", "read"),
    ("GET", "configuration", "read"),
    ("GET", "logs", "read"),
    ("GET", "audit", "read"),
];

/// A path that a request can have.
fn concrete(path: &str) -> String {
    path.replace("{id}", "999999").replace("{name}", "Nothing")
}

#[test]
fn every_route_is_in_the_table_as_it_is_served() {
    let name = |access| match access {
        Access::Open => "open",
        Access::Any => "any",
        Access::Needs(scope) => sessions::name_of(scope),
    };
    let served: Vec<_> = routes()
        .into_iter()
        .map(|route| (route.method.to_string(), route.path, name(route.access)))
        .collect();
    let served: Vec<_> = served.iter().map(|(a, b, c)| (&**a, *b, *c)).collect();
    assert_eq!(served, TABLE);
}

#[tokio::test]
async fn nobody_gets_in_anywhere() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    let key = bench.key(&cookie, "robot", &[Scope::Read]).await;
    bench
        .ask("DELETE", "session", &[ORIGIN, ("cookie", &cookie)], "")
        .await;
    bench
        .admin
        .store
        .write_now(Operation::Token, |to| sessions::end_token(to, key.token.id))
        .unwrap();
    let bearer = format!("Bearer {}", key.secret);
    let said: [&[(&str, &str)]; 7] = [
        &[],
        &[("cookie", "sidereal=")],
        &[("cookie", "sidereal=AAAA"), ("authorization", "Basic AAAA")],
        // Both have ended.
        &[("cookie", &cookie)],
        &[("authorization", &bearer)],
        // A secret of the one kind is none of the other.
        &[("cookie", &format!("sidereal={}", key.secret))],
        &[(
            "authorization",
            &format!("Bearer {}", &cookie["sidereal=".len()..]),
        )],
    ];
    for (method, path, scope) in TABLE {
        if *scope == "open" {
            continue;
        }
        for headers in said {
            let headers = [&[ORIGIN], headers].concat();
            let answer = bench.ask(method, &concrete(path), &headers, "{}").await;
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{method} {path} {headers:?}"
            );
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert!(!answer.json::<Problem>().error.is_empty());
        }
    }
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    for scope in [Scope::Read, Scope::Publish, Scope::Moderate] {
        let name = sessions::name_of(scope);
        let key = bench.key(&cookie, name, &[scope]).await;
        let bearer = format!("Bearer {}", key.secret);
        for (method, path, needed) in TABLE {
            // A program may come from anywhere.
            let headers = [("authorization", &*bearer), ELSEWHERE];
            if *needed == "open" {
                continue;
            }
            let before = bench.trail().await.count;
            let answer = bench.ask(method, &concrete(path), &headers, "{}").await;
            let is_in = *needed == "any" || *needed == name;
            let is_refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(
                is_in, !is_refused,
                "{name}: {method} {path}: {}",
                answer.status
            );
            assert_ne!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{name}: {method} {path}"
            );
            assert_eq!(
                answer.headers["cache-control"], "no-store",
                "{method} {path}"
            );
            if is_refused {
                let trail = bench.trail().await;
                assert_eq!(trail.count, before + 1, "{method} {path}");
                assert_eq!(trail.entries[0].who, name);
                assert!(trail.entries[0].outcome.contains("needs the scope"));
            }
        }
    }
}

#[tokio::test]
async fn a_change_with_a_cookie_comes_from_the_relays_own_pages() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    let forged: [&[(&str, &str)]; 4] = [
        &[],
        &[ELSEWHERE],
        &[("origin", "null")],
        // A page beside the relay's, of which the browser says so.
        &[("sec-fetch-site", "same-site"), ORIGIN],
    ];
    for (method, path, needed) in TABLE.iter().filter(|(method, ..)| *method != "GET") {
        for headers in forged {
            let before = bench.trail().await.count;
            let headers = [&[("cookie", &*cookie)], headers].concat();
            let answer = bench.ask(method, &concrete(path), &headers, "{}").await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{method} {path} {headers:?}"
            );
            let trail = bench.trail().await;
            assert_eq!(trail.count, before + 1, "{method} {path}");
            let who = if *needed == "open" { NOBODY } else { OPERATOR };
            assert_eq!(trail.entries[0].who, who);
        }
    }
    let own = [("cookie", &*cookie), ("sec-fetch-site", "same-origin")];
    let answer = bench.ask("DELETE", "session", &own, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    let status = async |bench: &Bench| {
        let answer = bench
            .ask("GET", "session", &[("cookie", &cookie)], "")
            .await;
        answer.status
    };
    // It lives while it is used, for half a day.
    let mut passed = 0;
    while passed + IDLE / 2 < LASTS {
        bench.pass(IDLE / 2);
        passed += IDLE / 2;
        assert_eq!(status(&bench).await, StatusCode::OK, "after {passed} ms");
    }
    bench.pass(LASTS - passed);
    for (method, path, needed) in TABLE.iter().filter(|(_, _, needed)| *needed != "open") {
        let headers = [ORIGIN, ("cookie", &*cookie)];
        let answer = bench.ask(method, &concrete(path), &headers, "{}").await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{method} {path} {needed}"
        );
    }
    // It ends sooner when nobody uses it.
    let cookie = bench.login().await;
    bench.pass(IDLE - 1);
    let answer = bench
        .ask("GET", "session", &[("cookie", &cookie)], "")
        .await;
    let who: Who = answer.json();
    assert_eq!(who.expires_millis, Some(bench.admin.clock.now() + IDLE));
    bench.pass(IDLE);
    let answer = bench
        .ask("GET", "session", &[("cookie", &cookie)], "")
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_ends_by_itself_or_is_revoked() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    let key = bench.key(&cookie, "robot", &[Scope::Read]).await;
    let bearer = format!("Bearer {}", key.secret);
    let headers = [("authorization", &*bearer)];
    assert_eq!(
        bench.ask("GET", "status", &headers, "").await.status,
        StatusCode::OK
    );
    let own = [ORIGIN, ("cookie", &*cookie)];
    let tokens: Vec<protocol::admin::Token> = bench.ask("GET", "tokens", &own, "").await.json();
    assert!(tokens[0].used_millis.is_some());
    let path = format!("tokens/{}", key.token.id);
    let answer = bench.ask("DELETE", &path, &own, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = bench.ask("GET", "status", &headers, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = bench.ask("DELETE", &path, &own, "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);

    let key = bench.key(&cookie, "robot", &[Scope::Read]).await;
    let bearer = format!("Bearer {}", key.secret);
    bench.pass(86_400_000);
    let answer = bench
        .ask("GET", "status", &[("authorization", &bearer)], "")
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_refused() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    bench.key(&cookie, "taken", &[Scope::Read]).await;
    let check = async |name: &str, scopes: &[Scope], days, expected: StatusCode, words: &str| {
        let wanted = NewToken {
            name: name.into(),
            scopes: scopes.to_vec(),
            days,
        };
        let headers = [ORIGIN, ("cookie", &*cookie)];
        let answer = bench.ask("POST", "tokens", &headers, json(&wanted)).await;
        assert_eq!(answer.status, expected, "{name}");
        let problem: Problem = answer.json();
        assert!(problem.error.contains(words), "{}", problem.error);
    };
    let bad = StatusCode::BAD_REQUEST;
    check("a", &[Scope::Manage], None, bad, "cannot manage").await;
    check("a", &[], None, bad, "without scopes").await;
    check("a", &[Scope::Read], Some(0), bad, "days").await;
    check("", &[Scope::Read], None, bad, "a name").await;
    check("a\tb", &[Scope::Read], None, bad, "a name").await;
    check("Operator", &[Scope::Read], None, bad, "another meaning").await;
    check(
        "taken",
        &[Scope::Read],
        None,
        StatusCode::CONFLICT,
        "another key",
    )
    .await;
}

#[tokio::test]
async fn a_cookie_is_kept_from_scripts_and_from_plain_http() {
    let bench = Bench::new();
    let answer = bench.try_password("192.0.2.7", PASSWORD).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (secret, rest) = cookie.split_once("; ").unwrap();
    assert_eq!(rest, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    // 256 bits.
    assert_eq!(secret.len(), "sidereal=".len() + 43);
    let bench = Bench::with(|parts| {
        parts.outside = Arc::new(Outside {
            public_url: Some("https://localhost".into()),
            ..Outside::default()
        });
    });
    let login = json(&Login {
        password: PASSWORD.into(),
    });
    let origin = [("origin", "https://localhost")];
    let answer = bench.ask("POST", "session", &origin, login).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sidereal="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let plain = cookie.split(';').next().unwrap().replace("__Host-", "");
    let answer = bench.ask("GET", "session", &[("cookie", &plain)], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_passwords_are_refused_later_and_later() {
    let bench = Bench::new();
    for number in 0..4 {
        let answer = bench.try_password("198.51.100.1", "a wrong password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{number}");
    }
    let answer = bench.try_password("198.51.100.1", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.json::<Problem>().retry_seconds, Some(1));
    // Somebody else is not in its way.
    bench.login().await;
    bench.pass(1_000);
    let answer = bench.try_password("198.51.100.1", "a wrong password").await;
    assert_eq!(answer.json::<Problem>().retry_seconds, Some(2));
    bench.pass(2_000);
    let answer = bench.try_password("198.51.100.1", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
    let metrics = bench.admin.exporter.metrics.text();
    for line in [
        "{outcome=\"done\"} 2",
        "{outcome=\"wrong\"} 5",
        "{outcome=\"limited\"} 1",
    ] {
        let line = format!("sidereal_admin_logins_total{line}");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    let trail = bench.trail().await;
    let wrong = trail.entries.iter().filter(|entry| entry.who == NOBODY);
    let addresses: Vec<_> = wrong.map(|entry| entry.address.clone().unwrap()).collect();
    assert_eq!(addresses, ["198.51.100.1"; 5]);
    assert_eq!(trail.broken_at, None);
}

#[tokio::test]
async fn the_address_of_a_login_is_known_after_a_restart() {
    let bench = Bench::new();
    bench.login().await;
    let store = bench.admin.store.clone();
    let bench = Bench::with(|parts| parts.store = store);
    for number in 0..30u8 {
        let address = format!("198.51.100.{number}");
        bench.try_password(&address, "a wrong password").await;
    }
    let answer = bench.try_password("203.0.113.1", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    bench.login().await;
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let bench = Bench::new();
    let (other, own) = (bench.login().await, bench.login().await);
    let headers = [ORIGIN, ("cookie", &*own)];
    let change = async |old: &str, new: &str| {
        let wanted = json(&NewPassword {
            old: old.into(),
            new: new.into(),
        });
        bench.ask("POST", "password", &headers, wanted).await.status
    };
    assert_eq!(
        change("wrong wrong wrong", "another one, long").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(change(PASSWORD, "short").await, StatusCode::BAD_REQUEST);
    assert_eq!(
        change(PASSWORD, "another one, long").await,
        StatusCode::NO_CONTENT
    );
    let status = async |cookie: &str| {
        let answer = bench.ask("GET", "session", &[("cookie", cookie)], "").await;
        answer.status
    };
    assert_eq!(status(&own).await, StatusCode::OK);
    assert_eq!(status(&other).await, StatusCode::UNAUTHORIZED);
    let answer = bench.try_password("192.0.2.7", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = bench.try_password("192.0.2.7", "another one, long").await;
    assert_eq!(answer.status, StatusCode::OK);

    let bench = Bench::with(|parts| parts.is_configured = true);
    let cookie = bench.login().await;
    let headers = [ORIGIN, ("cookie", &*cookie)];
    let wanted = json(&NewPassword {
        old: PASSWORD.into(),
        new: "another one, long".into(),
    });
    let answer = bench.ask("POST", "password", &headers, wanted).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let bench = Bench::new();
    let (other, own) = (bench.login().await, bench.login().await);
    let headers = [ORIGIN, ("cookie", &*own)];
    let list: Vec<Session> = bench.ask("GET", "sessions", &headers, "").await.json();
    assert_eq!(
        list.iter()
            .map(|session| session.is_own)
            .collect::<Vec<_>>(),
        [true, false]
    );
    let path = format!("sessions/{}", list[1].id);
    let answer = bench.ask("DELETE", &path, &headers, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = bench.ask("GET", "session", &[("cookie", &other)], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = bench.ask("DELETE", "session", &headers, "").await;
    assert!(
        answer.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    // What the browser said before is worth nothing any more.
    let answer = bench.ask("GET", "session", &headers, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_secret_is_in_the_store() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    let key = bench.key(&cookie, "robot", &[Scope::Read]).await;
    let store = &bench.admin.store;
    store
        .write_now(Operation::Audit, |to| Ok(to.execute_batch("SELECT 1")?))
        .unwrap();
    let folder = store.path().parent().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [&cookie["sidereal=".len()..], &key.secret, PASSWORD] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_read_with_words() {
    let bench = Bench::new();
    let answer = bench
        .ask("POST", "session", &[ORIGIN], vec![b' '; 20_000])
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = bench
        .ask("POST", "session", &[ORIGIN], "{\"password\":1}")
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json::<Problem>().error.starts_with("the body: "));
}

#[tokio::test]
async fn what_the_router_refuses_is_a_problem_too() {
    let bench = Bench::new();
    let cookie = bench.login().await;
    for (method, path, status) in [
        ("DELETE", "sessions/first", StatusCode::BAD_REQUEST),
        ("GET", "logs?after=-1", StatusCode::BAD_REQUEST),
        ("GET", "history?hours=many", StatusCode::BAD_REQUEST),
        ("PUT", "session", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let headers = [ORIGIN, ("cookie", &*cookie)];
        let answer = bench.ask(method, path, &headers, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(!answer.json::<Problem>().error.is_empty());
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn who_gets_in_nowhere_does_not_fill_the_trail() {
    let bench = Bench::new();
    let before = bench.trail().await.count;
    for _ in 0..150 {
        bench.ask("DELETE", "tokens/1", &[ORIGIN], "").await;
    }
    assert_eq!(bench.trail().await.count, before + 100);
    bench.pass(10_000);
    bench.ask("DELETE", "tokens/1", &[ORIGIN], "").await;
    assert_eq!(bench.trail().await.count, before + 101);
}

#[tokio::test]
async fn status_configuration_logs_and_trail_are_told() {
    let bench = Bench::with(|parts| {
        parts.settings = vec![Setting {
            name: "port".into(),
            value: "6510".into(),
            source: "default".into(),
        }];
    });
    let cookie = bench.login().await;
    let get = async |path: &str| bench.ask("GET", path, &[("cookie", &cookie)], "").await;
    let status: protocol::admin::Status = get("status").await.json();
    let names: Vec<_> = status.parts.iter().map(|part| &*part.name).collect();
    assert_eq!(names, ["collections", "store", "tracker"]);
    let settings: Vec<Setting> = get("configuration").await.json();
    assert_eq!(settings[0].name, "port");
    let logs: protocol::admin::Logs = get("logs?after=0").await.json();
    assert!(logs.lines.is_empty());
    let audit: Audit = get("audit").await.json();
    assert_eq!((audit.count, audit.broken_at), (2, None));
    let audit: Audit = get("audit?before=2").await.json();
    assert_eq!(audit.entries.len(), 1);
}

#[tokio::test]
async fn a_relay_without_admin_has_none_of_it() {
    let app = crate::router::public(state(&[]));
    for (method, path, _) in TABLE {
        let request = Request::builder()
            .method(*method)
            .uri(format!("{ROOT}/{}", concrete(path)))
            .body(Body::empty())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}
