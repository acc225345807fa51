//! The client of `irc`.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::event::Event;
use super::line::MAX_MESSAGE;
use super::message::{Fault, Message, Params};
use super::name::{ChannelName, Nickname, Username};
use super::numeric::Numeric;
use super::target::Target;
use super::text::{is_harmless, spoken};
use crate::client::{Client as AnyClient, ClientDialect, Half, Output, RequestError, Violation};

/// A client of `irc`, such as a bot is.
///
/// It registers, answers what a server asks to see whether it is still there, and tells what
/// happens as [`Event`]s. Until [`Event::Registered`] nothing can be asked for but another
/// nickname. What a server says is told as it came, which is not fit for a terminal:
/// [`unformatted`](super::unformatted) and [`is_harmless`] help.
///
/// ```
/// use linechat_protocol::irc::{Client, Event};
///
/// let mut client = Client::new();
/// client.register("greeter", "A friendly bot")?;
/// assert_eq!(client.transmit(), b"NICK greeter\r\nUSER greeter 0 * :A friendly bot\r\n");
///
/// client.receive(b":irc 001 greeter :Welcome\r\n:irc 422 greeter :No MOTD\r\n");
/// assert_eq!(client.poll_event(), Some(Event::Registered { nick: "greeter".into() }));
/// client.join("#den")?;
/// client.say("#den", "Hello, everybody!")?;
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type Client = AnyClient<ClientState>;

impl Client {
    /// Asks to be known under this nickname; others see the real name when they ask who this is.
    /// Comes first, and once.
    ///
    /// # Errors
    ///
    /// It is no nickname, the real name cannot be shown, or there is a nickname already.
    pub fn register(&mut self, nick: &str, real_name: &str) -> Result<(), RequestError> {
        if self.state.nick.is_some() {
            return Err(RequestError::AlreadyLoggedIn);
        }
        Nickname::parse(nick).ok_or(RequestError::BadName)?;
        check_text(real_name)?;
        let user = Username::parse(nick).map_or("user", Username::as_str);
        let nickname = line(&Message::new("NICK", Params::new(&[nick])))?;
        let user = Params::with_text(&[user, "0", "*"], real_name);
        let user = line(&Message::new("USER", user))?;
        self.output.send_all(&[&nickname, &user], &self.limits)?;
        self.state.nick = Some(nick.to_owned());
        Ok(())
    }

    /// Sends the server's password. Comes before [`register`](Self::register).
    ///
    /// # Errors
    ///
    /// It is empty or cannot be sent, or the client has registered.
    pub fn password(&mut self, password: &str) -> Result<(), RequestError> {
        if self.state.nick.is_some() {
            return Err(RequestError::AlreadyLoggedIn);
        }
        check_text(password)?;
        self.queue(&Message::new("PASS", Params::new(&[password])))
    }

    /// Asks for another nickname: also the way on from [`Event::NicknameRefused`].
    ///
    /// # Errors
    ///
    /// It is no nickname, or the client has not registered.
    pub fn rename(&mut self, nick: &str) -> Result<(), RequestError> {
        Nickname::parse(nick).ok_or(RequestError::BadName)?;
        if self.state.nick.is_none() {
            return Err(RequestError::NotLoggedIn);
        }
        self.queue(&Message::new("NICK", Params::new(&[nick])))?;
        if !self.state.is_registered {
            self.state.nick = Some(nick.to_owned());
        }
        Ok(())
    }

    /// Marks the client as a bot, if the server knows bots (IRCv3, bot-mode). Whether it does.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn declare_bot(&mut self) -> Result<bool, RequestError> {
        let Some(letter) = self.state.bot_letter else {
            return Ok(false);
        };
        let nick = self.nick().unwrap_or_default().to_owned();
        let mode = String::from_iter(['+', letter]);
        self.request(&Message::new("MODE", Params::new(&[&nick, &mode])))?;
        Ok(true)
    }

    /// Enters a channel, which is created if need be.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn join(&mut self, channel: &str) -> Result<(), RequestError> {
        let channel = channel_name(channel)?;
        self.request(&Message::new("JOIN", Params::new(&[channel])))
    }

    /// Leaves a channel. The reason may be empty.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn part(&mut self, channel: &str, reason: &str) -> Result<(), RequestError> {
        let channel = channel_name(channel)?;
        let params = with_reason(&[channel], reason)?;
        self.request(&Message::new("PART", params))
    }

    /// Says something in a channel, or to one user.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and there is nothing to say, or something that a terminal
    /// obeys, or nobody of that name. What is too long for one message can be
    /// [`split`](super::split) into pieces of [`max_text`](Self::max_text) bytes.
    pub fn say(&mut self, to: &str, text: &str) -> Result<(), RequestError> {
        self.speak("PRIVMSG", to, text)
    }

    /// Says something that no bot answers.
    ///
    /// # Errors
    ///
    /// As [`say`](Self::say).
    pub fn notice(&mut self, to: &str, text: &str) -> Result<(), RequestError> {
        self.speak("NOTICE", to, text)
    }

    /// The longest text that reaches a channel or a user in one message, in bytes, whatever the
    /// server puts before it.
    pub fn max_text(&self, to: &str) -> usize {
        let longest_source = 1 + Nickname::MAX + 1 + MAX_USER + 1 + MAX_HOST + 1;
        let before = longest_source + "PRIVMSG ".len() + to.len() + " :".len();
        (MAX_MESSAGE - LINE_END).saturating_sub(before)
    }

    /// Leaves the server. The reason may be empty. Nothing can be asked for after this.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn quit(&mut self, reason: &str) -> Result<(), RequestError> {
        let params = with_reason(&[], reason)?;
        self.request(&Message::new("QUIT", params))?;
        self.output.finish();
        Ok(())
    }

    /// Sends any message.
    ///
    /// # Errors
    ///
    /// The client has not registered, or the message is too long or none that can be sent as it
    /// stands.
    pub fn request(&mut self, message: &Message<'_>) -> Result<(), RequestError> {
        if !self.state.is_registered {
            return Err(RequestError::NotLoggedIn);
        }
        self.queue(message)
    }

    /// The client's own nickname.
    pub fn nick(&self) -> Option<&str> {
        self.state.nick.as_deref()
    }

    fn speak(&mut self, command: &str, to: &str, text: &str) -> Result<(), RequestError> {
        Target::parse(to).ok_or(RequestError::BadName)?;
        check_said(text)?;
        let max = self.max_text(to);
        if text.len() > max {
            return Err(RequestError::LineTooLong { max });
        }
        self.request(&Message::new(command, Params::with_text(&[to], text)))
    }

    fn queue(&mut self, message: &Message<'_>) -> Result<(), RequestError> {
        self.output.send(&line(message)?, &self.limits)
    }
}

/// A message on the wire, if the server understands it as it is meant.
fn line(message: &Message<'_>) -> Result<Vec<u8>, RequestError> {
    let mut line = Vec::new();
    message.encode(&mut line);
    let content = &line[..line.len() - LINE_END];
    if Message::parse(content).as_ref() == Ok(message) {
        return Ok(line);
    }
    let max = MAX_MESSAGE - LINE_END;
    Err(if content.len() >= max {
        RequestError::LineTooLong { max }
    } else {
        RequestError::NotPlainText
    })
}

fn channel_name(channel: &str) -> Result<&str, RequestError> {
    let channel = ChannelName::parse(channel).ok_or(RequestError::BadRoomName)?;
    Ok(channel.as_str())
}

/// Words, and the reason behind them if there is one.
fn with_reason<'a>(words: &[&'a str], reason: &'a str) -> Result<Params<'a>, RequestError> {
    if reason.is_empty() {
        return Ok(Params::new(words));
    }
    check_text(reason)?;
    Ok(Params::with_text(words, reason))
}

/// Whether a text can be said.
fn check_said(text: &str) -> Result<(), RequestError> {
    if text.is_empty() {
        return Err(RequestError::NoText);
    }
    spoken(text).map_or(Err(RequestError::NotPlainText), |_| Ok(()))
}

/// Whether a text can be shown wherever it comes.
fn check_text(text: &str) -> Result<(), RequestError> {
    match text {
        "" => Err(RequestError::NoText),
        text if is_harmless(text) => Ok(()),
        _ => Err(RequestError::NotPlainText),
    }
}

/// What a [`Client`] knows of itself.
#[derive(Debug, Default)]
pub struct ClientState {
    /// The nickname: the one that was asked for, then the one that the server says.
    nick: Option<String>,
    is_registered: bool,
    /// The mode that marks bots.
    bot_letter: Option<char>,
}

impl ClientState {
    fn understand(&mut self, message: &Message<'_>) -> Option<Event> {
        if let Some(number) = number(message.command) {
            return self.numeric(number, message);
        }
        if let (true, Some(to)) = (message.is("NICK"), message.params.get(0))
            && let Some(from) = message.source.filter(|source| self.is_own(source.name))
        {
            self.nick = Some(to.to_owned());
            return Some(Event::renamed(from.name, to));
        }
        Some(Event::of(message))
    }

    fn numeric(&mut self, number: u16, message: &Message<'_>) -> Option<Event> {
        let params = message.params.as_slice();
        match Numeric::find(number) {
            Some(Numeric::RPL_WELCOME) => {
                self.nick = params.first().map(|&nick| nick.to_owned());
                return None;
            }
            Some(Numeric::RPL_ISUPPORT) => {
                let letters = params.iter().find_map(|token| token.strip_prefix("BOT="));
                self.bot_letter = letters
                    .and_then(|letters| letters.chars().next())
                    .or(self.bot_letter);
                return None;
            }
            Some(Numeric::RPL_ENDOFMOTD | Numeric::ERR_NOMOTD) if !self.is_registered => {
                self.is_registered = true;
                let nick = self.nick.clone().unwrap_or_default();
                return Some(Event::Registered { nick });
            }
            Some(Numeric::ERR_ERRONEUSNICKNAME | Numeric::ERR_NICKNAMEINUSE)
                if !self.is_registered =>
            {
                let nick = self.nick.clone().unwrap_or_default();
                return Some(Event::NicknameRefused { nick });
            }
            _ => {}
        }
        Some(Event::Reply {
            number,
            params: params.iter().map(|&param| param.to_owned()).collect(),
        })
    }

    fn is_own(&self, nick: &str) -> bool {
        let own = self.nick.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(nick))
    }
}

impl ClientDialect for ClientState {
    type Event = Event;
}

impl Half for ClientState {
    type Reported = Event;

    fn line(&mut self, output: &mut Output, line: &[u8]) -> Option<Event> {
        let message = match Message::parse(line) {
            Ok(message) => message,
            Err(malformed) if malformed.fault == Fault::NoCommand => return None,
            Err(_) => return Some(Violation::not_in_protocol(line).into()),
        };
        if message.is("PING") {
            let mut pong = Vec::new();
            Message::new("PONG", message.params).encode(&mut pong);
            output.answer(&pong);
            return None;
        }
        self.understand(&message)
    }

    fn closed(&mut self, _output: &Output) -> Event {
        Event::Closed
    }
}

/// The number of a numeric.
fn number(command: &str) -> Option<u16> {
    let is_numeric = command.len() == 3 && command.bytes().all(|byte| byte.is_ascii_digit());
    command.parse().ok().filter(|_| is_numeric)
}

const LINE_END: usize = 2;

/// The longest username and the longest host that servers are known to put before a message, in
/// bytes.
const MAX_USER: usize = 11;
const MAX_HOST: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientLimits;

    fn registered() -> Client {
        let mut client = Client::new();
        client.register("dan", "Dan").unwrap();
        client.receive(
            b":irc 001 dan :Welcome\r\n:irc 005 dan BOT=b WHOX :are\r\n:irc 376 dan :\r\n",
        );
        let nick = "dan".into();
        assert_eq!(client.poll_event(), Some(Event::Registered { nick }));
        client.advance(client.transmit().len());
        client
    }

    /// What the client makes of what the server says.
    fn heard(client: &mut Client, lines: &str) -> Vec<Event> {
        client.receive(lines.replace('\n', "\r\n").as_bytes());
        core::iter::from_fn(|| client.poll_event()).collect()
    }

    #[test]
    fn the_nickname_comes_first_and_once() {
        let mut client = Client::new();
        assert_eq!(client.join("#den"), Err(RequestError::NotLoggedIn));
        assert_eq!(client.rename("dan"), Err(RequestError::NotLoggedIn));
        for nick in ["", "1a", "a b", "é", "a\n"] {
            assert_eq!(client.register(nick, "Dan"), Err(RequestError::BadName));
        }
        assert_eq!(client.register("dan", ""), Err(RequestError::NoText));
        assert_eq!(
            client.register("dan", "\x1b"),
            Err(RequestError::NotPlainText)
        );
        client.password("se cret").unwrap();
        client.register("d[an]", "Dan D").unwrap();
        assert_eq!(
            client.register("dan", "Dan"),
            Err(RequestError::AlreadyLoggedIn)
        );
        assert_eq!(client.password("x"), Err(RequestError::AlreadyLoggedIn));
        assert_eq!(
            client.transmit(),
            b"PASS :se cret\r\nNICK d[an]\r\nUSER user 0 * :Dan D\r\n"
        );
        assert_eq!(client.say("#den", "hi"), Err(RequestError::NotLoggedIn));
    }

    #[test]
    fn a_refused_nickname_can_be_changed_until_one_is_taken() {
        let mut client = Client::new();
        client.register("dan", "Dan").unwrap();
        let refused = heard(&mut client, ":irc 433 * dan :Nickname is already in use\n");
        assert_eq!(refused, [Event::NicknameRefused { nick: "dan".into() }]);
        client.rename("dan2").unwrap();
        assert_eq!(client.nick(), Some("dan2"));
        let registered = heard(&mut client, ":irc 001 dan2 :\n:irc 422 dan2 :\n");
        assert_eq!(
            registered,
            [Event::Registered {
                nick: "dan2".into()
            }]
        );

        client.rename("wiz").unwrap();
        assert_eq!(client.nick(), Some("dan2"));
        let reply = heard(&mut client, ":irc 433 dan2 wiz :in use\n");
        let params = ["dan2", "wiz", "in use"].map(String::from).to_vec();
        assert_eq!(
            reply,
            [Event::Reply {
                number: 433,
                params
            }]
        );
        heard(&mut client, ":DAN2!d@h NICK :wiz\n");
        assert_eq!(client.nick(), Some("wiz"));
        heard(&mut client, ":bob!b@h NICK bobby\n");
        assert_eq!(client.nick(), Some("wiz"));
    }

    #[test]
    fn every_request_is_one_line() {
        let mut client = registered();
        client.join("#den").unwrap();
        client.say("#den", "hi").unwrap();
        client.say("@#den", ":)").unwrap();
        client.say("bob", "\x01ACTION waves\x01").unwrap();
        client.notice("bob", " hi").unwrap();
        client.part("#den", "").unwrap();
        client.part("#den", "bye").unwrap();
        assert_eq!(client.declare_bot(), Ok(true));
        client.quit("").unwrap();
        let lines = "JOIN #den\r\nPRIVMSG #den :hi\r\nPRIVMSG @#den ::)\r\n\
                     PRIVMSG bob :\x01ACTION waves\x01\r\nNOTICE bob : hi\r\nPART #den\r\n\
                     PART #den :bye\r\nMODE dan +b\r\nQUIT\r\n";
        assert_eq!(client.transmit(), lines.as_bytes());
        assert_eq!(client.join("#den"), Err(RequestError::Finished));
    }

    #[test]
    fn what_the_server_would_refuse_or_misunderstand_is_not_sent() {
        let mut client = registered();
        for channel in ["den", "", "#", "#a b", "#a,#b", "#a\n"] {
            assert_eq!(client.join(channel), Err(RequestError::BadRoomName));
        }
        assert_eq!(client.say("a,b", "hi"), Err(RequestError::BadName));
        assert_eq!(client.say("#den", ""), Err(RequestError::NoText));
        for text in ["a\nQUIT", "a\r", "\x1b", "a\x01"] {
            assert_eq!(client.say("#den", text), Err(RequestError::NotPlainText));
        }
        for raw in [
            Message::new("X Y", Params::new(&[])),
            Message::new("X", Params::new(&["", "a"])),
            Message::new("X", Params::new(&["a b", "c"])),
        ] {
            assert_eq!(client.request(&raw), Err(RequestError::NotPlainText));
        }
        let max = MAX_MESSAGE - LINE_END;
        let long = "x".repeat(max);
        let raw = Message::new("X", Params::new(&[&long]));
        assert_eq!(client.request(&raw), Err(RequestError::LineTooLong { max }));
        assert_eq!(client.transmit(), b"");
    }

    #[test]
    fn the_longest_text_reaches_everybody_in_one_message() {
        let mut client = registered();
        let max = client.max_text("#den");
        client.say("#den", &"x".repeat(max)).unwrap();
        let too_long = client.say("#den", &"x".repeat(max + 1));
        assert_eq!(too_long, Err(RequestError::LineTooLong { max }));
        let prefix = 1 + 32 + 1 + 11 + 1 + 63 + 1;
        assert_eq!(client.transmit().len() + prefix, MAX_MESSAGE);
    }

    #[test]
    fn a_server_that_asks_is_answered_as_long_as_it_reads() {
        let limits = ClientLimits {
            max_backlog: 30,
            ..ClientLimits::default()
        };
        let mut client = Client::with_limits(limits);
        assert_eq!(heard(&mut client, "PING :a b\n"), []);
        assert_eq!(client.transmit(), b"PONG :a b\r\n");
        heard(&mut client, &"PING x\n".repeat(1000));
        assert!(client.transmit().len() < 50, "{:?}", client.transmit());
    }

    #[test]
    fn what_is_no_message_is_told_and_an_empty_line_is_not() {
        let mut client = registered();
        client.receive(b"\r\n:irc\r\nX \xff\r\n");
        let line = b"X \xff".to_vec();
        let violation = Violation::NotInProtocol { line };
        assert_eq!(client.poll_event(), Some(Event::Violation(violation)));
        client.receive_eof();
        assert_eq!(client.poll_event(), Some(Event::Closed));
    }

    #[test]
    fn registered_is_told_once_and_the_message_of_the_day_as_often_as_it_comes() {
        let mut client = registered();
        let told = heard(&mut client, ":irc 376 dan :End\n");
        let params = ["dan", "End"].map(String::from).to_vec();
        assert_eq!(
            told,
            [Event::Reply {
                number: 376,
                params
            }]
        );
    }

    #[test]
    fn a_server_without_bots_has_no_mode_for_them() {
        let mut client = Client::new();
        client.register("dan", "Dan").unwrap();
        heard(&mut client, ":irc 001 dan :\n:irc 422 dan :\n");
        assert_eq!(client.declare_bot(), Ok(false));
    }
}
