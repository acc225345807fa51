//! Whole lines to standard error, without ever waiting for whoever reads it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::cli::LogFormat;

/// Where log lines go: each with one write, if the output takes it at once. Otherwise it is
/// dropped and counted, and the next line that is taken comes after a line with that number.
///
/// Nothing is written unless poll(2) says that the output is writable, which for a pipe promises
/// room for [`PIPE_BUF`] bytes, and no more than that is written.
pub(super) struct LogLines<F> {
    format: LogFormat,
    output: Mutex<Output<F>>,
}

struct Output<F> {
    file: F,
    missing: Missing,
}

/// What is not in the log, though it should be.
#[derive(Default)]
struct Missing {
    /// How many lines, since the last notice.
    lines: u64,
    /// Whether the last one of them was begun.
    is_torn: bool,
    /// Standard error could have been written to, and had no room for the last one of them.
    is_full: bool,
}

impl<F: AsFd> LogLines<F> {
    pub(super) fn new(file: F, format: LogFormat) -> Self {
        let missing = Missing::default();
        Self {
            format,
            output: Mutex::new(Output { file, missing }),
        }
    }

    /// From now on, lines go to `file`, those of `waiting` first.
    pub(super) fn redirect(&self, file: F, waiting: impl FnOnce(&mut dyn FnMut(&[u8]))) {
        let mut output = self.lock();
        output.file = file;
        waiting(&mut |line| output.write_line(line, self.format));
    }

    pub(super) fn format(&self) -> LogFormat {
        self.format
    }

    pub(super) fn write_line(&self, line: &[u8]) {
        self.lock().write_line(line, self.format);
    }

    fn lock(&self) -> MutexGuard<'_, Output<F>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: AsFd> Output<F> {
    fn write_line(&mut self, line: &[u8], format: LogFormat) {
        if self.missing.lines > 0 {
            let notice = notice(format, &self.missing);
            if self.try_write(notice.as_bytes()) {
                self.missing.lines = 0;
            }
        }
        if self.missing.lines > 0 || !self.try_write(line) {
            self.missing.lines += 1;
        }
    }

    /// Writes a whole line, cut if need be, unless that would block.
    fn try_write(&mut self, line: &[u8]) -> bool {
        if !self.is_writable() {
            self.missing.is_full = false;
            return false;
        }
        let line = cut(line);
        let written = match rustix::io::write(&self.file, &line) {
            Ok(written) => written,
            Err(errno) => {
                self.missing.is_full = matches!(errno, Errno::NOSPC | Errno::DQUOT);
                return false;
            }
        };
        self.missing.is_torn = written < line.len();
        !self.missing.is_torn
    }

    fn is_writable(&self) -> bool {
        let mut fds = [PollFd::new(&self.file, PollFlags::OUT)];
        let at_once = Timespec::default();
        poll(&mut fds, Some(&at_once)).is_ok() && fds[0].revents().contains(PollFlags::OUT)
    }
}

/// Takes one whole line with each write. It never fails: there is nobody to tell.
impl<F: AsFd> Write for &LogLines<F> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same output as `output`, with a mode of its own where possible: nonblocking.
///
/// A terminal says that it is writable when there is room for one byte, and another process may
/// fill a pipe after it said so, so that poll(2) alone is no safeguard. The mode of `output` itself
/// has to stay what it is, since it is shared with other processes, the user's shell among them.
/// What cannot be opened once more, such as the terminal of another user, is used as it is.
pub(crate) fn with_own_mode(output: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let kind = FileType::from_raw_mode(fstat(output)?.st_mode);
    if matches!(kind, FileType::Fifo | FileType::CharacterDevice) {
        let path = format!("/proc/self/fd/{}", output.as_raw_fd());
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        if let Ok(opened) = open(path, flags, Mode::empty()) {
            return Ok(opened);
        }
    }
    output.try_clone_to_owned()
}

/// As much of a line as may be written at once: whole characters, and the line's end.
fn cut(line: &[u8]) -> Cow<'_, [u8]> {
    if line.len() <= PIPE_BUF {
        return Cow::Borrowed(line);
    }
    let mut end = PIPE_BUF - 1;
    while end > 0 && is_continuation(line[end]) {
        end -= 1;
    }
    let mut cut = line[..end].to_vec();
    cut.push(b'\n');
    Cow::Owned(cut)
}

/// Whether a byte of UTF-8 text is inside a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// A log line about lines that are missing.
fn notice(format: LogFormat, missing: &Missing) -> String {
    let mut time = String::new();
    // The time is missing rather than the notice.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let start = if missing.is_torn { "\n" } else { "" };
    let lines = missing.lines;
    let cause = match missing.is_full {
        true => "since the disk that standard error goes to was full: keep some room there",
        false => "since nobody read standard error",
    };
    let message = format!("dropped {lines} log lines, {cause}");
    match format {
        LogFormat::Text => format!("{start}{time}  WARN {message}\n"),
        LogFormat::Json => format!(
            "{start}{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"message\":\"{message}\"}}\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};

    use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};

    use super::*;

    fn log_to_pipe() -> (LogLines<PipeWriter>, BufReader<PipeReader>) {
        let (reader, writer) = io::pipe().unwrap();
        (
            LogLines::new(writer, LogFormat::Text),
            BufReader::new(reader),
        )
    }

    fn next_line(reader: &mut impl BufRead) -> String {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line
    }

    #[test]
    fn a_full_pipe_costs_lines_and_never_time() {
        let (log, mut reader) = log_to_pipe();
        for _ in 0..100_000 {
            log.write_line(b"some line\n");
        }
        let dropped = log.lock().missing.lines;
        assert!(dropped > 0);
        for _ in 0..100_000 - dropped {
            assert_eq!(next_line(&mut reader), "some line\n");
        }
        log.write_line(b"at last\n");
        let notice = next_line(&mut reader);
        assert!(
            notice.contains(&format!(" WARN dropped {dropped} log lines")),
            "{notice}"
        );
        assert_eq!(next_line(&mut reader), "at last\n");
    }

    #[test]
    fn a_terminal_that_nobody_reads_costs_lines_and_never_time() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let log = LogLines::new(with_own_mode(terminal.as_fd()).unwrap(), LogFormat::Text);
        for _ in 0..100_000 {
            log.write_line(b"some line\n");
        }
        assert!(log.lock().missing.lines > 0);
        let mut screen = BufReader::new(File::from(master));
        let mut notices = 0;
        loop {
            log.write_line(b"at last\n");
            let line = next_line(&mut screen);
            notices += usize::from(line.contains(" WARN dropped "));
            if line == "at last\r\n" {
                break;
            }
            let is_torn_at_most = "some line\r\n".starts_with(line.trim_end());
            assert!(is_torn_at_most || line.starts_with("20"), "{line}");
        }
        assert!(notices > 0);
    }

    #[test]
    fn a_line_is_cut_to_what_a_pipe_takes_at_once() {
        let (log, mut reader) = log_to_pipe();
        log.write_line("ü".repeat(3 * PIPE_BUF).as_bytes());
        drop(log);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert!(text.len() <= PIPE_BUF && text.len() > PIPE_BUF - 4);
        assert!(text.ends_with("ü\n"));
    }

    #[test]
    fn an_output_that_is_gone_is_no_failure() {
        let (log, reader) = log_to_pipe();
        drop(reader);
        log.write_line(b"lost\n");
        log.write_line(b"lost, too\n");
        assert_eq!(log.lock().missing.lines, 2);
    }

    #[test]
    fn a_full_disk_costs_lines_and_is_told_once_there_is_room() {
        let full = open("/dev/full", OFlags::WRONLY, Mode::empty()).unwrap();
        let log = LogLines::new(full, LogFormat::Text);
        log.write_line(b"lost\n");
        log.write_line(b"lost, too\n");
        let (reader, writer) = io::pipe().unwrap();
        log.redirect(writer.into(), |_| {});
        log.write_line(b"at last\n");
        let mut reader = BufReader::new(reader);
        let notice = next_line(&mut reader);
        assert!(notice.contains("dropped 2 log lines"), "{notice}");
        assert!(notice.contains("the disk"), "{notice}");
        assert_eq!(next_line(&mut reader), "at last\n");
    }

    #[test]
    fn the_notice_is_an_object_where_all_lines_are() {
        let missing = Missing {
            lines: 7,
            ..Missing::default()
        };
        let notice = notice(LogFormat::Json, &missing);
        assert!(notice.starts_with("{\"timestamp\":\"2"), "{notice}");
        assert!(notice.ends_with("\"}\n"), "{notice}");
    }
}
