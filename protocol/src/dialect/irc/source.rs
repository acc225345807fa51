//! Who a message comes from.

use core::fmt;

/// Who a message comes from: a user as `nick!user@host`, or a server by its name.
///
/// ```
/// use linechat_protocol::irc::Source;
///
/// let dan = Source::parse("dan!d@example.net");
/// assert_eq!((dan.name, dan.user, dan.host), ("dan", Some("d"), Some("example.net")));
/// assert_eq!(Source::parse("irc.example.net"), Source::server("irc.example.net"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// The nickname, or the name of the server: no `!`, no `@`.
    pub name: &'a str,
    /// What stands behind the `!`: no `@`.
    pub user: Option<&'a str>,
    /// What stands behind the `@`.
    pub host: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// Understands what stands behind the `:` at the beginning of a line.
    pub fn parse(source: &'a str) -> Self {
        let (name, user, host) = match source.split_once('!') {
            Some((name, rest)) => match rest.split_once('@') {
                Some((user, host)) => (name, Some(user), Some(host)),
                None => (name, Some(rest), None),
            },
            None => match source.split_once('@') {
                Some((name, host)) => (name, None, Some(host)),
                None => (source, None, None),
            },
        };
        Self { name, user, host }
    }

    /// A user.
    pub fn user(nick: &'a str, user: &'a str, host: &'a str) -> Self {
        Self {
            name: nick,
            user: Some(user),
            host: Some(host),
        }
    }

    /// A server.
    pub fn server(name: &'a str) -> Self {
        Self {
            name,
            user: None,
            host: None,
        }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(user) = self.user {
            write!(f, "!{user}")?;
        }
        if let Some(host) = self.host {
            write!(f, "@{host}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_source_is_shown_as_it_was_understood() {
        for wire in ["a", "a!b", "a@c", "a!b@c", "a@b!c", "a!b!c@d@e", "!@", ""] {
            assert_eq!(Source::parse(wire).to_string(), wire);
        }
    }
}
