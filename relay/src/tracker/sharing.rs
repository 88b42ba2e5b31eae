//! The tracker's thread and other relays: what they say goes in, what they are told goes out.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use torrent::announce::TrackerMessage;
use torrent::tracker::{PULSE_MILLIS, Tracker};

use super::Room;
use crate::cluster::Share;

/// How long what is told gathers: less than a browser needs for anything, and enough that a crowd
/// that comes at once is a few messages.
const GATHERING: Duration = Duration::from_millis(10);

/// Shares the room's swarms for as long as the thread lives.
pub async fn run(room: Rc<RefCell<Room>>, mut share: Share) {
    share_from_now(&mut room.borrow_mut(), &share);
    let has_outgoing = Rc::clone(&room.borrow().has_outgoing);
    let mut pulses = interval(Duration::from_millis(PULSE_MILLIS));
    pulses.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            bytes = share.next() => match bytes {
                Some(bytes) => hear(&mut room.borrow_mut(), &share, &bytes),
                None => return,
            },
            () = has_outgoing.notified() => sleep(GATHERING).await,
            _ = pulses.tick() => {
                let mut room = room.borrow_mut();
                let now = room.now_millis();
                room.tracker.tick(now);
                share.metrics.relays.set(Some(room.tracker.relays() as u64));
                share.metrics.remote_peers.set(Some(room.tracker.remote_peers() as u64));
            }
        }
        let outgoing = room.borrow_mut().tracker.take_outgoing();
        if !outgoing.is_empty() {
            share.send(outgoing);
        }
    }
}

fn share_from_now(room: &mut Room, share: &Share) {
    let now = room.now_millis();
    let config = room.config.swarms;
    let tracker = std::mem::replace(&mut room.tracker, Tracker::new(config, 0));
    room.tracker = tracker.sharing(share.id, now);
}

/// Takes in a message of another relay.
fn hear(room: &mut Room, share: &Share, bytes: &[u8]) {
    let now = room.now_millis();
    let Room { tracker, post, .. } = room;
    let send = |to, message: &TrackerMessage<'_>| post.send(to, message);
    match tracker.hear(now, bytes, send) {
        Ok(heard) => {
            share.metrics.delivered.inc_by(heard.delivered.into());
            share.metrics.gone.inc_by(heard.gone.into());
        }
        Err(error) => {
            share.metrics.unreadable.inc();
            tracing::debug!(%error, "a message of another relay");
        }
    }
}
