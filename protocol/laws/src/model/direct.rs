//! `direct`: section 8, check by check.

use std::collections::BTreeMap;

use crate::config::Bounds;

use super::rooms::is_plain;
use super::{Everybody, Rules};

pub(super) struct Direct {
    users: BTreeMap<Vec<u8>, usize>,
    max_users: usize,
}

impl Direct {
    pub(super) fn new(limits: &Bounds) -> Self {
        Self {
            users: BTreeMap::new(),
            max_users: limits.max_users,
        }
    }

    fn name(&self, who: usize) -> Option<Vec<u8>> {
        let mut users = self.users.iter();
        users
            .find(|&(_, &owner)| owner == who)
            .map(|(name, _)| name.clone())
    }

    fn answer(&mut self, all: &mut Everybody, who: usize, line: &[u8]) -> Vec<u8> {
        let (header, body) = split(line);
        if !["HELLO-FROM", "LIST", "SEND"].contains(&&*String::from_utf8_lossy(header)) {
            return b"BAD-RQST-HDR\n".to_vec();
        }
        match (self.name(who), header, body) {
            (None, b"HELLO-FROM", body) => self.log_in(all, who, body),
            (None, ..) | (Some(_), b"HELLO-FROM", _) => b"BAD-RQST-HDR\n".to_vec(),
            (Some(_), b"LIST", None) => {
                let names: Vec<_> = self.users.keys().map(Vec::as_slice).collect();
                [b"LIST-OK ", &*names.join(&b","[..]), b"\n"].concat()
            }
            (Some(name), b"SEND", Some(body)) => self.send(all, &name, body),
            _ => b"BAD-RQST-BODY\n".to_vec(),
        }
    }

    fn log_in(&mut self, all: &mut Everybody, who: usize, body: Option<&[u8]>) -> Vec<u8> {
        let Some(name) = body.filter(|name| is_name(name)) else {
            return b"BAD-RQST-BODY\n".to_vec();
        };
        if self.users.len() >= self.max_users {
            b"BUSY\n".to_vec()
        } else if self.users.contains_key(name) {
            b"IN-USE\n".to_vec()
        } else {
            self.users.insert(name.to_vec(), who);
            all.parties[who].is_logged_in = true;
            [b"HELLO ", name, b"\n"].concat()
        }
    }

    fn send(&self, all: &mut Everybody, from: &[u8], body: &[u8]) -> Vec<u8> {
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
        match self.users.get(to) {
            Some(&place) => {
                all.tell(
                    place,
                    [b"DELIVERY ", from, b" ", text.as_bytes(), b"\n"].concat(),
                );
                b"SEND-OK\n".to_vec()
            }
            None => b"BAD-DEST-USER\n".to_vec(),
        }
    }
}

impl Rules for Direct {
    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], _ending: &[u8]) {
        let answer = self.answer(all, who, content);
        all.tell(who, answer);
    }

    fn said_too_much(&mut self, all: &mut Everybody, who: usize) {
        all.tell(who, "BAD-RQST-BODY\n");
    }

    fn left(&mut self, _all: &mut Everybody, who: usize) {
        self.users.retain(|_, &mut owner| owner != who);
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
