//! How most tests begin and end.

use torrent::session::Priority;

use super::{Sample, World};

/// A seeder and leechers, all there after a second.
pub fn swarm(world: &mut World, sample: &Sample, leechers: usize) -> (usize, Vec<usize>) {
    let seeder = world.join();
    world.add(seeder, sample, true, Priority::Normal);
    world.run_for(500);
    let leechers: Vec<usize> = (0..leechers)
        .map(|_| {
            let node = world.join();
            world.add(node, sample, false, Priority::Normal);
            world.run_for(50);
            node
        })
        .collect();
    (seeder, leechers)
}

/// Runs until nodes have a torrent; the milliseconds that it took.
pub fn finish(world: &mut World, nodes: &[usize], sample: &Sample, within: u64) -> u64 {
    let start = world.now;
    let end = start + within;
    if !world.run_until(end, |world| world.have_all(nodes, sample)) {
        for &node in nodes {
            let status = world.status(node, sample.hash());
            let peers = world.session(node).peers(world.now, &sample.hash());
            eprintln!("{node}: {status:#?} {peers:#?}");
        }
        panic!("not finished within {within} ms");
    }
    world.now - start
}
