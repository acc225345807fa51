//! `connect` on a terminal.

use rustix::process::Signal;

use super::at_terminal::{Talk, talk, talk_with};
use super::*;
use crate::terminal::Terminal;

cases![
    a_hundred_lines_arrive_while_a_line_is_half_typed,
    what_arrives_is_shown_in_order_and_whole,
    what_a_terminal_would_obey_is_shown_escaped,
    the_settings_come_back_when_the_server_closes,
    the_settings_come_back_after_a_network_error,
    the_settings_come_back_after_every_signal,
    the_settings_come_back_after_a_second_signal,
    colour_is_used_when_it_is_allowed,
    an_output_on_a_terminal_alone_is_escaped_too,
];

fn a_hundred_lines_arrive_while_a_line_is_half_typed(bench: &Bench) {
    let Talk {
        mut terminal,
        client: _client,
        mut server,
        ..
    } = talk(bench, "relay @");
    terminal.press("half a li");
    terminal.wait_for_edited("> half a li");
    for number in 0..100 {
        server.send(format!("arrives {number}\n"));
    }
    terminal.wait_for("arrives 99");
    terminal.wait_for_edited("> half a li");
    terminal.press("ne\r");
    server.expect("half a line\n");
    terminal.wait_for_edited("> ");
}

fn what_arrives_is_shown_in_order_and_whole(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    for number in 0..100 {
        talk.server.send(format!("arrives {number}.\n"));
        if number % 10 == 0 {
            talk.terminal.press("typed\r");
        } else {
            talk.terminal.press("x\x7f");
        }
    }
    for _ in 0..10 {
        talk.server.expect("typed\n");
    }
    talk.terminal.wait_for("arrives 99.");
    let history = talk.terminal.history();
    let arrived = history.iter().filter(|row| row.contains("arrives"));
    for (number, row) in arrived.enumerate() {
        // Behind the time, and with nothing else in its row.
        assert_eq!(row.trim_end()[8..], format!(" arrives {number}."));
    }
    let typed = history.iter().filter(|row| row.trim_end() == "> typed");
    assert_eq!(typed.count(), 10, "{history:#?}");
}

fn what_a_terminal_would_obey_is_shown_escaped(bench: &Bench) {
    for dialect in ["relay", "addressed", "rooms", "pair --full-duplex"] {
        let mut talk = talk(bench, &format!("{dialect} @"));
        talk.server
            .send("a\x1b[2J\x07b\u{202e}c\u{9b}d\r\rx\x7f\n".as_bytes());
        talk.server.send(b"not text: \xff\xc3\n");
        let shown = r"a\x1b[2J\x07b\u{202e}c\u{9b}d\x0d\x0dx\x7f";
        talk.terminal.wait_for(shown);
        talk.terminal.wait_for(r"not text: \xff\xc3");
    }
}

fn the_settings_come_back_when_the_server_closes(bench: &Bench) {
    for line in [
        "relay @ --no-reconnect",
        "pair @",
        "direct @ --no-reconnect",
    ] {
        let mut talk = talk(bench, line);
        talk.terminal.press("half a li");
        talk.ends_without_server(drop, 0, "the server closed the connection");
    }
}

fn the_settings_come_back_after_a_network_error(bench: &Bench) {
    for line in ["relay @ --no-reconnect", "pair @"] {
        let talk = talk(bench, line);
        talk.ends_without_server(Peer::reset, 1, "failed: Connection reset");
    }
}

fn the_settings_come_back_after_every_signal(bench: &Bench) {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut talk = talk(bench, "relay @");
        talk.terminal.press("half a li");
        talk.client.signal(signal);
        talk.server.expect_end();
        talk.ends_with(0);
    }
}

fn the_settings_come_back_after_a_second_signal(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.client.signal(Signal::INT);
    // The client has left, and waits for the server to close.
    talk.server.expect_end();
    talk.client.signal(Signal::TERM);
    talk.ends_with(128 + 15);
}

fn colour_is_used_when_it_is_allowed(bench: &Bench) {
    for (option, environment, is_coloured) in [
        ("", &[][..], true),
        ("", &[("NO_COLOR", "1")], false),
        ("--color always", &[("NO_COLOR", "1")], true),
        ("--color never", &[], false),
        ("", &[("LINECHAT_COLOR", "never")], false),
    ] {
        let talk = talk_with(bench, &format!("relay @ {option}"), environment);
        talk.terminal.wait_for("connected to");
        let has_colour = talk.terminal.has_colour();
        assert_eq!(has_colour, is_coloured, "{option} {environment:?}");
    }
}

fn an_output_on_a_terminal_alone_is_escaped_too(bench: &Bench) {
    let terminal = Terminal::open();
    let stage = bench.stage();
    let launch = bench.launch(&format!("connect rooms {}", stage.address()));
    let mut client = bench.start_on(launch.without_keyboard(), &terminal);
    let mut server = stage.accept("server");
    server.expect_end();
    server.send("bob: \x1b[2Jhi\r\n");
    drop(server);
    terminal.wait_for(r"bob: \x1b[2Jhi");
    assert_eq!(client.exit_status(), 0);
}
