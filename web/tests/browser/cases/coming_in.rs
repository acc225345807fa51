//! At the door.

use std::fs;

use serde_json::json;
use tempfile::NamedTempFile;

use super::cases;
use crate::Stage;
use crate::server::Server;

cases! { "coming_in":
    the_page_asks_for_a_name_and_is_in_the_lobby_then,
    a_name_is_kept_for_the_next_visit,
    a_name_that_is_taken_is_said_in_words_and_asked_for_again,
    a_name_that_cannot_be_one_is_said_in_words,
    an_empty_name_is_asked_for_again,
    a_password_is_asked_for_where_there_is_one,
    everything_works_under_tls,
    a_page_that_is_loaded_again_comes_back_by_itself,
    who_leaves_is_at_the_door_again,
    a_server_that_does_not_answer_is_tried_again,
}

fn the_page_asks_for_a_name_and_is_in_the_lobby_then(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let browser = stage.browser();
    browser.waits_for(
        "the cursor",
        "return document.activeElement.id === 'name' && document.hasFocus()",
    );
    browser.comes_in("alice");
    bob.hears(":alice!");
    browser.sees("#where", "#lobby");
    browser.sees("#me", "alice");
    browser.waits_for("the cursor", "return document.activeElement.id === 'say'");
    assert_eq!(browser.complaints(), [""; 0]);
}

fn a_name_is_kept_for_the_next_visit(stage: &mut Stage) {
    let browser = stage.user("alice");
    browser.opens_another_window(&stage.server.page());
    browser.waits_for(
        "the name",
        "return document.getElementById('name').value === 'alice'",
    );
    browser.sees_something("#door");
}

fn a_name_that_is_taken_is_said_in_words_and_asked_for_again(stage: &mut Stage) {
    let _alice = stage.person("alice");
    let browser = stage.browser();
    browser.asks_for("alice");
    browser.sees(
        "#problem",
        "Somebody here is already called “alice”. Please choose another name.",
    );
    browser.waits_for("the cursor", "return document.activeElement.id === 'name'");
    browser.comes_in("alicia");
}

fn a_name_that_cannot_be_one_is_said_in_words(stage: &mut Stage) {
    let browser = stage.browser();
    browser.asks_for("a,b");
    browser.sees(
        "#problem",
        "“a,b” cannot be a name here. Letters and digits will do, and a letter comes first.",
    );
    assert!(browser.has("#name[aria-invalid=true]"));
}

fn an_empty_name_is_asked_for_again(stage: &mut Stage) {
    let browser = stage.browser();
    browser.asks_for(" ");
    browser.sees("#problem", "Please type a name.");
}

fn a_password_is_asked_for_where_there_is_one(stage: &mut Stage) {
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, "open sesame\n").unwrap();
    stage.server = Server::start_with(&["--password-file", file.path().to_str().unwrap()]);
    drop(file);
    let browser = stage.browser();
    browser.asks_for("alice");
    browser.sees("#problem", "This server asks for a password.");
    browser.waits_for(
        "the cursor",
        "return document.activeElement.id === 'password'",
    );
    browser.types_into("#password", "sesame");
    browser.presses("Enter");
    browser.sees("#problem", "This is not the password.");
    browser.run("document.getElementById('password').value = ''", &[]);
    browser.types_into("#password", "open sesame");
    browser.presses("Enter");
    browser.is_in("#lobby");
}

fn everything_works_under_tls(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let browser = stage.browser();
    browser.goes_to(&stage.server.encrypted_page());
    browser.comes_in("alice");
    browser.says("nobody on the way reads this");
    bob.hears("nobody on the way reads this");
    bob.says("#lobby", "nor this");
    browser.reads("nor this");
    let is_secure = browser.run("return [isSecureContext, location.protocol]", &[]);
    assert_eq!(is_secure, json!([true, "https:"]));
    assert_eq!(browser.complaints(), [""; 0]);
}

fn a_page_that_is_loaded_again_comes_back_by_itself(stage: &mut Stage) {
    let browser = stage.user("alice");
    browser.says("/join kitchen");
    browser.is_in("#kitchen");
    browser.loads_the_page_again();
    browser.waits_for(
        "both rooms",
        "return document.querySelectorAll('#rooms button:not(.absent)').length === 2",
    );
    browser.sees("#me", "alice");
}

fn who_leaves_is_at_the_door_again(stage: &mut Stage) {
    let mut bob = stage.person_in_lobby("bob");
    let browser = stage.user("alice");
    bob.hears("JOIN");
    browser.says("for our eyes only");
    browser.reads("for our eyes only");
    browser.clicks("#quit");
    bob.hears("QUIT");
    browser.sees_something("#door");
    browser.comes_in("somebody");
    assert!(!browser.has(".said"), "what was read before is forgotten");
    browser.clicks("#quit");
    browser.sees_something("#door");
    browser.loads_the_page_again();
    browser.sees_something("#door");
}

fn a_server_that_does_not_answer_is_tried_again(stage: &mut Stage) {
    let browser = stage.browser();
    stage.server.stops();
    browser.asks_for("alice");
    browser.sees("#problem", "The server does not answer. Trying again…");
    stage.server.starts_again();
    browser.is_in("#lobby");
}
