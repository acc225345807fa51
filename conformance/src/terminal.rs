//! A terminal with somebody at it: keys go in, a screen can be looked at.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::patience::{PATIENCE, eventually};

/// A pseudo-terminal, and an emulator that understands what is written to it. Like a bare one it
/// answers no questions.
pub(crate) struct Terminal {
    master: File,
    /// The side of the program, kept open so that its settings can be looked at.
    device: OwnedFd,
    screen: Arc<(Mutex<Emulator>, Condvar)>,
}

/// What became of everything that was written.
struct Emulator {
    parser: vt100::Parser,
    written: Vec<u8>,
}

impl Terminal {
    #[track_caller]
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&master).expect("access to it");
        unlockpt(&master).expect("access to it");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = open(name, flags, Mode::empty()).expect("it can be opened");
        let emulator = Emulator {
            parser: vt100::Parser::new(ROWS, COLUMNS, SCROLLBACK),
            written: Vec::new(),
        };
        let terminal = Self {
            master: master.into(),
            device,
            screen: Arc::new((Mutex::new(emulator), Condvar::new())),
        };
        terminal.resize(COLUMNS);
        terminal.emulate();
        terminal
    }

    /// Makes the window narrower or wider. What is in it is cut off, not wrapped.
    #[track_caller]
    pub(crate) fn resize(&self, columns: u16) {
        self.screen().parser.screen_mut().set_size(ROWS, columns);
        let size = Winsize {
            ws_row: ROWS,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.device, size).expect("it has a size");
    }

    /// What a program takes for its standard input, output and error.
    #[track_caller]
    pub(crate) fn device(&self) -> OwnedFd {
        self.device.try_clone().expect("a descriptor")
    }

    #[track_caller]
    pub(crate) fn press(&mut self, keys: impl AsRef<[u8]>) {
        self.master
            .write_all(keys.as_ref())
            .expect("a terminal takes keys");
    }

    /// Waits until the screen shows what `is_seen` looks for.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_seen: impl Fn(&vt100::Screen) -> bool) {
        let (_, changed) = &*self.screen;
        let mut emulator = self.screen();
        while !is_seen(emulator.parser.screen()) {
            let waited = changed.wait_timeout(emulator, PATIENCE);
            let (guard, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            emulator = guard;
            let contents = emulator.parser.screen().contents();
            assert!(
                !wait.timed_out(),
                "{what} is not on the screen:\n{contents}"
            );
        }
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until something was written, be it to be seen or not.
    #[track_caller]
    pub(crate) fn wait_for_written(&self, sequence: &str) {
        eventually(&format!("{sequence:?} is written"), || {
            self.written().contains(sequence).then_some(())
        });
    }

    /// Waits until the row with the cursor shows `text`, and the cursor is behind it.
    #[track_caller]
    pub(crate) fn wait_for_edited(&self, text: &str) {
        let width = u16::try_from(text.len()).expect("a short text");
        self.wait_until(&format!("{text:?}, with the cursor behind it,"), |screen| {
            let (row, column) = screen.cursor_position();
            let mut rows = screen.rows(0, COLUMNS).skip(row.into());
            let edited = rows.next().unwrap_or_default();
            edited.trim_end() == text.trim_end() && column == width
        });
    }

    /// Everything that was written, with the sequences that are not to be seen.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.screen().written).into_owned()
    }

    /// Every row that was ever shown, the oldest first.
    pub(crate) fn history(&self) -> Vec<String> {
        let parser = &mut self.screen().parser;
        parser.screen_mut().set_scrollback(usize::MAX);
        let hidden = parser.screen().scrollback();
        let mut rows = Vec::new();
        for offset in (1..=hidden).rev() {
            parser.screen_mut().set_scrollback(offset);
            rows.extend(parser.screen().rows(0, COLUMNS).next());
        }
        parser.screen_mut().set_scrollback(0);
        rows.extend(parser.screen().rows(0, COLUMNS));
        rows
    }

    /// In which colours `text` is shown where it is to be seen last, and whether it is highlighted.
    #[track_caller]
    pub(crate) fn look_of(&self, text: &str) -> (vt100::Color, bool) {
        let emulator = self.screen();
        let screen = emulator.parser.screen();
        let rows: Vec<_> = screen.rows(0, COLUMNS).collect();
        let found = (0..ROWS).zip(&rows).rev().find_map(|(row, shown)| {
            let column = shown.rfind(text)?;
            let column = shown[..column].chars().count();
            screen.cell(row, u16::try_from(column).ok()?)
        });
        let cell = found.unwrap_or_else(|| panic!("{text} is not on the screen"));
        (cell.fgcolor(), cell.inverse())
    }

    /// Whether anything on the screen is in colour.
    pub(crate) fn has_colour(&self) -> bool {
        let emulator = self.screen();
        let screen = emulator.parser.screen();
        let cells = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        cells
            .filter_map(|(row, column)| screen.cell(row, column))
            .any(|cell| cell.fgcolor() != vt100::Color::Default)
    }

    #[track_caller]
    pub(crate) fn settings(&self) -> String {
        let settings: Termios = tcgetattr(&self.device).expect("a terminal has settings");
        format!("{settings:?}")
    }

    fn emulate(&self) {
        let mut master = self.master.try_clone().expect("a descriptor");
        let screen = Arc::clone(&self.screen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = master.read(&mut buffer) {
                let (emulator, changed) = &*screen;
                let mut emulator = emulator.lock().unwrap_or_else(PoisonError::into_inner);
                emulator.parser.process(&buffer[..length]);
                emulator.written.extend_from_slice(&buffer[..length]);
                changed.notify_all();
            }
        });
    }

    fn screen(&self) -> MutexGuard<'_, Emulator> {
        self.screen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;
const SCROLLBACK: usize = 1000;
