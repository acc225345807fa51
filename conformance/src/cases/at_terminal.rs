//! A client on a terminal, for the chapters about it.

use super::*;
use crate::bench::Stage;
use crate::program::Launch;
use crate::terminal::Terminal;

/// A client on a terminal, and the server that the case plays.
pub(super) struct Talk {
    pub(super) terminal: Terminal,
    /// The terminal's settings before the program changed them.
    pub(super) settings: String,
    pub(super) client: Running,
    pub(super) server: Peer,
    /// Where the client may come back to.
    pub(super) stage: Stage,
}

#[track_caller]
pub(super) fn talk(bench: &Bench, line: &str) -> Talk {
    talk_with(bench, line, &[])
}

#[track_caller]
pub(super) fn talk_with(bench: &Bench, line: &str, environment: &[(&'static str, &str)]) -> Talk {
    talk_after(bench, line, |mut launch| {
        for (name, value) in environment {
            launch = launch.env(name, *value);
        }
        launch
    })
}

/// The same with a launch that the case completes.
#[track_caller]
pub(super) fn talk_after(
    bench: &Bench,
    line: &str,
    complete: impl FnOnce(Launch) -> Launch,
) -> Talk {
    let terminal = Terminal::open();
    let settings = terminal.settings();
    let stage = bench.stage();
    let line = line.replace('@', &stage.address().to_string());
    let launch = complete(bench.launch(&format!("connect {line}")));
    let client = bench.start_on(launch, &terminal);
    let server = stage.accept("server");
    terminal.wait_for("> ");
    assert_ne!(terminal.settings(), settings);
    Talk {
        terminal,
        settings,
        client,
        server,
        stage,
    }
}

impl Talk {
    /// The program ends with this status, and leaves the terminal as it found it.
    #[track_caller]
    pub(super) fn ends_with(mut self, status: i32) {
        assert_eq!(self.client.exit_status(), status);
        assert_eq!(self.terminal.settings(), self.settings);
    }

    /// The same after the server has left in some way; the terminal shows why.
    #[track_caller]
    pub(super) fn ends_without_server(self, leave: fn(Peer), status: i32, reason: &str) {
        let Self {
            terminal,
            settings,
            mut client,
            server,
            stage,
        } = self;
        drop(stage);
        leave(server);
        assert_eq!(client.exit_status(), status);
        terminal.wait_for(reason);
        assert_eq!(terminal.settings(), settings);
    }
}
