//! `connect` on a terminal.

use rustix::process::Signal;

use super::*;
use crate::terminal::Terminal;

cases![
    a_hundred_lines_arrive_while_a_line_is_half_typed,
    what_arrives_is_shown_in_order_and_whole,
    what_a_terminal_would_obey_is_shown_escaped,
    a_line_is_edited_and_sent_as_it_is_seen,
    ctrl_c_clears_the_line_and_then_leaves,
    ctrl_d_on_an_empty_line_leaves,
    lines_come_back_from_the_history,
    commands_nicknames_and_rooms_are_completed,
    a_line_longer_than_the_screen_stays_in_its_row,
    the_settings_come_back_when_the_server_closes,
    the_settings_come_back_after_a_network_error,
    the_settings_come_back_after_every_signal,
    the_settings_come_back_after_a_second_signal,
    colour_is_used_when_it_is_allowed,
    direct_asks_for_a_name_until_it_gets_one,
    a_refused_name_is_told_on_a_terminal_that_is_itself_again,
    exit_leaves_pair,
    an_output_on_a_terminal_alone_is_escaped_too,
];

/// A client on a terminal, and the server that the case plays.
struct Talk {
    terminal: Terminal,
    /// The terminal's settings before the program changed them.
    settings: String,
    client: Running,
    server: Peer,
}

fn talk(bench: &Bench, line: &str) -> Talk {
    talk_with(bench, line, &[])
}

fn talk_with(bench: &Bench, line: &str, environment: &[(&'static str, &str)]) -> Talk {
    let terminal = Terminal::open();
    let settings = terminal.settings();
    let stage = bench.stage();
    let line = line.replace('@', &stage.address().to_string());
    let mut launch = bench.launch(&format!("connect {line}"));
    for (name, value) in environment {
        launch = launch.env(name, *value);
    }
    let client = bench.start_on(launch, &terminal);
    let server = stage.accept("server");
    terminal.wait_for("> ");
    assert_ne!(terminal.settings(), settings);
    Talk {
        terminal,
        settings,
        client,
        server,
    }
}

impl Talk {
    /// The program ends with this status, and leaves the terminal as it found it.
    #[track_caller]
    fn ends_with(mut self, status: i32) {
        assert_eq!(self.client.exit_status(), status);
        assert_eq!(self.terminal.settings(), self.settings);
    }

    /// The same after the server has left in some way; the terminal shows why.
    #[track_caller]
    fn ends_without_server(self, leave: fn(Peer), status: i32, reason: &str) {
        let Self {
            terminal,
            settings,
            mut client,
            server,
        } = self;
        leave(server);
        assert_eq!(client.exit_status(), status);
        terminal.wait_for(reason);
        assert_eq!(terminal.settings(), settings);
    }
}

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

fn a_line_is_edited_and_sent_as_it_is_seen(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal
        .press("helo wörld 漢\x1b[D\x1b[D\x7f\x1b[1;5D");
    talk.terminal
        .press("\x1b[3~\x1b[3~W\x01\x1b[C\x1b[Ce\x08l\x05!\r");
    talk.server.expect("hello Wrl 漢!\n");
    talk.terminal.press("one two\x17\x15three\n");
    talk.server.expect("three\n");
}

fn ctrl_c_clears_the_line_and_then_leaves(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("never sent");
    talk.terminal.wait_for_edited("> never sent");
    talk.terminal.press("\x03");
    talk.terminal.wait_for_edited("> ");
    talk.terminal.press("\x03");
    talk.server.expect_end();
    talk.ends_with(0);
}

fn ctrl_d_on_an_empty_line_leaves(bench: &Bench) {
    for dialect in ["relay @", "pair @", "direct @"] {
        let mut talk = talk(bench, dialect);
        talk.terminal.press("ab\x01\x04\x04\x04");
        talk.server.expect_end();
        talk.ends_with(0);
    }
}

fn lines_come_back_from_the_history(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("one\rtwo\rdraft\x1b[A\x1b[A");
    talk.terminal.wait_for_edited("> one");
    talk.terminal.press("\x1b[B\x1b[B");
    talk.terminal.wait_for_edited("> draft");
    talk.terminal.press("\x10\r");
    talk.server.expect("one\ntwo\ntwo\n");
}

fn commands_nicknames_and_rooms_are_completed(bench: &Bench) {
    let mut talk = talk(bench, "rooms @ --name me");
    talk.server.expect("me\r\n!users\r\n");
    talk.server.send("albert alice me\r\n@den albert: hi\r\n");
    talk.terminal.wait_for("@den albert: hi");
    for (keys, sent) in [
        ("!us\t\r", "!users\r\n"),
        ("/w\t\r", "!users\r\n"),
        ("#alb\thi\r", "#albert hi\r\n"),
        ("@d\thi\r", "@den hi\r\n"),
        ("/j\td\t\r", "!enter den\r\n"),
        ("/par\t\r", "!leave den\r\n"),
        ("/ms\talb\thi\r", "#albert hi\r\n"),
        ("hello ali\t\r", "hello alice\r\n"),
    ] {
        talk.terminal.press(keys);
        talk.server.expect(sent);
    }
    talk.terminal.press("#a\t");
    talk.terminal.wait_for_edited("> #al");
    talk.terminal.press("\t");
    talk.terminal.wait_for("#albert  #alice");
    talk.terminal.wait_for_edited("> #al");
}

fn a_line_longer_than_the_screen_stays_in_its_row(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let long: String = ('a'..='z').cycle().take(300).collect();
    talk.terminal.press(&long);
    let end = format!("> {}", &long[300 - 77..]);
    talk.terminal.wait_for_edited(&end);
    talk.server.send("above\n");
    talk.terminal.wait_for("above");
    talk.terminal.wait_for_edited(&end);
    talk.terminal.press("\r");
    talk.server.expect(format!("{long}\n"));
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

fn direct_asks_for_a_name_until_it_gets_one(bench: &Bench) {
    let mut talk = talk(bench, "direct @");
    talk.terminal.wait_for("enter the name");
    talk.terminal.press("alice\r");
    talk.server.expect("HELLO-FROM alice\n");
    talk.server.send("IN-USE\n");
    talk.terminal.wait_for("the name 'alice' is in use");
    talk.terminal.press("eve\r");
    talk.server.expect("HELLO-FROM eve\n");
    talk.server.send("HELLO eve\nDELIVERY bob hi\n");
    talk.terminal.wait_for("bob: hi");
    talk.terminal.press("hm\r@b\thi\r");
    talk.server.expect("SEND bob hi\n");
    talk.terminal.wait_for("type '@name text'");
}

fn a_refused_name_is_told_on_a_terminal_that_is_itself_again(bench: &Bench) {
    for (line, request) in [
        ("rooms @ --name me", "me\r\n"),
        ("direct @ --name me", "HELLO-FROM me\n"),
    ] {
        let mut talk = talk(bench, line);
        talk.server.expect(request);
        if line.starts_with("direct") {
            talk.server.send("IN-USE\n");
        }
        talk.ends_without_server(drop, 1, "error: ");
    }
}

fn exit_leaves_pair(bench: &Bench) {
    let mut talk = talk(bench, "pair @");
    talk.terminal.press("hello\rout of turn\rEXIT\r");
    talk.server.expect_last("hello\n");
    talk.ends_with(0);
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
