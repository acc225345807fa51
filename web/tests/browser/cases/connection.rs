//! Servers that end, pages that are put away.

use serde_json::json;

use super::cases;
use crate::Stage;

cases! { "connection":
    a_server_that_starts_again_has_its_users_back,
    nothing_is_lost_from_the_field_while_there_is_no_connection,
    a_page_that_is_put_away_is_gone_and_back_when_it_is_shown,
    a_page_that_the_browser_kept_is_back_when_it_is_shown,
    a_page_that_is_frozen_is_gone_and_back_when_it_thaws,
    a_page_that_is_closed_is_gone_at_once,
}

fn a_server_that_starts_again_has_its_users_back(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    alice.says("before");
    alice.reads("before");
    stage.server.stops();
    alice.sees_something("#again");
    assert!(alice.has("#rooms .absent"));
    stage.server.starts_again();
    alice.is_in("#kitchen");
    alice.reads("You are back. What was said since");
    alice.reads("before");
    let mut bob = stage.person_in_lobby("bob");
    bob.joins("#kitchen");
    bob.says("#kitchen", "welcome back");
    alice.reads("welcome back");
    assert!(!alice.has("#again"));
}

fn nothing_is_lost_from_the_field_while_there_is_no_connection(stage: &mut Stage) {
    let alice = stage.user("alice");
    stage.server.stops();
    alice.sees_something("#again");
    alice.says("too early");
    stage.server.starts_again();
    alice.clicks("#again");
    alice.is_in("#lobby");
    alice.presses("Enter");
    alice.sees(".own .text", "too early");
}

fn a_page_that_is_put_away_is_gone_and_back_when_it_is_shown(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.hears("JOIN");
    alice.goes_to("about:blank");
    bob.hears("The page was put away");
    alice.goes_back();
    assert_eq!(alice.address(), stage.server.page());
    bob.hears("JOIN");
    alice.is_in("#lobby");
}

/// Whether a browser keeps a page that it leaves is its own choice: here it is only told that it did.
fn a_page_that_the_browser_kept_is_back_when_it_is_shown(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.hears("JOIN");
    for (event, heard) in [("pagehide", "QUIT"), ("pageshow", "JOIN")] {
        let kept = "dispatchEvent(new PageTransitionEvent(arguments[0], { persisted: true }))";
        alice.run(kept, &[json!(event)]);
        bob.hears(heard);
    }
    alice.is_in("#lobby");
}

fn a_page_that_is_frozen_is_gone_and_back_when_it_thaws(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.hears("JOIN");
    alice.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" }));
    bob.hears("The page was put away");
    alice.devtools("Page.setWebLifecycleState", json!({ "state": "active" }));
    bob.hears("JOIN");
    alice.is_in("#lobby");
    alice.reads("You are back. What was said since");
}

fn a_page_that_is_closed_is_gone_at_once(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.hears("JOIN");
    drop(alice);
    bob.hears("QUIT");
}
