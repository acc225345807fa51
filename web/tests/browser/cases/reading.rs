//! What is unread, and where the reader is.

use serde_json::json;

use super::cases;
use crate::Stage;
use crate::browser::Browser;
use crate::person::Person;

cases! { "reading":
    what_is_said_elsewhere_is_counted_until_it_is_seen,
    the_title_marks_mentions_and_nothing_else,
    who_reads_further_up_stays_there,
    who_reads_the_end_stays_at_the_end,
    a_room_keeps_its_place_and_what_was_being_written,
    a_mention_notifies_who_looks_elsewhere,
}

fn what_is_said_elsewhere_is_counted_until_it_is_seen(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    bob.says("#lobby", "one");
    bob.says("#lobby", "two");
    alice.sees("#rooms .unread .count", "2");
    alice.chooses("#rooms", "#lobby");
    alice.waits_for("none unread", "return !document.querySelector('.unread')");
    alice.sees(".log:not([hidden]) .divider.new", "New");
}

fn the_title_marks_mentions_and_nothing_else(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    alice.waits_for("a title", "return document.title.startsWith('#kitchen · ')");
    bob.says("#lobby", "nothing for anybody");
    bob.says("#lobby", "tea, Alice?");
    bob.says("alice", "alone");
    alice.waits_for(
        "a mark",
        "return document.title.startsWith('(2) #kitchen · ')",
    );
    alice.chooses("#rooms", "#lobby");
    alice.chooses("#talks", "bob");
    alice.waits_for("no mark", "return document.title.startsWith('bob · ')");
}

fn who_reads_further_up_stays_there(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    says_much(&mut bob, &alice);
    alice.run(
        "document.querySelector('.log:not([hidden])').scrollTop = 100",
        &[],
    );
    alice.sees("#newer", "To the end");
    bob.says("#lobby", "news");
    bob.says("#lobby", "more of it");
    alice.sees("#newer", "2 new");
    assert_eq!(place(&alice), json!(100));
    alice.clicks("#newer");
    alice.waits_for("the end", AT_END);
    assert!(!alice.has("#newer"));
}

fn who_reads_the_end_stays_at_the_end(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    says_much(&mut bob, &alice);
    alice.waits_for("the end", AT_END);
    alice.has_a_window_of(500, 400);
    alice.waits_for("the end", AT_END);
    bob.says("#lobby", "news");
    alice.reads("news");
    alice.waits_for("the end", AT_END);
}

fn a_room_keeps_its_place_and_what_was_being_written(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    says_much(&mut bob, &alice);
    alice.run(
        "document.querySelector('.log:not([hidden])').scrollTop = 100",
        &[],
    );
    alice.sees_something("#newer");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    alice.types_into("#say", "half a sent");
    alice.chooses("#rooms", "#lobby");
    alice.is_in("#lobby");
    alice.waits_for(
        "an empty field",
        "return document.getElementById('say').value === ''",
    );
    alice.chooses("#rooms", "#kitchen");
    alice.waits_for(
        "the draft",
        "return document.getElementById('say').value === 'half a sent'",
    );
}

fn a_mention_notifies_who_looks_elsewhere(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    // In place of the desktop's notifications, which nobody could look at here.
    alice.run(
        "window.told = []; window.looks = true; document.hasFocus = () => window.looks;
         window.Notification = class {
             static permission = 'default';
             static async requestPermission() { return (this.permission = 'granted'); }
             constructor(title, { body }) { window.told.push([title, body]); }
         }",
        &[],
    );
    alice.clicks("#bell");
    alice.sees_something("#bell[aria-pressed=true]");
    bob.says("#lobby", "alice, seen at once");
    alice.reads("seen at once");
    alice.run(
        "window.looks = false; window.dispatchEvent(new Event('blur'))",
        &[],
    );
    bob.says("#lobby", "nobody in particular");
    bob.says("#lobby", "\u{2}alice\u{2}!");
    bob.says("alice", "alone");
    alice.waits_for("both", "return window.told.length === 2");
    let told = alice.run("return window.told", &[]);
    assert_eq!(told, json!([["bob in #lobby", "alice!"], ["bob", "alone"]]));
}

const AT_END: &str = "const log = document.querySelector('.log:not([hidden])');
    return log.scrollTop > 0 && log.scrollHeight - log.scrollTop - log.clientHeight < 2";

fn place(browser: &Browser) -> serde_json::Value {
    browser.run(
        "return document.querySelector('.log:not([hidden])').scrollTop",
        &[],
    )
}

fn says_much(person: &mut Person, reader: &Browser) {
    for number in 0..300 {
        person.says("#lobby", &format!("line {number}"));
    }
    reader.reads("line 299");
}
