//! The modes of channels and users, and what members of a channel can be.

macro_rules! letters {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident $letter:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one, in the order of their letters.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The one with this letter.
            pub fn find(letter: char) -> Option<Self> {
                match letter {
                    $($letter => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its letter.
            pub fn letter(self) -> char {
                match self {
                    $(Self::$variant => $letter,)*
                }
            }
        }
    };
}

letters! {
    /// A mode of a channel that is set or not (Modern, *Channel Modes*).
    ChannelFlag {
        /// Only `ACTION` of all CTCP passes.
        NoCtcp 'C',
        /// Only those who are invited enter.
        InviteOnly 'i',
        /// Only those with a prefix speak.
        Moderated 'm',
        /// Only members speak.
        NoExternal 'n',
        /// Who is not in it does not see it.
        Secret 's',
        /// Only operators set the topic.
        TopicLocked 't',
    }
}

letters! {
    /// A mode of a channel that is a list of masks.
    ListMode {
        /// Who may not enter, nor speak.
        Ban 'b',
        /// Who may, though banned.
        BanException 'e',
        /// Who may enter without being invited.
        InviteException 'I',
    }
}

letters! {
    /// What a member of a channel can be, besides a member; the highest first.
    Prefix {
        /// `@`
        Operator 'o',
        /// `%`
        HalfOperator 'h',
        /// `+`
        Voice 'v',
    }
}

impl Prefix {
    /// What stands before the nickname.
    pub fn symbol(self) -> char {
        match self {
            Self::Operator => '@',
            Self::HalfOperator => '%',
            Self::Voice => '+',
        }
    }

    /// The one that this stands for.
    pub fn of_symbol(symbol: char) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|prefix| prefix.symbol() == symbol)
    }
}

letters! {
    /// A mode of a user (Modern, *User Modes*; IRCv3, bot-mode).
    UserMode {
        /// A program.
        Bot 'B',
        /// Found by their name only, or by those who share a channel.
        Invisible 'i',
        /// An operator of the server.
        Operator 'o',
        /// Hears `WALLOPS`.
        Wallops 'w',
    }
}

/// One change of a user's modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserModeChange {
    /// Which.
    pub mode: UserMode,
    /// Whether it is set.
    pub on: bool,
}

/// What the parameter of `MODE` behind the nickname changes. A letter that is no mode (501) is
/// handed out as it is.
pub fn user_mode_changes(letters: &str) -> impl Iterator<Item = Result<UserModeChange, char>> {
    let mut on = true;
    letters.chars().filter_map(move |letter| match letter {
        '+' | '-' => {
            on = letter == '+';
            None
        }
        _ => {
            let mode = UserMode::find(letter).ok_or(letter);
            Some(mode.map(|mode| UserModeChange { mode, on }))
        }
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn users_have_modes_of_their_own() {
        let change = |mode, on| Ok(UserModeChange { mode, on });
        let changes: Vec<_> = user_mode_changes("i-wB+xo").collect();
        assert_eq!(
            changes,
            [
                change(UserMode::Invisible, true),
                change(UserMode::Wallops, false),
                change(UserMode::Bot, false),
                Err('x'),
                change(UserMode::Operator, true),
            ]
        );
    }

    #[test]
    fn every_letter_and_every_symbol_finds_what_it_stands_for() {
        for &flag in ChannelFlag::ALL {
            assert_eq!(ChannelFlag::find(flag.letter()), Some(flag));
        }
        for &prefix in Prefix::ALL {
            assert_eq!(Prefix::find(prefix.letter()), Some(prefix));
            assert_eq!(Prefix::of_symbol(prefix.symbol()), Some(prefix));
        }
        assert!(Prefix::ALL.is_sorted());
    }
}
