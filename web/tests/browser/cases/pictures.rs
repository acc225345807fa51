//! The pictures of the page in the documents: not a test, and taken only where `LINECHAT_PICTURES` names a folder.

use std::env;
use std::fs;
use std::path::Path;

use super::cases;
use crate::Stage;
use crate::browser::Browser;

cases! { "pictures":
    are_taken_where_there_is_a_folder_for_them,
}

fn are_taken_where_there_is_a_folder_for_them(stage: &mut Stage) {
    let Some(folder) = env::var_os("LINECHAT_PICTURES") else {
        return;
    };
    let mut cleo = stage.netcat("cleo");
    let mut annika = stage.person_in_lobby("annika");
    let mut ben = stage.person_in_lobby("ben");
    ben.joins("#kitchen");
    let alice = stage.user("alice");
    alice.says("/join kitchen");
    alice.is_in("#kitchen");
    annika.joins("#kitchen");
    ben.sends("TOPIC #kitchen :Bread on Saturday · https://example.org/recipes");
    alice.sees_something("#topic a");
    alice.chooses("#rooms", "#lobby");
    annika.says(
        "#lobby",
        "Good morning! Is the bread on Saturday still a plan?",
    );
    alice.reads("Good morning");
    alice.says("It is. I have flour for twenty loaves.");
    alice.reads("twenty loaves");
    cleo.sends("what time? (I am on netcat)");
    alice.reads("netcat");
    annika.says(
        "#lobby",
        "Nine, in the yard behind the house. The oven takes two hours.",
    );
    annika.says(
        "#lobby",
        "The recipe: https://example.org/recipes/sourdough",
    );
    alice.reads("recipe");
    alice.says("/me sets an alarm");
    alice.reads("alarm");
    ben.says("#lobby", "alice, can you bring the big table?");
    alice.reads("big table");
    alice.says("Yes, if somebody helps me carry it. 🥖");
    alice.reads("carry");
    ben.says("#kitchen", "Who has the key of the shed?");
    annika.says("alice", "I can help with the table.");
    alice.sees_something("#talks .count");
    take(&alice, Path::new(&folder));
}

fn take(browser: &Browser, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, scheme, (width, height)) in PICTURES {
        browser.prefers(scheme);
        browser.has_a_window_of(width, height);
        browser.comes_to_rest();
        fs::write(folder.join(name).with_extension("webp"), browser.picture()).unwrap();
    }
}

const PICTURES: [(&str, &str, (u32, u32)); 3] = [
    ("light", "light", (1080, 570)),
    ("dark", "dark", (1080, 570)),
    ("telephone", "light", (390, 720)),
];
