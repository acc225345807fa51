//! What to do when the system refuses something.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// What to do when an address cannot be listened on; begins with a semicolon, or is empty.
pub(crate) fn on_listening(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => {
            "; stop the program that has it ('ss -ltnp' names it), or choose another port"
        }
        ErrorKind::PermissionDenied => {
            "; ports below 1024 are not for everybody: choose a higher one, or give the program the \
             capability CAP_NET_BIND_SERVICE"
        }
        ErrorKind::AddrNotAvailable => {
            "; this machine does not have it: use an address that it has, or 0.0.0.0 or [::] for all"
        }
        _ => on_descriptors(error),
    }
}

/// What to do when a file cannot be read.
pub(crate) fn on_reading(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "; look at the path, which begins where the program was started",
        ErrorKind::PermissionDenied => "; let the user read it who runs the program",
        ErrorKind::IsADirectory => "; give a file that is in it",
        ErrorKind::InvalidData => "; it has to be text in UTF-8",
        _ => on_descriptors(error),
    }
}

/// What to do when there are no descriptors left.
pub(crate) fn on_descriptors(error: &io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE) => {
            "; allow the program more open files: 'ulimit -n', or LimitNOFILE= of systemd"
        }
        Some(Errno::NFILE) => "; allow the system more open files: 'sysctl fs.file-max'",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_cannot_listen_is_told_what_else_to_do() {
        for (errno, words) in [
            (Errno::ADDRINUSE, "another port"),
            (Errno::ACCESS, "CAP_NET_BIND_SERVICE"),
            (Errno::ADDRNOTAVAIL, "[::] for all"),
            (Errno::MFILE, "LimitNOFILE="),
        ] {
            let advice = on_listening(&errno.into());
            assert!(
                advice.starts_with("; ") && advice.contains(words),
                "{advice}"
            );
        }
        assert_eq!(on_listening(&Errno::INVAL.into()), "");
    }
}
