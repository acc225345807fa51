//! Bytes in both directions between a keyboard with its screen and a socket.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;

use crate::log::LogRelay;
use crate::readiness::{wait_for, when};

/// One thread's work: input → socket, socket → output.
///
/// Input and output stay in blocking mode, since the mode is shared with other processes, the
/// user's shell among them. They are only touched once poll(2) says that they are ready, and with
/// no more than a pipe then promises to take at once. In each direction one piece is under way at
/// a time: input is not read before the socket has taken what was read before.
pub(super) struct Shuttle<I, O> {
    input: I,
    output: O,
    socket: UnixStream,
    typed: Pump,
    printed: Pump,
    progress: SyncSender<()>,
    /// What was logged, which is passed on behind what had come from the socket by then.
    log: Option<LogRelay>,
    /// Until when what is logged waits for what is printed.
    patience: Instant,
}

impl<I: AsFd, O: AsFd> Shuttle<I, O> {
    /// `socket` has to be nonblocking. `progress` is told of what was printed, and dropped at the
    /// end.
    pub(super) fn new(
        input: I,
        output: O,
        socket: UnixStream,
        progress: SyncSender<()>,
        log: Option<LogRelay>,
    ) -> Self {
        let (typed, printed) = (Pump::new(), Pump::new());
        Self {
            input,
            output,
            socket,
            typed,
            printed,
            progress,
            log,
            patience: Instant::now(),
        }
    }

    /// Works until the socket is at its end and all that came from it was printed, or cannot be.
    /// At the end of the input, the socket's sending half is ended.
    pub(super) fn run(mut self) {
        let mut is_sending = true;
        while let Ok(ready) = self.wait() {
            if ready.input {
                self.typed.fill(&self.input);
            }
            if ready.socket_out {
                self.typed.drain(&self.socket);
            }
            if is_sending && self.typed.is_done() {
                is_sending = false;
                // It fails where the other end is gone, which reading will tell.
                let _ = self.socket.shutdown(Shutdown::Write);
            }
            if ready.socket_in {
                self.printed.fill(&self.socket);
            }
            if ready.output {
                self.printed.drain(&self.output);
                // A full channel says already that something was printed.
                let _ = self.progress.try_send(());
            }
            self.relay_log(ready.log);
            if self.printed.is_done() {
                return;
            }
        }
    }

    /// Takes what was logged, and passes it on when all is printed that came from the socket
    /// before; or cannot be printed now.
    fn relay_log(&mut self, has_more: bool) {
        let Some(log) = &mut self.log else {
            return;
        };
        if has_more && !log.is_holding() {
            log.hold();
            self.patience = Instant::now() + PATIENCE;
        }
        if !log.is_holding() {
            return;
        }
        if self.printed.wants_input() {
            self.printed.fill(&self.socket);
        }
        if !self.printed.wants_output() || Instant::now() >= self.patience {
            log.pass_on();
        }
    }

    /// Waits until something can be done.
    fn wait(&self) -> Result<Ready, Errno> {
        let input = self.typed.wants_input() && self.printed.is_open;
        let output = self.printed.wants_output();
        let socket = when(self.typed.wants_output(), PollFlags::OUT)
            | when(self.printed.wants_input(), PollFlags::IN);
        let is_holding = self.log.as_ref().is_some_and(LogRelay::is_holding);
        let log = self.log.as_ref().map_or(self.socket.as_fd(), AsFd::as_fd);
        let wanted = [
            (self.input.as_fd(), when(input, PollFlags::IN)),
            (self.output.as_fd(), when(output, PollFlags::OUT)),
            (self.socket.as_fd(), socket),
            (log, when(self.log.is_some() && !is_holding, PollFlags::IN)),
        ];
        let deadline = is_holding.then_some(self.patience);
        let [on_input, on_output, on_socket, on_log] = wait_for(wanted, deadline)?;
        let failed = PollFlags::ERR | PollFlags::HUP;
        Ok(Ready {
            input: !on_input.is_empty(),
            output: !on_output.is_empty(),
            socket_out: on_socket.intersects(PollFlags::OUT | failed) && self.typed.wants_output(),
            socket_in: on_socket.intersects(PollFlags::IN | failed) && self.printed.wants_input(),
            log: !on_log.is_empty(),
        })
    }
}

/// What can be done without waiting, and makes sense now.
struct Ready {
    input: bool,
    output: bool,
    socket_out: bool,
    socket_in: bool,
    log: bool,
}

/// One direction, with the piece that is under way.
struct Pump {
    piece: [u8; PIPE_BUF],
    start: usize,
    end: usize,
    /// Whether there may be more to read.
    is_open: bool,
}

impl Pump {
    fn new() -> Self {
        Self {
            piece: [0; PIPE_BUF],
            start: 0,
            end: 0,
            is_open: true,
        }
    }

    fn wants_input(&self) -> bool {
        self.is_open && !self.wants_output()
    }

    fn wants_output(&self) -> bool {
        self.start < self.end
    }

    fn is_done(&self) -> bool {
        !self.is_open && !self.wants_output()
    }

    /// Reads the next piece. A source that fails is at its end.
    fn fill(&mut self, source: impl AsFd) {
        match rustix::io::read(source, &mut self.piece) {
            Ok(0) => self.is_open = false,
            Ok(n) => (self.start, self.end) = (0, n),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.is_open = false,
        }
    }

    /// Writes what it can of the piece. Where that fails, there is no use in reading more.
    fn drain(&mut self, sink: impl AsFd) {
        match rustix::io::write(sink, &self.piece[self.start..self.end]) {
            Ok(n) => self.start += n,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => (self.start, self.end, self.is_open) = (0, 0, false),
        }
    }
}

/// How long what is logged waits for an output that takes nothing.
const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::io::{self, PipeReader, PipeWriter, Read, Write};
    use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
    use std::thread;

    use super::*;

    /// A shuttle at work: a keyboard, a screen, an adapter's end, and the news of its progress.
    fn shuttle() -> (PipeWriter, PipeReader, UnixStream, Receiver<()>) {
        let (input, keyboard) = io::pipe().unwrap();
        let (screen, output) = io::pipe().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (printed, progress) = sync_channel(1);
        thread::spawn(|| Shuttle::new(input, output, ours, printed, None).run());
        (keyboard, screen, theirs, progress)
    }

    fn wait_for_end(progress: &Receiver<()>) {
        while progress.recv_timeout(Duration::from_secs(10)).is_ok() {}
        assert_eq!(
            progress.try_recv(),
            Err(std::sync::mpsc::TryRecvError::Disconnected)
        );
    }

    #[test]
    fn what_is_typed_arrives_and_the_end_of_input_ends_the_sending_half_only() {
        let (mut keyboard, mut screen, mut adapter, progress) = shuttle();
        keyboard.write_all(b"hello").unwrap();
        drop(keyboard);
        let mut received = String::new();
        adapter.read_to_string(&mut received).unwrap();
        assert_eq!(received, "hello");
        adapter.write_all(b"still here").unwrap();
        drop(adapter);
        let mut printed = String::new();
        screen.read_to_string(&mut printed).unwrap();
        assert_eq!(printed, "still here");
        wait_for_end(&progress);
    }

    #[test]
    fn everything_is_printed_after_the_adapter_closed_though_nobody_types() {
        let (_keyboard, mut screen, mut adapter, progress) = shuttle();
        let text = vec![b'x'; 150_000];
        let reader = thread::spawn(move || {
            let mut printed = Vec::new();
            screen.read_to_end(&mut printed).map(|_| printed)
        });
        adapter.write_all(&text).unwrap();
        drop(adapter);
        assert!(reader.join().unwrap().unwrap() == text);
        wait_for_end(&progress);
    }

    #[test]
    fn a_screen_that_is_gone_closes_the_connection() {
        let (_keyboard, screen, mut adapter, progress) = shuttle();
        drop(screen);
        adapter.write_all(b"hello").unwrap();
        assert_eq!(adapter.read(&mut [0; 8]).unwrap_or(0), 0);
        wait_for_end(&progress);
    }

    #[test]
    fn an_adapter_that_does_not_read_holds_up_the_keyboard_alone() {
        let (mut keyboard, mut screen, mut adapter, progress) = shuttle();
        let typist = thread::spawn(move || keyboard.write_all(&vec![b'x'; 4 << 20]));
        let mut printed = [0; 5];
        for _ in 0..100 {
            adapter.write_all(b"tick\n").unwrap();
            screen.read_exact(&mut printed).unwrap();
        }
        assert!(!typist.is_finished());
        let mut received = Vec::new();
        adapter.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), 4 << 20);
        typist.join().unwrap().unwrap();
        drop(adapter);
        wait_for_end(&progress);
    }

    #[test]
    fn a_screen_that_nobody_reads_keeps_the_rest_until_somebody_does() {
        let (_keyboard, mut screen, mut adapter, progress) = shuttle();
        adapter.write_all(&[b'x'; 100_000]).unwrap();
        drop(adapter);
        while progress.recv_timeout(Duration::from_millis(100)).is_ok() {}
        let stuck = progress.recv_timeout(Duration::ZERO);
        assert_eq!(stuck, Err(RecvTimeoutError::Timeout));
        let mut printed = Vec::new();
        screen.read_to_end(&mut printed).unwrap();
        assert_eq!(printed.len(), 100_000);
        wait_for_end(&progress);
    }
}
