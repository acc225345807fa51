//! The front end for people: a line that is edited at the bottom, and above it what arrives.
//!
//! The editor is ours, whole: a [`Decoder`] makes keys of bytes, an [`Editor`] makes a line of keys,
//! a [`Screen`] keeps one row for it below what arrives. None of them waits for anything, and so
//! chat, the line, the log and the network share one thread.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Zoned;
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
use rustix::stdio::stdin;

use self::changes::Changes;
use self::editor::{Editor, Effect};
use self::keys::{Decoder, Key};
pub(crate) use self::paint::Paint;
use self::queue::Queue;
pub(crate) use self::raw::RawTerminal;
use self::row::Row;
use self::screen::Screen;
use crate::connect::front::KeyboardState;
use crate::connect::record::Record;
use crate::connect::talk::Message;
use crate::escaped::Escaped;
use crate::log::LogReader;

mod changes;
mod editor;
mod front;
mod history;
mod keys;
mod kill_ring;
mod paint;
mod paste;
mod queue;
mod raw;
mod row;
mod screen;
mod search;
mod text;

/// Standard input and output as a terminal.
pub(crate) struct Terminal {
    style: Style,
    prompt: String,
    /// Keys that were not looked at yet.
    typed: VecDeque<Key>,
    decoder: Decoder,
    /// When a key that is not whole is taken as it is.
    key_due: Option<Instant>,
    editor: Editor,
    /// What was entered and nobody has asked for.
    entered: Queue,
    keyboard: KeyboardState,
    wants_completions: bool,
    screen: Screen,
    raw: Arc<RawTerminal>,
    changes: Changes,
    /// While the program is being suspended: when it would seem that it was not.
    resumes: Option<Instant>,
    /// What we log, instead of standard error on the same screen.
    log: Option<LogReader>,
    /// Lines of it that are to be shown.
    logged: Vec<String>,
    record: Option<Record>,
}

/// How things look and sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Whether each line is stamped with the time.
    pub(crate) has_times: bool,
    pub(crate) paint: Paint,
    /// Whether to ring when somebody speaks to the user.
    pub(crate) has_bell: bool,
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
    /// Whether standard input and output are a terminal on which a line can be edited. One without
    /// a name understands no sequences.
    pub(crate) fn is_there() -> bool {
        let term = std::env::var_os("TERM").unwrap_or_default();
        let is_dumb = term.is_empty() || term == "dumb";
        io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
    }

    /// # Errors
    ///
    /// The system's, where it has no descriptor left or the terminal is gone.
    pub(crate) fn open(style: Style) -> io::Result<Self> {
        let mut terminal = Self {
            style,
            prompt: PROMPT.to_owned(),
            typed: VecDeque::new(),
            decoder: Decoder::default(),
            key_due: None,
            editor: Editor::default(),
            entered: Queue::default(),
            keyboard: KeyboardState::Open,
            wants_completions: false,
            screen: Screen::open()?,
            changes: Changes::listen()?,
            raw: Arc::new(RawTerminal::new(stdin())?),
            resumes: None,
            log: None,
            logged: Vec::new(),
            record: None,
        };
        terminal.screen.control(PASTE_ON);
        terminal.draw();
        Ok(terminal)
    }

    /// The same terminal, which prints what is logged, too.
    pub(crate) fn with_log(mut self, log: Option<LogReader>) -> Self {
        self.log = log;
        self
    }

    /// The same terminal, of which a record is kept.
    pub(crate) fn with_record(mut self, record: Option<Record>) -> Self {
        self.record = record;
        self
    }

    /// For whoever has to give the terminal its settings back when this cannot.
    pub(crate) fn raw(&self) -> Arc<RawTerminal> {
        Arc::clone(&self.raw)
    }

    /// Prints a line above the edited one, as it is.
    fn print_above(&mut self, line: &str) {
        self.screen.print(line);
        self.draw();
    }

    fn draw(&mut self) {
        if self.keyboard != KeyboardState::Open || self.resumes.is_some() {
            return;
        }
        let prompt = self.editor.prompt(&self.prompt);
        let (text, cursor) = self.editor.shown();
        let row = Row::new(&prompt, text, cursor, self.screen.columns());
        self.screen.draw(&row);
    }

    /// Presses the keys that were typed, up to one about which somebody else has to be asked.
    fn press_typed(&mut self) {
        let mut goes_on = !self.wants_completions;
        while goes_on && let Some(key) = self.typed.pop_front() {
            goes_on = !matches!(key, Key::Complete | Key::Enter);
            match key {
                key if self.keyboard == KeyboardState::Open => self.press(key),
                Key::Interrupt => self.interrupt(),
                // What waits to be taken is given up.
                Key::EndOfInput if self.style.user == User::Guest => self.entered.clear(),
                _ => {}
            }
        }
        self.key_due = self
            .decoder
            .patience()
            .map(|patience| Instant::now() + patience);
        self.draw();
    }

    fn press(&mut self, key: Key) {
        match self.editor.press(key) {
            Effect::Nothing => {}
            Effect::Enter(line) => self.enter(line),
            Effect::EnterAll(lines) => lines.into_iter().for_each(|line| self.enter(line)),
            Effect::Show(lines) => {
                for line in lines {
                    let line = self.style.paint.dim(&Escaped(line.as_bytes()).to_string());
                    self.screen.print(&line);
                }
            }
            Effect::Refuse => self
                .screen
                .print(&self.style.paint.hint("nothing was sent")),
            Effect::Complete => self.wants_completions = true,
            Effect::Interrupt => self.interrupt(),
            Effect::EndOfInput => self.end(),
            Effect::Suspend => self.suspend(),
            Effect::Redraw => self.screen.clear(),
            Effect::CursorAt(column) => self.screen.cursor_at(column),
        }
    }

    fn enter(&mut self, line: String) {
        let echo = format!("{}{}", self.prompt, Escaped(line.as_bytes()));
        self.screen.print(&echo);
        self.keep_record(&echo);
        let mut line = line.into_bytes();
        line.push(b'\n');
        self.entered.push(line);
    }

    fn end(&mut self) {
        self.screen.erase();
        let waiting = self.entered.len();
        if waiting > 0 && self.style.user == User::Guest {
            let hint = format!("{waiting} lines wait to be sent; Ctrl-D again leaves without them");
            self.screen.print(&self.style.paint.hint(&hint));
        }
        self.keyboard = match self.style.user {
            User::Guest => KeyboardState::Left,
            User::Operator => {
                // The server goes on, and from here on Ctrl-C is for the system to understand.
                self.screen.control(PASTE_OFF);
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

    /// Lets the user do something else for a while.
    fn suspend(&mut self) {
        self.screen.erase();
        self.screen.control(PASTE_OFF);
        self.screen.flush();
        self.raw.restore();
        self.resumes = Some(Instant::now() + SUSPENDED_BY);
        // Where nobody could continue it, the system does not stop it.
        let _ = kill_current_process_group(Signal::TSTP);
    }

    /// Goes on after that, or after somebody else has stopped the program.
    fn resume(&mut self) {
        self.resumes = None;
        if self.keyboard != KeyboardState::Open {
            return;
        }
        if self.raw.enter().is_err() {
            return self.end();
        }
        self.screen.control(PASTE_ON);
        self.screen.resized();
        self.draw();
    }

    /// The line with the time before it.
    fn stamped(&self, line: &str) -> String {
        if !self.style.has_times {
            return line.to_owned();
        }
        let time = Zoned::now().strftime("%H:%M:%S").to_string();
        format!("{} {line}", self.style.paint.dim(&time))
    }

    fn print_message(&mut self, message: &Message) {
        let paint = self.style.paint;
        let text = Escaped(message.text.as_bytes()).to_string();
        let me = message.me.as_deref().unwrap_or_default();
        let (text, is_mentioned) = paint.highlighted(&text, me);
        if self.style.has_bell && (message.is_private || is_mentioned) {
            self.screen.control("\x07");
        }
        let from = Escaped(message.from.as_bytes()).to_string();
        let line = format!("{}{}: {text}", message.place, paint.name(&from));
        self.print_above(&self.stamped(&line));
    }

    fn keep_record(&mut self, line: &str) {
        if let Some(record) = &mut self.record
            && let Err(error) = record.add(line)
        {
            self.record = None;
            let failure = format!("the record ends here: {error}");
            self.print_above(&self.style.paint.hint(&failure));
        }
    }

    /// Leaves the terminal as it was; a line that was not entered stays to be seen.
    fn close(&mut self) {
        self.screen.erase();
        if self.keyboard == KeyboardState::Open && !self.editor.text().is_empty() {
            let line = Escaped(self.editor.text().as_bytes()).to_string();
            self.screen.print(&format!("{}{line}", self.prompt));
        }
        self.screen.control(PASTE_OFF);
        self.screen.flush();
        self.raw.restore();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.close();
        if let Some(log) = self.log.take() {
            log.finish();
        }
    }
}

/// Until somebody says something else.
const PROMPT: &str = "> ";

/// Bracketed paste: what is pasted comes with a mark at either end.
const PASTE_ON: &str = "\x1b[?2004h";
const PASTE_OFF: &str = "\x1b[?2004l";

/// A process that is not stopped by then will not be.
const SUSPENDED_BY: Duration = Duration::from_millis(200);
