//! What the swarm needs of the world.

use std::pin::Pin;

use protocol::swarm::{Event, FileId};
use sidfile::Md5;
use torrent::{ConnectionId, FetchId};

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The page that this worker belongs to.
    Page,
    /// The library worker of that page.
    Library,
    /// Another tab, by the number that it gave itself.
    Tab(u32),
}

/// What the swarm needs of the world. Nothing here calls back before it returns.
#[expect(
    async_fn_in_trait,
    reason = "workers have one thread, nothing needs to be Send"
)]
pub trait Outside {
    /// Says something, with bytes beside it.
    fn tell(&self, to: Caller, id: u32, event: &Event, bytes: Option<Vec<u8>>);
    /// A clock for pacing, in milliseconds since the worker started.
    fn now_millis(&self) -> u64;
    /// The listener's clock, in minutes since 1970.
    fn minutes(&self) -> u32;
    /// Has [`Swarm::wake`](super::Swarm::wake) called at that time, and no more at an earlier one.
    fn wake_at(&self, millis: u64);
    /// Lets waiting messages in.
    async fn turn(&self);
    /// Runs a future to its end.
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()>>>);
    /// Bytes by lot.
    fn random(&self) -> [u8; 20];

    /// Opens a socket to a tracker.
    fn connect_tracker(&self, url: &str);
    /// Sends a text to a tracker.
    fn send_to_tracker(&self, url: &str, text: &str);
    /// Closes the socket to a tracker.
    fn close_tracker(&self, url: &str);

    /// Sends bytes to a peer; tells how many wait in its channel now, where the channel is here. Of
    /// one that stays with the page the page tells.
    fn send(&self, connection: ConnectionId, bytes: Vec<u8>) -> Option<u32>;
    /// Forgets the channel of a connection.
    fn close(&self, connection: ConnectionId);

    /// Gets a range of an address.
    fn fetch(&self, id: FetchId, url: &str, offset: u64, length: u64);
    /// It is not wanted any more.
    fn cancel_fetch(&self, id: FetchId);

    /// A whole file from an address.
    async fn get(&self, url: &str) -> Result<Vec<u8>, String>;
    /// A file that the library keeps.
    async fn library_file(&self, md5: Md5) -> Option<Vec<u8>>;
    /// Tells the library of a file that has come.
    fn arrived(&self, file: FileId, path: &str, bytes: Vec<u8>);
    /// Bytes of disk that this site uses, and may use, where the browser tells.
    async fn disk(&self) -> Option<(u64, u64)>;
}
