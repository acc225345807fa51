//! The operator of a server, on a terminal.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};

use linechat_protocol::pair::Turn;
use linechat_protocol::{ClientLimits, LineClient, LineEvent, Peer};

use super::news::{News, Notice};
use crate::connect::talk::{End, Entered, Said, Talk, Typed, complaint, server_side_is_client};
use crate::escaped::Escaped;

/// Whoever sits at the server's keyboard: every line is for the server to understand, and what
/// happens in the server is told.
pub(super) struct Operator {
    client: LineClient,
    has_ended: bool,
    news: News,
    /// What is yet to be noted.
    heard: Vec<Notice>,
    /// Whether the log, which tells who leaves, is on the same screen.
    has_log: bool,
    /// In `pair`, whom the operator talks with, and whose turn it is.
    talk: Option<(Peer, Turn)>,
    /// What is to be shown once all that came before it was.
    notices: VecDeque<Said>,
}

impl Operator {
    pub(super) fn new(news: News, has_log: bool) -> Self {
        let mut limits = ClientLimits::default();
        limits.max_line = usize::MAX;
        Self {
            client: LineClient::with_limits(limits),
            has_ended: false,
            news,
            heard: Vec::new(),
            has_log,
            talk: None,
            notices: VecDeque::new(),
        }
    }

    fn note(&mut self, notice: Notice) {
        match notice {
            Notice::Turn(peer, turn) => {
                if self.talk.is_none_or(|(other, _)| other != peer) {
                    self.tell(format!("{peer} is here; EXIT ends the talk"));
                }
                self.talk = Some((peer, turn));
            }
            Notice::Left(peer) => {
                if self.talk.is_some_and(|(other, _)| other == peer) {
                    self.talk = None;
                    if !self.has_log {
                        self.tell(format!("{peer} has left"));
                    }
                }
            }
            Notice::NotSent(peer, lines) => {
                for line in lines {
                    self.tell(format!(
                        "not sent, since {peer} has left: {}",
                        Escaped(&line)
                    ));
                }
            }
        }
    }

    fn tell(&mut self, notice: String) {
        self.notices.push_back(Said::Hint(notice));
    }
}

impl Talk for Operator {
    server_side_is_client!();

    fn takes_lines(&self) -> bool {
        !self.has_ended && self.client.has_room()
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let Some(line) = typed.line() else {
            return Entered::GoOn;
        };
        match self.client.send(line) {
            Ok(()) => Entered::GoOn,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }

    fn keyboard_ended(&mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        self.has_ended = true;
        self.client.finish();
    }

    /// Somebody who has left has done so once their last words are shown.
    fn poll(&mut self) -> Option<Said> {
        let Some(event) = self.client.poll_event() else {
            return self.notices.pop_front();
        };
        Some(match event {
            LineEvent::Line(line) => Said::Line(line),
            LineEvent::Violation(violation) => Said::Hint(complaint(&violation)),
            _ => Said::End(End::Closed),
        })
    }

    fn prompt(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self.talk {
            Some((_, Turn::Operator)) => "your turn> ",
            Some((_, Turn::Client)) => "their turn> ",
            _ => "> ",
        })
    }

    fn hears(&self) -> Option<BorrowedFd<'_>> {
        Some(self.news.as_fd())
    }

    fn listen(&mut self) {
        while let Some(notice) = self.news.next() {
            self.heard.push(notice);
        }
    }

    fn hear(&mut self) {
        for notice in mem::take(&mut self.heard) {
            self.note(notice);
        }
    }
}
