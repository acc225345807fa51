//! Among people.

use serde_json::json;

use super::cases;
use crate::Stage;

cases! { "talking":
    what_is_said_reaches_the_others_and_shows_whose_it_is,
    people_with_netcat_and_with_browsers_meet,
    a_message_is_shown_once,
    a_long_text_arrives_whole,
    actions_are_shown_as_such,
    who_is_here_is_seen_coming_and_going,
    a_talk_is_private,
    rooms_are_found_joined_and_left,
    a_message_that_is_not_taken_is_shown_with_the_reason,
    links_can_be_clicked,
    markup_in_any_text_stays_text,
    pasted_lines_are_messages_of_their_own,
}

fn what_is_said_reaches_the_others_and_shows_whose_it_is(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.says("grüße 👋");
    bob.hears("PRIVMSG #lobby :grüße 👋");
    bob.says("#lobby", "good morning");
    alice.reads("good morning");
    alice.sees(".line.own .text", "grüße 👋");
    alice.sees(".line:not(.own) .from", "bob");
    alice.sees_something(".line time");
}

fn people_with_netcat_and_with_browsers_meet(stage: &mut Stage) {
    let mut cleo = stage.netcat("cleo");
    let alice = stage.user("alice");
    alice.sees("#people-title", "2 here");
    cleo.sends("hello, browser");
    alice.reads("hello, browser");
    alice.says("hello, netcat");
    cleo.hears("alice: hello, netcat");
    alice.says("/me waves");
    cleo.hears("alice: *waves*");
    cleo.sends("!enter kitchen");
    cleo.sends("!members kitchen");
    cleo.hears("cleo");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    alice.says("tea?");
    cleo.hears("@kitchen alice: tea?");
    cleo.sends("#alice just between us");
    alice.sees("#talks .count", "1");
    alice.chooses("#talks", "cleo");
    alice.reads("just between us");
    alice.says("of course");
    cleo.hears("#alice: of course");
}

fn a_message_is_shown_once(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.says("one");
    alice.says("two");
    alice.reads("two");
    let lines = alice.run("return document.querySelectorAll('.said').length", &[]);
    assert_eq!(lines, json!(2));
    assert!(!alice.has(".pending .line"));
}

fn a_long_text_arrives_whole(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    let words: Vec<String> = (0..300).map(|number| format!("wörd{number}")).collect();
    let text = words.join(" ");
    let field = "document.getElementById('say').value = arguments[0]";
    alice.run(field, &[json!(text)]);
    alice.clicks("#composer .main");
    let mut heard = String::new();
    while heard.len() < text.len() {
        let line = bob.hears("PRIVMSG #lobby :");
        let (_, piece) = line.trim_end().split_once(" :").unwrap();
        heard = [heard.as_str(), piece].join(" ").trim_start().to_owned();
    }
    assert_eq!(heard, text);
    assert!(!alice.has(".failed"));
}

fn actions_are_shown_as_such(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.says("/me waves");
    bob.hears("PRIVMSG #lobby :\u{1}ACTION waves\u{1}");
    alice.sees(".did.own .text", "waves");
}

fn who_is_here_is_seen_coming_and_going(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.sees("#people-title", "Only you");
    let bob = stage.person_in_lobby("bob");
    alice.sees("#people-title", "2 here");
    alice.reads("bob came in");
    alice.sees("#members li:nth-child(2) bdi", "bob");
    drop(bob);
    alice.sees("#people-title", "Only you");
}

fn a_talk_is_private(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.chooses("#members", "bob");
    alice.sees("#where", "bob");
    alice.says("just between us");
    bob.hears("PRIVMSG bob :just between us");
    bob.says("alice", "of course");
    alice.reads("of course");
}

fn rooms_are_found_joined_and_left(stage: &mut Stage) {
    let mut bob = stage.person("bob");
    bob.joins("#kitchen");
    bob.sends("TOPIC #kitchen :bread & butter");
    let alice = stage.user("alice");
    alice.clicks("#find");
    alice.chooses("#directory", "#kitchen");
    alice.is_in("#kitchen");
    alice.sees("#topic", "bread & butter");
    bob.hears("JOIN");
    alice.clicks("#find");
    alice.types_into("#room-name", "garden");
    alice.presses("Enter");
    alice.is_in("#garden");
    alice.chooses("#rooms", "#kitchen");
    alice.clicks("#part");
    bob.hears("PART");
    alice.waits_for(
        "two rooms",
        "return document.querySelectorAll('#rooms button').length === 2",
    );
}

fn a_message_that_is_not_taken_is_shown_with_the_reason(stage: &mut Stage) {
    let mut bob = stage.person("bob");
    bob.joins("#quiet");
    bob.sends("MODE #quiet +m");
    bob.hears("MODE");
    let alice = stage.user("alice");
    alice.says("/join quiet");
    alice.is_in("#quiet");
    alice.says("psst");
    alice.sees(".failed .text", "psst");
    alice.waits_for(
        "the reason",
        "return document.querySelector('.why').innerText.startsWith('Not sent: #quiet does not take this message')",
    );
    assert!(!alice.has(".pending .line"));
}

fn links_can_be_clicked(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.says(
        "#lobby",
        "see http://127.0.0.1/x_(y)?a=1&b=2. Or javascript:alert(1)",
    );
    alice.reads("see http");
    let link = alice.run(
        "const [link, ...more] = document.querySelectorAll('.text a');
         return [link.href, link.rel, link.target, link.innerText, more.length]",
        &[],
    );
    let address = "http://127.0.0.1/x_(y)?a=1&b=2";
    assert_eq!(
        link,
        json!([address, "noopener noreferrer", "_blank", address, 0])
    );
}

fn markup_in_any_text_stays_text(stage: &mut Stage) {
    let markup = "<img src=x onerror=hacked=1><b>&lt;</b><script>hacked=1</script>";
    let alice = stage.user("alice");
    let mut bob = stage.person_in_lobby("bob");
    bob.says("#lobby", markup);
    alice.reads(markup);
    bob.says("alice", markup);
    bob.sends(&format!("NOTICE #lobby :{markup}"));
    bob.says("#lobby", &format!("\u{1}ACTION {markup}\u{1}"));
    bob.joins("#<b>room</b>");
    bob.sends(&format!("TOPIC #<b>room</b> :{markup}"));
    bob.sends("INVITE alice #<b>room</b>");
    alice.reads("bob invites you: /join #<b>room</b>");
    alice.clicks("#find");
    alice.chooses("#directory", "#<b>room</b>");
    alice.is_in("#<b>room</b>");
    alice.sees("#topic", markup);
    bob.sends(&format!("KICK #<b>room</b> alice :{markup}"));
    alice.reads(markup);
    alice.says(&format!("/{markup}"));
    alice.says("/<b>");
    bob.sends(&format!("QUIT :{markup}"));
    alice.chooses("#rooms", "#lobby");
    alice.reads("bob left");
    alice.chooses("#talks", "bob");
    alice.reads(markup);
    let made = alice.run(
        "return [document.querySelectorAll('#chat img:not(nav img), .line b, h1 *, #topic *, #chat script').length, 'hacked' in window]",
        &[],
    );
    assert_eq!(made, json!([0, false]));
    assert_eq!(alice.complaints(), [""; 0]);
}

fn pasted_lines_are_messages_of_their_own(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.run(
        "document.getElementById('say').value = 'one\\ntwo\\r\\n//three'",
        &[],
    );
    alice.clicks("#composer .main");
    for line in ["one", "two", "/three"] {
        bob.hears(&format!("PRIVMSG #lobby :{line}"));
    }
}
