//! A terminal with somebody at it: keys go in, a screen can be looked at.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::patience::PATIENCE;

/// A pseudo-terminal, and an emulator that understands what is written to it. Like a bare one it
/// answers no questions.
pub(crate) struct Terminal {
    master: File,
    /// The side of the program, kept open so that its settings can be looked at.
    device: OwnedFd,
    screen: Arc<(Mutex<vt100::Parser>, Condvar)>,
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
        let size = Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&device, size).expect("it has a size");
        let terminal = Self {
            master: master.into(),
            device,
            screen: Arc::new((
                Mutex::new(vt100::Parser::new(ROWS, COLUMNS, SCROLLBACK)),
                Condvar::new(),
            )),
        };
        terminal.emulate();
        terminal
    }

    /// What a program takes for its standard input, output and error.
    #[track_caller]
    pub(crate) fn device(&self) -> OwnedFd {
        self.device.try_clone().expect("a descriptor")
    }

    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str) {
        self.master
            .write_all(keys.as_bytes())
            .expect("a terminal takes keys");
    }

    /// Waits until the screen shows what `is_seen` looks for.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_seen: impl Fn(&vt100::Screen) -> bool) {
        let (_, changed) = &*self.screen;
        let mut parser = self.screen();
        while !is_seen(parser.screen()) {
            let waited = changed.wait_timeout(parser, PATIENCE);
            let (guard, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            parser = guard;
            let contents = parser.screen().contents();
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

    /// Every row that was ever shown, the oldest first.
    pub(crate) fn history(&self) -> Vec<String> {
        let mut parser = self.screen();
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

    /// Whether anything on the screen is in colour.
    pub(crate) fn has_colour(&self) -> bool {
        let parser = self.screen();
        let screen = parser.screen();
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
                let (parser, changed) = &*screen;
                let mut parser = parser.lock().unwrap_or_else(PoisonError::into_inner);
                parser.process(&buffer[..length]);
                changed.notify_all();
            }
        });
    }

    fn screen(&self) -> MutexGuard<'_, vt100::Parser> {
        self.screen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;
const SCROLLBACK: usize = 1000;
