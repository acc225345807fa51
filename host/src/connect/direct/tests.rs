use super::super::Manner;
use super::super::talk::{End, Entered, Said, Talk, Typed, shown};
use super::Direct;
use super::requests::USAGE;

#[test]
fn the_first_line_is_the_name_and_what_follows_waits_for_the_answer() {
    let mut direct = Direct::new(None, Manner::Script);
    assert!(matches!(direct.poll(), Some(Said::Question(_))));
    assert_eq!(enter(&mut direct, "alice\n"), Entered::GoOn);
    assert!(!direct.takes_lines());
    direct.receive(b"HELLO alice\n");
    assert_eq!(shown(&mut direct), ["logged in as alice"]);
    assert!(direct.takes_lines());
    assert_eq!(enter(&mut direct, "!who"), Entered::GoOn);
    assert_eq!(direct.transmit(), b"HELLO-FROM alice\nLIST\n");
}

#[test]
fn what_comes_is_shown_in_plain_words() {
    let mut direct = logged_in();
    for line in ["@bob hi", "@eve hi", "!users"] {
        assert_eq!(enter(&mut direct, line), Entered::GoOn);
    }
    direct.receive(b"SEND-OK\nDELIVERY bob  oh\nBAD-DEST-USER\nLIST-OK alice,bob\n");
    direct.receive_eof();
    assert_eq!(
        shown(&mut direct),
        [
            "sent to bob",
            "bob:  oh",
            "no such user: eve",
            "users: alice, bob",
            "[Closed]"
        ]
    );
}

#[test]
fn other_input_sends_nothing_and_says_what_can_be_typed() {
    let mut direct = logged_in();
    for line in ["", "hello", "@bob", "!list", "LIST", " !users", "!users x"] {
        assert_eq!(
            enter(&mut direct, line),
            Entered::Hint(USAGE.to_owned()),
            "{line:?}"
        );
    }
    assert!(matches!(enter(&mut direct, "@bob  "), Entered::Hint(_)));
    assert_eq!(direct.transmit(), b"");
    assert_eq!(enter(&mut direct, "!quit"), Entered::Leave);
}

#[test]
fn after_a_refusal_another_name_is_asked_for() {
    let mut direct = Direct::new(None, Manner::Script);
    direct.poll();
    enter(&mut direct, "a b");
    assert!(matches!(direct.poll(), Some(Said::Line(_))));
    assert!(matches!(direct.poll(), Some(Said::Question(_))));
    enter(&mut direct, "alice");
    direct.receive(b"IN-USE\n");
    assert_eq!(
        direct.poll(),
        Some(Said::Line(b"the name 'alice' is in use".to_vec()))
    );
    assert!(matches!(direct.poll(), Some(Said::Question(_))));
    assert!(direct.takes_lines());
}

#[test]
fn whoever_runs_out_of_names_was_refused_and_whoever_leaves_was_not() {
    for leaves in [false, true] {
        let mut direct = Direct::new(None, Manner::Script);
        enter(&mut direct, "alice");
        direct.receive(b"BUSY\n");
        shown(&mut direct);
        if leaves {
            direct.leave();
        } else {
            direct.keyboard_ended();
        }
        direct.receive_eof();
        let ends = shown(&mut direct);
        let end = if leaves { "[Closed]" } else { "[Refused]" };
        assert!(ends[0].starts_with(end), "{ends:?}");
    }
}

#[test]
fn a_name_that_was_given_is_tried_once() {
    let mut direct = Direct::new(Some("alice"), Manner::Script);
    direct.receive(b"IN-USE\n");
    assert!(shown(&mut direct)[0].starts_with("[Refused]"));
    let mut direct = Direct::new(Some("a b"), Manner::Script);
    assert!(shown(&mut direct)[0].starts_with("[Refused]"));
}

#[test]
fn a_full_server_is_not_called_a_bad_name() {
    let mut direct = Direct::new(Some("alice"), Manner::Script);
    direct.receive(b"BUSY\n");
    let Some(Said::End(End::Refused(reason))) = direct.poll() else {
        panic!("it is an end")
    };
    assert_eq!(reason, "the server is full; try again later");
}

#[test]
fn on_a_terminal_a_target_stays_and_who_wrote_last_is_answered() {
    let mut direct = Direct::new(Some("alice"), Manner::Person);
    direct.receive(b"HELLO alice\nDELIVERY bob psst\n");
    shown(&mut direct);
    direct.advance(direct.transmit().len());
    for line in ["/reply hi", "/query carol", "hi", "//hi", "@bob hi", "/who"] {
        assert_eq!(enter(&mut direct, line), Entered::GoOn, "{line}");
    }
    assert_eq!(direct.prompt(), "@carol> ");
    let sent = "SEND bob hi\nSEND carol hi\nSEND carol /hi\nSEND bob hi\nLIST\n";
    assert_eq!(direct.transmit(), sent.as_bytes());
    for line in ["/join den", "/nonsense", "!nonsense", ""] {
        assert!(
            matches!(enter(&mut direct, line), Entered::Hint(_)),
            "{line}"
        );
    }
    assert_eq!(direct.transmit(), sent.as_bytes());
}

#[test]
fn with_a_new_connection_the_user_is_logged_in_again() {
    let mut direct = Direct::new(Some("alice"), Manner::Person);
    direct.receive(b"HELLO alice\n");
    shown(&mut direct);
    for answer in ["IN-USE\n", "HELLO alice\n"] {
        direct.disconnected();
        assert!(direct.wants_connection() && !direct.takes_lines());
        direct.reconnected();
        assert_eq!(direct.transmit(), b"HELLO-FROM alice\n");
        direct.receive(answer.as_bytes());
        let shown = shown(&mut direct).concat();
        let is_in = shown.contains("logged in again as alice");
        assert_eq!(is_in, answer.starts_with("HELLO"), "{shown}");
    }
}

fn logged_in() -> Direct {
    let mut direct = Direct::new(Some("alice"), Manner::Script);
    direct.receive(b"HELLO alice\n");
    shown(&mut direct);
    direct.advance(direct.transmit().len());
    direct
}

fn enter(direct: &mut Direct, line: &str) -> Entered {
    direct.enter(Typed::Line(line.as_bytes()))
}
