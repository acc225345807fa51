//! The front end for people: a line that is edited at the bottom, and above it what arrives.
//!
//! Text, cursor and words are those of rustyline's line buffer. Its own loop is not used, and
//! neither is another editor's: they block until a line is entered, switch the terminal's mode for
//! each line, or ask the terminal where its cursor is and wait for the answer. Here everything that
//! is written goes through one place, in which the edited line is one row that is never wrapped:
//! it is erased, what arrived is printed, and the row is drawn again.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Zoned;
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio::{stdin, stdout};
use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGWINCH;
use signal_hook::{SigId, flag, low_level};

use self::keys::{Decoder, Key};
use self::line::EditedLine;
pub(crate) use self::raw::RawTerminal;
use crate::connect::session::{Front, KeyboardState};
use crate::connect::talk::{Said, Typed};
use crate::escaped::Escaped;
use crate::log::{LogReader, with_own_mode};

mod keys;
mod line;
mod raw;
mod row;

/// Standard input and output as a terminal.
pub(crate) struct Terminal {
    style: Style,
    /// Keys that were not looked at yet.
    typed: VecDeque<u8>,
    decoder: Decoder,
    line: EditedLine,
    /// What was entered and nobody has asked for.
    entered: VecDeque<Vec<u8>>,
    /// The one that was asked for last.
    current: Vec<u8>,
    keyboard: KeyboardState,
    wants_completions: bool,
    text: Vec<u8>,
    output: OwnedFd,
    is_resized: Arc<AtomicBool>,
    resize_signal: SigId,
    raw: Arc<RawTerminal>,
    /// What we log, instead of standard error on the same screen.
    log: Option<LogReader>,
}

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) prompt: &'static str,
    /// Whether each line is stamped with the time.
    pub(crate) has_times: bool,
    pub(crate) is_coloured: bool,
    /// Whose keyboard it is.
    pub(crate) user: User,
}

/// Who types, and so what it means to end the input or to interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Somebody at a client, who leaves with Ctrl-C and with Ctrl-D.
    Guest,
    /// The operator of a server: Ctrl-C is SIGINT, and Ctrl-D the end of input.
    Operator,
}

impl Terminal {
    /// Whether standard input and output are a terminal on which a line can be edited.
    pub(crate) fn is_there() -> bool {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
    }

    /// # Errors
    ///
    /// The system's, where it has no descriptor left or the terminal is gone.
    pub(crate) fn open(style: Style) -> io::Result<Self> {
        let is_resized = Arc::new(AtomicBool::new(false));
        let mut terminal = Self {
            style,
            typed: VecDeque::new(),
            decoder: Decoder::default(),
            line: EditedLine::new(),
            entered: VecDeque::new(),
            current: Vec::new(),
            keyboard: KeyboardState::Open,
            wants_completions: false,
            text: Vec::new(),
            output: with_own_mode(stdout())?,
            resize_signal: flag::register(SIGWINCH, Arc::clone(&is_resized))?,
            is_resized,
            raw: Arc::new(RawTerminal::new(stdin())?),
            log: None,
        };
        terminal.draw();
        Ok(terminal)
    }

    /// The same terminal, which prints what is logged, too.
    pub(crate) fn with_log(mut self, log: Option<LogReader>) -> Self {
        self.log = log;
        self
    }

    /// For whoever has to give the terminal its settings back when this cannot.
    pub(crate) fn raw(&self) -> Arc<RawTerminal> {
        Arc::clone(&self.raw)
    }

    /// Prints a line above the edited one, as it is.
    fn print_above(&mut self, line: &str) {
        self.text.extend_from_slice(row::ERASE.as_bytes());
        self.text.extend_from_slice(line.as_bytes());
        self.text.extend_from_slice(b"\r\n");
        self.draw();
    }

    /// Stops where something is to be completed first.
    fn press_keys(&mut self) {
        while !self.wants_completions
            && let Some(byte) = self.typed.pop_front()
        {
            match self.decoder.decode(byte) {
                Some(Key::Interrupt) if self.keyboard != KeyboardState::Open => self.interrupt(),
                Some(key) if self.keyboard == KeyboardState::Open => self.press(key),
                _ => {}
            }
        }
        self.draw();
    }

    fn press(&mut self, key: Key) {
        match key {
            Key::Enter => self.enter(),
            Key::Complete => self.wants_completions = true,
            Key::Interrupt if self.line.is_empty() => self.interrupt(),
            Key::Interrupt => self.line.clear(),
            Key::EndOfInput if self.line.is_empty() => self.end(),
            Key::EndOfInput => self.line.edit(Key::DeleteAfter),
            Key::Redraw => self.text.extend_from_slice(b"\x1b[H\x1b[2J"),
            key => self.line.edit(key),
        }
    }

    fn end(&mut self) {
        self.text.extend_from_slice(row::ERASE.as_bytes());
        self.keyboard = match self.style.user {
            User::Guest => KeyboardState::Left,
            User::Operator => {
                // The server goes on, and from here on Ctrl-C is for the system to understand.
                self.raw.restore();
                KeyboardState::Ended
            }
        };
    }

    /// Does not wait for anybody to take what was entered.
    fn interrupt(&mut self) {
        match self.style.user {
            User::Guest => {
                self.entered.clear();
                self.end();
            }
            // It cannot fail: every process may send itself a signal.
            User::Operator => _ = kill_process(getpid(), Signal::INT),
        }
    }

    fn enter(&mut self) {
        let line = self.line.take();
        let echo = format!("{}{}{line}\r\n", row::ERASE, self.style.prompt);
        self.text.extend_from_slice(echo.as_bytes());
        let mut line = line.into_bytes();
        line.push(b'\n');
        self.entered.push_back(line);
    }

    fn draw(&mut self) {
        if self.keyboard != KeyboardState::Open {
            return;
        }
        let columns = tcgetwinsize(&self.output).map_or(0, |size| size.ws_col);
        let columns = if columns == 0 { 80 } else { columns };
        let (text, cursor) = (self.line.text(), self.line.before_cursor().len());
        let drawn = row::draw(self.style.prompt, text, cursor, columns.into());
        self.text.extend_from_slice(drawn.as_bytes());
    }

    fn print_chat(&mut self, line: &[u8]) {
        let line = Escaped(line);
        if !self.style.has_times {
            return self.print_above(&line.to_string());
        }
        let time = Zoned::now().strftime("%H:%M:%S").to_string();
        let time = self.painted(DIM, &time);
        self.print_above(&format!("{time} {line}"));
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.style.is_coloured {
            format!("{colour}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }

    /// Erases the edited line for good.
    fn close(&mut self) {
        self.text.extend_from_slice(row::ERASE.as_bytes());
        // As far as the terminal takes it: nobody waits for it here.
        while !self.text.is_empty() && self.write_some().is_ok_and(|written| written > 0) {}
    }

    fn write_some(&mut self) -> Result<usize, Errno> {
        let piece = &self.text[..self.text.len().min(PIPE_BUF)];
        match rustix::io::write(&self.output, piece) {
            Ok(written) => {
                self.text.drain(..written);
                Ok(written)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(errno) => Err(errno),
        }
    }
}

impl Front for Terminal {
    fn input(&self) -> BorrowedFd<'_> {
        stdin()
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    fn wants_input(&self) -> bool {
        self.entered.len() < MAX_ENTERED
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match rustix::io::read(stdin(), &mut buffer) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // The terminal is gone.
            Ok(0) | Err(_) => self.end(),
            Ok(length) => {
                self.typed.extend(&buffer[..length]);
                self.press_keys();
            }
        }
    }

    fn next(&mut self) -> Option<Typed<'_>> {
        self.current = self.entered.pop_front()?;
        Some(Typed::Line(&self.current))
    }

    fn keyboard(&self) -> KeyboardState {
        if self.entered.is_empty() {
            self.keyboard
        } else {
            KeyboardState::Open
        }
    }

    fn completes(&self) -> Option<&str> {
        self.wants_completions.then(|| self.line.before_cursor())
    }

    fn complete(&mut self, candidates: &[String]) {
        let before = self.line.before_cursor();
        let word = before.rsplit(' ').next().unwrap_or_default();
        let length = word.len();
        match candidates {
            [] => {}
            [only] => self.line.replace_before_cursor(length, &format!("{only} ")),
            [first, ..] => {
                let common = common_prefix(candidates);
                if common > length {
                    self.line.replace_before_cursor(length, &first[..common]);
                } else {
                    let list = candidates.join("  ");
                    self.print_above(&self.painted(DIM, &list));
                }
            }
        }
        self.wants_completions = false;
        self.press_keys();
    }

    fn log(&self) -> Option<BorrowedFd<'_>> {
        self.log.as_ref().map(AsFd::as_fd)
    }

    fn show_log(&mut self) {
        let Some(mut log) = self.log.take() else {
            return;
        };
        log.read_lines(|line| self.print_above(line));
        self.log = Some(log);
    }

    fn refresh(&mut self) {
        if self.is_resized.swap(false, Ordering::Relaxed) {
            self.draw();
        }
    }

    fn has_room(&self) -> bool {
        self.text.len() < MAX_WAITING
    }

    fn show(&mut self, said: Said) {
        match said {
            Said::Bytes(line) | Said::Line(line) => self.print_chat(&line),
            Said::Hint(hint) | Said::Question(hint) => {
                self.print_above(&self.painted(HINT, &hint));
            }
            Said::End(_) => {}
        }
    }

    fn wants_output(&self) -> bool {
        !self.text.is_empty()
    }

    fn write(&mut self) -> Result<(), Errno> {
        self.write_some().map(drop)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        low_level::unregister(self.resize_signal);
        self.close();
        self.raw.restore();
        if let Some(log) = self.log.take() {
            log.finish();
        }
    }
}

/// How many bytes all have in common from their beginning.
fn common_prefix(candidates: &[String]) -> usize {
    rustyline::completion::longest_common_prefix(candidates).map_or(0, str::len)
}

const DIM: &str = "\x1b[2m";
const HINT: &str = "\x1b[33m";
const RESET: &str = "\x1b[m";

/// How many lines may be entered before anybody takes them.
const MAX_ENTERED: usize = 1000;

/// How much may wait to be printed before the server has to, in bytes.
const MAX_WAITING: usize = 64 * 1024;
