//! `irc` alone.

use std::num::NonZeroU32;
use std::time::Duration;

use linechat_laws::config::Config;
use linechat_laws::world::{Person, World};
use linechat_protocol::{CloseReason, Dialect, Limits, Listener, Peer, Server, irc};

use crate::told::{hears, irc, tells, told};

#[test]
fn nobody_is_let_in_before_name_person_and_negotiation_are_done() {
    let chat = chat();
    let bob = chat.connect();
    for line in [
        "CAP LS 302",
        "NICK bob",
        "USER bob 0 * :Bob",
        "CAP REQ :batch",
    ] {
        bob.says(line);
        assert_eq!(bob.name(), None);
    }
    bob.says("CAP END");
    assert_eq!(bob.name().as_deref(), Some("bob"));
}

#[test]
fn what_is_asked_for_and_unknown_comes_back_without_what_a_terminal_obeys() {
    World::new(Config::new(Dialect::IRC)).connect().asks(
        "CAP REQ :nonsense\x07 \u{202e}",
        ":linechat.local CAP * NAK :nonsense? ?\r\n",
    );
}

#[test]
fn what_is_for_users_is_refused_to_others() {
    let chat = chat();
    let guest = chat.connect();
    for line in [
        "JOIN #den",
        "PRIVMSG a :b",
        "WHO",
        "FOO",
        "AUTHENTICATE PLAIN",
    ] {
        tells(
            &guest,
            line,
            &[":linechat.local 451 * :You have not registered"],
        );
    }
    tells(
        &guest,
        "PING x",
        &[":linechat.local PONG linechat.local :x"],
    );
    tells(
        &guest,
        "CAP FOO",
        &[":linechat.local 410 * FOO :Invalid CAP command"],
    );
    tells(
        &guest,
        "NICK",
        &[":linechat.local 431 * :No nickname given"],
    );
    tells(
        &guest,
        "USER a b c",
        &[":linechat.local 461 * USER :Not enough parameters"],
    );
}

#[test]
fn a_name_that_was_taken_meanwhile_is_asked_for_again() {
    let chat = chat();
    let (bob, rival) = (chat.connect(), chat.connect());
    for person in [&bob, &rival] {
        person.says("NICK bob");
    }
    bob.says("USER bob 0 * :Bob");
    tells(
        &rival,
        "USER r 0 * :r",
        &[":linechat.local 433 * bob :Nickname is already in use"],
    );
    rival.says("NICK robert");
    assert_eq!(rival.name().as_deref(), Some("robert"));
}

#[test]
fn who_does_not_register_in_time_is_closed_and_told() {
    let chat = World::with(Dialect::IRC, |limits| {
        limits.login_timeout = Some(Duration::from_secs(5));
    });
    let guest = chat.connect();
    guest.says("NICK bob");
    chat.waits(Duration::from_secs(5));
    guest.is_closed(CloseReason::LoginTimeout);
    hears(&guest, &["ERROR :Closing link: connection closed"]);
}

#[test]
fn who_is_silent_is_asked_and_closed_without_an_answer() {
    let chat = World::with(Dialect::IRC, |limits| {
        limits.idle_timeout = Some(Duration::from_secs(10));
    });
    let (bob, carl) = (irc(&chat, "bob"), irc(&chat, "carl"));
    chat.waits(Duration::from_secs(9));
    bob.hears_nothing();
    chat.waits(Duration::from_secs(1));
    hears(&bob, &["PING :linechat.local"]);
    bob.says("PONG :linechat.local");
    hears(&carl, &["PING :linechat.local"]);
    chat.waits(Duration::from_secs(10));
    hears(&carl, &["ERROR :Closing link: ping timeout"]);
    carl.is_closed(CloseReason::IdleTimeout);
    bob.is_open();
    hears(&bob, &["PING :linechat.local"]);
}

#[test]
fn a_password_is_asked_for_if_there_is_one() {
    let mut options = irc::Options::default();
    options.password = Some("secret".into());
    for (pass, expected) in [
        ("PASS secret\r\n", " 001 bob "),
        ("PASS wrong\r\n", "ERROR :Closing link: connection closed"),
        ("", " 464 * :Password incorrect"),
    ] {
        let login = format!("{pass}NICK bob\r\nUSER bob 0 * :Bob\r\n");
        let heard = heard_by(options.clone(), &login);
        assert!(heard.contains(expected), "{heard}");
    }
}

#[test]
fn lines_that_are_too_long_do_nothing_and_are_said_to_be() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    let too_long = ":linechat.local 417 bob :Input line was too long";
    bob.says(&format!("PING {}", "x".repeat(505)));
    assert!(told(&bob).starts_with(":linechat.local PONG "));
    let line = format!("PING {}", "x".repeat(506));
    tells(&bob, &line, &[too_long]);
    let tags = format!("@{} PING x", "t".repeat(4095));
    tells(&bob, &tags, &[too_long]);
    let endless = "x".repeat(20_000);
    tells(&bob, &endless, &[too_long]);
    let own = format!("PRIVMSG bob :{}", "x".repeat(490));
    tells(&bob, &own, &[too_long]);
    tells(&bob, "PING x", &[":linechat.local PONG linechat.local :x"]);
}

#[test]
fn strange_lines_are_ignored_or_answered_and_close_nobody() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    for nothing in ["", " ", ":", "@", "@a ", ":source"] {
        tells(&bob, nothing, &[]);
    }
    bob.sends(b"PRIVMSG bob :\xff\n");
    hears(
        &bob,
        &[":linechat.local FAIL * INVALID_UTF8 :Message rejected: it is not UTF-8"],
    );
    bob.sends(b"PRIVMSG bob :a\0b\n");
    hears(
        &bob,
        &[":linechat.local 404 bob bob :Cannot send to channel (control characters)"],
    );
    bob.sends(b"PRIVMSG bob :a\rb\n");
    hears(
        &bob,
        &[":linechat.local 404 bob bob :Cannot send to channel (control characters)"],
    );
    tells(
        &bob,
        "F\x1bOO",
        &[":linechat.local 421 bob F?OO :Unknown command"],
    );
    tells(
        &bob,
        "AUTHENTICATE",
        &[":linechat.local 421 bob AUTHENTICATE :Unknown command"],
    );
    tells(
        &bob,
        "PRIVMSG",
        &[":linechat.local 411 bob :No recipient given (PRIVMSG)"],
    );
    tells(
        &bob,
        "PRIVMSG bob",
        &[":linechat.local 412 bob :No text to send"],
    );
    tells(&bob, "NOTICE nobody :hi", &[]);
    tells(
        &bob,
        "USER b 0 * :b",
        &[":linechat.local 462 bob :You may not reregister"],
    );
    bob.is_open();
}

#[test]
fn a_thousand_modes_are_answered_in_a_few_lines() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    bob.says("JOIN #den");
    bob.heard();
    bob.says(&format!("MODE #den +{}", "b".repeat(400)));
    assert_eq!(told(&bob).lines().count(), 1);
    bob.says(&format!("MODE #den +{}", "z".repeat(400)));
    assert_eq!(told(&bob).lines().count(), 12);
    bob.says(&format!("MODE #den {}", "+m-m".repeat(100)));
    assert_eq!(told(&bob).lines().count(), 1);
}

#[test]
fn masks_that_would_make_matching_slow_are_matched_at_once() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    bob.says("JOIN #den");
    for number in 0..100 {
        let mask = "*a".repeat(50);
        bob.says(&format!("MODE #den +b {mask}{number}"));
    }
    bob.heard();
    tells(
        &bob,
        "MODE #den +b one!more@mask",
        &[":linechat.local 478 bob #den b :Channel list is full"],
    );
    let carl = irc(&chat, "carl");
    for _ in 0..200 {
        carl.says("JOIN #den");
        carl.says("PRIVMSG #den :hi");
        carl.says("PART #den");
    }
    assert!(told(&bob).contains("PRIVMSG #den :hi"));
}

#[test]
fn a_flood_is_held_back_and_nothing_of_it_is_lost() {
    let chat = World::with(Dialect::IRC, |limits| {
        limits.rate_limit = NonZeroU32::new(10);
    });
    let (bob, carl) = (irc(&chat, "bob"), irc(&chat, "carl"));
    chat.waits(Duration::from_secs(2));
    let flood: String = (0..100)
        .map(|number| format!("PRIVMSG carl :{number}\r\n"))
        .collect();
    bob.sends(flood);
    assert!(told(&carl).lines().count() <= 10);
    chat.waits(Duration::from_secs(10));
    assert!(told(&carl).ends_with("PRIVMSG carl :99\n"));
    bob.is_open();
}

#[test]
fn an_answer_that_finds_no_room_is_cut_short_and_closes_nobody() {
    let chat = World::with(Dialect::IRC, |limits| limits.max_backlog = 8 << 10);
    let bob = irc(&chat, "bob");
    let people: Vec<Person> = (0..60)
        .map(|number| irc(&chat, &format!("user{number}")))
        .collect();
    for person in people.iter().chain([&bob]) {
        person.says(&format!("JOIN #den,#{}", person.name().expect("a name")));
    }
    bob.heard();
    bob.stops_reading();
    for (ask, end) in [
        ("WHO #den", " 315 "),
        ("LIST", " 323 "),
        ("NAMES #den", " 366 "),
    ] {
        bob.says(ask);
        bob.reads_on();
        let answer = told(&bob);
        assert!(
            answer.lines().last().expect("an end").contains(end),
            "{answer}"
        );
        assert_eq!(
            answer.contains(" 416 bob "),
            ask.starts_with("WHO"),
            "{answer}"
        );
        bob.stops_reading();
    }
    bob.is_open();
}

#[test]
fn one_sees_what_one_has_asked_for_and_from_then_on() {
    let chat = chat();
    let (bob, carl) = (irc(&chat, "bob"), irc(&chat, "carl"));
    for person in [&bob, &carl] {
        person.says("JOIN #den");
        person.heard();
    }
    bob.heard();
    carl.says("AWAY :out");
    bob.hears_nothing();
    bob.says("CAP REQ :away-notify setname extended-join");
    bob.heard();
    carl.says("AWAY");
    carl.says("SETNAME :Charles");
    carl.says("PART #den");
    carl.says("JOIN #den");
    hears(
        &bob,
        &[
            ":carl!carl@host AWAY",
            ":carl!carl@host SETNAME :Charles",
            ":carl!carl@host PART #den",
            ":carl!carl@host JOIN #den * :Charles",
        ],
    );
    bob.says("CAP REQ :-away-notify message-tags server-time");
    bob.heard();
    carl.says("AWAY :out again");
    carl.says("@+typing=active;msgid=forged;+x=\x1b TAGMSG #den");
    bob.hears_nothing();
    carl.says("CAP REQ :message-tags");
    carl.says("@+typing=active;msgid=forged TAGMSG #den");
    let told = told(&bob);
    assert!(told.starts_with("@time=1970-01-01T00:"), "{told}");
    assert!(
        told.ends_with(";+typing=active :carl!carl@host TAGMSG #den\n"),
        "{told}"
    );
    assert!(!told.contains("forged"), "{told}");
}

#[test]
fn what_one_says_comes_back_if_asked_for_and_once() {
    let chat = chat();
    let (bob, carl) = (irc(&chat, "bob"), irc(&chat, "carl"));
    bob.says("JOIN #den");
    carl.says("JOIN #den");
    bob.says("CAP REQ :echo-message");
    bob.heard();
    carl.heard();
    tells(
        &bob,
        "PRIVMSG #den,carl :hi",
        &[
            ":bob!bob@host PRIVMSG #den :hi",
            ":bob!bob@host PRIVMSG carl :hi",
        ],
    );
    tells(
        &bob,
        "NOTICE @#den :ops",
        &[":bob!bob@host NOTICE @#den :ops"],
    );
    hears(
        &carl,
        &[
            ":bob!bob@host PRIVMSG #den :hi",
            ":bob!bob@host PRIVMSG carl :hi",
        ],
    );
}

#[test]
fn answers_have_the_label_of_what_they_answer() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "@label=1 PING x",
        &[":linechat.local PONG linechat.local :x"],
    );
    bob.says("CAP REQ :labeled-response batch");
    bob.heard();
    tells(
        &bob,
        "@label=1 PING x",
        &["@label=1 :linechat.local PONG linechat.local :x"],
    );
    tells(&bob, "@label=2 PONG x", &["@label=2 :linechat.local ACK"]);
    tells(
        &bob,
        "@label=3 JOIN #den",
        &[
            "@label=3 :linechat.local BATCH +1 labeled-response",
            "@batch=1 :bob!bob@host JOIN #den",
            "@batch=1 :linechat.local 353 bob = #den :@bob",
            "@batch=1 :linechat.local 366 bob #den :End of /NAMES list",
            ":linechat.local BATCH -1",
        ],
    );
    tells(
        &bob,
        "@label=4 PRIVMSG bob :hi",
        &[
            ":bob!bob@host PRIVMSG bob :hi",
            "@label=4 :linechat.local ACK",
        ],
    );
    bob.sends(b"@label=5 PING \xff\n");
    hears(
        &bob,
        &["@label=5 :linechat.local FAIL * INVALID_UTF8 :Message rejected: it is not UTF-8"],
    );
}

#[test]
fn a_label_waits_for_a_log_that_takes_its_time() {
    let listener = Listener::new(Dialect::IRC);
    let (mut server, listener) =
        Server::with_listener(Limits::default(), listener).expect("the limits are the usual ones");
    server.share(1).expect("nobody has connected");
    let now = linechat_protocol::Instant::EPOCH;
    let conn = server.accept(now, listener, Peer::Socket(([192, 0, 2, 1], 7).into()));
    let mut sequence = 0;
    let mut tell = |server: &mut Server, line: &str| {
        server.receive(now, conn, format!("{line}\r\n").as_bytes());
        let early = server.transmit(conn).len();
        while let Some(entry) = server.poll_entry() {
            sequence += 1;
            let applied = server.apply(now, sequence, &entry);
            assert_eq!(applied, Ok(()));
        }
        server.flushed();
        server.carry_on(now);
        let told = String::from_utf8(server.transmit(conn).to_vec()).expect("servers say UTF-8");
        server.advance(now, conn, told.len());
        (early, told)
    };
    tell(&mut server, "NICK bob\r\nUSER bob 0 * :Bob");
    tell(&mut server, "CAP REQ :labeled-response batch");
    let (early, told) = tell(&mut server, "@label=7 JOIN #den,#attic");
    assert_eq!(early, 0, "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[0],
        "@label=7 :linechat.local BATCH +1 labeled-response"
    );
    assert_eq!(lines.len(), 2 * 3 + 2, "{told}");
    assert!(
        lines[1].ends_with(" JOIN #den") && lines[4].ends_with(" JOIN #attic"),
        "{told}"
    );
    let (_, told) = tell(&mut server, "@label=8 PRIVMSG #den :hi");
    assert_eq!(told, "@label=8 :linechat.local ACK\r\n");
}

#[test]
fn who_watches_a_name_is_told_in_whatever_view() {
    let chat = chat();
    let bob = irc(&chat, "bob");
    tells(&bob, "MONITOR + carl", &[":linechat.local 731 bob :carl"]);
    bob.says("CAP REQ :away-notify extended-monitor");
    bob.heard();
    let carl = irc(&chat, "Carl");
    hears(&bob, &[":linechat.local 730 * :Carl!Carl@host"]);
    carl.says("AWAY :out");
    hears(&bob, &[":Carl!Carl@host AWAY :out"]);
    bob.says("CAP REQ :-extended-monitor");
    bob.heard();
    carl.says("AWAY");
    carl.says("NICK carla");
    hears(&bob, &[":linechat.local 731 * :Carl"]);
    tells(&bob, "MONITOR C", &[]);
    carl.says("NICK carl");
    bob.hears_nothing();
}

#[test]
fn an_operator_disconnects_somebody_who_is_told_why() {
    let mut options = irc::Options::default();
    options.operators.push(irc::Operator::new("root", "secret"));
    let lines = "NICK bob\r\nUSER bob 0 * :Bob\r\nKILL bob :x\r\nOPER root Secret\r\nMODE bob +o\r\n\
                 MODE bob\r\nOPER root secret\r\nMODE bob\r\nKILL bob :enough\r\n";
    let heard = heard_by(options, lines);
    let numerics: Vec<&str> = heard
        .lines()
        .skip_while(|line| !line.contains(" 422 "))
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(
        numerics,
        ["422", "481", "464", "221", "MODE", "381", "221", ":Closing"]
    );
    assert!(
        heard.ends_with("ERROR :Closing link: Killed (bob (enough))\r\n"),
        "{heard}"
    );
}

#[test]
fn addresses_are_hidden_and_the_same_one_is_hidden_in_the_same_way() {
    let chat = chat();
    let mut hosts = Vec::new();
    for (nick, address) in [
        ("a", "192.0.2.1:1"),
        ("b", "192.0.2.1:2"),
        ("c", "192.0.2.2:1"),
    ] {
        let person = chat.connect_from(address);
        person.says(&format!("NICK {nick}"));
        person.says(&format!("USER {nick} 0 * :{nick}"));
        person.heard();
        person.says(&format!("USERHOST {nick}"));
        let heard = person.heard();
        assert!(!heard.contains("192.0.2"), "{heard}");
        hosts.push(
            heard
                .split_once('@')
                .expect("a host")
                .1
                .trim_end()
                .to_owned(),
        );
    }
    assert_eq!(hosts[0], hosts[1]);
    assert_ne!(hosts[0], hosts[2]);
}

#[test]
fn addresses_are_shown_where_that_is_wanted() {
    let mut options = irc::Options::default();
    options.address_key = None;
    let heard = heard_by(options, "NICK bob\r\nUSER bob 0 * :Bob\r\nUSERHOST bob\r\n");
    assert!(heard.ends_with(":bob=+bob@192.0.2.1\r\n"), "{heard}");
}

#[test]
fn a_web_page_cannot_speak_through_somebodys_browser() {
    let chat = chat();
    let browser = chat.connect();
    browser.sends(b"POST / HTTP/1.1\r\nNICK bob\r\nUSER bob 0 * :Bob\r\n");
    browser.is_closed(CloseReason::HttpRequest);
    assert_eq!(browser.name(), None);
}

fn chat() -> World {
    World::new(Config::new(Dialect::IRC))
}

/// What one client hears that sends this, with these options.
fn heard_by(options: irc::Options, lines: &str) -> String {
    let listener = Listener::new(options);
    let (mut server, listener) =
        Server::with_listener(Limits::default(), listener).expect("the limits are the usual ones");
    let now = linechat_protocol::Instant::EPOCH;
    let peer = Peer::Socket(([192, 0, 2, 1], 7).into());
    let conn = server.accept(now, listener, peer);
    server.receive(now, conn, lines.as_bytes());
    String::from_utf8(server.transmit(conn).to_vec()).expect("servers say UTF-8")
}
