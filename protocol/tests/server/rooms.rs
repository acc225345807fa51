//! `rooms` (seed 002, the chat server): every row of its table, every bullet under it.

use linechat_protocol::{CloseReason, Dialect};

use linechat_laws::world::{Person, World};

#[test]
fn the_first_line_is_the_nickname_and_success_is_silent() {
    let chat = World::rooms();
    let alice = chat.connect();
    alice.sends("Alice42\r\n");
    alice.hears_nothing();
    assert_eq!(alice.name().as_deref(), Some("Alice42"));
    alice.asks("!users", "Alice42\r\n");
}

#[test]
fn until_the_nickname_is_accepted_nothing_is_received() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let stranger = chat.connect();
    stranger.sends("bo");
    alice.says("anybody?");
    alice.asks("#bo hi", "!error no such user: bo\r\n");
    stranger.hears_nothing();
    stranger.sends("b\n");
    alice.says("hi");
    stranger.hears("alice: hi\r\n");
}

#[test]
fn a_malformed_nickname_is_closed_without_a_word() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let too_long = "x".repeat(33);
    for name in [
        "", "a b", " a", "a ", "a-b", "a_b", "!users", "é", "a\rb", "a\t", &too_long,
    ] {
        let stranger = chat.connect();
        stranger.says(name);
        stranger.hears_nothing();
        stranger.is_closed(CloseReason::MalformedNickname);
    }
    alice.hears_nothing();
    alice.asks("!users", "alice\r\n");
}

#[test]
fn the_longest_nickname_has_32_characters() {
    let chat = World::rooms();
    let longest = "x".repeat(32);
    chat.join(&longest)
        .asks("!users", &format!("{longest}\r\n"));
}

#[test]
fn a_nickname_line_that_is_too_long_is_malformed() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_line = 40);
    let stranger = chat.connect();
    stranger.sends("x".repeat(41));
    stranger.hears_nothing();
    stranger.is_closed(CloseReason::MalformedNickname);
}

#[test]
fn a_nickname_in_use_is_closed_without_a_word() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let second = chat.connect();
    second.sends("alice\n!users\n");
    second.hears_nothing();
    second.is_closed(CloseReason::NicknameInUse);
    alice.is_open();
    alice.asks("!users", "alice\r\n");
}

#[test]
fn nicknames_are_compared_exactly() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let other = chat.join("Alice");
    alice.says("#Alice hi");
    other.hears("#alice: hi\r\n");
    alice.hears_nothing();
}

#[test]
fn a_nickname_is_free_as_soon_as_its_owner_left() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    alice.stops_reading();
    chat.join("bob").says("so that alice has something to take");
    alice.ends();
    alice.is_draining(CloseReason::PeerLeft);
    chat.join("alice");
}

#[test]
fn text_reaches_every_other_registered_client() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    let carol = chat.join("carol");
    alice.says("hello, all ");
    bob.hears("alice: hello, all \r\n");
    carol.hears("alice: hello, all \r\n");
    alice.hears_nothing();
    alice.says(" ");
    bob.hears("alice:  \r\n");
}

#[test]
fn a_private_message_reaches_one_client_only() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    let carol = chat.join("carol");
    alice.says("#bob  psst ");
    bob.hears("#alice:  psst \r\n");
    alice.asks("#alice note", "#alice: note\r\n");
    alice.asks("#dave hi", "!error no such user: dave\r\n");
    alice.asks("#BOB hi", "!error no such user: BOB\r\n");
    alice.asks("#b!b hi", "!error no such user: b!b\r\n");
    bob.hears_nothing();
    carol.hears_nothing();
}

#[test]
fn a_message_to_a_room_reaches_every_member_the_sender_included() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    let carol = chat.join("carol");
    alice.says("!enter den-1_X");
    bob.says("!enter den-1_X");
    alice.says("@den-1_X  hi ");
    alice.hears("@den-1_X alice:  hi \r\n");
    bob.hears("@den-1_X alice:  hi \r\n");
    carol.hears_nothing();
    carol.asks("@den-1_X hi", "!error you are not in room: den-1_X\r\n");
    carol.asks("@Den-1_X hi", "!error no such room: Den-1_X\r\n");
    alice.hears_nothing();
}

#[test]
fn entering_and_leaving_is_silent_and_may_be_repeated() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    bob.says("!enter den");
    for line in [
        "!enter den",
        "!enter den",
        "!leave den",
        "!leave den",
        "!leave nowhere",
    ] {
        alice.asks(line, "");
    }
    bob.hears_nothing();
    alice.asks("@den hi", "!error you are not in room: den\r\n");
    bob.asks("!members den", "bob\r\n");
}

#[test]
fn a_room_is_there_as_long_as_somebody_is_in_it() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.asks("!rooms", "\r\n");
    alice.says("!enter den");
    bob.says("!enter den");
    alice.says("!leave den");
    alice.asks("!rooms", "den\r\n");
    alice.asks("!members den", "bob\r\n");
    bob.says("!leave den");
    alice.asks("!rooms", "\r\n");
    alice.asks("!members den", "!error no such room: den\r\n");
    alice.asks("@den hi", "!error no such room: den\r\n");
}

#[test]
fn lists_are_one_line_sorted_by_bytes() {
    let chat = World::rooms();
    let bob = chat.join("bob");
    for name in ["alice", "Zoe", "b", "9"] {
        chat.join(name).says("!enter b-c");
    }
    for room in ["b", "a", "B", "_", "b-c", "0"] {
        bob.says(&format!("!enter {room}"));
    }
    bob.asks("!users", "9 Zoe alice b bob\r\n");
    bob.asks("!rooms", "0 B _ a b b-c\r\n");
    bob.asks("!members b-c", "9 Zoe alice b bob\r\n");
}

#[test]
fn a_list_that_might_not_find_room_is_refused() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_backlog = 31);
    let alice = chat.join("alice");
    let bob = chat.join("bobbybob");
    alice.asks("!users", "alice bobbybob\r\n");
    bob.vanishes();
    chat.join("bobbybobb");
    alice.asks("!users", "!error too many names to list\r\n");
}

#[test]
fn help_is_one_line_that_names_the_commands() {
    let alice = World::rooms().join("alice");
    alice.says("!help");
    let help = alice.heard();
    assert_eq!(help.matches('\n').count(), 1);
    assert!(help.ends_with("\r\n"));
    for command in [
        "!users", "!enter", "!leave", "!rooms", "!members", "!help", "!quit", "#nick", "@room",
    ] {
        assert!(help.contains(command), "{command} is not in {help:?}");
    }
}

#[test]
fn quit_closes_and_what_was_sent_behind_it_is_not_looked_at() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.sends("!users\n!quit\nstill here?\n");
    alice.hears("alice bob\r\n");
    alice.is_closed(CloseReason::Quit);
    bob.hears_nothing();
    bob.asks("!users", "bob\r\n");
}

#[test]
fn an_empty_line_is_nothing() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.sends("\n\r\n");
    alice.hears_nothing();
    bob.hears_nothing();
}

#[test]
fn a_missing_argument_is_answered_with_what_can_be_typed() {
    let alice = World::rooms().join("alice");
    for (line, usage) in [
        ("#", "#nick text"),
        ("#bob", "#nick text"),
        ("#bob ", "#nick text"),
        ("@", "@room text"),
        ("@den", "@room text"),
        ("@den ", "@room text"),
        ("!enter", "!enter room"),
        ("!enter ", "!enter room"),
        ("!leave", "!leave room"),
        ("!leave ", "!leave room"),
        ("!members", "!members room"),
        ("!members ", "!members room"),
    ] {
        alice.asks(line, &format!("!error usage: {usage}\r\n"));
    }
}

#[test]
fn a_text_of_blanks_is_a_text() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.says("#bob  ");
    bob.hears("#alice:  \r\n");
    alice.says("#bob \t");
    bob.hears("#alice: \t\r\n");
}

#[test]
fn a_bad_room_name_is_told_everywhere() {
    let alice = World::rooms().join("alice");
    let too_long = "x".repeat(33);
    for name in ["a b", " a", "a ", "a!", "é", "a.b", "#a", &too_long] {
        for command in ["!enter", "!leave", "!members"] {
            let refusal = format!("!error bad room name: {name}\r\n");
            alice.asks(&format!("{command} {name}"), &refusal);
        }
    }
    for name in ["a!", "é", "a.b", "@a", &too_long] {
        let refusal = format!("!error bad room name: {name}\r\n");
        alice.asks(&format!("@{name} hi"), &refusal);
    }
    alice.asks("!rooms", "\r\n");
}

#[test]
fn the_longest_room_name_has_32_characters() {
    let alice = World::rooms().join("alice");
    let longest = "a-_9".repeat(8);
    alice.asks(&format!("!enter {longest}"), "");
    alice.asks("!rooms", &format!("{longest}\r\n"));
}

#[test]
fn another_command_is_unknown() {
    let alice = World::rooms().join("alice");
    for command in ["!", "!Users", "!user", "!userss", "!QUIT", "!!", "!é"] {
        let refusal = format!("!error unknown command: {command} (try !help)\r\n");
        alice.asks(command, &refusal);
        alice.asks(&format!("{command} den"), &refusal);
    }
}

#[test]
fn what_is_quoted_back_is_cut_to_64_bytes_between_characters() {
    let alice = World::rooms().join("alice");
    let exact = "é".repeat(32);
    let long = format!("x{}", "é".repeat(32));
    let cut = format!("x{}", "é".repeat(31));
    for (quoted, shown) in [(&exact, &exact), (&long, &cut)] {
        alice.asks(
            &format!("#{quoted} hi"),
            &format!("!error no such user: {shown}\r\n"),
        );
        alice.asks(
            &format!("!enter {quoted}"),
            &format!("!error bad room name: {shown}\r\n"),
        );
        alice.asks(
            &format!("@{quoted} hi"),
            &format!("!error bad room name: {shown}\r\n"),
        );
    }
    let command = format!("!{}", "x".repeat(64));
    let shown = &command[..64];
    alice.asks(
        &command,
        &format!("!error unknown command: {shown} (try !help)\r\n"),
    );
}

#[test]
fn a_client_that_leaves_is_out_of_all_rooms_and_nobody_is_told() {
    for leaves in [Person::ends, Person::vanishes, Person::is_released] {
        let chat = World::rooms();
        let alice = chat.join("alice");
        let bob = chat.join("bob");
        alice.says("!enter den");
        bob.sends("!enter den\n!enter own\n");
        leaves(&bob);
        alice.hears_nothing();
        alice.asks("!users", "alice\r\n");
        alice.asks("!rooms", "den\r\n");
        alice.asks("!members den", "alice\r\n");
        let bob = chat.join("bob");
        bob.asks("@den hi", "!error you are not in room: den\r\n");
    }
}

#[test]
fn there_are_not_more_rooms_than_may_be() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_rooms = 2);
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.sends("!enter one\n!enter two\n");
    alice.hears_nothing();
    bob.asks("!enter three", "!error too many rooms\r\n");
    bob.asks("!enter two", "");
    alice.asks("!enter one", "");
    alice.says("!leave one");
    bob.asks("!enter three", "");
    bob.asks("!rooms", "three two\r\n");
}

#[test]
fn nobody_is_in_more_rooms_than_they_may_be() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_rooms_per_user = 2);
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    bob.says("!enter three");
    alice.sends("!enter one\n!enter two\n");
    alice.asks("!enter three", "!error too many rooms\r\n");
    alice.asks("!enter one", "");
    alice.says("!leave one");
    alice.asks("!enter three", "");
    bob.asks("!members three", "alice bob\r\n");
}

#[test]
fn what_is_not_plain_text_reaches_nobody() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    let refused = [
        "\x07",
        "a\x1b[2J",
        "\x00",
        "a\rb",
        "del\x7f",
        "c1\u{9b}",
        "nel\u{85}",
        "rlo\u{202e}",
        "lre\u{202a}",
        "lri\u{2066}",
        "pdi\u{2069}",
    ];
    for text in refused {
        for line in [
            text.to_owned(),
            format!("#bob {text}"),
            format!("!{text}"),
            format!("@x {text}"),
        ] {
            alice.asks(&line, "!error message is not plain text\r\n");
        }
    }
    for bytes in [
        &b"\xc3\n"[..],
        b"a\xe9b\n",
        b"#bob \xed\xa0\x80\n",
        b"\xc0\xaf\n",
    ] {
        alice.sends(bytes);
        alice.hears("!error message is not plain text\r\n");
    }
    bob.hears_nothing();
}

#[test]
fn what_is_plain_text_is_handed_on() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    for text in [
        "a\tb",
        "日本語",
        "👩‍👩‍👧",
        "\u{200f}mark",
        "\u{2065}",
        "\u{202f}",
        "\u{a0}",
        "~",
    ] {
        alice.says(text);
        bob.hears(&format!("alice: {text}\r\n"));
    }
}

#[test]
fn too_long_a_line_is_told_once_and_the_rest_of_it_dropped() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_line = 8);
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    alice.sends("12345678\r\n");
    bob.hears("alice: 12345678\r\n");
    alice.sends_one_by_one("12345678\r\n");
    bob.hears("alice: 12345678\r\n");
    alice.sends("123456789");
    alice.hears("!error line is longer than 8 bytes\r\n");
    alice.sends("0123456789");
    alice.sends("!users\n!users\n");
    alice.hears("alice bob\r\n");
    alice.sends("12345678\r\r\n");
    alice.hears("!error line is longer than 8 bytes\r\n");
    bob.hears_nothing();
}

#[test]
fn telnets_own_bytes_do_not_spoil_a_line() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.connect();
    bob.sends(b"\xff\xfd\x03bo\xff\xf1b\r\n");
    alice.sends_one_by_one(b"\xff\xf4\xff\xfd\x06hi\xff\xfa\x1f\x00\n\xff\xf0 there\r\n");
    bob.hears("alice: hi there\r\n");
    assert_eq!(bob.name().as_deref(), Some("bob"));
}

#[test]
fn telnets_suspend_abort_and_end_of_file_do_not_spoil_a_line() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    for command in [236, 237, 238, 239] {
        alice.sends([b"h", &[0xFF, command][..], b"i\r\n"].concat());
        bob.hears("alice: hi\r\n");
    }
}

#[test]
fn a_line_that_came_last_without_an_ending_counts() {
    let chat = World::rooms();
    let bob = chat.join("bob");
    let alice = chat.connect();
    alice.sends("alice\n!users\r");
    alice.ends();
    alice.hears("alice bob\r\n");
    alice.is_closed(CloseReason::PeerLeft);
    let carol = chat.connect();
    carol.sends("carol\nbye");
    carol.ends();
    bob.hears("carol: bye\r\n");
}

#[test]
fn the_console_registers_like_any_other() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let console = chat.console();
    console.says("root");
    alice.says("hi");
    console.hears("alice: hi\r\n");
    console.ends();
    alice.asks("!users", "alice\r\n");
    assert!(chat.is_accepting());
}
