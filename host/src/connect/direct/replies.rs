//! What the server says.

use linechat_protocol::direct::{Asked, Event};

use super::login::ANOTHER_NAME;
use super::{Direct, Login};
use crate::connect::Manner;
use crate::connect::talk::{End, Message, Said, complaint};
use crate::connect::words::enumerated;

impl Direct {
    pub(super) fn understand(&mut self, event: Event) -> Option<Said> {
        let words = match event {
            Event::LoggedIn { name } => {
                self.login = Login::LoggedIn;
                let again = if self.was_in { " again" } else { "" };
                (self.was_in, self.refusals) = (true, 0);
                if self.manner == Manner::Person {
                    self.news.push_back(Said::Hint(WELCOME.to_owned()));
                }
                format!("logged in{again} as {name}")
            }
            Event::NameInUse { name } => {
                self.refuse(&format!("the name '{name}' is in use"), ANOTHER_NAME);
                return None;
            }
            Event::ServerFull { .. } => {
                self.refuse("the server is full", "try again later");
                return None;
            }
            Event::Rejected {
                request: Asked::LogIn { name },
                ..
            } => {
                let reason = format!("the server does not accept the name '{name}'");
                self.refuse(&reason, ANOTHER_NAME);
                return None;
            }
            Event::Users(names) => {
                names.iter().for_each(|name| self.words.learn_user(name));
                format!("users: {}", enumerated(&names))
            }
            Event::Sent { to } => format!("sent to {to}"),
            Event::NoSuchUser { to } => format!("no such user: {to}"),
            Event::Delivery { from, text } => return Some(self.delivered(from, text)),
            Event::Rejected { request, .. } => rejected(&request),
            Event::Violation(violation) => return Some(Said::Hint(complaint(&violation))),
            _ => return Some(Said::End(self.end())),
        };
        Some(Said::Line(words.into_bytes()))
    }

    pub(super) fn delivered(&mut self, from: String, text: String) -> Said {
        self.words.learn_user(&from);
        self.writer = Some(from.clone());
        Said::Message(Message {
            place: String::new(),
            from,
            text,
            is_private: true,
            me: self.name.clone(),
        })
    }

    /// What it means that the server has closed the connection.
    pub(super) fn end(&self) -> End {
        match self.login {
            Login::Asking { was_refused: true } if self.manner == Manner::Script => {
                End::Refused("not logged in: there was no other name to try".to_owned())
            }
            _ => End::Closed,
        }
    }
}

fn rejected(request: &Asked) -> String {
    match request {
        Asked::Send { to } => format!("the server does not accept the message to {to}"),
        _ => "the server does not accept the request".to_owned(),
    }
}

const WELCOME: &str = "@name text sends a message, !users says who is here, /help says more";
