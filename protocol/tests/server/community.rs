//! One community behind `rooms`, `direct` and `irc`: who meets, and what each hears of the others.

use linechat_laws::config::{Config, Other};
use linechat_laws::world::World;
use linechat_protocol::{CloseReason, Dialect};

use crate::told::{hears, irc, tells, told};

#[test]
fn a_room_is_a_channel_and_users_of_irc_see_who_comes_and_goes() {
    let chat = meeting();
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "JOIN #kitchen",
        &[
            ":bob!bob@host JOIN #kitchen",
            ":linechat.local 353 bob = #kitchen :@bob",
            ":linechat.local 366 bob #kitchen :End of /NAMES list",
        ],
    );
    let alice = chat.join("alice");
    alice.asks("!enter kitchen", "");
    alice.asks("!members kitchen", "alice bob\r\n");
    hears(
        &bob,
        &[
            ":alice!rooms@host JOIN #lobby",
            ":alice!rooms@host JOIN #kitchen",
        ],
    );
    alice.asks("@kitchen dinner?", "@kitchen alice: dinner?\r\n");
    hears(&bob, &[":alice!rooms@host PRIVMSG #kitchen :dinner?"]);
    tells(&bob, "PRIVMSG #kitchen :soon", &[]);
    alice.hears("@kitchen bob: soon\r\n");
    alice.asks("!leave kitchen", "");
    hears(&bob, &[":alice!rooms@host PART #kitchen"]);
    alice.asks("!quit", "");
    hears(&bob, &[":alice!rooms@host QUIT :"]);
}

#[test]
fn users_of_rooms_are_told_nothing_about_who_comes_and_goes() {
    let chat = meeting();
    let alice = chat.join("alice");
    alice.asks("!enter kitchen", "");
    let bob = irc(&chat, "bob");
    for line in [
        "JOIN #kitchen",
        "TOPIC #kitchen :x",
        "NICK bert",
        "AWAY :out",
        "PART #kitchen :bye",
        "QUIT :bye",
    ] {
        bob.says(line);
    }
    alice.hears_nothing();
}

#[test]
fn a_name_is_taken_for_all_and_its_case_makes_no_other() {
    let chat = meeting();
    chat.join("Alice");
    let rival = chat.connect_to(Dialect::IRC);
    rival.says("USER r 0 * :r");
    tells(
        &rival,
        "NICK aLICE",
        &[":linechat.local 433 * aLICE :Nickname is already in use"],
    );
    rival.says("NICK bob");
    let other = chat.connect();
    other.says("BOB");
    other.is_closed(CloseReason::NicknameInUse);
    chat.connect_to(Dialect::DIRECT)
        .asks("HELLO-FROM bOb", "IN-USE\n");
    rival.vanishes();
    let direct = chat.connect_to(Dialect::DIRECT);
    direct.asks("HELLO-FROM bOb", "HELLO bOb\n");
    chat.connect().asks("!users", "");
}

#[test]
fn a_name_that_somebody_could_not_say_is_refused_as_a_malformed_one() {
    let chat = meeting();
    let digits = chat.connect();
    digits.says("2bob");
    digits.is_closed(CloseReason::MalformedNickname);
    chat.connect_to(Dialect::DIRECT)
        .asks("HELLO-FROM bo.b", "BAD-RQST-BODY\n");
    let caret = chat.connect_to(Dialect::IRC);
    caret.says("USER c 0 * :c");
    tells(
        &caret,
        "NICK bob^",
        &[":linechat.local 432 * bob^ :Erroneus nickname"],
    );
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "NICK b^",
        &[":linechat.local 432 bob b^ :Erroneus nickname"],
    );
}

#[test]
fn who_creates_a_room_is_its_operator_from_rooms_too() {
    let chat = meeting();
    let alice = chat.join("alice");
    alice.says("!enter Den");
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "JOIN #den",
        &[
            ":bob!bob@host JOIN #Den",
            ":linechat.local 353 bob = #Den :@alice bob",
            ":linechat.local 366 bob #Den :End of /NAMES list",
        ],
    );
    alice.asks("!members dEN", "alice bob\r\n");
    alice.asks("@den hi", "@Den alice: hi\r\n");
}

#[test]
fn a_channel_that_rooms_cannot_name_is_not_in_its_lists() {
    let chat = meeting();
    let alice = chat.join("alice");
    let bob = irc(&chat, "bob");
    bob.says("JOIN #küche,##,#den");
    alice.asks("!rooms", "den\r\n");
}

#[test]
fn what_modes_forbid_is_forbidden_to_everybody() {
    let chat = meeting();
    let alice = chat.join("alice");
    let bob = irc(&chat, "bob");
    bob.says("JOIN #den");
    for modes in ["+b alice!*@*", "-b+k alice!*@* key", "-k+l * 1", "-l+i"] {
        bob.says(&format!("MODE #den {modes}"));
        alice.asks("!enter den", "!error cannot enter room: den\r\n");
    }
    bob.says("MODE #den +b alice");
    bob.says("INVITE alice #den");
    alice.asks("!enter den", "");
    bob.says("MODE #den -b alice");
    bob.says("MODE #den +m");
    alice.asks("@den hi", "!error cannot send to room: den\r\n");
    bob.says("MODE #den +v alice");
    alice.asks("@den hi", "@den alice: hi\r\n");
    bob.says("MODE #den -vm+b alice alice");
    alice.asks("@den hi", "!error cannot send to room: den\r\n");
    bob.heard();
    alice.says("!leave den");
    hears(&bob, &[":alice!rooms@host PART #den"]);
}

#[test]
fn a_secret_room_is_there_for_its_members_alone() {
    let chat = meeting();
    let (alice, carol) = (chat.join("alice"), chat.join("carol"));
    let bob = irc(&chat, "bob");
    bob.says("JOIN #den");
    alice.says("!enter den");
    bob.says("MODE #den +s");
    carol.asks("!rooms", "\r\n");
    carol.asks("!members den", "!error no such room: den\r\n");
    carol.asks("@den hi", "!error no such room: den\r\n");
    alice.asks("!rooms", "den\r\n");
    alice.asks("!members den", "alice bob\r\n");
}

#[test]
fn what_is_public_in_rooms_is_said_in_the_lobby() {
    let chat = meeting();
    let (alice, carol) = (chat.join("alice"), chat.join("carol"));
    let bob = irc(&chat, "bob");
    alice.says("hello, all of you");
    carol.hears("alice: hello, all of you\r\n");
    alice.hears_nothing();
    hears(
        &bob,
        &[":alice!rooms@host PRIVMSG #lobby :hello, all of you"],
    );
    tells(&bob, "PRIVMSG #Lobby :hello, you two", &[]);
    carol.hears("bob: hello, you two\r\n");
    alice.hears("bob: hello, you two\r\n");
    tells(&bob, "PART #lobby", &[":bob!bob@host PART #lobby"]);
    alice.says("is he gone?");
    bob.hears_nothing();
    tells(
        &bob,
        "PRIVMSG #lobby :yes",
        &[":linechat.local 404 bob #lobby :Cannot send to channel (+n)"],
    );
}

#[test]
fn all_users_of_rooms_are_in_the_lobby_and_nobody_is_its_operator() {
    let chat = meeting();
    let alice = chat.join("alice");
    chat.join_in(Dialect::DIRECT, "dora");
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "NAMES #lobby",
        &[
            ":linechat.local 353 bob = #lobby :bob alice",
            ":linechat.local 366 bob #lobby :End of /NAMES list",
        ],
    );
    tells(
        &bob,
        "MODE #lobby +m",
        &[":linechat.local 482 bob #lobby :You're not channel operator"],
    );
    alice.asks("!enter lobby", "!error bad room name: lobby\r\n");
    alice.asks("!rooms", "\r\n");
    tells(
        &bob,
        "LIST",
        &[
            ":linechat.local 321 bob Channel :Users  Name",
            ":linechat.local 322 bob #lobby 2 :",
            ":linechat.local 323 bob :End of /LIST",
        ],
    );
    alice.vanishes();
    hears(&bob, &[":alice!rooms@host QUIT :connection lost"]);
}

#[test]
fn who_registers_joins_the_lobby_unless_there_is_none() {
    let chat = meeting();
    let bob = chat.connect_to(Dialect::IRC);
    bob.says("NICK bob");
    bob.says("USER bob 0 * :Bob");
    let burst = told(&bob);
    let end = burst.split_once("422 bob").expect("the end of the burst").1;
    assert_eq!(
        end.lines().skip(1).collect::<Vec<_>>(),
        [
            ":bob!bob@host JOIN #lobby",
            ":linechat.local 353 bob = #lobby :bob",
            ":linechat.local 366 bob #lobby :End of /NAMES list",
        ]
    );
    let alone = World::new(Config::new(Dialect::IRC));
    let bob = alone.connect();
    bob.says("NICK bob");
    bob.says("USER bob 0 * :Bob");
    assert!(!told(&bob).contains(" JOIN #"));
}

#[test]
fn private_messages_go_by_name_between_all() {
    let chat = meeting();
    let alice = chat.join("alice");
    let dora = chat.join_in(Dialect::DIRECT, "dora");
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "PRIVMSG alice,DORA,nobody :psst",
        &[":linechat.local 401 bob nobody :No such nick/channel"],
    );
    alice.hears("#bob: psst\r\n");
    dora.hears("DELIVERY bob psst\n");
    alice.asks("#bob hm?", "");
    dora.asks("SEND bob hm?", "SEND-OK\n");
    hears(
        &bob,
        &[
            ":alice!rooms@host PRIVMSG bob :hm?",
            ":dora!direct@host PRIVMSG bob :hm?",
        ],
    );
    dora.asks("LIST", "LIST-OK alice,bob,dora\n");
}

#[test]
fn users_of_direct_hear_no_public_talk_and_are_in_no_room() {
    let chat = meeting();
    let dora = chat.join_in(Dialect::DIRECT, "dora");
    let bob = irc(&chat, "bob");
    bob.says("PRIVMSG #lobby :hi");
    bob.says("JOIN #den");
    bob.says("INVITE dora #den");
    bob.says("NOTICE dora :\x01PING 1\x01");
    dora.hears_nothing();
}

#[test]
fn a_text_that_is_too_long_for_irc_reaches_it_in_several_messages() {
    let chat = meeting();
    let alice = chat.join("alice");
    let bob = irc(&chat, "bob");
    let words = vec!["fünf"; 300].join(" ");
    alice.says(&words);
    let heard = told(&bob);
    let texts: Vec<&str> = heard
        .lines()
        .map(|line| line.split_once("#lobby :").expect("a message").1)
        .collect();
    assert!(texts.len() > 2);
    assert_eq!(texts.join(" "), words);
    let unbroken = "ü".repeat(600);
    alice.says(&format!("#bob {unbroken}"));
    let heard = told(&bob);
    let texts: Vec<&str> = heard
        .lines()
        .map(|line| line.split_once("bob :").expect("a message").1)
        .collect();
    assert_eq!(texts.concat(), unbroken);
}

#[test]
fn formatting_is_dropped_and_what_somebody_does_is_shown() {
    let chat = meeting();
    let alice = chat.join("alice");
    let dora = chat.join_in(Dialect::DIRECT, "dora");
    let bob = irc(&chat, "bob");
    bob.says("PRIVMSG #lobby,dora :\x02very\x02 \x0304,12red\x03");
    alice.hears("bob: very red\r\n");
    dora.hears("DELIVERY bob very red\n");
    bob.says("PRIVMSG #lobby,dora :\x01ACTION waves\x01");
    alice.hears("bob: *waves*\r\n");
    dora.hears("DELIVERY bob *waves*\n");
    bob.says("PRIVMSG alice,dora :\x01VERSION\x01");
    alice.hears_nothing();
    dora.hears_nothing();
}

#[test]
fn what_a_terminal_would_obey_is_refused_to_its_sender() {
    let chat = meeting();
    let alice = chat.join("alice");
    let bob = irc(&chat, "bob");
    tells(
        &bob,
        "PRIVMSG alice :\x1b[2J",
        &[":linechat.local 404 bob alice :Cannot send to channel (control characters)"],
    );
    tells(&bob, "NOTICE alice :\x1b[2J", &[]);
    alice.hears_nothing();
}

#[test]
fn each_hears_each_message_once_and_each_senders_in_their_order() {
    let chat = meeting();
    let alice = chat.join("alice");
    let (bob, carl) = (irc(&chat, "bob"), irc(&chat, "carl"));
    for irc in [&bob, &carl] {
        irc.says("JOIN #den");
    }
    alice.says("!enter den");
    bob.heard();
    carl.heard();
    for number in 0..3 {
        alice.says(&format!("@den {number}"));
        bob.says(&format!("PRIVMSG #den :{number}"));
    }
    let expected: String = (0..3)
        .map(|number| format!("@den alice: {number}\r\n@den bob: {number}\r\n"))
        .collect();
    alice.hears(&expected);
    let expected: Vec<String> = (0..3)
        .flat_map(|number| {
            ["alice!rooms", "bob!bob"].map(|who| format!(":{who}@host PRIVMSG #den :{number}"))
        })
        .collect();
    hears(
        &carl,
        &expected.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

/// `rooms`, `direct` and `irc` in one server.
fn meeting() -> World {
    let mut config = Config::mixed();
    config.others.push(Other {
        dialect: Dialect::IRC,
        layer: None,
    });
    World::new(config)
}
