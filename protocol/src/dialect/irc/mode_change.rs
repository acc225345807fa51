//! What a line of letters and parameters changes in a channel's modes.

use alloc::vec::Vec;
use core::fmt;
use core::str::Chars;

use super::mask::Mask;
use super::mode::{ChannelFlag, ListMode, Prefix};
use super::name::ChannelKey;

/// One change of a channel's modes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeChange<'a> {
    /// A flag is set or not.
    Flag(ChannelFlag, bool),
    /// Nobody enters without this key.
    SetKey(ChannelKey<'a>),
    /// No key is needed.
    UnsetKey,
    /// No more than so many enter.
    SetLimit(u32),
    /// Any number may enter.
    UnsetLimit,
    /// A mask is in the list, or no longer in it.
    List(ListMode, bool, Mask),
    /// A member, by the name that was given, has a prefix or does not have it.
    Prefix(Prefix, bool, &'a str),
    /// No change: show the list.
    Show(ListMode),
}

impl ModeChange<'_> {
    /// Whether the letter stands behind a `+`.
    pub fn is_set(&self) -> bool {
        match self {
            Self::Flag(_, on) | Self::List(_, on, _) | Self::Prefix(_, on, _) => *on,
            Self::SetKey(_) | Self::SetLimit(_) | Self::Show(_) => true,
            Self::UnsetKey | Self::UnsetLimit => false,
        }
    }

    /// Its letter.
    pub fn letter(&self) -> char {
        match self {
            Self::Flag(flag, _) => flag.letter(),
            Self::List(list, ..) | Self::Show(list) => list.letter(),
            Self::Prefix(prefix, ..) => prefix.letter(),
            Self::SetKey(_) | Self::UnsetKey => KEY,
            Self::SetLimit(_) | Self::UnsetLimit => LIMIT,
        }
    }

    /// Writes a space and its parameter, if it has one.
    pub(super) fn write_param(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Flag(..) | Self::Show(_) | Self::UnsetLimit => Ok(()),
            Self::SetKey(key) => write!(out, " {key}"),
            Self::UnsetKey => write!(out, " *"),
            Self::SetLimit(limit) => write!(out, " {limit}"),
            Self::List(_, _, mask) => write!(out, " {mask}"),
            Self::Prefix(_, _, nick) => write!(out, " {nick}"),
        }
    }
}

/// Why a change of modes is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadModeChange<'a> {
    /// There is no such mode (472).
    Unknown(char),
    /// It needs a parameter and there is none left (461).
    NoParameter(char),
    /// The parameter is not one that it can have (696).
    BadParameter(char, &'a str),
}

/// What the parameters of `MODE` behind the channel change: letters, then what they need.
///
/// At most [`MAX_WITH_PARAMETER`](ModeChanges::MAX_WITH_PARAMETER) letters with a parameter count,
/// and as many mistakes are told; each list is shown once.
pub fn channel_mode_changes<'a, 'p>(params: &'p [&'a str]) -> ModeChanges<'a, 'p> {
    let (letters, arguments) = params.split_first().unwrap_or((&"", &[]));
    ModeChanges {
        letters: letters.chars(),
        arguments: arguments.iter(),
        on: true,
        with_parameter: 0,
        mistakes: 0,
        shown: Vec::new(),
    }
}

/// The changes of a channel's modes, one after the other.
#[derive(Clone, Debug)]
pub struct ModeChanges<'a, 'p> {
    letters: Chars<'a>,
    arguments: core::slice::Iter<'p, &'a str>,
    /// The last sign was a `+`.
    on: bool,
    with_parameter: usize,
    mistakes: usize,
    shown: Vec<ListMode>,
}

impl<'a> ModeChanges<'a, '_> {
    /// How many letters with a parameter one line can have (ISUPPORT's `MODES`).
    pub const MAX_WITH_PARAMETER: usize = 12;

    /// What one letter changes; `None` for one that is not to be told.
    fn change(&mut self, letter: char) -> Option<Result<ModeChange<'a>, BadModeChange<'a>>> {
        if let Some(flag) = ChannelFlag::find(letter) {
            return Some(Ok(ModeChange::Flag(flag, self.on)));
        }
        if let Some(list) = ListMode::find(letter) {
            return self.list(list);
        }
        if let Some(prefix) = Prefix::find(letter) {
            let on = self.on;
            return self.with_parameter(letter, |nick| {
                is_word(nick).then_some(ModeChange::Prefix(prefix, on, nick))
            });
        }
        match letter {
            KEY if self.on => {
                self.with_parameter(letter, |key| ChannelKey::parse(key).map(ModeChange::SetKey))
            }
            KEY => {
                self.arguments.next();
                Some(Ok(ModeChange::UnsetKey))
            }
            LIMIT if self.on => self.with_parameter(letter, |limit| {
                let limit = limit.parse().ok().filter(|&limit| limit > 0);
                limit.map(ModeChange::SetLimit)
            }),
            LIMIT => Some(Ok(ModeChange::UnsetLimit)),
            unknown => Some(Err(BadModeChange::Unknown(unknown))),
        }
    }

    fn list(&mut self, list: ListMode) -> Option<Result<ModeChange<'a>, BadModeChange<'a>>> {
        let on = self.on;
        if self.arguments.len() > 0 {
            return self.with_parameter(list.letter(), |mask| {
                Mask::parse(mask).map(|mask| ModeChange::List(list, on, mask))
            });
        }
        if self.shown.contains(&list) {
            return None;
        }
        self.shown.push(list);
        Some(Ok(ModeChange::Show(list)))
    }

    fn with_parameter(
        &mut self,
        letter: char,
        understand: impl FnOnce(&'a str) -> Option<ModeChange<'a>>,
    ) -> Option<Result<ModeChange<'a>, BadModeChange<'a>>> {
        self.with_parameter += 1;
        if self.with_parameter > Self::MAX_WITH_PARAMETER {
            self.arguments.next();
            return None;
        }
        let Some(&argument) = self.arguments.next() else {
            return Some(Err(BadModeChange::NoParameter(letter)));
        };
        let change = understand(argument);
        Some(change.ok_or(BadModeChange::BadParameter(letter, argument)))
    }
}

impl<'a> Iterator for ModeChanges<'a, '_> {
    type Item = Result<ModeChange<'a>, BadModeChange<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.letters.next()? {
                '+' => self.on = true,
                '-' => self.on = false,
                letter => match self.change(letter) {
                    Some(Err(mistake)) if self.mistakes < Self::MAX_WITH_PARAMETER => {
                        self.mistakes += 1;
                        return Some(Err(mistake));
                    }
                    None | Some(Err(_)) => {}
                    change => return change,
                },
            }
        }
    }
}

/// Whether it can stand in a line without a colon before it.
fn is_word(param: &str) -> bool {
    !param.is_empty() && !param.starts_with(':') && !param.contains(' ')
}

const KEY: char = 'k';
const LIMIT: char = 'l';

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn changes<'a>(params: &[&'a str]) -> Vec<Result<ModeChange<'a>, BadModeChange<'a>>> {
        channel_mode_changes(params).collect()
    }

    #[test]
    fn a_list_without_a_mask_is_shown_once() {
        let show = |list| Ok(ModeChange::Show(list));
        assert_eq!(
            changes(&["bbe-I+b"]),
            [
                show(ListMode::Ban),
                show(ListMode::BanException),
                show(ListMode::InviteException)
            ]
        );
    }

    #[test]
    fn mistakes_are_told_one_by_one() {
        use BadModeChange::{BadParameter, NoParameter, Unknown};

        let long = "k".repeat(24);
        for (params, mistake) in [
            (&["+x"][..], Unknown('x')),
            (&["é"], Unknown('é')),
            (&["+o"], NoParameter('o')),
            (&["+k"], NoParameter('k')),
            (&["+l"], NoParameter('l')),
            (&["+l", "0"], BadParameter('l', "0")),
            (&["+l", "-1"], BadParameter('l', "-1")),
            (&["+l", ""], BadParameter('l', "")),
            (&["+l", "99999999999"], BadParameter('l', "99999999999")),
            (&["+k", "a b"], BadParameter('k', "a b")),
            (&["+k", &long], BadParameter('k', &long)),
            (&["+b", "a b"], BadParameter('b', "a b")),
            (&["+v", ""], BadParameter('v', "")),
        ] {
            assert_eq!(changes(params), [Err(mistake)], "{params:?}");
        }
        assert_eq!(changes(&[]), []);
    }

    #[test]
    fn a_thousand_modes_are_no_more_than_one_line_may_change() {
        let mut params = vec!["+ooooooooooooooon"];
        params.extend(["dan"; 15]);
        assert_eq!(changes(&params).len(), 12 + 1);
        let unknown = "x".repeat(1000);
        assert_eq!(changes(&[&unknown]).len(), 12);
        let lists = "b".repeat(1000);
        assert_eq!(changes(&[&lists]).len(), 1);
    }
}
