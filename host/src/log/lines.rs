//! Whole lines to standard error, without ever waiting for whoever reads it.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::PIPE_BUF;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::cli::LogFormat;

/// Where log lines go: each with one write, if the output takes it at once. Otherwise it is
/// dropped and counted, and the next line that is taken comes after a line with that number.
///
/// The output stays in blocking mode, since the mode is shared with other processes, the user's
/// shell among them. Instead nothing is written unless poll(2) says that the output is writable,
/// which for a pipe promises room for [`PIPE_BUF`] bytes, and no more than that is written. A
/// process that fills the same pipe in between can still hold us up, as long as it stays full.
pub(super) struct LogLines<F> {
    output: F,
    format: LogFormat,
    dropped: Mutex<u64>,
}

impl<F: AsFd> LogLines<F> {
    pub(super) fn new(output: F, format: LogFormat) -> Self {
        Self {
            output,
            format,
            dropped: Mutex::new(0),
        }
    }

    fn write_line(&self, line: &[u8]) {
        let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        if *dropped > 0 && self.try_write(notice(self.format, *dropped).as_bytes()) {
            *dropped = 0;
        }
        if *dropped > 0 || !self.try_write(line) {
            *dropped += 1;
        }
    }

    /// Writes a line, cut if need be, unless that could block.
    fn try_write(&self, line: &[u8]) -> bool {
        if !self.is_writable() {
            return false;
        }
        let written = if line.len() > PIPE_BUF {
            rustix::io::write(&self.output, &cut(line))
        } else {
            rustix::io::write(&self.output, line)
        };
        written.is_ok()
    }

    fn is_writable(&self) -> bool {
        let mut fds = [PollFd::new(&self.output, PollFlags::OUT)];
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

impl<'a, F: AsFd + 'a> MakeWriter<'a> for LogLines<F> {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// As much of a line as may be written at once, whole characters and the line's end.
fn cut(line: &[u8]) -> Vec<u8> {
    let mut end = PIPE_BUF - 1;
    while end > 0 && is_continuation(line[end]) {
        end -= 1;
    }
    let mut cut = line[..end].to_vec();
    cut.push(b'\n');
    cut
}

/// Whether a byte of UTF-8 text is inside a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// A log line about lines that are missing.
fn notice(format: LogFormat, dropped: u64) -> String {
    let mut time = String::new();
    // The time is missing rather than the notice.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let message = format!("dropped {dropped} log lines, since nobody read standard error");
    match format {
        LogFormat::Text => format!("{time}  WARN {message}\n"),
        LogFormat::Json => {
            format!("{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"message\":\"{message}\"}}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};

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
        let dropped = *log.dropped.lock().unwrap();
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
        assert_eq!(*log.dropped.lock().unwrap(), 2);
    }

    #[test]
    fn the_notice_is_an_object_where_all_lines_are() {
        let notice = notice(LogFormat::Json, 7);
        assert!(notice.starts_with("{\"timestamp\":\"2"), "{notice}");
        assert!(notice.ends_with("\"}\n"), "{notice}");
    }
}
