//! What the machine gives the relay: processors, memory, disk.
//!
//! Linux only, from `proc_meminfo(5)` and the kernel's `admin-guide/cgroup-v2.rst`; elsewhere
//! these series do not exist.

use std::fs;
use std::path::{Path, PathBuf};

use super::declare::{Declared, Optional};

/// What the machine gives.
#[derive(Clone)]
pub struct MachineMetrics {
    processors: Optional,
    memory_limit: Optional,
    memory_used: Optional,
    disk_size: Optional,
    disk_free: Optional,
}

impl MachineMetrics {
    pub(super) fn new(declared: &mut Declared) -> Self {
        Self {
            processors: declared.optional((
                "sidereal_cpu_limit_cores",
                "cores",
                "Processors that the relay may use.",
            )),
            memory_limit: declared.optional((
                "sidereal_memory_limit_bytes",
                "bytes",
                "Memory of the relay's control group, or of the machine where that has no limit.",
            )),
            memory_used: declared.optional((
                "sidereal_memory_used_bytes",
                "bytes",
                "What of that is in use by all that share it, without what can be given back.",
            )),
            disk_size: declared.optional((
                "sidereal_data_dir_size_bytes",
                "bytes",
                "Size of the file system that has the data folder.",
            )),
            disk_free: declared.optional((
                "sidereal_data_dir_free_bytes",
                "bytes",
                "What of it the relay may still write.",
            )),
        }
    }

    /// Measures all of it.
    pub(super) fn measure(&self, data_dir: &Path) {
        let processors = std::thread::available_parallelism().ok();
        self.processors
            .set(processors.map(|count| count.get() as u64));
        let memory = Memory::read(Path::new("/"));
        self.memory_limit.set(memory.map(|memory| memory.limit));
        self.memory_used.set(memory.map(|memory| memory.used));
        let disk = disk(data_dir);
        self.disk_size.set(disk.map(|(size, _)| size));
        self.disk_free.set(disk.map(|(_, free)| free));
    }
}

/// Bytes of a file system, and how many of them may be written.
pub fn disk(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(path).ok()?;
        // What only root may write is not there for the relay, and is no use of the disk either.
        let reserved = found.f_bfree.saturating_sub(found.f_bavail);
        let size = found.f_blocks.saturating_sub(reserved);
        Some((size * found.f_frsize, found.f_bavail * found.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Memory that the relay shares with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    limit: u64,
    used: u64,
}

impl Memory {
    /// That of the tightest control group, or of the machine.
    fn read(root: &Path) -> Option<Self> {
        let machine = Self::of_machine(&fs::read_to_string(root.join("proc/meminfo")).ok()?)?;
        let groups = groups(root).filter_map(|folder| Self::of_group(&folder));
        groups.chain([machine]).min_by_key(|memory| memory.limit)
    }

    fn of_machine(text: &str) -> Option<Self> {
        let limit = field(text, "MemTotal:")? * 1_024;
        let available = field(text, "MemAvailable:")? * 1_024;
        Some(Self {
            limit,
            used: limit.saturating_sub(available),
        })
    }

    /// None where the group has no limit.
    fn of_group(folder: &Path) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let limit = read("memory.max")?.trim().parse().ok()?;
        let current: u64 = read("memory.current")?.trim().parse().ok()?;
        // Files that were read long ago: given back when memory is wanted.
        let stale = field(&read("memory.stat")?, "inactive_file")?;
        Some(Self {
            limit,
            used: current.saturating_sub(stale),
        })
    }
}

/// Folders of the process's control group and of those around it (version 2).
fn groups(root: &Path) -> impl Iterator<Item = PathBuf> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"));
    let top = root.join("sys/fs/cgroup");
    let folders = path.map(|path| top.join(path)).into_iter();
    folders.flat_map(move |folder| {
        let inside = |folder: &&Path| folder.starts_with(&top);
        let around: Vec<PathBuf> = folder
            .ancestors()
            .take_while(inside)
            .map(Into::into)
            .collect();
        around
    })
}

/// The number behind a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines();
    lines.find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Option<Memory> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Memory::read(root.path())
    }

    const MACHINE: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:  1000 kB\nMemFree: 100 kB\nMemAvailable:  400 kB\n",
    );
    const GROUP: (&str, &str) = ("proc/self/cgroup", "0::/system.slice/relay.service\n");
    const OUTER: &str = "sys/fs/cgroup/system.slice";

    #[test]
    fn memory_is_the_machines_or_the_tightest_groups() {
        assert_eq!(machine(&[]), None);
        let whole = Memory {
            limit: 1_024_000,
            used: 614_400,
        };
        assert_eq!(machine(&[MACHINE]), Some(whole));
        let inner = format!("{OUTER}/relay.service/memory.max");
        assert_eq!(machine(&[MACHINE, GROUP, (&inner, "max\n")]), Some(whole));
        let [most, current, stat] =
            ["max", "current", "stat"].map(|name| format!("{OUTER}/memory.{name}"));
        let group = [
            MACHINE,
            GROUP,
            (&inner, "max\n"),
            (&most, "500\n"),
            (&current, "300\n"),
            (&stat, "anon 200\ninactive_file 90\n"),
        ];
        let limited = Memory {
            limit: 500,
            used: 210,
        };
        assert_eq!(machine(&group), Some(limited));
    }

    #[test]
    fn a_file_system_has_room() {
        let (size, free) = disk(Path::new(".")).unwrap();
        assert!(size > 0 && free <= size, "{free} of {size}");
        assert_eq!(disk(Path::new("/nowhere/at/all")), None);
    }
}
