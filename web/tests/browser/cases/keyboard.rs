//! Without a mouse.

use super::cases;
use crate::Stage;
use crate::browser::Browser;

cases! { "keyboard":
    everything_can_be_done_with_the_keyboard_alone,
    tab_completes_names_and_otherwise_moves_on,
    the_arrow_keys_bring_back_what_was_sent,
    shift_and_enter_begin_another_line,
    what_is_typed_anywhere_goes_to_the_field,
}

fn everything_can_be_done_with_the_keyboard_alone(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let browser = stage.browser();
    browser.waits_for("the cursor", "return document.activeElement.id === 'name'");
    browser.presses("a l i c e Enter");
    browser.is_in("#lobby");
    browser.presses("h i Enter");
    bob.hears("PRIVMSG #lobby :hi");
    tabs_to(&browser, "#find");
    browser.presses("Enter");
    browser.sees_something("#finder");
    browser.presses("k i t c h e n Enter");
    browser.is_in("#kitchen");
    browser.presses("Alt+Down");
    browser.is_in("#lobby");
    browser.presses("Alt+Up");
    browser.is_in("#kitchen");
    tabs_to(&browser, "#rooms [data-key='#lobby'] button");
    browser.presses("Space");
    browser.is_in("#lobby");
    tabs_to(&browser, "#members [data-key=bob] button");
    browser.presses("Enter");
    browser.sees("#where", "bob");
    tabs_to(&browser, "#part");
    browser.presses("Enter");
    browser.waits_for("no talk", "return !document.querySelector('#talks button')");
    tabs_to(&browser, "#quit");
    browser.presses("Enter");
    bob.hears("QUIT");
}

fn tab_completes_names_and_otherwise_moves_on(stage: &mut Stage) {
    let _bob = stage.person_in_lobby("bobby");
    let alice = stage.user("alice");
    alice.sees("#people-title", "2 here");
    alice.presses("b o Tab");
    alice.waits_for(
        "the name",
        "return document.getElementById('say').value === 'bobby: '",
    );
    alice.presses("Tab");
    alice.waits_for(
        "another place",
        "return document.activeElement.id !== 'say'",
    );
    alice.presses("Shift+Tab");
    alice.waits_for("the field", "return document.activeElement.id === 'say'");
}

fn the_arrow_keys_bring_back_what_was_sent(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.says("one");
    alice.says("two");
    alice.presses("d Up Up");
    alice.waits_for(
        "the first",
        "return document.getElementById('say').value === 'one'",
    );
    alice.presses("Down Down");
    alice.waits_for(
        "the draft",
        "return document.getElementById('say').value === 'd'",
    );
}

fn shift_and_enter_begin_another_line(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.presses("a Shift+Enter b");
    alice.waits_for(
        "two lines",
        "return document.getElementById('say').value === 'a\\nb'",
    );
    alice.presses("Enter");
    alice.reads("b");
}

fn what_is_typed_anywhere_goes_to_the_field(stage: &mut Stage) {
    let alice = stage.user("alice");
    alice.clicks("#where");
    alice.waits_for("no cursor", "return document.activeElement.id !== 'say'");
    alice.presses("h i Enter");
    alice.sees(".own .text", "hi");
}

/// Presses Tab until the focus is there.
#[track_caller]
fn tabs_to(browser: &Browser, selector: &str) {
    let is_there = format!("return document.activeElement.matches({selector:?})");
    for _ in 0..40 {
        if browser.run(&is_there, &[]) == true {
            return;
        }
        browser.presses("Tab");
    }
    panic!("Tab does not lead to {selector}");
}
