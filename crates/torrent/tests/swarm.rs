//! Sessions that meet in the simulated world and exchange torrents.

mod sim;

use sim::{Sample, World};
use torrent::session::Priority;

const MINUTE: u64 = 60_000;

#[test]
fn two_peers_exchange_a_torrent() {
    let sample = Sample::new(1, &[40_000, 0, 5_000_000, 1, 70_000]);
    let mut world = World::new(1);
    let seeder = world.join();
    let leecher = world.join();
    world.add(seeder, &sample, true, Priority::Normal);
    world.run_for(200);
    world.add(leecher, &sample, false, Priority::Normal);
    let end = world.now + MINUTE;
    let done = world.run_until(end, |world| world.have_all(&[leecher], &sample));
    assert!(done, "{:#?}", world.status(leecher, sample.hash()));
    assert!(world.are_seeding(&[seeder, leecher], &sample));
}
