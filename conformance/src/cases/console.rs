//! The operator's side of a server, on a terminal.

use std::cell::Cell;
use std::net::SocketAddr;

use rustix::process::Signal;

use super::*;
use crate::terminal::Terminal;

cases![
    nothing_tears_the_line_of_the_operator,
    the_operator_s_terminal_is_itself_again_after_every_end,
    the_operator_of_pair_sees_whose_turn_it_is,
    the_operator_of_pair_hears_what_was_not_sent,
    last_words_are_shown_before_their_sender_has_left,
    the_terminal_is_itself_again_once_the_console_has_left,
    at_end_of_input_the_operator_of_pair_still_reads_on_a_terminal_that_is_itself_again,
    a_second_signal_ends_at_once_after_the_console_has_left,
];

/// A server whose operator sits at a terminal, and the settings that the terminal had before.
struct Desk {
    terminal: Terminal,
    settings: String,
    server: Running,
    address: SocketAddr,
}

fn desk(bench: &Bench, line: &str) -> Desk {
    let terminal = Terminal::open();
    let settings = terminal.settings();
    let launch = bench.launch(&format!("serve {line} --listen 127.0.0.1:0"));
    let server = bench.start_on(launch, &terminal);
    let address = Cell::new(None);
    terminal.wait_until("an address", |screen| {
        let screen = screen.contents();
        let (_, rest) = screen.split_once("listening on ").unwrap_or_default();
        address.set(
            rest.split_whitespace()
                .next()
                .and_then(|text| text.parse().ok()),
        );
        address.get().is_some() && screen.contains("> ")
    });
    let address = address.get().expect("it was just seen");
    assert_ne!(terminal.settings(), settings);
    Desk {
        terminal,
        settings,
        server,
        address,
    }
}

impl Desk {
    #[track_caller]
    fn peer(&self, name: &str) -> Peer {
        self.server.peer_at(self.address, name)
    }

    /// The console has left and the server goes on: the terminal is as before, the log is seen,
    /// and Ctrl-C ends the server.
    #[track_caller]
    fn goes_on_without_console(mut self) {
        eventually("the settings are back", || {
            (self.terminal.settings() == self.settings).then_some(())
        });
        let _peer = self.peer("peer");
        self.terminal.wait_for(" connected conn=");
        self.terminal.press("\x03");
        assert_eq!(self.server.exit_status(), 0);
        assert_eq!(self.terminal.settings(), self.settings);
    }
}

fn nothing_tears_the_line_of_the_operator(bench: &Bench) {
    let Desk {
        mut terminal,
        server,
        address,
        ..
    } = desk(bench, "pair");
    terminal.press("half an ans");
    terminal.wait_for_edited("> half an ans");
    let mut client = server.peer_at(address, "client");
    // The log is on the same screen.
    terminal.wait_for("connected conn=2");
    terminal.wait_for_edited("their turn> half an ans");
    client.send("a question\x1b[2J\n");
    terminal.wait_for(r"a question\x1b[2J");
    terminal.wait_for_edited("your turn> half an ans");
    terminal.press("wer\r");
    client.expect("half an answer\n");
    terminal.press("EXIT\r");
    client.expect_end();
    terminal.wait_for("left conn=2");
    terminal.wait_for_edited("> ");
}

fn the_operator_s_terminal_is_itself_again_after_every_end(bench: &Bench) {
    for (keys, signals, status) in [
        ("\x04", &[][..], 0),
        ("\x03", &[], 0),
        ("half\x03\x03", &[], 0),
        ("half", &[Signal::TERM], 0),
        ("", &[Signal::HUP], 0),
    ] {
        let mut desk = desk(bench, "pair");
        desk.terminal.press(keys);
        for signal in signals {
            desk.server.signal(*signal);
        }
        assert_eq!(desk.server.exit_status(), status, "{keys:?} {signals:?}");
        assert_eq!(desk.terminal.settings(), desk.settings);
    }
}

fn the_operator_of_pair_sees_whose_turn_it_is(bench: &Bench) {
    let mut desk = desk(bench, "pair");
    desk.terminal.wait_for_edited("> ");
    let mut client = desk.peer("client");
    desk.terminal.wait_for("is here; EXIT ends the talk");
    desk.terminal.wait_for_edited("their turn> ");
    client.send("hello\n");
    desk.terminal.wait_for_edited("your turn> ");
    desk.terminal.press("hi\r");
    client.expect("hi\n");
    desk.terminal.wait_for_edited("their turn> ");
    desk.terminal.press("EXIT\r");
    client.expect_end();
    desk.terminal.wait_for_edited("> ");
}

fn the_operator_of_pair_hears_what_was_not_sent(bench: &Bench) {
    for quiet in ["", "-q"] {
        // A line that the server reads after the client has left waits for the next one, and nobody
        // but the server knows which of the two came first.
        eventually("what was not sent is told", || {
            let mut desk = desk(bench, &format!("pair {quiet}"));
            let client = desk.peer("client");
            let address = client.address();
            desk.terminal.wait_for_edited("their turn> ");
            desk.terminal.press("too early\r");
            desk.terminal.wait_for("> too early");
            drop(client);
            desk.terminal.wait_for(if quiet.is_empty() {
                "left conn="
            } else {
                "has left"
            });
            desk.terminal.wait_for_edited("> ");
            let shown = desk.terminal.history().join("\n");
            let told = format!("not sent, since {address} has left: too early");
            shown.contains(&told).then_some(())
        });
    }
}

fn last_words_are_shown_before_their_sender_has_left(bench: &Bench) {
    for _ in 0..20 {
        let desk = desk(bench, "pair --full-duplex");
        let mut client = desk.peer("client");
        client.send("one\ntwo\nlast words\n");
        drop(client);
        desk.terminal.wait_for("left conn=2");
        let shown = desk.terminal.history().join("\n");
        let (before, _) = shown.split_once("left conn=2").expect("it was just seen");
        assert!(before.contains("last words"), "{shown}");
    }
}

fn the_terminal_is_itself_again_once_the_console_has_left(bench: &Bench) {
    for keys in ["\x04", "alice\r!quit\r", "not a name\r"] {
        let mut desk = desk(bench, "rooms --stdio");
        desk.terminal.press(keys);
        desk.terminal.wait_for(" left conn=");
        desk.goes_on_without_console();
    }
}

fn at_end_of_input_the_operator_of_pair_still_reads_on_a_terminal_that_is_itself_again(
    bench: &Bench,
) {
    let mut desk = desk(bench, "pair");
    let mut client = desk.peer("client");
    desk.terminal.wait_for("connected conn=2");
    desk.terminal.press("\x04");
    eventually("the settings are back", || {
        (desk.terminal.settings() == desk.settings).then_some(())
    });
    client.send("are you there?\n");
    desk.terminal.wait_for("are you there?");
    desk.terminal.press("\x03");
    client.expect_end();
    assert_eq!(desk.server.exit_status(), 0);
    assert_eq!(desk.terminal.settings(), desk.settings);
}

fn a_second_signal_ends_at_once_after_the_console_has_left(bench: &Bench) {
    for first_comes_before in [true, false] {
        let mut desk = desk(bench, "echo --stdio --grace 600");
        let mut lazy = desk.peer("lazy");
        lazy.flood(b"what nobody reads\n", 1 << 22);
        if first_comes_before {
            desk.server.signal(Signal::TERM);
        } else {
            desk.terminal.press("\x04");
        }
        eventually("the settings are back", || {
            (desk.terminal.settings() == desk.settings).then_some(())
        });
        if !first_comes_before {
            desk.server.signal(Signal::TERM);
        }
        eventually("stops accepting", || {
            std::net::TcpStream::connect(desk.address).err()
        });
        desk.terminal.press("\x03");
        assert_eq!(desk.server.exit_status(), 130);
    }
}
