//! Listeners, logging, and a shutdown that drains.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};

use crate::admin::password::{self, Password};
use crate::admin::{Admin, Clock, Parts};
use crate::beacons::Intake;
use crate::blocks;
use crate::cluster;
use crate::collections::Collections;
use crate::config::{self, Config};
use crate::edge::Edge;
use crate::edge::guarded::Gate;
use crate::logs::Logs;
use crate::metrics::{Exporter, Metrics};
use crate::router::{self, App};
use crate::site::{self, Site};
use crate::store::{self, Store};
use crate::stun;
use crate::tls;
use crate::tracker::Hub;

/// Why the relay does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The app's files.
    #[error(transparent)]
    Site(#[from] site::Error),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The data folder cannot be used.
    #[error("data folder {}: {source}", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The operator's password.
    #[error(transparent)]
    Password(#[from] password::Error),
    /// Somebody else listens there.
    #[error("{0} is in use by another program: choose another with {1}")]
    InUse(SocketAddr, &'static str),
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The runtime gave up.
    #[error("serving: {0}")]
    Serve(io::Error),
}

/// Serves until a signal to stop has come and open requests have ended.
///
/// # Errors
/// Whatever keeps the relay from serving.
pub fn run(config: Config, logs: Logs) -> Result<(), Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Serve)?
        .block_on(serve(config, logs))
}

async fn serve(config: Config, logs: Logs) -> Result<(), Error> {
    let site = Arc::new(Site::load(config.site.as_deref())?);
    prepare_data_dir(&config)?;
    let _held = store::hold(&config.data_dir)?;
    let public = listen(config.listen, "--port")?;
    let private = config
        .metrics
        .map(|address| listen(address, "--metrics"))
        .transpose()?;
    let tls = tls::load(&config.tls, &config.data_dir, config.listen.ip()).await?;

    let metrics = Metrics::new(config.metrics_collections);
    let store = Store::open(&config.data_dir, metrics.database.clone())?;
    if config.admin {
        let configured = config.admin_password.as_ref();
        let made = password::prepare(&store, configured, crate::admin::now_millis())?;
        made.iter().for_each(tell);
    }
    metrics.adapters.set("tls", tls.as_ref().map(|_| true));
    let mut outside = config.outside;
    if config.stun.is_none() {
        metrics.adapters.set("stun", None);
    }
    if let Some((address, is_asked_for)) = config.stun {
        let started = stun::start(address, metrics.stun.clone()).await;
        metrics.adapters.set("stun", Some(started.is_ok()));
        match started {
            Ok(address) => outside.stun_port = Some(address.port()),
            Err(error) if is_asked_for => return Err(listen_error(address, "--stun", error)),
            Err(error) => tracing::warn!(%address, %error, "no STUN: choose another with --stun"),
        }
    }
    let share = config
        .cluster
        .map(|cluster| cluster::start(cluster, metrics.cluster.clone(), metrics.adapters.clone()));
    let tracker =
        Hub::start_sharing(config.tracker, metrics.tracker.clone(), share).map_err(Error::Serve)?;
    let collections = Collections::new(config.collections, metrics.collections.clone());
    let collections = Arc::new(collections);
    let exporter = Exporter {
        metrics: metrics.clone(),
        tracker: tracker.clone(),
        collections: Arc::clone(&collections),
        store: store.clone(),
        data_dir: config.data_dir.clone(),
        token: config.metrics_token,
    };
    let edge = Arc::new(Edge::new(
        config.proxies,
        config.limits,
        [config.readers, config.announcers],
        metrics.edge.clone(),
    ));
    let outside = Arc::new(outside);
    let gate = blocks::Gate::new(metrics.blocks.clone());
    tracker.block(gate.set(crate::admin::blocked(&store)?));
    let admin = config.admin.then(|| {
        Admin::new(Parts {
            store,
            clock: Clock::default(),
            exporter: exporter.clone(),
            outside: Arc::clone(&outside),
            settings: config.settings,
            logs,
            gate: gate.clone(),
            is_configured: config.admin_password.is_some(),
        })
    });
    let admin = admin.transpose()?.map(Arc::new);
    if let Some(admin) = &admin {
        tokio::spawn(crate::admin::watch(Arc::clone(admin)));
    }
    let app = App {
        admin,
        gate,
        site,
        edge,
        beacons: Arc::new(Intake::new(metrics.player.clone())),
        metrics,
        isolation: config.isolation,
        tracker: tracker.clone(),
        collections,
        outside,
    };
    let handle = Handle::new();
    tokio::spawn(stop_on_signal(handle.clone(), tracker, config.drain));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = public.local_addr().map_err(Error::Serve)?;
    tracing::info!(url = %format!("{scheme}://{address}"), data = %config.data_dir.display(), "serving");

    let encrypted = tls.as_ref().map(|certificate| certificate.config.clone());
    tls.map(|certificate| tokio::spawn(certificate.follow()));
    let public = serve_public(public, encrypted, app, handle.clone());
    let private = serve_private(private, router::private(exporter), handle.clone());
    tokio::try_join!(public, private).map_err(Error::Serve)?;
    tracing::info!("stopped");
    Ok(())
}

/// Serves everything that is for the world.
pub(crate) async fn serve_public(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    app: App,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let edge = Arc::clone(&app.edge);
    let gate = Gate(Arc::clone(&edge));
    let service = router::public(app).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp(listener)?.handle(handle);
    match tls {
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls).handshake_timeout(edge.limits.patience.first);
            let mut server = server.acceptor(acceptor.acceptor(gate));
            edge.set_up(server.http_builder());
            server.serve(service).await
        }
        None => {
            let mut server = server.acceptor(gate);
            edge.set_up(server.http_builder());
            server.serve(service).await
        }
    }
}

/// Tells the password that was made, once, where nobody overlooks it. It is in no log.
fn tell(password: &Password) {
    let line = "=".repeat(72);
    eprintln!(
        "{line}\n  The password of the operator's page, /admin, is told this once:\n\n      {}\n\n  \
         Change it there, or with: sidereal-relay password\n{line}",
        password.told()
    );
}

async fn serve_private(
    listener: Option<TcpListener>,
    service: Router,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let Some(listener) = listener else {
        return Ok(());
    };
    tracing::info!(url = %format!("http://{}/metrics", listener.local_addr()?), "metrics");
    axum_server::from_tcp(listener)?
        .handle(handle)
        .serve(service.into_make_service())
        .await
}

/// Makes the data folder and tries it, so that missing rights show at the start.
fn prepare_data_dir(config: &Config) -> Result<(), Error> {
    let path = &config.data_dir;
    let probe = path.join(".writable");
    fs::create_dir_all(path)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|source| Error::DataDir {
            path: path.clone(),
            source,
        })
}

fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(address);
    let listener = listener.and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|source| listen_error(address, flag, source))
}

fn listen_error(address: SocketAddr, flag: &'static str, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AddrInUse => Error::InUse(address, flag),
        _ => Error::Listen { address, source },
    }
}

async fn stop_on_signal(handle: Handle<SocketAddr>, tracker: Hub, drain: std::time::Duration) {
    wait_for_signal().await;
    tracing::info!(
        seconds = drain.as_secs(),
        open = handle.connection_count(),
        "draining"
    );
    tracker.stop();
    handle.graceful_shutdown(Some(drain));
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    // Without a signal handler the process can still be ended from outside.
    let _ = tokio::signal::ctrl_c().await;
}
