//! `connect` for somebody at a terminal: commands, names, targets, and coming back.

use tempfile::TempDir;

use super::at_terminal::{Talk, talk};
use super::*;
use crate::terminal::Terminal;

cases![
    what_begins_with_a_slash_is_never_sent,
    help_says_what_can_be_typed,
    commands_nicknames_and_rooms_are_completed,
    what_is_completed_can_be_entered_as_it_stands,
    rooms_asks_for_a_nickname_and_confirms_it,
    rooms_asks_again_after_a_refusal,
    a_nickname_is_sent_alone,
    direct_asks_for_a_name_until_it_gets_one,
    a_refused_name_is_told_on_a_terminal_that_is_itself_again,
    a_full_server_is_called_full,
    a_target_stays_and_is_shown_in_the_prompt,
    who_wrote_last_is_answered,
    one_s_own_name_is_highlighted_and_rung_for,
    names_have_steady_colours,
    what_comes_without_a_newline_is_shown_after_a_pause,
    a_lost_connection_comes_back_and_what_was_typed_is_still_there,
    a_lost_connection_to_direct_logs_in_again,
    pauses_between_attempts_grow,
    without_a_connection_one_can_leave,
    the_prompt_of_pair_shows_whose_turn_it_is,
    exit_leaves_pair,
    a_terminal_without_a_name_gets_no_sequences,
    a_log_file_keeps_what_is_shown,
];

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

/// Logged in as `alice`.
#[track_caller]
fn alice(bench: &Bench, dialect: &str) -> Talk {
    let mut talk = talk(bench, &format!("{dialect} --name alice"));
    if dialect.starts_with("rooms") {
        talk.server.expect("alice\r\n!users\r\n");
        talk.server.send("alice bob\r\n");
        talk.terminal.wait_for("you are alice");
    } else {
        talk.server.expect("HELLO-FROM alice\n");
        talk.server.send("HELLO alice\n");
        talk.terminal.wait_for("logged in as alice");
    }
    talk
}

fn what_begins_with_a_slash_is_never_sent(bench: &Bench) {
    for (line, sent) in [
        ("echo @", "/sent\n"),
        ("relay @", "/sent\n"),
        ("addressed @", "/sent\n"),
        ("pair @", "/sent\n"),
        ("rooms @ --name alice", "/sent\r\n"),
        ("direct @ --name alice", "SEND bob /sent\n"),
    ] {
        let mut talk = if line.contains("alice") {
            alice(bench, line.trim_end_matches(" --name alice"))
        } else {
            talk(bench, line)
        };
        talk.terminal.press("/nonsense\r/msg\r/exit now\r");
        talk.terminal.wait_for("there is no command /nonsense");
        let marker = if line.starts_with("direct") {
            "@bob /sent\r"
        } else {
            "//sent\r"
        };
        talk.terminal.press(marker);
        talk.server.expect(sent);
        talk.terminal.press("/quit\r");
        talk.server.expect_end();
        talk.ends_with(0);
    }
}

fn help_says_what_can_be_typed(bench: &Bench) {
    for (line, word) in [
        ("relay @", "/quit"),
        ("pair @", "EXIT"),
        ("direct @", "/msg NAME TEXT"),
        ("rooms @", "/join ROOM"),
    ] {
        let mut talk = talk(bench, line);
        talk.terminal.press("/help\r");
        talk.terminal.wait_for(word);
        talk.server.expect_silence_so_far();
    }
}

fn what_is_completed_can_be_entered_as_it_stands(bench: &Bench) {
    let mut talk = alice(bench, "direct @");
    talk.terminal.press("!us\t\r");
    talk.server.expect("LIST\n");
    talk.server.send("LIST-OK alice,bob\n");
    talk.terminal.wait_for("users: alice, bob");
    talk.terminal.press("/w\t\r");
    talk.server.expect("LIST\n");
    talk.terminal.press("@b\thi\r");
    talk.server.expect("SEND bob hi\n");
    talk.terminal.press("/qu\t");
    talk.terminal.wait_for("/quit  /query");
    talk.terminal.press("i\t\r");
    talk.server.expect_end();
    talk.ends_with(0);
}

fn rooms_asks_for_a_nickname_and_confirms_it(bench: &Bench) {
    let server = bench.serve("rooms");
    let _bob = user(&server, "bob");
    let mut terminal = Terminal::open();
    let launch = bench.launch(&format!("connect rooms {}", server.door()));
    let _client = bench.start_on(launch, &terminal);
    terminal.wait_for("nickname> ");
    terminal.press("not a name\r");
    terminal.wait_for("1 to 32 ASCII letters and digits");
    terminal.press("alice\r");
    terminal.wait_for("you are alice");
    terminal.wait_for("alice, bob");
    terminal.wait_for("/help");
}

fn rooms_asks_again_after_a_refusal(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut bob = user(&server, "bob");
    for (option, name) in [("", "alice"), ("--no-reconnect", "carol")] {
        let mut terminal = Terminal::open();
        let launch = bench.launch(&format!("connect rooms {} {option}", server.door()));
        let _client = bench.start_on(launch, &terminal);
        terminal.wait_for("nickname> ");
        terminal.press("bob\r");
        terminal.wait_for("the server refused the nickname 'bob'");
        terminal.wait_for("enter another nickname");
        terminal.press(format!("{name}\r"));
        terminal.wait_for(&format!("you are {name}"));
        terminal.press("hello\r");
        bob.expect(format!("{name}: hello\r\n"));
    }
}

fn a_nickname_is_sent_alone(bench: &Bench) {
    let mut talk = talk(bench, "rooms @");
    talk.terminal.press("alice\rtyped at once\r");
    // Some servers take for the nickname whatever one read returns.
    let mut buffer = [0; 64];
    let mut stream = talk.server.stream();
    let length = std::io::Read::read(&mut stream, &mut buffer).expect("reads");
    assert_eq!(&buffer[..length], b"alice\r\n");
    talk.server.expect("!users\r\ntyped at once\r\n");
}

fn a_full_server_is_called_full(bench: &Bench) {
    let server = bench.serve("direct --max-users 1");
    let bob = member(&server, "bob");
    let mut terminal = Terminal::open();
    let launch = bench.launch(&format!("connect direct {}", server.door()));
    let _client = bench.start_on(launch, &terminal);
    terminal.wait_for("name> ");
    terminal.press("alice\r");
    terminal.wait_for("the server is full");
    drop(bob);
    eventually("there is a place", || {
        terminal.press("alice\r");
        std::thread::sleep(std::time::Duration::from_millis(50));
        let is_in = terminal.written().contains("logged in as alice");
        is_in.then_some(())
    });
}

fn a_target_stays_and_is_shown_in_the_prompt(bench: &Bench) {
    let mut talk = alice(bench, "rooms @");
    for (typed, sent, prompt) in [
        ("/join den", "!enter den\r\n", "@den> "),
        ("hi all", "@den hi all\r\n", "@den> "),
        ("/msg bob psst", "#bob psst\r\n", "@den> "),
        ("/query bob", "", "#bob> "),
        ("hi bob", "#bob hi bob\r\n", "#bob> "),
        ("@den hi", "@den hi\r\n", "#bob> "),
        ("/part den", "!leave den\r\n", "#bob> "),
        ("/query", "", "> "),
        ("hi", "hi\r\n", "> "),
    ] {
        talk.terminal.press(format!("{typed}\r"));
        talk.server.expect(sent);
        talk.terminal.wait_for_edited(prompt);
    }
    let mut talk = alice(bench, "direct @");
    talk.terminal.press("/query bob\rhi\r/query\r");
    talk.server.expect("SEND bob hi\n");
    talk.terminal.wait_for_edited("> ");
}

fn who_wrote_last_is_answered(bench: &Bench) {
    let mut talk = alice(bench, "rooms @");
    talk.server.send("#bob: psst\r\n");
    talk.terminal.wait_for("#bob: psst");
    talk.terminal.press("/reply what?\r");
    talk.server.expect("#bob what?\r\n");
    let mut talk = alice(bench, "direct @");
    talk.server.send("DELIVERY carol hi\nDELIVERY bob psst\n");
    talk.terminal.wait_for("bob: psst");
    talk.terminal.press("/r what?\r");
    talk.server.expect("SEND bob what?\n");
}

fn one_s_own_name_is_highlighted_and_rung_for(bench: &Bench) {
    for (option, rings) in [("", 0), ("--bell", 2)] {
        let mut talk = alice(bench, &format!("rooms @ {option}"));
        talk.server
            .send("bob: malice\r\nbob: so, Alice?\r\n#bob: psst\r\n");
        talk.terminal.wait_for("psst");
        assert!(talk.terminal.look_of("Alice").1);
        assert!(!talk.terminal.look_of("malice").1);
        let rung = talk.terminal.written().matches('\x07').count();
        assert_eq!(rung, rings, "{option}");
    }
}

fn names_have_steady_colours(bench: &Bench) {
    let mut looks = Vec::new();
    for line in ["rooms @", "direct @"] {
        let mut talk = alice(bench, line);
        let said = match line {
            "rooms @" => "bob: hi\r\n",
            _ => "DELIVERY bob hi\n",
        };
        talk.server.send(said);
        talk.terminal.wait_for("bob: hi");
        looks.push(talk.terminal.look_of("bob: hi").0);
    }
    assert_eq!(looks[0], looks[1]);
    assert_ne!(looks[0], vt100::Color::Default);
}

fn what_comes_without_a_newline_is_shown_after_a_pause(bench: &Bench) {
    for line in ["relay @", "addressed @", "pair --full-duplex @", "rooms @"] {
        let mut talk = talk(bench, line);
        talk.server.send("without an end");
        talk.terminal.wait_for("without an end");
    }
}

fn a_lost_connection_comes_back_and_what_was_typed_is_still_there(bench: &Bench) {
    let server = bench.serve("rooms");
    let address = server.door();
    let mut terminal = Terminal::open();
    let launch = bench.launch(&format!("connect rooms {address} --name alice"));
    let _client = bench.start_on(launch, &terminal);
    terminal.wait_for("you are alice");
    terminal.press("/join den\rhalf a li");
    terminal.wait_for_edited("@den> half a li");
    drop(server);
    terminal.wait_for("trying again in 1 s");
    terminal.wait_for_edited("(not connected) > half a li");
    let server = bench.serve_on(&address.to_string(), "rooms");
    terminal.wait_for("you are alice again");
    terminal.wait_for_edited("@den> half a li");
    let mut bob = user(&server, "bob");
    // Only who is in a room can say something there.
    bob.send("!enter den\n");
    heard_nothing_else(&mut bob);
    terminal.press("ne\r");
    bob.expect("@den alice: half a line\r\n");
}

fn a_lost_connection_to_direct_logs_in_again(bench: &Bench) {
    let mut talk = alice(bench, "direct @");
    talk.server.reset();
    talk.terminal
        .wait_for("the connection is lost: Connection reset");
    talk.terminal.press("@bob entered meanwhile\r");
    let mut server = talk.stage.accept("server again");
    server.expect("HELLO-FROM alice\n");
    server.send("HELLO alice\n");
    talk.terminal.wait_for("logged in again as alice");
    server.expect("SEND bob entered meanwhile\n");
}

fn pauses_between_attempts_grow(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let mut server = talk.server;
    for seconds in ["1", "2", "4"] {
        drop(server);
        talk.terminal
            .wait_for(&format!("trying again in {seconds} s"));
        server = talk.stage.accept("server again");
    }
    talk.terminal.press("hello\r");
    server.expect("hello\n");
}

fn without_a_connection_one_can_leave(bench: &Bench) {
    let pasted = format!("\x1b[200~{}\x1b[201~y\x03", "line\r".repeat(2000));
    for keys in [
        &*pasted,
        "/quit\r",
        "\x03",
        "\x04",
        "waits\r/quit\r",
        "waits\r\x04\x04",
    ] {
        let mut talk = talk(bench, "relay @");
        drop(talk.stage);
        drop(talk.server);
        talk.terminal.wait_for("trying again in 2 s");
        talk.terminal.press(keys);
        assert_eq!(talk.client.exit_status(), 0, "{keys:?}");
        assert_eq!(talk.terminal.settings(), talk.settings);
    }
}

fn the_prompt_of_pair_shows_whose_turn_it_is(bench: &Bench) {
    let mut talk = talk(bench, "pair @");
    talk.terminal.wait_for_edited("your turn> ");
    talk.terminal.press("hello\r");
    talk.server.expect("hello\n");
    talk.terminal.wait_for_edited("their turn> ");
    talk.server.send("hi\n");
    talk.terminal.wait_for_edited("your turn> ");
}

fn a_terminal_without_a_name_gets_no_sequences(bench: &Bench) {
    for term in ["", "dumb"] {
        let mut terminal = Terminal::open();
        let settings = terminal.settings();
        let stage = bench.stage();
        let launch = bench.launch(&format!("connect rooms {} --name me", stage.address()));
        let mut client = bench.start_on(launch.env("TERM", term), &terminal);
        let mut server = stage.accept("server");
        server.expect("me\r\n!users\r\n");
        server.send("me\r\nbob: hi \x1b[2J\r\n");
        terminal.wait_for(r"bob: hi \x1b[2J");
        terminal.press("/nonsense\nhello\n");
        server.expect("hello\r\n");
        terminal.wait_for("there is no command /nonsense");
        assert_eq!(terminal.settings(), settings);
        assert!(
            !terminal.written().contains('\x1b'),
            "{}",
            terminal.written()
        );
        terminal.press("\x04");
        server.expect_end();
        drop(server);
        assert_eq!(client.exit_status(), 0);
    }
}

fn a_log_file_keeps_what_is_shown(bench: &Bench) {
    let folder = TempDir::new().expect("a folder of its own");
    let path = folder.path().join("log");
    let mut talk = alice(bench, &format!("rooms @ --log {}", path.display()));
    talk.server.send("bob: hi\r\n");
    talk.terminal.wait_for("bob: hi");
    talk.terminal.press("/join den\rhello\r/quit\r");
    talk.server.skip_to("@den hello\r\n");
    talk.server.expect_end();
    talk.ends_with(0);
    let kept = std::fs::read_to_string(path).expect("the file is there");
    let shown = ["you are alice", " bob: hi", " > /join den", " @den> hello"];
    assert!(shown.iter().all(|shown| kept.contains(shown)), "{kept}");
    assert!(!kept.contains('\x1b'), "{kept:?}");
}
