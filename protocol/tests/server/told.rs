//! What people with IRC clients say and are told.

use linechat_laws::world::{Person, World};
use linechat_protocol::Dialect;

/// Somebody with an IRC client, who has been told all that one is told at first.
pub(crate) fn irc(chat: &World, nick: &str) -> Person {
    let person = chat.connect_to(Dialect::IRC);
    person.says(&format!("NICK {nick}"));
    person.says(&format!("USER {nick} 0 * :{nick}"));
    assert_eq!(person.name().as_deref(), Some(nick));
    person.heard();
    person
}

pub(crate) fn tells(person: &Person, line: &str, lines: &[&str]) {
    person.says(line);
    hears(person, lines);
}

pub(crate) fn hears(person: &Person, lines: &[&str]) {
    let told = told(person);
    assert_eq!(told.lines().collect::<Vec<_>>(), lines);
}

/// What somebody was told, with `host` for what hides an address.
pub(crate) fn told(person: &Person) -> String {
    let heard = person.heard().replace("\r\n", "\n");
    let mut pieces: Vec<&str> = heard.split(".hidden").collect();
    let last = pieces.pop().unwrap_or_default();
    let hosts = pieces
        .iter()
        .map(|piece| piece.len() - "0123456789abcdef".len());
    let shown = pieces.iter().zip(hosts);
    shown
        .map(|(piece, host)| format!("{}host", &piece[..host]))
        .collect::<String>()
        + last
}
