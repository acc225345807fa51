//! What the system lets this process have.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};

/// What threads and their memory are made of. `None` where there is no bound, or none that the
/// system tells of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    /// How many more memory mappings there may be.
    pub(crate) mappings: Option<u64>,
    /// How many threads there may be, those that there are among them.
    pub(crate) threads: Option<u64>,
    /// How much more address space there may be, in bytes.
    pub(crate) address_space: Option<u64>,
    /// How much more memory there is, in bytes.
    pub(crate) memory: Option<u64>,
}

impl Room {
    /// What is left to this process now. Others may take of some of it at any time.
    pub(crate) fn of_process() -> Self {
        let threads = [
            getrlimit(Resource::Nproc).current,
            number("/proc/sys/kernel/threads-max"),
            // A thread has a number of its own.
            number("/proc/sys/kernel/pid_max"),
            limit_of_cgroup("pids", "pids.max", "pids.max"),
        ];
        let memory = [
            available_memory(&text("/proc/meminfo")),
            limit_of_cgroup("memory", "memory.limit_in_bytes", "memory.max"),
        ];
        let left = |limit: u64, used: u64| limit.saturating_sub(used);
        let mapped = text("/proc/self/maps").lines().count() as u64;
        Self {
            mappings: number("/proc/sys/vm/max_map_count").map(|limit| left(limit, mapped)),
            threads: threads.into_iter().flatten().min(),
            address_space: getrlimit(Resource::As)
                .current
                .map(|limit| left(limit, address_space())),
            memory: memory.into_iter().flatten().min(),
        }
    }
}

/// How much address space this process has, in bytes.
fn address_space() -> u64 {
    let pages = text("/proc/self/statm");
    let pages = pages.split(' ').next().and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * page_size() as u64
}

/// How much memory programs can have without swapping, in bytes, as `/proc/meminfo` estimates it.
fn available_memory(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let value = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// The smallest limit of the control groups that this process is in.
fn limit_of_cgroup(controller: &str, v1: &str, v2: &str) -> Option<u64> {
    limit_files(&text("/proc/self/cgroup"), controller, v1, v2)
        .filter_map(number)
        .min()
}

/// Where the limits of some control groups may be, given as `/proc/self/cgroup` has them
/// (cgroups(7)): those of a group, and of all above it. `v1` and `v2` are the names of the limit in
/// the two versions of control groups.
fn limit_files<'a>(
    groups: &'a str,
    controller: &'a str,
    v1: &'a str,
    v2: &'a str,
) -> impl Iterator<Item = PathBuf> + 'a {
    let groups = groups.lines().filter_map(move |line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        match controllers {
            "" => Some((controllers, group, v2)),
            _ if controllers.split(',').any(|it| it == controller) => {
                Some((controllers, group, v1))
            }
            _ => None,
        }
    });
    groups.flat_map(|(controllers, group, file)| {
        let mount = Path::new(CGROUPS).join(controllers);
        let folders = Path::new(group).ancestors();
        folders.map(move |folder| {
            mount
                .join(folder.strip_prefix("/").unwrap_or(folder))
                .join(file)
        })
    })
}

/// The number that is all that a file has; `None` if it is none, such as `max`.
fn number(file: impl AsRef<Path>) -> Option<u64> {
    text(file).trim().parse().ok()
}

/// What a file has; nothing where there is no such file.
fn text(file: impl AsRef<Path>) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// Where control groups are by custom.
const CGROUPS: &str = "/sys/fs/cgroup";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known() {
        let room = Room::of_process();
        assert!(room.threads.is_some_and(|threads| threads > 1));
        assert!(room.mappings.is_some_and(|mappings| mappings > 1));
        assert!(room.memory.is_some_and(|memory| memory > 1 << 20));
        assert!(address_space() > 1 << 20);
    }

    #[test]
    fn a_group_has_the_limits_of_all_above_it_in_both_versions() {
        let groups = "12:cpu,cpuacct:/a\n8:pids:/user/me\n0::/user/me\n";
        let files: Vec<_> = limit_files(groups, "pids", "one", "two").collect();
        let expected = [
            "/sys/fs/cgroup/pids/user/me/one",
            "/sys/fs/cgroup/pids/user/one",
            "/sys/fs/cgroup/pids/one",
            "/sys/fs/cgroup/user/me/two",
            "/sys/fs/cgroup/user/two",
            "/sys/fs/cgroup/two",
        ];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn the_system_s_estimate_of_memory_is_in_bytes() {
        let meminfo = "MemTotal: 24152 kB\nMemFree:   8 kB\nMemAvailable:   16 kB\n";
        assert_eq!(available_memory(meminfo), Some(16 << 10));
        assert_eq!(available_memory("MemFree: 8 kB\n"), None);
    }
}
