//! Who is read from, and when: backlogs, bursts, rates.

use std::num::NonZeroU32;
use std::time::Duration;

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing};

use linechat_laws::world::World;

#[test]
fn whoever_does_not_read_the_answers_is_not_read_from_and_loses_nothing() {
    let chat = World::with(Dialect::DIRECT, |limits| {
        limits.max_backlog = 1024;
        limits.max_line = 64;
    });
    let alice = chat.join("alice");
    alice.stops_reading();
    for _ in 0..500 {
        alice.says("LIST");
    }
    alice.is_open();
    assert!(alice.is_paused());
    alice.hears_nothing();
    alice.reads_on();
    alice.hears(&"LIST-OK alice\n".repeat(500));
    assert!(!alice.is_paused());
}

#[test]
fn a_backlog_of_half_the_limit_is_taken_from_and_one_byte_more_is_not() {
    let chat = by_lines(64);
    let alice = chat.connect();
    alice.stops_reading();
    alice.sends(format!("{}\n", "x".repeat(31)));
    alice.sends("a\n");
    assert!(!alice.is_paused());
    alice.sends("b\n");
    assert!(alice.is_paused());
    alice.takes(1);
    assert!(alice.is_paused(), "33 bytes wait");
    alice.takes(1);
    assert!(!alice.is_paused(), "32 bytes waited");
}

#[test]
fn reading_resumes_when_the_peer_takes_what_waits() {
    let chat = by_lines(64);
    let alice = chat.connect();
    alice.stops_reading();
    alice.sends("x".repeat(39) + "\n");
    alice.sends("next\n");
    assert!(alice.is_paused());
    alice.reads_on();
    assert!(!alice.is_paused());
    alice.hears(&format!("{}\nnext\n", "x".repeat(39)));
}

#[test]
fn a_line_that_is_cut_while_its_sender_is_not_read_from_is_put_together() {
    let chat = by_lines(64);
    let alice = chat.connect();
    alice.stops_reading();
    alice.sends("x".repeat(39) + "\n");
    alice.sends_one_by_one("one\r\ntwo\r");
    alice.ends();
    alice.reads_on();
    alice.hears(&format!("{}\none\r\ntwo\n", "x".repeat(39)));
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn the_end_is_not_told_before_what_waits_was_taken() {
    let chat = World::with(Dialect::ADDRESSED, |limits| {
        limits.rate_limit = NonZeroU32::new(1);
    });
    let alice = chat.connect();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    bob.sends("one\ntwo\nthree");
    bob.ends();
    bob.is_open();
    alice.hears("[192.0.2.2:1002] one\n");
    chat.waits(Duration::from_secs(1));
    alice.hears("[192.0.2.2:1002] two\n");
    bob.is_open();
    chat.waits(Duration::from_secs(1));
    alice.hears("[192.0.2.2:1002] three\n[192.0.2.2:1002] (disconnected)\n");
    bob.is_closed(CloseReason::PeerLeft);
}

#[test]
fn a_burst_never_closes_a_recipient_who_reads() {
    let chat = World::with(Dialect::RELAY, |limits| {
        limits.max_backlog = 4096;
        limits.max_line = 1024;
    });
    let alice = chat.connect();
    let bob = chat.connect();
    let burst: String = (0..20_000).map(|i| format!("line {i}\n")).collect();
    alice.sends(&burst);
    bob.is_open();
    bob.hears(&burst);
}

#[test]
fn a_burst_that_came_before_the_adapter_polled_never_closes_a_recipient_who_reads() {
    let chat = World::with(Dialect::ROOMS, |limits| {
        limits.max_backlog = 4096;
        limits.max_line = 1024;
    });
    let alice = chat.join("alice");
    let carol = chat.join("carol");
    let bob = chat.join("bob");
    chat.while_busy(|| {
        for i in 0..500 {
            alice.says(&format!("a{i}"));
            carol.says(&format!("c{i}"));
        }
    });
    bob.is_open();
    let heard = bob.heard();
    for (name, mark) in [("alice", "a"), ("carol", "c")] {
        let said: Vec<_> = heard
            .lines()
            .filter(|line| line.starts_with(name))
            .collect();
        let expected: Vec<_> = (0..500).map(|i| format!("{name}: {mark}{i}")).collect();
        assert_eq!(said, expected);
    }
}

#[test]
fn a_burst_to_many_never_closes_one_of_them_who_reads() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_buffered = 64 << 10);
    let alice = chat.connect();
    let others: Vec<_> = (0..100).map(|_| chat.connect()).collect();
    let burst = "100 bytes to 100 peers at a time\n".repeat(500);
    alice.sends(&burst);
    for other in others {
        other.is_open();
        other.hears(&burst);
    }
}

#[test]
fn many_who_leave_at_once_never_close_one_who_reads() {
    let chat = World::with(Dialect::ADDRESSED, |limits| {
        limits.max_backlog = 4096;
        limits.idle_timeout = Some(Duration::from_secs(10));
    });
    let others: Vec<_> = (0..300).map(|_| chat.connect()).collect();
    chat.waits(Duration::from_secs(5));
    let alice = chat.connect();
    chat.oversleeps(Duration::from_secs(5));
    alice.is_open();
    assert_eq!(
        alice.heard().matches("(disconnected)").count(),
        others.len()
    );
}

#[test]
fn a_burst_of_many_does_not_keep_another_from_being_heard() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    let carol = chat.connect();
    chat.while_busy(|| {
        alice.sends("flood\n".repeat(100_000));
        bob.sends("me too\n");
    });
    let heard = carol.heard();
    let place = heard.find("me too\n").expect("bob is heard");
    assert!(place < 64 << 10 << 2, "only behind {place} bytes");
}

#[test]
fn work_in_one_call_is_bounded() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    chat.while_busy(|| {
        alice.sends("x\n".repeat(1 << 20));
        let waiting = bob.backlog();
        assert!(waiting <= 64 << 10);
    });
    bob.hears(&"x\n".repeat(1 << 20));
}

#[test]
fn of_lines_that_bring_about_nothing_only_so_many_are_taken_at_a_time() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    for (empty_lines, is_heard_at_once) in [(1023, true), (1024, false)] {
        chat.while_busy(|| {
            alice.sends("\n".repeat(empty_lines) + "hi\n");
            assert_eq!(bob.backlog() > 0, is_heard_at_once);
        });
        bob.hears("alice: hi\r\n");
    }
}

#[test]
fn what_a_crowd_is_told_at_a_time_is_bounded_however_short_it_is() {
    let chat = World::relay();
    let alice = chat.connect();
    let crowd: Vec<_> = (0..512).map(|_| chat.connect()).collect();
    chat.while_busy(|| {
        alice.sends("\n".repeat(600));
        assert_eq!(crowd[0].backlog(), 512);
    });
    for person in crowd {
        person.hears(&"\n".repeat(600));
    }
}

#[test]
fn only_so_many_messages_a_second_are_taken_and_the_rest_waits() {
    let chat = World::with(Dialect::RELAY, |limits| {
        limits.rate_limit = NonZeroU32::new(4)
    });
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("0\n1\n2\n3\n4\n5\n6\n");
    bob.hears("0\n1\n2\n3\n");
    assert!(alice.is_paused());
    chat.waits(Duration::from_millis(250) - NANOSECOND);
    bob.hears_nothing();
    chat.waits(NANOSECOND);
    bob.hears("4\n");
    chat.waits(Duration::from_millis(500));
    bob.hears("5\n6\n");
    assert!(!alice.is_paused());
}

#[test]
fn the_allowance_is_whole_again_after_a_second_and_never_more() {
    let chat = World::with(Dialect::RELAY, |limits| {
        limits.rate_limit = NonZeroU32::new(4)
    });
    let alice = chat.connect();
    let bob = chat.connect();
    for wait in [1, 10] {
        alice.sends("0\n1\n2\n3\n4\n5\n6\n7\n");
        bob.hears("0\n1\n2\n3\n");
        chat.waits(Duration::from_secs(1));
        bob.hears("4\n5\n6\n7\n");
        chat.waits(Duration::from_secs(wait));
    }
}

#[test]
fn a_rate_holds_for_each_connection_alone() {
    let chat = World::with(Dialect::RELAY, |limits| {
        limits.rate_limit = NonZeroU32::new(1)
    });
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("1\n2\n");
    bob.sends("3\n4\n");
    bob.hears("1\n");
    alice.hears("3\n");
}

#[test]
fn lines_that_are_refused_count_too() {
    let chat = World::with(Dialect::DIRECT, |limits| {
        limits.rate_limit = NonZeroU32::new(2);
        limits.max_line = 8;
    });
    let alice = chat.connect();
    alice.sends("x\n123456789\ny\n");
    alice.hears("BAD-RQST-HDR\nBAD-RQST-BODY\n");
    chat.waits(Duration::from_millis(500));
    alice.hears("BAD-RQST-HDR\n");
}

#[test]
fn the_rest_of_a_line_that_is_dropped_need_not_wait() {
    let chat = World::with(Dialect::DIRECT, |limits| {
        limits.rate_limit = NonZeroU32::new(1);
        limits.max_line = 8;
    });
    let alice = chat.connect();
    alice.sends("123456789");
    alice.hears("BAD-RQST-BODY\n");
    alice.sends("more of it");
    assert!(!alice.is_paused());
    alice.sends("and the end\nnext");
    assert!(alice.is_paused(), "what is next waits");
    chat.waits(Duration::from_secs(1));
    assert!(!alice.is_paused());
    alice.hears_nothing();
    alice.sends("\n");
    alice.hears("BAD-RQST-HDR\n");
}

#[test]
fn the_console_that_does_not_read_its_answers_is_not_read_from_either() {
    let chat = by_lines(64);
    let console = chat.console();
    console.stops_reading();
    let lines = "0123456789abcde\n".repeat(10);
    for line in lines.lines() {
        console.says(line);
    }
    assert!(console.is_paused());
    assert_eq!(console.backlog(), 48);
    console.reads_on();
    console.hears(&lines);
}

fn by_lines(max_backlog: usize) -> World {
    let mut config = Config::new(Dialect::ECHO);
    config.framing = Some(Framing::Lines);
    config.limits.max_backlog = max_backlog;
    World::new(config)
}

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn nobody_who_reads_is_closed_by_an_answer_longer_than_the_limit() {
    let tiny = |limits: &mut linechat_laws::config::Bounds| limits.max_backlog = 10;
    let chat = World::with(Dialect::ROOMS, tiny);
    let alice = chat.join("alice");
    alice.says("!nonsense");
    alice.hears("!error unknown command: !nonsense (try !help)\r\n");

    let chat = World::with(Dialect::DIRECT, tiny);
    let alice = chat.join("alice");
    alice.asks("SEND alice hello", "DELIVERY alice hello\nSEND-OK\n");
    alice.is_open();
}

#[test]
fn nobody_who_reads_is_closed_by_one_frame_longer_than_the_limit() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 10);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.sends("longer than ten bytes\nand another one\n");
    bob.hears("longer than ten bytes\nand another one\n");
    bob.is_open();
}

#[test]
fn a_peer_that_floods_chunks_and_does_not_read_gets_all_of_them_in_the_end() {
    let chat = World::with(Dialect::ECHO, |limits| limits.max_backlog = 100);
    let alice = chat.connect();
    alice.stops_reading();
    alice.sends("0123456789".repeat(500));
    alice.is_open();
    alice.reads_on();
    alice.hears(&"0123456789".repeat(500));
}

#[test]
fn the_operator_is_heard_whoever_does_not_read() {
    let chat = World::with(Dialect::PAIR, |limits| {
        limits.max_backlog = 100;
        limits.rate_limit = NonZeroU32::new(1);
    });
    let operator = chat.console();
    let client = chat.connect();
    operator.stops_reading();
    client.says(&"x".repeat(80));
    operator.sends("one\ntwo\nEXIT\n");
    client.hears("one\n");
    client.is_closed(CloseReason::OperatorExit);
}

#[test]
fn a_sender_waits_a_moment_for_recipients_that_are_behind_and_no_longer() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 4000);
    let (alice, bob, carol) = (chat.connect(), chat.connect(), chat.connect());
    bob.stops_reading();
    alice.sends("0123456789abcde\n".repeat(1000));
    bob.is_open();
    let first = carol.heard().len();
    assert!(first < 16_000, "the rest waits");
    bob.reads_on();
    chat.waits(Duration::from_secs(1));
    assert_eq!(bob.heard().len(), 16_000);
    assert_eq!(first + carol.heard().len(), 16_000);
    bob.stops_reading();
    alice.sends("0123456789abcde\n".repeat(1000));
    chat.waits(Duration::from_millis(500));
    bob.is_closed(CloseReason::SlowConsumer);
    assert_eq!(carol.heard().len(), 16_000);
}

#[test]
fn a_recipient_is_behind_when_more_than_half_the_limit_waits() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 64);
    let (alice, bob, carol) = (chat.connect(), chat.connect(), chat.connect());
    bob.stops_reading();
    let line = "0123456789abcde\n";
    alice.sends(line.repeat(2));
    carol.hears(&line.repeat(2));
    assert_eq!(bob.backlog(), 32, "half the limit waits");
    alice.sends(line.repeat(3));
    carol.hears(&line.repeat(2));
    bob.reads_on();
    chat.waits(Duration::from_millis(10));
    carol.hears(line);
    bob.hears(&line.repeat(5));
}

#[test]
fn one_read_of_many_bytes_closes_nobody_who_is_only_a_little_behind() {
    let mut config = Config::new(Dialect::RELAY);
    config.framing = Some(Framing::Chunks);
    config.limits.max_backlog = 100;
    let chat = World::new(config);
    let (alice, bob) = (chat.connect(), chat.connect());
    bob.stops_reading();
    alice.sends("x".repeat(40));
    alice.sends("y".repeat(200));
    bob.is_open();
    bob.reads_on();
    chat.waits(Duration::from_secs(1));
    bob.hears(&("x".repeat(40) + &"y".repeat(200)));
}
