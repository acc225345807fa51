//! `direct`: section 8, check by check.

use linechat_protocol::Dialect;

use crate::config::Bounds;

use super::Everybody;
use super::community::People;
use super::rooms::is_plain;

pub(super) struct Direct {
    max_users: usize,
}

impl Direct {
    pub(super) fn new(limits: &Bounds) -> Self {
        Self {
            max_users: limits.max_users,
        }
    }

    fn answer(
        &mut self,
        people: &mut People,
        all: &mut Everybody,
        who: usize,
        line: &[u8],
    ) -> Vec<u8> {
        let (header, body) = split(line);
        if !["HELLO-FROM", "LIST", "SEND"].contains(&&*String::from_utf8_lossy(header)) {
            return b"BAD-RQST-HDR\n".to_vec();
        }
        match (people.name_of(who), header, body) {
            (None, b"HELLO-FROM", body) => self.log_in(people, all, who, body),
            (None, ..) | (Some(_), b"HELLO-FROM", _) => b"BAD-RQST-HDR\n".to_vec(),
            (Some(_), b"LIST", None) => {
                let names: Vec<_> = people.names.keys().map(String::as_bytes).collect();
                [b"LIST-OK ", &*names.join(&b","[..]), b"\n"].concat()
            }
            (Some(name), b"SEND", Some(body)) => send(people, all, &name, body),
            _ => b"BAD-RQST-BODY\n".to_vec(),
        }
    }

    fn log_in(
        &mut self,
        people: &mut People,
        all: &mut Everybody,
        who: usize,
        body: Option<&[u8]>,
    ) -> Vec<u8> {
        let Some(name) = body.filter(|name| is_name(name)) else {
            return b"BAD-RQST-BODY\n".to_vec();
        };
        let name = String::from_utf8_lossy(name).into_owned();
        if people.who_speak(all, Dialect::DIRECT).len() >= self.max_users {
            b"BUSY\n".to_vec()
        } else if people.is_taken(&name) {
            b"IN-USE\n".to_vec()
        } else {
            all.parties[who].is_logged_in = true;
            let hello = format!("HELLO {name}\n");
            people.names.insert(name, who);
            hello.into_bytes()
        }
    }

    pub(super) fn said(
        &mut self,
        people: &mut People,
        all: &mut Everybody,
        who: usize,
        content: &[u8],
    ) {
        let answer = self.answer(people, all, who, content);
        all.tell(who, answer);
    }
}

fn send(people: &People, all: &mut Everybody, from: &str, body: &[u8]) -> Vec<u8> {
    let (to, text) = split(body);
    let text = String::from_utf8(text.unwrap_or_default().to_vec());
    let Some(text) = text
        .ok()
        .filter(|text| is_plain(text) && !text.trim().is_empty())
    else {
        return b"BAD-RQST-BODY\n".to_vec();
    };
    if to.is_empty() {
        return b"BAD-RQST-BODY\n".to_vec();
    }
    let to = String::from_utf8_lossy(to);
    match people.write(all, from, &to, &text) {
        true => b"SEND-OK\n".to_vec(),
        false => b"BAD-DEST-USER\n".to_vec(),
    }
}

fn split(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match line.iter().position(|&byte| byte == b' ') {
        Some(space) => (&line[..space], Some(&line[space + 1..])),
        None => (line, None),
    }
}

fn is_name(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else {
        return false;
    };
    let is_illegal = |c: char| "!@#$%^&*,".contains(c) || c.is_whitespace();
    !text.is_empty() && text.len() <= 64 && is_plain(text) && !text.contains(is_illegal)
}
