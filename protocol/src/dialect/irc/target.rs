//! Whom a message is for.

use super::mode::Prefix;
use super::name::{ChannelName, Nickname};

/// Whom a `PRIVMSG`, a `NOTICE` or a `TAGMSG` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// All members of a channel, or those of at least this rank (ISUPPORT's `STATUSMSG`).
    Channel(Option<Prefix>, ChannelName<'a>),
    /// One user.
    User(Nickname<'a>),
}

impl<'a> Target<'a> {
    /// Understands one target. `None` if nobody can have this name.
    pub fn parse(target: &'a str) -> Option<Self> {
        let name = target.trim_start_matches(|symbol| Prefix::of_symbol(symbol).is_some());
        let symbols = &target[..target.len() - name.len()];
        if let Some(channel) = ChannelName::parse(name) {
            // Of several, the lowest says who hears it.
            let rank = symbols.chars().filter_map(Prefix::of_symbol).max();
            return Some(Self::Channel(rank, channel));
        }
        Nickname::parse(target).map(Self::User)
    }
}

/// The targets in a list with commas, empty ones left out.
pub fn targets(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_user_or_a_channel_or_those_of_a_rank_in_it() {
        let den = ChannelName::parse("#den").unwrap();
        let dan = Nickname::parse("dan").unwrap();
        for (target, meant) in [
            ("dan", Some(Target::User(dan))),
            ("#den", Some(Target::Channel(None, den))),
            ("@#den", Some(Target::Channel(Some(Prefix::Operator), den))),
            ("+#den", Some(Target::Channel(Some(Prefix::Voice), den))),
            (
                "@%#den",
                Some(Target::Channel(Some(Prefix::HalfOperator), den)),
            ),
            ("+@#den", Some(Target::Channel(Some(Prefix::Voice), den))),
            ("@dan", None),
            ("@", None),
            ("", None),
            ("&den", None),
        ] {
            assert_eq!(Target::parse(target), meant, "{target:?}");
        }
    }

    #[test]
    fn a_list_of_targets_has_commas() {
        assert!(targets("dan,,#den,").eq(["dan", "#den"]));
        assert_eq!(targets("").count(), 0);
    }
}
