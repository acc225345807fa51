//! The real clients, behind one interface.

use linechat_protocol::{
    Client, ClientDialect, Dialect, LineClient, LineEvent, LineState, Names, RequestError,
    addressed, direct, pair, rooms,
};

/// A client of any dialect.
pub(crate) trait Voice {
    fn join(&mut self, name: &str) -> Result<(), RequestError>;
    fn ask(&mut self, request: &Request, text: &str) -> Result<(), RequestError>;
    fn finish(&mut self);
    fn receive(&mut self, bytes: &[u8]);
    fn receive_eof(&mut self);
    fn wants_input(&self) -> bool;
    fn hear(&mut self) -> Option<Heard>;
    fn transmit(&self) -> &[u8];
    fn advance(&mut self, written: usize);
    fn is_done_sending(&self) -> bool;
}

/// What somebody wants of the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Request {
    /// To whom the dialect hands a message on that names nobody.
    Say,
    SayTo(String),
    SayIn(String),
    /// The same by somebody who is not in the room.
    SayOutside(String),
    Enter(String),
    Leave(String),
    ListUsers,
    Quit,
}

/// What the server tells somebody.
#[derive(Debug)]
pub(crate) enum Heard {
    Said {
        /// Not in dialects that do not say it.
        from: Option<String>,
        way: Way,
        text: String,
    },
    Connected(String),
    Disconnected(String),
    LoggedIn,
    NameInUse,
    Users(Vec<String>),
    Sent,
    NoSuchUser(String),
    NotInRoom(String),
    Closed,
    /// What no server should say.
    Wrong(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Public,
    Private,
    Room(String),
}

pub(crate) fn voice(dialect: Dialect, is_console: bool, full_duplex: bool) -> Box<dyn Voice> {
    match dialect.name() {
        "addressed" => Box::new(addressed::Client::new()),
        "rooms" => Box::new(rooms::Client::new()),
        "direct" => Box::new(direct::Client::new()),
        "pair" if !is_console && full_duplex => Box::new(pair::Client::new().full_duplex()),
        "pair" if !is_console => Box::new(pair::Client::new()),
        _ => Box::new(LineClient::new()),
    }
}

/// In what the clients differ.
trait Tongue: ClientDialect + Sized {
    fn join(_client: &mut Client<Self>, _name: &str) -> Result<(), RequestError> {
        Ok(())
    }

    fn ask(client: &mut Client<Self>, request: &Request, text: &str) -> Result<(), RequestError>;

    fn understand(event: Self::Event) -> Heard;
}

impl<D: Tongue> Voice for Client<D> {
    fn join(&mut self, name: &str) -> Result<(), RequestError> {
        D::join(self, name)
    }

    fn ask(&mut self, request: &Request, text: &str) -> Result<(), RequestError> {
        D::ask(self, request, text)
    }

    fn finish(&mut self) {
        self.finish();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.receive(bytes);
    }

    fn receive_eof(&mut self) {
        self.receive_eof();
    }

    fn wants_input(&self) -> bool {
        self.wants_input()
    }

    fn hear(&mut self) -> Option<Heard> {
        self.poll_event().map(D::understand)
    }

    fn transmit(&self) -> &[u8] {
        self.transmit()
    }

    fn advance(&mut self, written: usize) {
        self.advance(written);
    }

    fn is_done_sending(&self) -> bool {
        self.is_done_sending()
    }
}

impl Tongue for LineState {
    fn ask(client: &mut LineClient, _request: &Request, text: &str) -> Result<(), RequestError> {
        client.send(text.as_bytes())
    }

    fn understand(event: LineEvent) -> Heard {
        line_heard(event)
    }
}

impl Tongue for pair::ClientState {
    fn ask(client: &mut pair::Client, _request: &Request, text: &str) -> Result<(), RequestError> {
        client.enter(text.as_bytes()).map(|_| ())
    }

    fn understand(event: LineEvent) -> Heard {
        line_heard(event)
    }
}

impl Tongue for addressed::ClientState {
    fn ask(client: &mut Client<Self>, _: &Request, text: &str) -> Result<(), RequestError> {
        client.send(text.as_bytes())
    }

    fn understand(event: addressed::Event) -> Heard {
        match event {
            addressed::Event::Connected { who } => Heard::Connected(who),
            addressed::Event::Disconnected { who } => Heard::Disconnected(who),
            addressed::Event::Message { from, text } => said(Some(from), Way::Public, shown(text)),
            addressed::Event::Closed => Heard::Closed,
            other => wrong(other),
        }
    }
}

impl Tongue for rooms::ClientState {
    fn join(client: &mut Client<Self>, name: &str) -> Result<(), RequestError> {
        client.register(name)
    }

    fn ask(client: &mut Client<Self>, request: &Request, text: &str) -> Result<(), RequestError> {
        match request {
            Request::Say => client.say(text),
            Request::SayTo(nick) => client.say_to(nick, text),
            Request::SayIn(room) | Request::SayOutside(room) => client.say_in(room, text),
            Request::Enter(room) => client.enter(room),
            Request::Leave(room) => client.leave(room),
            Request::ListUsers => client.list_users(),
            Request::Quit => client.quit(),
        }
    }

    fn understand(event: rooms::Event) -> Heard {
        match event {
            rooms::Event::Public { from, text } => said(Some(from), Way::Public, text),
            rooms::Event::Private { from, text } => said(Some(from), Way::Private, text),
            rooms::Event::Room { room, from, text } => said(Some(from), Way::Room(room), text),
            rooms::Event::Users(names) => users(&names),
            rooms::Event::Refused {
                request: Some(rooms::Asked::SayTo { nick }),
                ..
            } => Heard::NoSuchUser(nick),
            rooms::Event::Refused {
                request: Some(rooms::Asked::SayIn { room }),
                ..
            } => Heard::NotInRoom(room),
            rooms::Event::NicknameRefused => Heard::NameInUse,
            rooms::Event::Closed => Heard::Closed,
            other => wrong(other),
        }
    }
}

impl Tongue for direct::ClientState {
    fn join(client: &mut Client<Self>, name: &str) -> Result<(), RequestError> {
        client.log_in(name)
    }

    fn ask(client: &mut Client<Self>, request: &Request, text: &str) -> Result<(), RequestError> {
        match request {
            Request::SayTo(name) => client.send(name, text),
            _ => client.list(),
        }
    }

    fn understand(event: direct::Event) -> Heard {
        match event {
            direct::Event::LoggedIn { .. } => Heard::LoggedIn,
            direct::Event::NameInUse { .. } => Heard::NameInUse,
            direct::Event::Users(names) => users(&names),
            direct::Event::Sent { .. } => Heard::Sent,
            direct::Event::NoSuchUser { to } => Heard::NoSuchUser(to),
            direct::Event::Delivery { from, text } => said(Some(from), Way::Private, text),
            direct::Event::Closed => Heard::Closed,
            other => wrong(other),
        }
    }
}

fn line_heard(event: LineEvent) -> Heard {
    match event {
        LineEvent::Line(text) => said(None, Way::Public, shown(text)),
        LineEvent::Closed => Heard::Closed,
        other => wrong(other),
    }
}

fn said(from: Option<String>, way: Way, text: String) -> Heard {
    Heard::Said { from, way, text }
}

fn shown(text: Vec<u8>) -> String {
    String::from_utf8_lossy(&text).into_owned()
}

fn users(names: &Names) -> Heard {
    Heard::Users(names.iter().map(str::to_owned).collect())
}

fn wrong(event: impl std::fmt::Debug) -> Heard {
    Heard::Wrong(format!("{event:?}"))
}
