//! The one router.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Response, StatusCode};
use axum::response::{IntoResponse, Json};
use axum::routing::{any, get, post};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::admin::{self, Admin};
use crate::beacons::{self, Intake};
use crate::blocks::{self, Gate};
use crate::collections::{self, Collections};
use crate::edge::{self, Edge};
use crate::headers;
use crate::ice::{self, Outside};
use crate::metrics::{self, Exporter, Metrics};
use crate::site::Site;
use crate::tracker;

/// What requests need.
#[derive(Clone)]
pub struct App {
    /// The app's files.
    pub site: Arc<Site>,
    /// The registry.
    pub metrics: Metrics,
    /// Whether cross-origin isolation headers are sent.
    pub isolation: bool,
    /// The tracker.
    pub tracker: tracker::Hub,
    /// What is published.
    pub collections: Arc<Collections>,
    /// How the relay is called by those outside.
    pub outside: Arc<Outside>,
    /// The operator's, where it is switched on.
    pub admin: Option<Arc<Admin>>,
    /// What is turned away.
    pub gate: Gate,
    /// Takes beacons in.
    pub beacons: Arc<Intake>,
    /// Who may ask, and how often.
    pub edge: Arc<Edge>,
}

/// Everything that the public listener answers.
pub fn public(app: App) -> Router {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(|| async { "ready\n" }))
        .route("/version", get(version))
        .route("/announce", any(tracker::announce))
        .route("/collections.json", any(collections::listing))
        .route(
            "/collections/{collection}/{file}",
            any(collections::catalogue_or_torrent),
        )
        .route("/seed/{collection}/{*rest}", any(collections::seed))
        .route("/beacon", post(beacons::beacon))
        .route("/api/v1/ice", get(ice::servers))
        .route("/api/v1/{*rest}", any(unknown_api));
    let routes = match &app.admin {
        Some(admin) => routes.merge(admin::router(admin)),
        None => routes,
    };
    #[cfg(test)]
    let routes = routes.route("/panic", get(panics));
    routes
        .fallback(site)
        .layer(axum::middleware::from_fn_with_state(
            app.gate.clone(),
            blocks::check,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(edge::MOST_BODY as usize))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app.edge),
            edge::share,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app.edge),
            edge::guard,
        ))
        .layer(axum::middleware::from_fn_with_state(
            app.metrics.clone(),
            metrics::observe,
        ))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(axum::middleware::from_fn_with_state(
            app.isolation,
            headers::apply,
        ))
        .with_state(app)
}

/// What the metrics listener answers.
pub fn private(exporter: Exporter) -> Router {
    Router::new()
        .route("/metrics", get(metrics::scrape))
        .with_state(exporter)
}

/// What the log has of a request: no address, no path and no query, in which tunes, torrents and
/// secrets can be.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("site", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}

async fn version() -> impl IntoResponse {
    Json(json!({ "name": "sidereal-relay", "version": env!("CARGO_PKG_VERSION") }))
}

async fn unknown_api() -> impl IntoResponse {
    (
        StatusCode::NOT_FOUND,
        Json(json!({ "error": "no such API" })),
    )
}

async fn site(State(app): State<App>, request: Request) -> Response<Body> {
    app.site
        .answer(request.method(), request.uri().path(), request.headers())
}

#[cfg(test)]
async fn panics() -> StatusCode {
    panic!("as the test asked")
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let words = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(cause = words, "a request handler panicked");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "internal error" })),
    )
        .into_response()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::edge::{Limits, Origins};
    use axum::http::{HeaderMap, Method};
    use forwarded::Proxies;
    use http_body_util::BodyExt as _;
    use std::path::Path;
    use std::task::{Context, Waker};
    use tower::ServiceExt as _;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What requests need, with the smallest site.
    pub fn state(site: &[(&str, &str)]) -> App {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "index.html", "<!doctype html>app");
        for (name, text) in site {
            write(folder.path(), name, text);
        }
        let metrics = Metrics::new(false);
        App {
            site: Arc::new(Site::load(Some(folder.path())).unwrap()),
            isolation: true,
            tracker: tracker::Hub::start(tracker::Config::default(), metrics.tracker.clone())
                .unwrap(),
            collections: Arc::new(Collections::new(
                folder.path().join("none"),
                metrics.collections.clone(),
            )),
            outside: Arc::default(),
            admin: None,
            gate: Gate::new(metrics.blocks.clone()),
            beacons: Arc::new(Intake::new(metrics.player.clone())),
            edge: Arc::new(Edge::new(
                Proxies::default(),
                Limits::default(),
                <[Origins; 2]>::default(),
                metrics.edge.clone(),
            )),
            metrics,
        }
    }

    /// What a scrape of it needs.
    pub fn exporter(state: &App, token: Option<metrics::Token>) -> Exporter {
        Exporter {
            metrics: state.metrics.clone(),
            tracker: state.tracker.clone(),
            collections: Arc::clone(&state.collections),
            store: crate::store::Store::temporary(state.metrics.database.clone()),
            data_dir: ".".into(),
            token,
        }
    }

    /// A relay that serves collections.
    pub fn app_with(collections: Collections) -> Router {
        public(App {
            collections: Arc::new(collections),
            ..state(&[])
        })
    }

    fn app(isolation: bool) -> Router {
        let site = [
            ("assets/listen-1.js", "plain"),
            ("assets/listen-1.js.br", "squeezed"),
            ("assets/listen-1.js.gz", "zipped"),
            ("demo/STIL.txt", "notes"),
            ("admin.html", "<!doctype html>admin"),
        ];
        public(App {
            isolation,
            ..state(&site)
        })
    }

    async fn ask(
        app: &Router,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    const HTML: [(&str, &str); 1] = [("accept", "text/html,*/*;q=0.8")];

    #[tokio::test]
    async fn every_response_is_isolated_and_has_the_security_headers() {
        let app = app(true);
        for (path, status) in [
            ("/", 200),
            ("/assets/listen-1.js", 200),
            ("/assets/none.js", 404),
            ("/healthz", 200),
            ("/readyz", 200),
            ("/version", 200),
            ("/api/v1/none", 404),
            ("/tune/abc/3", 200),
            ("/panic", 500),
        ] {
            let (found, headers, _) = ask(&app, Method::GET, path, &HTML).await;
            assert_eq!(found.as_u16(), status, "{path}");
            assert_eq!(
                headers["cross-origin-opener-policy"], "same-origin",
                "{path}"
            );
            assert_eq!(
                headers["cross-origin-embedder-policy"], "require-corp",
                "{path}"
            );
            assert_eq!(
                headers["cross-origin-resource-policy"], "same-origin",
                "{path}"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.contains("script-src 'self' 'wasm-unsafe-eval'"),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn isolation_can_be_switched_off_for_trying() {
        let (_, headers, _) = ask(&app(false), Method::GET, "/", &HTML).await;
        assert!(!headers.contains_key("cross-origin-opener-policy"));
        assert!(headers.contains_key("content-security-policy"));
    }

    #[tokio::test]
    async fn the_app_answers_unknown_pages_but_not_unknown_files() {
        let app = app(true);
        let (status, headers, body) = ask(&app, Method::GET, "/tune/0123/2", &HTML).await;
        assert_eq!((status, &*body), (StatusCode::OK, "<!doctype html>app"));
        assert_eq!(headers["cache-control"], "no-cache");
        let (status, headers, body) = ask(&app, Method::GET, "/admin/logs", &HTML).await;
        assert_eq!((status, &*body), (StatusCode::OK, "<!doctype html>admin"));
        assert_eq!(headers["cache-control"], "no-cache");
        let (status, ..) = ask(&app, Method::GET, "/none.js", &[("accept", "*/*")]).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, headers, _) = ask(&app, Method::POST, "/", &HTML).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers["allow"], "GET, HEAD");
    }

    #[tokio::test]
    async fn the_best_coding_is_served_and_hashed_files_are_kept_for_ever() {
        let app = app(true);
        for (accept, coding, body) in [
            ("gzip, deflate, br", Some("br"), "squeezed"),
            ("gzip", Some("gzip"), "zipped"),
            ("identity", None, "plain"),
        ] {
            let accept = [("accept-encoding", accept)];
            let (_, headers, found) = ask(&app, Method::GET, "/assets/listen-1.js", &accept).await;
            assert_eq!(
                headers
                    .get("content-encoding")
                    .map(|value| value.to_str().unwrap()),
                coding
            );
            assert_eq!(found, body);
            assert_eq!(
                headers["cache-control"],
                "public, max-age=31536000, immutable"
            );
            assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
        }
        let (_, headers, body) = ask(&app, Method::HEAD, "/assets/listen-1.js", &[]).await;
        assert_eq!(
            (&headers["content-length"], &*body),
            (&"5".parse().unwrap(), "")
        );
        let (status, ..) = ask(&app, Method::GET, "/assets/listen-1.js.br", &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_known_file_is_not_sent_again() {
        let app = app(true);
        let (_, headers, _) = ask(&app, Method::GET, "/demo/STIL.txt", &[]).await;
        let etag = headers["etag"].to_str().unwrap();
        let again = [("if-none-match", etag)];
        let (status, _, body) = ask(&app, Method::GET, "/demo/STIL.txt", &again).await;
        assert_eq!((status, &*body), (StatusCode::NOT_MODIFIED, ""));
    }

    #[tokio::test]
    async fn requests_are_counted_by_bounded_labels() {
        let state = state(&[]);
        let exporter = exporter(&state, None);
        let app = public(state);
        ask(&app, Method::GET, "/tune/1", &HTML).await;
        ask(&app, Method::GET, "/tune/2", &HTML).await;
        ask(&app, Method::from_bytes(b"BREW").unwrap(), "/healthz", &[]).await;
        let (_, _, text) = ask(&private(exporter), Method::GET, "/metrics", &[]).await;
        for line in [
            "sidereal_http_requests_total{method=\"GET\",route=\"site\",status=\"200\"} 2",
            "sidereal_http_requests_total{method=\"other\",route=\"/healthz\",status=\"405\"} 1",
            "sidereal_http_requests_in_progress 0",
            "sidereal_http_request_duration_seconds_count{method=\"GET\",route=\"site\",status=\"200\"} 2",
            "sidereal_build_info{version=",
            "sidereal_adapter_up{adapter=\"tracker\"} 1",
            "sidereal_data_dir_free_bytes ",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn a_request_whose_client_goes_is_not_in_progress_for_ever() {
        let state = state(&[]);
        let exporter = exporter(&state, None);
        let metrics = state.metrics.clone();
        let stuck = Router::new()
            .route("/stuck", get(std::future::pending::<()>))
            .layer(axum::middleware::from_fn_with_state(
                metrics,
                metrics::observe,
            ));
        let request = Request::get("/stuck").body(Body::empty()).unwrap();
        let mut answer = Box::pin(stuck.oneshot(request));
        let mut context = Context::from_waker(Waker::noop());
        assert!(answer.as_mut().poll(&mut context).is_pending());
        let text = exporter.metrics.text();
        assert!(
            text.contains("sidereal_http_requests_in_progress 1"),
            "{text}"
        );
        drop(answer);
        let text = exporter.metrics.text();
        assert!(
            text.contains("sidereal_http_requests_in_progress 0"),
            "{text}"
        );
        let line = "{method=\"GET\",route=\"/stuck\",status=\"aborted\"} 1";
        assert!(text.contains(line), "{text}");
    }

    #[tokio::test]
    async fn metrics_may_ask_for_a_token() {
        let app = private(exporter(&state(&[]), Some("secret".parse().unwrap())));
        let (status, headers, text) = ask(&app, Method::GET, "/metrics", &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers["www-authenticate"], "Bearer");
        assert!(!text.contains("sidereal"), "{text}");
        let said = [("authorization", "Bearer secret")];
        let (status, ..) = ask(&app, Method::GET, "/metrics", &said).await;
        assert_eq!(status, StatusCode::OK);
    }
}
