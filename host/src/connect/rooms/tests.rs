use std::time::Instant;

use super::super::talk::{Entered, Talk, Typed, shown};
use super::{OFFLINE, PAUSE, Rooms};

#[test]
fn a_nickname_is_sent_alone_and_confirmed_by_who_is_here() {
    let mut rooms = Rooms::new(Some("alice"));
    assert_eq!(rooms.transmit(), b"alice\r\n");
    assert!(!rooms.takes_lines());
    rooms.tick(Instant::now() + PAUSE);
    assert_eq!(rooms.transmit(), b"alice\r\n!users\r\n");
    assert!(rooms.takes_lines());
    rooms.receive(b"alice bob\r\n");
    let [shown] = &shown(&mut rooms)[..] else {
        panic!("one line")
    };
    assert!(
        shown.contains("you are alice") && shown.contains("alice, bob") && shown.contains("/help")
    );
}

#[test]
fn what_is_typed_plainly_goes_to_the_target() {
    let mut rooms = registered();
    for (typed, sent, prompt) in [
        ("hi", "hi\r\n", "> "),
        ("/join den", "!enter den\r\n", "@den> "),
        ("hi", "@den hi\r\n", "@den> "),
        ("/all hi", "hi\r\n", "@den> "),
        ("/msg bob hi", "#bob hi\r\n", "@den> "),
        ("/query bob", "", "#bob> "),
        ("//hi", "#bob /hi\r\n", "#bob> "),
        ("@den hi", "@den hi\r\n", "#bob> "),
        ("/query", "", "> "),
        ("/join den", "!enter den\r\n", "@den> "),
        ("/members", "!members den\r\n", "@den> "),
        ("/part", "!leave den\r\n", "> "),
        ("!enter hall", "!enter hall\r\n", "> "),
        ("", "", "> "),
    ] {
        assert_eq!(
            rooms.enter(Typed::Line(typed.as_bytes())),
            Entered::GoOn,
            "{typed}"
        );
        assert_eq!(rooms.transmit(), sent.as_bytes(), "{typed}");
        assert_eq!(rooms.prompt(), prompt, "{typed}");
        rooms.advance(sent.len());
    }
}

#[test]
fn who_wrote_last_is_answered() {
    let mut rooms = registered();
    assert!(matches!(enter(&mut rooms, "/reply hi"), Entered::Hint(_)));
    rooms.receive(b"#bob: psst\r\ncarol: hi\r\n");
    assert_eq!(shown(&mut rooms), ["#bob: psst", "carol: hi"]);
    assert_eq!(enter(&mut rooms, "/r what?"), Entered::GoOn);
    assert_eq!(rooms.transmit(), b"#bob what?\r\n");
}

#[test]
fn a_room_that_cannot_be_spoken_in_is_no_target() {
    let mut rooms = registered();
    enter(&mut rooms, "/join den");
    rooms.receive(b"!error too many rooms\r\n");
    assert_eq!(shown(&mut rooms), ["(too many rooms)"]);
    assert_eq!(rooms.prompt(), "> ");
}

#[test]
fn nothing_is_sent_that_is_a_command_or_refused() {
    let mut rooms = registered();
    for line in [
        "/nonsense",
        "/msg bob",
        "/help",
        "!nonsense",
        "#",
        "!enter a b",
        "/query a b",
    ] {
        let entered = enter(&mut rooms, line);
        assert!(
            matches!(entered, Entered::Hint(_) | Entered::Hints(_)),
            "{line}"
        );
    }
    assert_eq!(rooms.transmit(), b"");
}

#[test]
fn one_s_own_words_in_a_room_are_shown_once() {
    let mut rooms = registered();
    enter(&mut rooms, "@den hi");
    rooms.receive(b"@den alice: hi\r\n@den bob: ho\r\n");
    assert_eq!(shown(&mut rooms), ["@den bob: ho"]);
}

#[test]
fn after_a_refusal_another_nickname_is_asked_for_and_then_a_connection() {
    let mut rooms = Rooms::new(None);
    assert_eq!(rooms.prompt(), "nickname> ");
    enter(&mut rooms, "alice");
    rooms.receive_eof();
    let told = shown(&mut rooms);
    assert!(
        told[1].contains("'alice'") && told[3] == "[AskAgain]",
        "{told:?}"
    );
    rooms.disconnected();
    assert!(!rooms.wants_connection());
    enter(&mut rooms, "eve");
    assert!(rooms.wants_connection());
    assert_eq!(rooms.transmit(), b"");
    rooms.reconnected();
    assert_eq!(rooms.transmit(), b"eve\r\n");
}

#[test]
fn a_given_nickname_is_tried_once() {
    let mut rooms = Rooms::new(Some("alice"));
    rooms.receive_eof();
    assert!(shown(&mut rooms)[0].contains("--name"));
    assert!(shown(&mut Rooms::new(Some("a b")))[0].contains("ASCII letters"));
}

#[test]
fn a_server_that_ends_late_or_is_left_has_refused_nobody() {
    let mut rooms = registered();
    rooms.receive_eof();
    assert_eq!(shown(&mut rooms), ["[Closed]"]);
    let mut rooms = Rooms::new(Some("alice"));
    rooms.tick(Instant::now() + PAUSE);
    assert_eq!(enter(&mut rooms, "!quit"), Entered::Leave);
    rooms.receive_eof();
    assert_eq!(shown(&mut rooms), ["[Closed]"]);
}

#[test]
fn with_a_new_connection_everything_is_as_before() {
    let mut rooms = registered();
    enter(&mut rooms, "/join den");
    rooms.receive_eof();
    rooms.disconnected();
    assert!(!rooms.takes_lines());
    assert_eq!(rooms.prompt(), OFFLINE);
    assert!(rooms.is_urgent(b"/quit\n") && !rooms.is_urgent(b"hi\n"));
    rooms.reconnected();
    rooms.tick(Instant::now() + PAUSE);
    rooms.receive(b"alice\r\n");
    assert!(shown(&mut rooms).concat().contains("you are alice again"));
    assert_eq!(rooms.transmit(), b"alice\r\n!users\r\n!enter den\r\n");
    assert_eq!(rooms.prompt(), "@den> ");
}

fn registered() -> Rooms {
    let mut rooms = Rooms::new(Some("alice"));
    rooms.tick(Instant::now() + PAUSE);
    rooms.receive(b"alice bob\r\n");
    shown(&mut rooms);
    rooms.advance(rooms.transmit().len());
    rooms
}

fn enter(rooms: &mut Rooms, line: &str) -> Entered {
    rooms.enter(Typed::Line(line.as_bytes()))
}
