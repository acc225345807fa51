//! What clients say and hear in each protocol, as far as the workloads need it.

use std::io::Write;

use clap::ValueEnum;
use memchr::memmem;

use crate::tunnel::Transport;

/// A protocol that servers can be measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wire {
    /// linechat and the floor: to all others
    Relay,
    /// linechat: to all, with the sender's address
    Addressed,
    /// linechat: public messages, or private ones
    Rooms,
    /// linechat: each message is answered
    Direct,
    /// The floor: to a partner
    Pairs,
    /// The floor: to a partner, and each message is answered
    Answers,
    /// A channel, or private messages
    Irc,
    /// The same, for clients that want to know when and which
    IrcTags,
    /// `rooms` inside TLS
    #[value(name = "rooms+tls")]
    RoomsTls,
    /// `irc` inside TLS
    #[value(name = "irc+tls")]
    IrcTls,
    /// `irc` over WebSocket
    Web,
    /// `irc` over WebSocket inside TLS
    #[value(name = "web+tls")]
    WebTls,
    /// A subject for all, or one for each user
    Nats,
    /// A channel for all, or one for each user
    Redis,
}

impl Wire {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Addressed => "addressed",
            Self::Rooms => "rooms",
            Self::Direct => "direct",
            Self::Pairs => "pairs",
            Self::Answers => "answers",
            Self::Irc => "irc",
            Self::IrcTags => "irc-tags",
            Self::RoomsTls => "rooms+tls",
            Self::IrcTls => "irc+tls",
            Self::Web => "web",
            Self::WebTls => "web+tls",
            Self::Nats => "nats",
            Self::Redis => "redis",
        }
    }

    /// What carries its lines.
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::RoomsTls | Self::IrcTls => Transport::Tls,
            Self::Web => Transport::WebSocket,
            Self::WebTls => Transport::SecureWebSocket,
            _ => Transport::Plain,
        }
    }

    /// The protocol whose words its lines are.
    fn words(self) -> Self {
        match self {
            Self::RoomsTls => Self::Rooms,
            Self::IrcTls | Self::Web | Self::WebTls => Self::Irc,
            own => own,
        }
    }

    /// What a client says first.
    pub(crate) fn log_in(self, out: &mut Vec<u8>, user: usize, role: Role) {
        let said = match self.words() {
            Self::Rooms => write!(out, "u{user}\n!help\n"),
            Self::Direct => writeln!(out, "HELLO-FROM u{user}"),
            Self::Irc => write!(out, "NICK u{user}\r\nUSER u{user} 0 * :u\r\n"),
            Self::IrcTags => write!(
                out,
                "CAP REQ :message-tags server-time\r\nNICK u{user}\r\nUSER u{user} 0 * :u\r\nCAP END\r\n"
            ),
            Self::Nats => write!(
                out,
                "CONNECT {{\"verbose\":false,\"pedantic\":false,\"echo\":false}}\r\n\
                 SUB {} 1\r\nPING\r\n",
                Topic(user, role)
            ),
            Self::Redis if role == Role::Speaker => write!(out, "PING\r\n"),
            Self::Redis => write!(
                out,
                "HELLO 3\r\nSUBSCRIBE {}\r\nPING\r\n",
                Topic(user, role)
            ),
            _ => Ok(()),
        };
        said.expect("writing to memory");
    }

    /// Whether the server lets a client know when its login is done.
    pub(crate) fn confirms_login(self) -> bool {
        !matches!(self, Self::Relay | Self::Addressed)
    }

    /// What a line that is no message wants.
    pub(crate) fn understand(self, line: &[u8], role: Role) -> Control {
        match self.words() {
            Self::Pairs | Self::Answers => Control::ready_if(line == b"hello"),
            Self::Rooms if line.starts_with(b"!error") => Control::Refused,
            Self::Rooms => Control::ready_if(memmem::find(line, b"!help").is_some()),
            Self::Direct => match line {
                b"IN-USE" | b"BUSY" | b"BAD-RQST-HDR" | b"BAD-RQST-BODY" | b"BAD-DEST-USER" => {
                    Control::Refused
                }
                _ => Control::ready_if(line.starts_with(b"HELLO ")),
            },
            Self::Irc | Self::IrcTags => understand_irc(line, role),
            Self::Nats => match line {
                b"PING" => Control::Reply(b"PONG\r\n".to_vec()),
                _ if line.starts_with(b"-ERR") => Control::Refused,
                _ => Control::ready_if(line == b"PONG"),
            },
            Self::Redis if line.starts_with(b"-") => Control::Refused,
            Self::Redis => Control::ready_if(line == b"+PONG"),
            _ => Control::Nothing,
        }
    }

    /// To everybody.
    pub(crate) fn say(self, out: &mut Vec<u8>, text: &[u8]) {
        match self.words() {
            Self::Irc | Self::IrcTags => out.extend_from_slice(b"PRIVMSG #c :"),
            Self::Nats => header(out, format_args!("PUB c {}", text.len())),
            Self::Redis => redis_publish(out, "c", text.len()),
            _ => {}
        }
        out.extend_from_slice(text);
        self.end(out);
    }

    /// To one user.
    pub(crate) fn tell(self, out: &mut Vec<u8>, user: usize, text: &[u8]) {
        let said = match self.words() {
            Self::Rooms => write!(out, "#u{user} "),
            Self::Direct => write!(out, "SEND u{user} "),
            Self::Irc | Self::IrcTags => write!(out, "PRIVMSG u{user} :"),
            Self::Nats => write!(out, "PUB u{user} {}\r\n", text.len()),
            Self::Redis => {
                redis_publish(out, &format!("u{user}"), text.len());
                Ok(())
            }
            _ => Ok(()),
        };
        said.expect("writing to memory");
        out.extend_from_slice(text);
        self.end(out);
    }

    /// What a client says last, if it says anything.
    pub(crate) fn leave(self, out: &mut Vec<u8>) {
        match self.words() {
            Self::Rooms => out.extend_from_slice(b"!quit\n"),
            Self::Irc | Self::IrcTags | Self::Redis => out.extend_from_slice(b"QUIT\r\n"),
            _ => {}
        }
    }

    /// Whether a message to all comes back to its sender, too.
    pub(crate) fn echoes(self) -> bool {
        matches!(self, Self::Addressed | Self::Redis)
    }

    /// Whether it has messages to all.
    pub(crate) fn can_say(self) -> bool {
        !matches!(self, Self::Direct | Self::Pairs | Self::Answers)
    }

    /// Whether it has messages to one.
    pub(crate) fn can_tell(self) -> bool {
        !matches!(self, Self::Relay | Self::Addressed)
    }

    fn end(self, out: &mut Vec<u8>) {
        match self.words() {
            Self::Irc | Self::IrcTags | Self::Nats | Self::Redis => out.extend_from_slice(b"\r\n"),
            _ => out.push(b'\n'),
        }
    }
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It says things to all, and hears what all say.
    Member,
    /// It says things to all, and need not hear anything.
    Speaker,
    /// It is told things that are for it alone.
    User,
}

/// What a line that is no message wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Nothing,
    /// The login is done.
    Ready,
    /// To be sent back.
    Reply(Vec<u8>),
    /// The server does not do what it was asked to.
    Refused,
}

impl Control {
    fn ready_if(is_ready: bool) -> Self {
        if is_ready { Self::Ready } else { Self::Nothing }
    }
}

/// Where somebody hears.
struct Topic(usize, Role);

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.1 {
            Role::Member => f.write_str("c"),
            Role::Speaker | Role::User => write!(f, "u{}", self.0),
        }
    }
}

fn understand_irc(line: &[u8], role: Role) -> Control {
    let line = match memmem::find(line, b" ") {
        Some(end) if line.starts_with(b"@") => &line[end + 1..],
        _ => line,
    };
    if let Some(token) = line.strip_prefix(b"PING") {
        return Control::Reply([b"PONG", token, b"\r\n"].concat());
    }
    if line.starts_with(b"ERROR") {
        return Control::Refused;
    }
    let mut words = line.split(|&byte| byte == b' ');
    match words.nth(1) {
        // The end of the message of the day, or that there is none.
        Some(b"376" | b"422") if role == Role::User => Control::Ready,
        Some(b"376" | b"422") => Control::Reply(b"JOIN #c\r\n".to_vec()),
        // The end of the names in the channel.
        Some(b"366") => Control::Ready,
        Some(b"433" | b"471" | b"451" | b"404" | b"401") => Control::Refused,
        _ => Control::Nothing,
    }
}

fn header(out: &mut Vec<u8>, line: std::fmt::Arguments<'_>) {
    write!(out, "{line}\r\n").expect("writing to memory");
}

fn redis_publish(out: &mut Vec<u8>, channel: &str, size: usize) {
    let length = channel.len();
    write!(
        out,
        "*3\r\n$7\r\nPUBLISH\r\n${length}\r\n{channel}\r\n${size}\r\n"
    )
    .expect("writing to memory");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_own_words() {
        let said = |wire: Wire| {
            let mut out = Vec::new();
            wire.tell(&mut out, 7, b"~hi");
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said(Wire::Rooms), "#u7 ~hi\n");
        assert_eq!(said(Wire::Direct), "SEND u7 ~hi\n");
        assert_eq!(said(Wire::Irc), "PRIVMSG u7 :~hi\r\n");
        assert_eq!(said(Wire::Nats), "PUB u7 3\r\n~hi\r\n");
        assert_eq!(
            said(Wire::Redis),
            "*3\r\n$7\r\nPUBLISH\r\n$2\r\nu7\r\n$3\r\n~hi\r\n"
        );
    }

    #[test]
    fn logins_end_where_the_protocol_says() {
        let irc = |line: &[u8], role| Wire::Irc.understand(line, role);
        let motd = b":irc.test 376 u1 :End of MOTD";
        assert_eq!(irc(motd, Role::User), Control::Ready);
        assert!(matches!(irc(motd, Role::Member), Control::Reply(_)));
        assert_eq!(
            irc(b":irc.test 366 u1 #c :End of NAMES", Role::Member),
            Control::Ready
        );
        let direct = |line| Wire::Direct.understand(line, Role::User);
        assert_eq!(direct(b"HELLO u1"), Control::Ready);
        assert_eq!(direct(b"BUSY"), Control::Refused);
        assert_eq!(direct(b"SEND-OK"), Control::Nothing);
    }
}
