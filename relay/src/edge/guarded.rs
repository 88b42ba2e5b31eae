//! A connection that ends when nothing moves on it: a client that says nothing, one that stops in
//! the middle, one that does not read what it asked for.
//!
//! hyper bounds the time of a request's head, but neither the first bytes, by which it tells
//! HTTP/1 from HTTP/2, nor writing, nor a connection of HTTP/2 on which nothing happens.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Layer as _;

use super::Edge;
use super::connections::{Beyond, Permit};
use crate::metrics::EdgeMetrics;

/// How long a connection may stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Before it has said anything.
    pub first: Duration,
    /// While there is something for it to read.
    pub stalled: Duration,
    /// At any other time.
    pub quiet: Duration,
}

/// Says of a connection that it may be silent from now on: it has become a socket of the tracker,
/// which has its own rules.
#[derive(Debug, Clone, Default)]
pub struct LongLived(Arc<AtomicBool>);

impl LongLived {
    /// It is.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A stream that ends when nothing moves on it.
pub struct Guarded<S> {
    stream: S,
    permit: Option<Permit>,
    patience: Patience,
    long_lived: LongLived,
    metrics: EdgeMetrics,
    /// When something moved last.
    moved: Instant,
    has_spoken: bool,
    /// Whether the last write did not get all that there was away.
    is_stalled: bool,
    timer: Pin<Box<Sleep>>,
}

impl<S> Guarded<S> {
    /// Guards a stream, for which there is a place.
    pub fn new(
        stream: S,
        permit: Option<Permit>,
        patience: Patience,
        metrics: EdgeMetrics,
    ) -> Self {
        let now = Instant::now();
        Self {
            stream,
            permit,
            long_lived: LongLived::default(),
            metrics,
            moved: now,
            has_spoken: false,
            is_stalled: false,
            timer: Box::pin(sleep_until(now + patience.first)),
            patience,
        }
    }

    /// The stream and its place.
    pub fn into_inner(self) -> (S, Option<Permit>) {
        (self.stream, self.permit)
    }

    fn limit(&self) -> Duration {
        if !self.has_spoken {
            self.patience.first
        } else if self.is_stalled {
            self.patience.stalled
        } else {
            self.patience.quiet
        }
    }

    /// Something moved. The timer stays as it is: it finds out when it rings.
    fn touch(&mut self) {
        self.moved = Instant::now();
    }

    /// An error when nothing has moved for too long; otherwise the task is woken when that is.
    fn watch(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.long_lived.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        loop {
            let until = self.moved + self.limit();
            // A later deadline is seen when the timer rings; an earlier one has to be set.
            if self.timer.deadline() > until {
                self.timer.as_mut().reset(until);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return Ok(());
            }
            if Instant::now() >= until {
                let counter = if self.is_stalled {
                    &self.metrics.closed_stalled
                } else {
                    &self.metrics.closed_quiet
                };
                counter.inc();
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(until);
        }
    }

    /// What became of a write.
    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.is_stalled = written.is_pending();
        if written.is_pending() {
            self.watch(context)?;
        } else {
            self.touch();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guarded = self.get_mut();
        let read = Pin::new(&mut guarded.stream).poll_read(context, space);
        if read.is_pending() {
            guarded.watch(context)?;
        } else {
            guarded.has_spoken = true;
            guarded.touch();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let guarded = self.get_mut();
        let written = Pin::new(&mut guarded.stream).poll_write(context, bytes);
        guarded.wrote(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guarded = self.get_mut();
        let written = Pin::new(&mut guarded.stream).poll_write_vectored(context, parts);
        guarded.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Lets connections in, as far as there is room, and guards them.
#[derive(Clone)]
pub struct Gate(pub Arc<Edge>);

impl<S> Accept<TcpStream, S> for Gate {
    type Stream = Guarded<TcpStream>;
    type Service = AddExtension<S, LongLived>;
    type Future = std::future::Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(self.let_in(stream).map(|guarded| {
            let long_lived = guarded.long_lived.clone();
            (guarded, Extension(long_lived).layer(service))
        }))
    }
}

impl Gate {
    fn let_in(&self, stream: TcpStream) -> io::Result<Guarded<TcpStream>> {
        let Self(edge) = self;
        let address = stream.peer_addr()?.ip();
        let is_counted = !edge.proxies.has(address);
        let entered = edge
            .connections
            .enter(address, is_counted, &edge.metrics)
            .map_err(|beyond| {
                let counter = match beyond {
                    Beyond::All => &edge.metrics.limited_connections,
                    Beyond::Address => &edge.metrics.limited_address,
                };
                counter.inc();
                io::Error::other("enough connections")
            })?;
        // Answers are written in one piece; waiting for more would only make them late.
        stream.set_nodelay(true)?;
        let patience = edge.limits.patience;
        Ok(Guarded::new(
            stream,
            Some(entered),
            patience,
            edge.metrics.clone(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use std::task::Waker;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    const NONE: Duration = Duration::ZERO;
    const ENOUGH: Duration = Duration::from_secs(3_600);

    /// Patience before the first word, with who does not read, and with who is quiet.
    fn guarded(
        first: Duration,
        stalled: Duration,
        quiet: Duration,
    ) -> (Guarded<DuplexStream>, DuplexStream, EdgeMetrics) {
        let metrics = Metrics::new(false).edge;
        let (ours, theirs) = duplex(64);
        let patience = Patience {
            first,
            stalled,
            quiet,
        };
        let guarded = Guarded::new(ours, None, patience, metrics.clone());
        (guarded, theirs, metrics)
    }

    /// Whether reading waits, at the first try.
    fn waits(guarded: &mut Guarded<DuplexStream>) -> bool {
        let mut byte = [0];
        let mut space = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(guarded)
            .poll_read(&mut context, &mut space)
            .is_pending()
    }

    async fn check_ends(guarded: &mut Guarded<DuplexStream>, metrics: &EdgeMetrics) {
        let error = guarded.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            (metrics.closed_quiet.get(), metrics.closed_stalled.get()),
            (1, 0)
        );
    }

    #[tokio::test]
    async fn who_says_nothing_is_let_go() {
        let (mut guarded, _theirs, metrics) = guarded(NONE, ENOUGH, ENOUGH);
        check_ends(&mut guarded, &metrics).await;
    }

    #[tokio::test]
    async fn who_has_spoken_has_another_patience() {
        let (mut guarded, mut theirs, metrics) = guarded(ENOUGH, ENOUGH, NONE);
        assert!(waits(&mut guarded));
        theirs.write_all(b"a").await.unwrap();
        guarded.read_u8().await.unwrap();
        check_ends(&mut guarded, &metrics).await;
    }

    #[tokio::test]
    async fn who_does_not_read_is_let_go() {
        let (mut guarded, mut theirs, metrics) = guarded(ENOUGH, NONE, ENOUGH);
        theirs.write_all(b"a").await.unwrap();
        guarded.read_u8().await.unwrap();
        assert!(waits(&mut guarded));
        let error = guarded.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            (metrics.closed_stalled.get(), metrics.closed_quiet.get()),
            (1, 0)
        );
    }

    #[tokio::test]
    async fn who_reads_slowly_may() {
        let (mut guarded, mut theirs, metrics) = guarded(ENOUGH, ENOUGH, ENOUGH);
        let reader = tokio::spawn(async move {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).await.unwrap();
            bytes.len()
        });
        guarded.write_all(&[0; 1_000]).await.unwrap();
        drop(guarded);
        assert_eq!(reader.await.unwrap(), 1_000);
        assert_eq!(metrics.closed_stalled.get(), 0);
    }

    #[tokio::test]
    async fn a_socket_of_the_tracker_may_be_silent() {
        let (mut guarded, mut theirs, _metrics) = guarded(NONE, NONE, NONE);
        guarded.long_lived.set();
        assert!(waits(&mut guarded));
        theirs.write_all(b"a").await.unwrap();
        assert_eq!(guarded.read_u8().await.unwrap(), b'a');
        assert!(waits(&mut guarded));
    }
}
