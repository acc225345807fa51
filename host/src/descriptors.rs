//! The descriptors of this process: how many there may be, and what it was started with.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{FileType, fstat};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open file descriptors to the hard one, and returns it; `None` if there
/// is none.
///
/// # Errors
///
/// The system's, where it refuses; the limit is then what it was.
pub(crate) fn raise_limit() -> io::Result<Option<u64>> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: maximum,
                maximum,
            },
        )?;
    }
    Ok(maximum)
}

/// Refuses a directory, which can be opened like a file, but not read (`linechat-tokio … < /`).
///
/// # Errors
///
/// It is one, or the descriptor is closed.
pub(crate) fn check_input(input: impl AsFd) -> io::Result<()> {
    match FileType::from_raw_mode(fstat(input)?.st_mode) {
        FileType::Directory => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "standard input is a directory: give a file, a pipe or a terminal",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let hard = raise_limit().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, hard);
    }
}
