//! The client of `direct`.

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::{Reply, Request, RequestHeader, Username};
use crate::client::{Client as AnyClient, ClientDialect, ClientLimits, Half, Output};
use crate::wire::text::plain_text;
use crate::{Names, RequestError, Violation};

/// A client of `direct` (seed 004).
///
/// Every request has one answer, and the answers come in the order of the requests, so each
/// answer is told with what it answers. Deliveries come in between.
///
/// ```
/// use linechat_protocol::direct::{Client, Event};
///
/// let mut client = Client::new();
/// client.log_in("alice")?;
/// assert_eq!(client.transmit(), b"HELLO-FROM alice\n");
/// client.advance(17);
/// client.receive(b"HELLO alice\n");
/// assert_eq!(client.poll_event(), Some(Event::LoggedIn { name: "alice".into() }));
///
/// client.send("bob", "hello")?;
/// assert_eq!(client.transmit(), b"SEND bob hello\n");
/// client.receive(b"DELIVERY carol hi\nBAD-DEST-USER\n");
/// let (from, text) = ("carol".into(), "hi".into());
/// assert_eq!(client.poll_event(), Some(Event::Delivery { from, text }));
/// assert_eq!(client.poll_event(), Some(Event::NoSuchUser { to: "bob".into() }));
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type Client = AnyClient<ClientState>;

impl Client {
    /// Asks to be known under this name. The answer is [`Event::LoggedIn`],
    /// [`Event::NameInUse`] or [`Event::ServerFull`]; after a refusal, try again.
    ///
    /// # Errors
    ///
    /// No user can have the name, or there is one already or about to be.
    pub fn log_in(&mut self, name: &str) -> Result<(), RequestError> {
        if self.state.name.is_some() || self.state.is_logging_in() {
            return Err(RequestError::AlreadyLoggedIn);
        }
        let username = Username::parse(name.as_bytes()).ok_or(RequestError::BadName)?;
        let asked = Asked::LogIn {
            name: name.to_owned(),
        };
        self.ask(Request::HelloFrom(username), asked)
    }

    /// Asks who is logged in. The answer is [`Event::Users`].
    ///
    /// # Errors
    ///
    /// Nobody is logged in here.
    pub fn list(&mut self) -> Result<(), RequestError> {
        self.check_logged_in()?;
        self.ask(Request::List, Asked::List)
    }

    /// Sends a message to one user. The answer is [`Event::Sent`] or [`Event::NoSuchUser`].
    ///
    /// # Errors
    ///
    /// Nobody is logged in here; no user can have the name; the text is blank, too long, or has
    /// characters that terminals obey.
    pub fn send(&mut self, to: &str, text: &str) -> Result<(), RequestError> {
        self.check_logged_in()?;
        Username::parse(to.as_bytes()).ok_or(RequestError::BadName)?;
        plain_text(text.as_bytes()).ok_or(RequestError::NotPlainText)?;
        let request = Request::Send {
            to: to.as_bytes(),
            text,
        };
        let asked = Asked::Send { to: to.to_owned() };
        self.ask(request, asked)
    }

    /// The name under which the client is logged in.
    pub fn name(&self) -> Option<&str> {
        self.state.name.as_deref()
    }

    /// The requests that the server has yet to answer, the oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = &Asked> {
        self.state.unanswered.iter()
    }

    fn check_logged_in(&self) -> Result<(), RequestError> {
        match self.state.name {
            Some(_) => Ok(()),
            None => Err(RequestError::NotLoggedIn),
        }
    }

    fn ask(&mut self, request: Request<'_>, asked: Asked) -> Result<(), RequestError> {
        let mut line = Vec::new();
        request.encode(&mut line);
        if !is_understood(&line, request) {
            return Err(RequestError::NoText);
        }
        if self.state.unanswered.len() >= self.limits.max_unanswered {
            return Err(RequestError::Full);
        }
        self.output.send(&line, &self.limits)?;
        self.state.unanswered.push_back(asked);
        Ok(())
    }
}

/// Whether the server understands a line as the request that it was made from. After names and
/// text were looked at, it is blankness alone that can stand in the way.
fn is_understood(line: &[u8], request: Request<'_>) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    RequestHeader::split(line)
        .is_some_and(|(header, body)| Request::parse(header, body) == Ok(request))
}

/// What was asked of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// [`Client::log_in`]
    LogIn {
        /// The name that was asked for.
        name: String,
    },
    /// [`Client::list`]
    List,
    /// [`Client::send`]
    Send {
        /// The recipient.
        to: String,
    },
}

/// What a server of `direct` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client is logged in.
    LoggedIn {
        /// The name under which it is.
        name: String,
    },
    /// The client is not logged in: somebody else has the name.
    NameInUse {
        /// The name that was asked for.
        name: String,
    },
    /// The client is not logged in: as many users are as may be.
    ServerFull {
        /// The name that was asked for.
        name: String,
    },
    /// Who is logged in.
    Users(Names),
    /// A message is on its way.
    Sent {
        /// To whom.
        to: String,
    },
    /// A message went nowhere: nobody is logged in under this name.
    NoSuchUser {
        /// To whom it was to go.
        to: String,
    },
    /// Somebody sent a message.
    Delivery {
        /// Who.
        from: String,
        /// The message: plain text.
        text: String,
    },
    /// The server found fault with a request that this crate holds to be right. It may have
    /// stricter rules, or a smaller limit for the length of a line.
    Rejected {
        /// What was asked.
        request: Asked,
        /// Where it found the fault.
        fault: Fault,
    },
    /// The server does not keep to the protocol.
    Violation(Violation),
    /// The server closed the connection. Always the last event.
    Closed,
}

impl From<Violation> for Event {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// Where a server finds fault with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `BAD-RQST-HDR`
    Header,
    /// `BAD-RQST-BODY`
    Body,
}

/// What a [`Client`] knows: its name, and what it waits for.
#[derive(Debug, Default)]
pub struct ClientState {
    name: Option<String>,
    /// In the order in which the server answers.
    unanswered: VecDeque<Asked>,
}

impl ClientState {
    fn is_logging_in(&self) -> bool {
        matches!(self.unanswered.front(), Some(Asked::LogIn { .. }))
    }

    /// What a reply means, unless nobody asked for it. An answer belongs to the oldest request.
    fn understand(&mut self, reply: Reply<'_>) -> Option<Event> {
        if let Reply::Delivery { from, text } = reply {
            return self.name.is_some().then(|| Event::Delivery {
                from: from.as_str().to_owned(),
                text: text.to_owned(),
            });
        }
        let event = answer(self.unanswered.front()?, reply)?;
        self.unanswered.pop_front();
        if let Event::LoggedIn { name } = &event {
            self.name = Some(name.clone());
        }
        Some(event)
    }
}

impl ClientDialect for ClientState {
    type Event = Event;
}

impl Half for ClientState {
    type Reported = Event;

    fn line(&mut self, _output: &mut Output, line: &[u8]) -> Option<Event> {
        let Ok(reply) = Reply::parse(line) else {
            return Some(Violation::not_in_protocol(line).into());
        };
        let event = self.understand(reply);
        Some(event.unwrap_or_else(|| Violation::unasked(line).into()))
    }

    fn closed(&mut self, _output: &Output) -> Event {
        Event::Closed
    }

    fn has_room(&self, output: &Output, limits: &ClientLimits) -> bool {
        output.has_room(0, limits) && self.unanswered.len() < limits.max_unanswered
    }
}

/// What a reply means as the answer to a request, if it can be one.
fn answer(asked: &Asked, reply: Reply<'_>) -> Option<Event> {
    let rejected = |fault| Event::Rejected {
        request: asked.clone(),
        fault,
    };
    Some(match (reply, asked) {
        (Reply::Hello(hello), Asked::LogIn { name }) if hello.as_str() == name => {
            Event::LoggedIn { name: name.clone() }
        }
        (Reply::InUse, Asked::LogIn { name }) => Event::NameInUse { name: name.clone() },
        (Reply::Busy, Asked::LogIn { name }) => Event::ServerFull { name: name.clone() },
        (Reply::ListOk(names), Asked::List) => {
            Event::Users(Names::collect(names.iter().map(|name| name.as_str())))
        }
        (Reply::SendOk, Asked::Send { to }) => Event::Sent { to: to.clone() },
        (Reply::BadDestUser, Asked::Send { to }) => Event::NoSuchUser { to: to.clone() },
        (Reply::BadRequestHeader, _) => rejected(Fault::Header),
        (Reply::BadRequestBody, _) => rejected(Fault::Body),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn nothing_can_be_asked_before_the_login_is_answered() {
        let mut client = Client::new();
        assert_eq!(client.list(), Err(RequestError::NotLoggedIn));
        assert_eq!(client.send("bob", "hi"), Err(RequestError::NotLoggedIn));
        assert_eq!(client.log_in("alice"), Ok(()));
        assert_eq!(client.list(), Err(RequestError::NotLoggedIn));
        assert_eq!(client.log_in("alice"), Err(RequestError::AlreadyLoggedIn));
        assert_eq!(client.name(), None);
        assert_eq!(client.transmit(), b"HELLO-FROM alice\n");
    }

    #[test]
    fn after_a_refusal_another_name_can_be_tried() {
        let mut client = Client::new();
        for (reply, refusal) in [
            (
                &b"IN-USE\n"[..],
                Event::NameInUse {
                    name: "alice".into(),
                },
            ),
            (
                b"BUSY\n",
                Event::ServerFull {
                    name: "alice".into(),
                },
            ),
        ] {
            client.log_in("alice").unwrap();
            client.receive(reply);
            assert_eq!(client.poll_event(), Some(refusal));
        }
        client.log_in("eve").unwrap();
        client.receive(b"HELLO eve\n");
        assert_eq!(
            client.poll_event(),
            Some(Event::LoggedIn { name: "eve".into() })
        );
        assert_eq!(client.name(), Some("eve"));
        assert_eq!(client.log_in("eve"), Err(RequestError::AlreadyLoggedIn));
    }

    #[test]
    fn what_the_server_would_refuse_is_not_sent() {
        let mut client = Client::new();
        for name in ["", "a b", "a@b", "a,b", "a\nb", &"x".repeat(65)] {
            assert_eq!(client.log_in(name), Err(RequestError::BadName), "{name:?}");
        }
        let mut client = logged_in();
        for text in ["", " ", "\t\u{3000}"] {
            assert_eq!(client.send("bob", text), Err(RequestError::NoText));
        }
        for text in ["a\nb", "\x1b[2J", "a\u{202e}b", "a\r"] {
            assert_eq!(client.send("bob", text), Err(RequestError::NotPlainText));
        }
        for to in ["", "a b", "a\nb", "*"] {
            assert_eq!(client.send(to, "hi"), Err(RequestError::BadName));
        }
        let long = "x".repeat(8192 - "SEND bob ".len());
        assert_eq!(
            client.send("bob", &(long.clone() + "x")),
            Err(RequestError::LineTooLong { max: 8192 })
        );
        assert!(client.transmit().is_empty());
        assert_eq!(client.unanswered().count(), 0);
        assert_eq!(client.send("bob", &long), Ok(()));
    }

    #[test]
    fn answers_belong_to_requests_in_their_order() {
        let mut client = logged_in();
        client.send("bob", "one").unwrap();
        client.list().unwrap();
        client.send("carol", "two").unwrap();
        client.list().unwrap();
        client.receive(b"SEND-OK\nDELIVERY bob  a b\nLIST-OK alice,bob\nBAD-DEST-USER\n");
        client.receive(b"BAD-RQST-BODY\n");
        let events = events(&mut client);
        let expected = [
            Event::Sent { to: "bob".into() },
            Event::Delivery {
                from: "bob".into(),
                text: " a b".into(),
            },
            Event::Users(Names::collect(["alice", "bob"].into_iter())),
            Event::NoSuchUser { to: "carol".into() },
            Event::Rejected {
                request: Asked::List,
                fault: Fault::Body,
            },
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn a_fault_is_told_with_the_request_that_has_it() {
        for (reply, fault) in [
            (&b"BAD-RQST-HDR\n"[..], Fault::Header),
            (b"BAD-RQST-BODY\n", Fault::Body),
        ] {
            let mut client = logged_in();
            client.list().unwrap();
            client.receive(reply);
            let request = Asked::List;
            assert_eq!(events(&mut client), [Event::Rejected { request, fault }]);
        }
    }

    #[test]
    fn an_answer_that_nobody_asked_for_changes_nothing() {
        let mut client = Client::new();
        client.receive(b"HELLO eve\nSEND-OK\nDELIVERY bob hi\nBAD-RQST-HDR\n");
        let lines = [
            &b"HELLO eve"[..],
            b"SEND-OK",
            b"DELIVERY bob hi",
            b"BAD-RQST-HDR",
        ];
        let unasked = lines.map(|line| Event::Violation(Violation::unasked(line)));
        assert_eq!(events(&mut client), unasked);

        client.log_in("alice").unwrap();
        client.receive(b"HELLO eve\nLIST-OK eve\nHELLO alice\n");
        let events = events(&mut client);
        assert!(matches!(
            events[..],
            [
                Event::Violation(_),
                Event::Violation(_),
                Event::LoggedIn { .. }
            ]
        ));
    }

    #[test]
    fn garbage_is_named_and_the_rest_is_understood() {
        let mut client = logged_in();
        client.receive(b"\xff\x00\nDELIVERY bob a\x07b\nDELIVERY bob hi\n");
        let events = events(&mut client);
        assert_eq!(
            events[0],
            Event::Violation(Violation::not_in_protocol(b"\xff\0"))
        );
        assert!(matches!(events[1], Event::Violation(_)));
        assert!(matches!(events[2], Event::Delivery { .. }));
    }

    #[test]
    fn requests_that_wait_for_answers_are_bounded() {
        let mut client = Client::with_limits(ClientLimits {
            max_unanswered: 1,
            ..ClientLimits::default()
        });
        client.log_in("alice").unwrap();
        client.receive(b"HELLO alice\n");
        events(&mut client);
        client.list().unwrap();
        assert!(!client.has_room());
        assert_eq!(client.list(), Err(RequestError::Full));
        client.receive(b"LIST-OK alice\n");
        events(&mut client);
        assert!(client.has_room());
    }

    #[test]
    fn when_the_server_goes_what_it_did_not_answer_is_known() {
        let mut client = logged_in();
        client.list().unwrap();
        client.receive_eof();
        assert_eq!(events(&mut client), vec![Event::Closed]);
        assert_eq!(client.unanswered().collect::<Vec<_>>(), [&Asked::List]);
        assert_eq!(client.list(), Err(RequestError::Closed));
    }

    fn logged_in() -> Client {
        let mut client = Client::new();
        client.log_in("alice").unwrap();
        client.receive(b"HELLO alice\n");
        events(&mut client);
        let written = client.transmit().len();
        client.advance(written);
        client
    }

    fn events(client: &mut Client) -> Vec<Event> {
        core::iter::from_fn(|| client.poll_event()).collect()
    }
}
