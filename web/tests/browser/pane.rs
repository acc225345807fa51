//! Somebody at a terminal, with a program of others: tmux runs it, so that it has a screen.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::PATIENCE;

/// A terminal in which a program runs. Both are ended when dropped.
pub(crate) struct Pane {
    /// Of a tmux of its own.
    socket: String,
    title: &'static str,
}

impl Pane {
    /// Runs a command, on a screen of so many columns and rows.
    pub(crate) fn open(
        folder: &Path,
        title: &'static str,
        size: (u32, u32),
        command: &[&str],
    ) -> Self {
        let (program, _) = title.split_once(' ').unwrap_or((title, ""));
        let socket = folder.join(format!("{program}.tmux"));
        let pane = Self {
            socket: socket.to_str().unwrap().to_owned(),
            title,
        };
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let session = ["-f", "/dev/null", "new-session", "-d", "-x", &columns];
        pane.tmux(&[&session[..], &["-y", &rows], command].concat());
        pane
    }

    /// What runs in it.
    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    /// Types a line.
    pub(crate) fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// Waits until the screen shows this, and returns the row in which it does.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if let Some(row) = screen.lines().find(|row| row.contains(text)) {
                return row.trim_end().to_owned();
            }
            let title = self.title;
            assert!(
                Instant::now() < deadline,
                "{title} does not show {text:?}:\n{screen}"
            );
            // tmux tells nobody that something was drawn.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that can be seen.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let command = command.args(["-S", &self.socket]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        // The program may have ended, and tmux with it.
        let mut command = Command::new("tmux");
        let _ = command.args(["-S", &self.socket, "kill-server"]).output();
    }
}
