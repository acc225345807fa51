//! What `WHO` is asked for with `%` (IRCv3, whox).

/// The fields that each line of the answer has, and a token that it repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhoxRequest<'a> {
    fields: u16,
    token: &'a str,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $letter:literal,)*) => {
        /// One field of the answer, in the order in which they stand in it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum WhoxField {
            $($(#[$doc])* $field,)*
        }

        impl WhoxField {
            /// Every one, in the order in which they stand in the answer.
            pub const ALL: &[Self] = &[$(Self::$field),*];

            fn find(letter: char) -> Option<Self> {
                match letter {
                    $($letter => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The token that was sent.
    Token 't',
    /// A channel that they are in, or `*`.
    Channel 'c',
    /// The username.
    User 'u',
    /// The address.
    Address 'i',
    /// The host.
    Host 'h',
    /// The server.
    Server 's',
    /// The nickname.
    Nick 'n',
    /// Here or gone, operator, bot, prefixes.
    Flags 'f',
    /// How many servers away.
    Hops 'd',
    /// For how many seconds they have said nothing.
    Idle 'l',
    /// The account, or `0`.
    Account 'a',
    /// The operator's level.
    Level 'o',
    /// The real name.
    RealName 'r',
}

impl<'a> WhoxRequest<'a> {
    /// Understands the second parameter of `WHO`; letters before the `%` are ignored, and so are
    /// unknown ones. `None` if it has no `%`.
    pub fn parse(parameter: &'a str) -> Option<Self> {
        let (_, asked) = parameter.split_once('%')?;
        let (letters, token) = asked.split_once(',').unwrap_or((asked, ""));
        let is_token = token.len() <= 3 && token.bytes().all(|byte| byte.is_ascii_digit());
        let token = if is_token && !token.is_empty() {
            token
        } else {
            "0"
        };
        let bits = letters.chars().filter_map(WhoxField::find).map(bit);
        Some(Self {
            fields: bits.fold(0, |fields, bit| fields | bit),
            token,
        })
    }

    /// The fields, in the order in which they stand in the answer.
    pub fn fields(self) -> impl Iterator<Item = WhoxField> {
        let all = WhoxField::ALL.iter().copied();
        all.filter(move |&field| self.fields & bit(field) != 0)
    }

    /// At most three digits; `0` if none were sent.
    pub fn token(self) -> &'a str {
        self.token
    }
}

fn bit(field: WhoxField) -> u16 {
    1 << field as u16
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn fields_are_answered_in_one_order_whatever_order_they_were_asked_in() {
        for asked in [
            "%tcuihsnfdlaor,123",
            "%roaldfnshiuct,123",
            "o%tcuihsnfdlaorxyz,123",
        ] {
            let request = WhoxRequest::parse(asked).unwrap();
            assert!(
                request.fields().eq(WhoxField::ALL.iter().copied()),
                "{asked}"
            );
            assert_eq!(request.token(), "123");
        }
        let request = WhoxRequest::parse("%nt").unwrap();
        let fields: Vec<_> = request.fields().collect();
        assert_eq!(fields, [WhoxField::Token, WhoxField::Nick]);
    }

    #[test]
    fn a_token_has_at_most_three_digits() {
        for asked in ["%t", "%t,", "%t,1234", "%t,a"] {
            assert_eq!(WhoxRequest::parse(asked).unwrap().token(), "0", "{asked}");
        }
        assert_eq!(WhoxRequest::parse("o"), None);
        assert_eq!(WhoxRequest::parse("%").unwrap().fields().count(), 0);
    }
}
