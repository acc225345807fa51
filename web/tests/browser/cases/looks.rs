//! How the page looks, and to whom it is open.

use std::env;
use std::fs;

use serde_json::{Value, json};

use super::cases;
use crate::Stage;
use crate::browser::Browser;

cases! { "looks":
    nothing_is_wider_than_the_window,
    on_a_telephone_the_sides_come_and_go,
    no_rule_of_accessibility_is_broken,
}

/// Width and height of a telephone, a tablet and a desktop, in pixels.
const SIZES: [(u32, u32); 4] = [(320, 560), (390, 780), (820, 1100), (1280, 800)];

fn nothing_is_wider_than_the_window(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    bob.says("#lobby", &"wide".repeat(100));
    bob.says("#lobby", &format!("https://a.example/{}", "x".repeat(300)));
    bob.sends(&format!("TOPIC #lobby :{}", "topic ".repeat(30)));
    alice.reads("https");
    for (width, height) in SIZES {
        alice.has_a_window_of(width, height);
        assert_eq!(too_wide(&alice), json!([]), "at {width} pixels");
        alice.presses("Escape");
        alice.run("document.getElementById('find').click()", &[]);
        alice.sees_something("#directory button");
        assert_eq!(too_wide(&alice), json!([]), "the dialog at {width} pixels");
        alice.clicks("#close");
    }
}

/// What reaches out of the window, or of what it is in.
fn too_wide(browser: &Browser) -> Value {
    browser.run(
        "const isSeen = (one) => one.checkVisibility({ visibilityProperty: true });
         const within = document.querySelector('dialog[open]') ?? document.getElementById('room');
         const edge = Math.min(within.getBoundingClientRect().right, innerWidth) + 1;
         return [...within.querySelectorAll('*')].filter(isSeen)
             .filter((one) => one.getBoundingClientRect().right > edge)
             .map((one) => one.id || one.className || one.tagName)",
        &[],
    )
}

fn on_a_telephone_the_sides_come_and_go(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let alice = stage.user("alice");
    alice.has_a_window_of(390, 780);
    alice.waits_for("no side", &format!("return !{}", shows("side")));
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    assert!(!alice.has("#show-side.news"));
    bob.says("#lobby", "alice?");
    alice.sees_something("#show-side.news");
    alice.clicks("#show-side");
    alice.waits_for("the side", &format!("return {}", shows("side")));
    alice.waits_for(
        "the focus in it",
        "return document.activeElement.closest('#side') !== null",
    );
    for _ in 0..12 {
        alice.presses("Tab");
        let is_behind = alice.run(
            "return document.activeElement.closest('#room') !== null",
            &[],
        );
        assert_eq!(
            is_behind,
            json!(false),
            "what is behind the side takes no keys"
        );
    }
    alice.presses("Escape");
    alice.waits_for("no side", &format!("return !{}", shows("side")));
    alice.clicks("#show-side");
    alice.chooses("#rooms", "#lobby");
    alice.is_in("#lobby");
    alice.waits_for("no side", &format!("return !{}", shows("side")));
    alice.clicks("#show-people");
    alice.chooses("#members", "bob");
    alice.sees("#where", "bob");
    alice.waits_for("no people", &format!("return !{}", shows("people")));
}

fn no_rule_of_accessibility_is_broken(stage: &mut Stage) {
    let Some(axe) = axe() else {
        eprintln!("skipped: the rules of accessibility need axe-core (LINECHAT_AXE=…/axe.min.js)");
        return;
    };
    let mut bob = stage.person_in_lobby("bob");
    let browser = stage.browser();
    obeys_all_rules(&browser, &axe, "the door");
    browser.asks_for("a,b");
    browser.sees_something("#problem.bad");
    obeys_all_rules(&browser, &axe, "the door that is shut");
    browser.comes_in("alice");
    bob.says("#lobby", "alice: see https://a.example/");
    browser.says("yes");
    browser.says("/me waves");
    browser.says("/topic");
    browser.says("/help");
    bob.says("alice", "alone");
    browser.sees_something("#talks .count");
    bob.sends("AWAY :lunch");
    for scheme in ["light", "dark"] {
        browser.prefers(scheme);
        for (width, height) in SIZES {
            browser.has_a_window_of(width, height);
            obeys_all_rules(&browser, &axe, &format!("{scheme}, {width} pixels"));
        }
        browser.clicks("#find");
        browser.sees_something("#directory button");
        obeys_all_rules(&browser, &axe, &format!("{scheme}, the dialog"));
        browser.presses("Escape");
        browser.has_a_window_of(390, 780);
        browser.clicks("#show-side");
        browser.waits_for("the side", &format!("return {}", shows("side")));
        obeys_all_rules(&browser, &axe, &format!("{scheme}, the side"));
        browser.presses("Escape");
    }
    stage.server.stops();
    browser.sees_something("#again");
    obeys_all_rules(&browser, &axe, "without a connection");
}

#[track_caller]
fn obeys_all_rules(browser: &Browser, axe: &str, state: &str) {
    browser.comes_to_rest();
    browser.run(axe, &[]);
    let broken = browser.run_async(
        "const done = arguments[0];
         axe.run(document, { resultTypes: ['violations'] }).then(
             ({ violations }) => done(violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])])),
             (error) => done(String(error)))",
        &[],
    );
    assert_eq!(broken, json!([]), "{state}");
}

fn axe() -> Option<String> {
    fs::read_to_string(env::var_os("LINECHAT_AXE")?).ok()
}

/// Whether a side is in the window.
fn shows(side: &str) -> String {
    format!(
        "((side) => side.checkVisibility({{ visibilityProperty: true }}) && side.getBoundingClientRect().right > 0 \
         && side.getBoundingClientRect().left < innerWidth)(document.getElementById('{side}'))"
    )
}
