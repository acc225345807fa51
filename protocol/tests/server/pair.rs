//! `pair` (seed 003): the operator and one client, by turns.

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect};

use linechat_laws::world::{Person, World};

#[test]
fn the_client_speaks_first_and_then_they_take_turns() {
    let (_chat, operator, client) = talk();
    client.says("hi");
    operator.hears("hi\n");
    operator.says("hello");
    client.hears("hello\n");
    client.says("bye");
    operator.hears("bye\n");
}

#[test]
fn what_the_operator_types_out_of_turn_waits() {
    let (_chat, operator, client) = talk();
    operator.sends("one\ntwo\n");
    client.hears_nothing();
    client.says("a");
    operator.hears("a\n");
    client.hears("one\n");
    client.says("b");
    client.hears("two\n");
    client.says("c");
    client.hears_nothing();
    operator.says("three");
    client.hears("three\n");
}

#[test]
fn what_the_client_types_out_of_turn_waits() {
    let (_chat, operator, client) = talk();
    client.sends("a\nb\nc\n");
    operator.hears("a\n");
    operator.says("one");
    operator.hears("b\n");
    client.hears("one\n");
    operator.says("two");
    operator.hears("c\n");
}

#[test]
fn in_full_duplex_nobody_waits() {
    let mut config = Config::new(Dialect::PAIR);
    config.full_duplex = true;
    let chat = World::new(config);
    let operator = chat.console();
    operator.says("early");
    let client = chat.connect();
    client.hears("early\n");
    operator.sends("one\ntwo\n");
    client.hears("one\ntwo\n");
    client.sends("a\nb\n");
    operator.hears("a\nb\n");
}

#[test]
fn a_line_is_handed_on_with_one_kind_of_ending_and_otherwise_unchanged() {
    let (_chat, operator, client) = talk();
    client.sends(b"\xff\x00a\rb\xc3\r\n");
    assert_eq!(operator.heard_bytes(), b"\xff\x00a\rb\xc3\n");
    operator.sends("\r\n");
    client.hears("\n");
}

#[test]
fn one_client_at_a_time_is_let_in() {
    let chat = World::pair();
    assert!(!chat.is_accepting(), "nobody is at the keyboard");
    let operator = chat.console();
    assert!(chat.is_accepting());
    let client = chat.connect();
    assert!(!chat.is_accepting());
    let second = chat.connect();
    second.is_closed(CloseReason::NotAccepting);
    client.says("still here");
    operator.hears("still here\n");
    client.vanishes();
    assert!(chat.is_accepting());
    chat.connect().is_open();
}

#[test]
fn exit_closes_the_client_and_the_server_waits_for_the_next() {
    let (chat, operator, client) = talk();
    operator.sends("for you\nEXIT\nfor the next\n");
    client.hears_nothing();
    client.is_closed(CloseReason::OperatorExit);
    operator.is_open();
    let next = chat.connect();
    next.says("hi");
    operator.hears("hi\n");
    next.hears("for the next\n");
}

#[test]
fn exit_takes_effect_out_of_turn_too() {
    let (_chat, operator, client) = talk();
    client.says("hi");
    operator.says("hello");
    operator.says("EXIT");
    client.hears("hello\n");
    client.is_closed(CloseReason::OperatorExit);
}

#[test]
fn exit_is_alone_on_its_line() {
    for almost in [" EXIT", "EXIT ", "exit", "EXIT now", "EXIT\r"] {
        let (_chat, operator, client) = talk();
        client.says("hi");
        operator.sends(format!("{almost}\r\n"));
        client.hears(&format!("{almost}\n"));
        client.is_open();
    }
}

#[test]
fn exit_from_the_client_is_only_a_line() {
    let (_chat, operator, client) = talk();
    client.says("EXIT");
    operator.hears("EXIT\n");
    client.is_open();
}

#[test]
fn exit_without_a_client_does_nothing() {
    let chat = World::pair();
    let operator = chat.console();
    operator.sends("waits\nEXIT\n");
    operator.is_open();
    let client = chat.connect();
    client.says("hi");
    client.hears("waits\n");
}

#[test]
fn what_was_typed_while_nobody_was_there_waits_for_the_next() {
    let chat = World::pair();
    let operator = chat.console();
    operator.says("welcome");
    let client = chat.connect();
    client.hears_nothing();
    client.says("hi");
    client.hears("welcome\n");
}

#[test]
fn what_was_typed_for_a_client_that_left_is_dropped() {
    for leaves in [Person::vanishes, Person::is_released] {
        let (chat, operator, client) = talk();
        operator.says("for you");
        leaves(&client);
        let next = chat.connect();
        next.says("hi");
        operator.hears("hi\n");
        next.hears_nothing();
        operator.says("for the next");
        next.hears("for the next\n");
    }
}

#[test]
fn the_next_client_speaks_first_again() {
    let (chat, operator, client) = talk();
    client.says("hi");
    client.vanishes();
    let next = chat.connect();
    operator.says("hello");
    next.hears_nothing();
    next.says("me first");
    next.hears("hello\n");
}

#[test]
fn what_was_typed_for_a_client_that_ended_its_half_is_dropped() {
    let (chat, operator, client) = talk();
    operator.sends("one\ntwo\n");
    client.sends("last words");
    client.ends();
    operator.hears("last words\n");
    client.hears("one\n");
    client.is_closed(CloseReason::PeerLeft);
    let next = chat.connect();
    next.says("hi");
    next.hears_nothing();
}

#[test]
fn a_client_that_ended_its_half_is_heard_out_first() {
    let (_chat, operator, client) = talk();
    client.sends("a\nb\nc");
    client.ends();
    operator.hears("a\n");
    client.is_open();
    operator.says("one");
    operator.hears("b\n");
    operator.says("two");
    operator.hears("c\n");
    client.hears("one\ntwo\n");
    client.is_closed(CloseReason::PeerLeft);
}

#[test]
fn whoever_comes_need_not_wait_for_the_turns_of_a_client_that_has_left() {
    let (chat, operator, probe) = talk();
    operator.says("for the probe");
    probe.sends("a\nb\nc\nd");
    assert!(!chat.is_accepting());
    probe.ends();
    operator.hears("a\nb\n");
    assert!(chat.is_accepting());
    let next = chat.connect();
    operator.hears("c\nd\n");
    probe.hears("for the probe\n");
    probe.is_closed(CloseReason::PeerLeft);
    assert!(!chat.is_accepting());
    next.sends("hi\nout of turn\n");
    operator.hears("hi\n");
    operator.says("welcome");
    next.hears("welcome\n");
}

#[test]
fn whoever_comes_waits_until_all_is_printed_and_nobody_else_comes_meanwhile() {
    let (chat, operator, probe) = talk();
    operator.stops_reading();
    probe.sends("a\nb\n");
    probe.ends();
    let next = chat.connect();
    next.says("hi");
    assert!(!chat.is_accepting());
    chat.connect().is_closed(CloseReason::NotAccepting);
    probe.is_open();
    operator.reads_on();
    operator.hears("a\nb\nhi\n");
    probe.is_closed(CloseReason::PeerLeft);
    next.is_open();
}

#[test]
fn whoever_came_and_left_before_the_talk_began_is_no_next_client() {
    for leaves in [Person::vanishes, Person::ends] {
        let (chat, operator, probe) = talk();
        operator.stops_reading();
        probe.says("a");
        probe.ends();
        leaves(&chat.connect());
        assert!(chat.is_accepting());
        let next = chat.connect();
        next.says("hi");
        operator.reads_on();
        operator.hears("a\nhi\n");
    }
}

#[test]
fn a_client_counts_as_gone_once_its_last_words_are_printed() {
    let (chat, operator, client) = talk();
    operator.stops_reading();
    client.says("bye");
    client.ends();
    client.is_open();
    operator.takes("bye".len());
    client.is_open();
    assert!(chat.next_wake_up().is_none(), "it waits for the operator");
    operator.takes("\n".len());
    client.is_closed(CloseReason::PeerLeft);
}

#[test]
fn an_operator_whose_keyboard_has_ended_has_the_client_know_that_no_answer_will_come() {
    for full_duplex in [false, true] {
        let mut config = Config::new(Dialect::PAIR);
        config.full_duplex = full_duplex;
        let chat = World::new(config);
        let operator = chat.console();
        let client = chat.connect();
        client.says("a");
        operator.sends("one\ntwo\n");
        operator.ends();
        client.says("b");
        client.hears("one\ntwo\n");
        assert!(!full_duplex || client.is_told_the_end());
        client.stops_reading();
        client.says("c");
        assert!(client.is_told_the_end());
        client.sends("d\ne\n");
        operator.hears("a\nb\nc\nd\ne\n");
        client.ends();
        client.is_closed(CloseReason::PeerLeft);
    }
}

#[test]
fn the_end_is_told_behind_all_that_was_said_and_not_to_a_client_who_owes_a_word() {
    let (_chat, operator, client) = talk();
    client.stops_reading();
    client.says("a");
    operator.says("one");
    operator.ends();
    assert!(!client.is_told_the_end());
    client.says("b");
    assert!(!client.is_told_the_end());
    client.reads_on();
    client.hears("one\n");
    assert!(client.is_told_the_end());
}

#[test]
fn half_an_ending_out_of_turn_is_no_line_to_wait_for() {
    let (_chat, operator, client) = talk();
    client.sends("a\nb\n\r");
    client.ends();
    operator.says("one");
    operator.hears("a\nb\n");
    client.hears("one\n");
    client.is_closed(CloseReason::PeerLeft);
}

#[test]
fn the_end_of_the_keyboard_without_a_client_ends_the_server() {
    let chat = World::pair();
    let operator = chat.console();
    operator.says("never sent");
    operator.ends();
    operator.is_closed(CloseReason::ShuttingDown);
    assert!(!chat.is_accepting());
    operator.is_released();
    assert!(chat.is_finished());
}

#[test]
fn after_the_end_of_the_keyboard_what_was_typed_is_sent_and_turns_are_passed_on() {
    let (chat, operator, client) = talk();
    operator.sends("one\ntwo");
    operator.ends();
    client.says("a");
    client.hears("one\n");
    client.says("b");
    client.hears("two\n");
    client.sends("c\nd\n");
    operator.hears("a\nb\nc\nd\n");
    assert!(!chat.is_accepting());
    client.ends();
    operator.is_closed(CloseReason::ShuttingDown);
    client.is_closed(CloseReason::PeerLeft);
    client.is_released();
    operator.is_released();
    assert!(chat.is_finished());
}

#[test]
fn an_operator_who_owes_an_answer_passes_the_turn_on_at_the_end_of_the_keyboard() {
    let (_chat, operator, client) = talk();
    client.sends("a\nb\n");
    operator.hears("a\n");
    operator.ends();
    operator.hears("b\n");
}

#[test]
fn too_long_a_line_closes_the_client_and_the_server_waits_for_the_next() {
    let chat = World::with(Dialect::PAIR, |limits| limits.max_line = 4);
    let operator = chat.console();
    let client = chat.connect();
    client.sends("12345");
    client.is_closed(CloseReason::LineTooLong);
    operator.is_open();
    assert!(chat.is_accepting());
}

#[test]
fn an_operator_who_types_ahead_without_end_is_not_listened_to_and_nothing_is_lost() {
    let chat = World::with(Dialect::PAIR, |limits| {
        limits.max_backlog = 1024;
        limits.max_line = 64;
    });
    let operator = chat.console();
    let client = chat.connect();
    let lines: Vec<_> = (0..200).map(|i| format!("line {i}\n")).collect();
    for line in &lines {
        operator.sends(line);
    }
    assert!(operator.is_paused());
    for line in &lines {
        client.says("go on");
        client.hears(line);
    }
    assert!(!operator.is_paused());
}

#[test]
fn an_operator_is_listened_to_until_too_much_waits() {
    for (typed, is_heard) in [(32, true), (33, false)] {
        // A line that waits counts 32 bytes more than it has, and half the limit may wait.
        let chat = World::with(Dialect::PAIR, |limits| limits.max_backlog = 128);
        let operator = chat.console();
        let client = chat.connect();
        operator.says(&"x".repeat(typed));
        operator.says("EXIT");
        assert_eq!(client.has_been_closed(), is_heard, "{typed} bytes");
        assert_eq!(operator.is_paused(), !is_heard);
    }
}

#[test]
fn in_full_duplex_whoever_is_faster_than_the_other_reads_waits_and_nothing_is_lost() {
    let mut config = Config::new(Dialect::PAIR);
    config.full_duplex = true;
    config.limits.max_backlog = 64;
    let chat = World::new(config);
    let operator = chat.console();
    let client = chat.connect();
    let lines = "0123456789abcde\n".repeat(20);
    for (fast, slow) in [(&client, &operator), (&operator, &client)] {
        slow.stops_reading();
        for line in lines.lines() {
            fast.says(line);
        }
        slow.is_open();
        assert!(fast.is_paused());
        slow.reads_on();
        slow.hears(&lines);
        assert!(!fast.is_paused());
    }
}

fn talk() -> (World, Person, Person) {
    let chat = World::pair();
    let operator = chat.console();
    let client = chat.connect();
    (chat, operator, client)
}
