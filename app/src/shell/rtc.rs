//! Connections to other listeners. They can only be made in a window; their channels are handed to
//! the swarm worker where the browser can, and pumped where not.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use protocol::swarm::{ConnectionId, Request, Rtc as Wish};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MessageEvent, RtcConfiguration, RtcDataChannel, RtcDataChannelEvent, RtcDataChannelType,
    RtcIceTransportPolicy, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcPeerConnectionState,
    RtcSdpType, RtcSessionDescriptionInit,
};

use super::workers::{Workers, get};

/// Candidates are gathered for that long at most: a description carries all of them.
const GATHER_MILLIS: i32 = 5_000;
/// Candidates of the kind that is needed come together, those of this device within 2 ms; Chromium
/// says that there are no more of them only 120 ms later.
const QUIET_MILLIS: i32 = 15;
const QUIET_HOST_MILLIS: i32 = 5;
/// A connection that is not made by then is given up.
const CONNECT_MILLIS: i32 = 60_000;
/// Bytes waiting in a channel below which more are asked for.
const LOW_WATER: u32 = 64 * 1024;

/// How connections are made.
#[derive(Debug, Clone, Default)]
pub struct Ice {
    /// `iceServers` as the site tells them.
    pub servers: Option<Array>,
    /// Through a relay only.
    pub relay_only: bool,
    /// Without asking any server for this device's address.
    pub local_only: bool,
}

/// What webtorrent calls its channels.
const LABEL: &str = "webtorrent";

/// The kind of candidate that a connection needs.
#[derive(Clone, Copy)]
enum Kind {
    /// An address of this device.
    Host,
    /// As a STUN server sees it.
    Reflexive,
    /// At a TURN server.
    Relay,
}

impl Kind {
    /// How candidates say it.
    fn word(self) -> &'static str {
        match self {
            Self::Host => "typ host",
            Self::Reflexive => "typ srflx",
            Self::Relay => "typ relay",
        }
    }

    /// How long others of it may come after the first.
    fn quiet_millis(self) -> i32 {
        match self {
            Self::Host => QUIET_HOST_MILLIS,
            Self::Reflexive | Self::Relay => QUIET_MILLIS,
        }
    }
}

type OnState = Closure<dyn Fn()>;
type OnCandidate = Closure<dyn Fn(RtcPeerConnectionIceEvent)>;
type OnChannel = Closure<dyn Fn(RtcDataChannelEvent)>;
type OnMessage = Closure<dyn Fn(MessageEvent)>;

/// A channel that stays here.
struct Pumped {
    channel: RtcDataChannel,
    _listeners: (OnState, OnMessage, OnState, OnState),
}

struct Peer {
    connection: RtcPeerConnection,
    pumped: RefCell<Option<Pumped>>,
    /// It was open once.
    is_up: Rc<Cell<bool>>,
    _on_state: OnState,
    _on_channel: OnChannel,
}

/// Whether the other side is described.
fn has_remote(connection: &RtcPeerConnection) -> bool {
    get(connection, "remoteDescription").is_object()
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.connection.set_onconnectionstatechange(None);
        self.connection.set_ondatachannel(None);
        self.connection.close();
    }
}

/// A connection that the swarm wants, and the offer that it answers, if it is an answer.
type Wanted = (ConnectionId, Option<String>);

struct Inner {
    peers: RefCell<BTreeMap<ConnectionId, Peer>>,
    ice: RefCell<Ice>,
    /// What is wanted before it is known how connections are made; `None` from then on.
    early: RefCell<Option<Vec<Wanted>>>,
    /// One certificate for all connections of this page: to make one takes tens of milliseconds.
    /// A peer learns nothing by it, as the peer id is the same everywhere too.
    certificates: RefCell<Option<Array>>,
}

/// All connections.
#[derive(Clone)]
pub struct Rtc {
    inner: Rc<Inner>,
    workers: Workers,
}

impl Rtc {
    /// None yet.
    #[must_use]
    pub fn new(workers: Workers) -> Self {
        Self {
            inner: Rc::new(Inner {
                peers: RefCell::default(),
                ice: RefCell::default(),
                early: RefCell::new(Some(Vec::new())),
                certificates: RefCell::default(),
            }),
            workers,
        }
    }

    /// Makes the connections that are wanted, and those that were, with what the site says of
    /// servers.
    pub async fn begin(&self, servers: Option<Array>) {
        self.inner.ice.borrow_mut().servers = servers;
        *self.inner.certificates.borrow_mut() = certificates().await;
        let early = self.inner.early.take();
        for (id, offer) in early.into_iter().flatten() {
            self.start(id, offer);
        }
    }

    /// Sets how connections are made from now on. Offers that were made otherwise are given up.
    pub fn set_ice(&self, change: impl FnOnce(&mut Ice)) {
        change(&mut self.inner.ice.borrow_mut());
        let unanswered: Vec<ConnectionId> = {
            let peers = self.inner.peers.borrow();
            let unanswered = peers
                .iter()
                .filter(|(_, peer)| !has_remote(&peer.connection));
            unanswered.map(|(id, _)| *id).collect()
        };
        for id in unanswered {
            self.lost(id, "connections are made in another way now");
        }
    }

    /// Closes all connections.
    pub fn close_all(&self) {
        if let Some(early) = &mut *self.inner.early.borrow_mut() {
            early.clear();
        }
        let peers = self.inner.peers.take();
        drop(peers);
    }

    /// Does what the swarm wants.
    pub fn obey(&self, wish: Wish, bytes: Option<Uint8Array>) {
        match wish {
            Wish::Offer(id) => self.start(id, None),
            Wish::Answer(id, offer) => self.start(id, Some(offer)),
            Wish::Accept(id, answer) => self.accept(id, answer),
            Wish::Send(id) => self.send(id, bytes),
            Wish::Close(id) => {
                if let Some(early) = &mut *self.inner.early.borrow_mut() {
                    early.retain(|(wanted, _)| *wanted != id);
                }
                let peer = self.inner.peers.borrow_mut().remove(&id);
                drop(peer);
            }
        }
    }

    fn start(&self, id: ConnectionId, offer: Option<String>) {
        if let Some(early) = &mut *self.inner.early.borrow_mut() {
            return early.push((id, offer));
        }
        if let Err(error) = self.try_start(id, offer) {
            self.lost(id, &words(&error));
        }
    }

    fn try_start(&self, id: ConnectionId, offer: Option<String>) -> Result<(), JsValue> {
        let kind;
        let connection = {
            let ice = self.inner.ice.borrow();
            let configuration = RtcConfiguration::new();
            let servers = ice.servers.as_ref().filter(|_| !ice.local_only);
            if let Some(servers) = servers {
                configuration.set_ice_servers(servers);
            }
            if let Some(certificates) = &*self.inner.certificates.borrow() {
                configuration.set_certificates(certificates);
            }
            kind = match servers {
                _ if ice.relay_only => Kind::Relay,
                Some(servers) if servers.length() > 0 => Kind::Reflexive,
                _ => Kind::Host,
            };
            if ice.relay_only {
                configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
            }
            RtcPeerConnection::new_with_configuration(&configuration)?
        };
        let is_up = Rc::new(Cell::new(false));
        let (this, watched, up) = (self.clone(), connection.clone(), Rc::clone(&is_up));
        let on_state = OnState::new(move || match watched.connection_state() {
            RtcPeerConnectionState::Connected => up.set(true),
            RtcPeerConnectionState::Failed => this.lost(id, "no way to the other side was found"),
            RtcPeerConnectionState::Closed => this.lost(id, "it was closed"),
            _ => {}
        });
        connection.set_onconnectionstatechange(Some(on_state.as_ref().unchecked_ref()));
        let this = self.clone();
        let on_channel = OnChannel::new(move |event: RtcDataChannelEvent| {
            this.take_channel(id, event.channel());
        });
        connection.set_ondatachannel(Some(on_channel.as_ref().unchecked_ref()));
        let peer = Peer {
            connection: connection.clone(),
            pumped: RefCell::default(),
            is_up: Rc::clone(&is_up),
            _on_state: on_state,
            _on_channel: on_channel,
        };
        self.inner.peers.borrow_mut().insert(id, peer);
        if offer.is_none() {
            // A channel can be handed over only before anything has happened to it.
            self.take_channel(id, connection.create_data_channel(LABEL));
        }
        let this = self.clone();
        spawn_local(async move {
            match describe(&connection, offer, kind).await {
                Ok(sdp) => {
                    this.workers.swarm(&Request::Described(id, sdp));
                }
                Err(error) => this.lost(id, &words(&error)),
            }
            sleep(CONNECT_MILLIS).await;
            // An offer that waits for an answer is the swarm's to give up.
            if has_remote(&connection) && !is_up.get() {
                this.lost(id, "it took too long");
            }
        });
        Ok(())
    }

    fn accept(&self, id: ConnectionId, answer: String) {
        let connection = {
            let peers = self.inner.peers.borrow();
            peers.get(&id).map(|peer| peer.connection.clone())
        };
        let Some(connection) = connection else { return };
        let this = self.clone();
        spawn_local(async move {
            let description = RtcSessionDescriptionInit::new(RtcSdpType::Answer);
            description.set_sdp(&answer);
            let set = JsFuture::from(connection.set_remote_description(&description)).await;
            if let Err(error) = set {
                return this.lost(id, &words(&error));
            }
            sleep(CONNECT_MILLIS).await;
            let is_up = {
                let peers = this.inner.peers.borrow();
                peers.get(&id).is_none_or(|peer| peer.is_up.get())
            };
            if !is_up {
                this.lost(id, "it took too long");
            }
        });
    }

    /// Hands a channel to the swarm, or keeps it and pumps.
    fn take_channel(&self, id: ConnectionId, channel: RtcDataChannel) {
        if self
            .workers
            .swarm_with(&Request::Connected(id), "channel", &channel)
        {
            return;
        }
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        channel.set_buffered_amount_low_threshold(LOW_WATER);
        let workers = self.workers.clone();
        let on_open = OnState::new(move || {
            workers.swarm(&Request::Connected(id));
        });
        let workers = self.workers.clone();
        let on_message = OnMessage::new(move |event: MessageEvent| {
            if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() {
                let bytes = Uint8Array::new(&buffer);
                workers.swarm_bytes(&Request::Received(id), &bytes);
            }
        });
        let this = self.clone();
        let on_close = OnState::new(move || this.lost(id, "the other side closed"));
        let (workers, watched) = (self.workers.clone(), channel.clone());
        let on_low = OnState::new(move || {
            workers.swarm(&Request::Buffered(id, watched.buffered_amount()));
        });
        channel.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        channel.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        channel.set_onbufferedamountlow(Some(on_low.as_ref().unchecked_ref()));
        if let Some(peer) = self.inner.peers.borrow().get(&id) {
            *peer.pumped.borrow_mut() = Some(Pumped {
                channel,
                _listeners: (on_open, on_message, on_close, on_low),
            });
        }
    }

    fn send(&self, id: ConnectionId, bytes: Option<Uint8Array>) {
        let waiting = {
            let peers = self.inner.peers.borrow();
            let pumped = peers.get(&id).map(|peer| peer.pumped.borrow());
            match (pumped.as_deref(), bytes) {
                (Some(Some(pumped)), Some(bytes)) => {
                    let sent = pumped.channel.send_with_array_buffer_view(&bytes);
                    sent.map(|()| pumped.channel.buffered_amount())
                }
                _ => return,
            }
        };
        match waiting {
            Ok(waiting) => {
                self.workers.swarm(&Request::Buffered(id, waiting));
            }
            Err(_) => self.lost(id, "it takes no more bytes"),
        }
    }

    fn lost(&self, id: ConnectionId, why: &str) {
        let peer = self.inner.peers.borrow_mut().remove(&id);
        if peer.is_some() {
            self.workers
                .swarm(&Request::Disconnected(id, why.to_owned()));
        }
        // This may be called from one of its own listeners.
        spawn_local(async move { drop(peer) });
    }
}

/// A certificate for all connections. Without one, as where this fails, each makes its own.
async fn certificates() -> Option<Array> {
    let algorithm = Object::new();
    let set = |key: &str, value: &str| {
        // A plain object takes any property.
        let _ = Reflect::set(&algorithm, &key.into(), &value.into());
    };
    set("name", "ECDSA");
    set("namedCurve", "P-256");
    let made = RtcPeerConnection::generate_certificate_with_object(&algorithm).ok()?;
    let certificate = JsFuture::from(made).await.ok()?;
    Some(Array::of1(&certificate))
}

/// An offer, or the answer to one, with all candidates up to those of `kind`.
async fn describe(
    connection: &RtcPeerConnection,
    offer: Option<String>,
    kind: Kind,
) -> Result<String, JsValue> {
    let description = match offer {
        None => JsFuture::from(connection.create_offer()).await?,
        Some(offer) => {
            let remote = RtcSessionDescriptionInit::new(RtcSdpType::Offer);
            remote.set_sdp(&offer);
            JsFuture::from(connection.set_remote_description(&remote)).await?;
            JsFuture::from(connection.create_answer()).await?
        }
    };
    let description: RtcSessionDescriptionInit = description.unchecked_into();
    let gathered = gathered(connection, kind);
    JsFuture::from(connection.set_local_description(&description)).await?;
    gathered.await;
    // Only now it has the candidates.
    let description = get(connection, "localDescription");
    let sdp = get(&description, "sdp").as_string();
    sdp.ok_or_else(|| "the browser describes no connection".into())
}

/// Resolves when candidates of `kind` are there, when there are no more, or after long enough.
/// Listens from the call on.
fn gathered(connection: &RtcPeerConnection, kind: Kind) -> impl Future<Output = ()> {
    let mut kept: Option<OnCandidate> = None;
    let enough = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, GATHER_MILLIS);
        kept = Some(OnCandidate::new(move |event: RtcPeerConnectionIceEvent| {
            let candidate = event.candidate().map(|it| it.candidate());
            match candidate.filter(|text| !text.is_empty()) {
                Some(text) if text.contains(kind.word()) => {
                    set_timeout(&resolve, kind.quiet_millis())
                }
                Some(_) => {}
                // It cannot throw.
                None => drop(resolve.call0(&JsValue::UNDEFINED)),
            }
        }));
    });
    let listener = kept.as_ref().map(|it| it.as_ref().unchecked_ref());
    connection.set_onicecandidate(listener);
    let connection = connection.clone();
    async move {
        // It is never rejected.
        let _ = JsFuture::from(enough).await;
        connection.set_onicecandidate(None);
        drop(kept);
    }
}

fn set_timeout(callback: &js_sys::Function, millis: i32) {
    if let Some(window) = web_sys::window() {
        // A window always has timers.
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis);
    }
}

async fn sleep(millis: i32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, millis));
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}

fn words(error: &JsValue) -> String {
    let message = get(error, "message").as_string();
    message.unwrap_or_else(|| format!("{error:?}"))
}
