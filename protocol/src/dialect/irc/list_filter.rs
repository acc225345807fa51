//! What `LIST` is asked for.

use super::mask::Subject;

/// One condition of `LIST` (Modern, *ELIST parameter*): `>5`, `C<10`, `*kitchen*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFilter<'a> {
    /// More, or fewer, members.
    Users(Compare),
    /// Created more, or fewer, minutes ago.
    Created(Compare),
    /// The topic set more, or fewer, minutes ago.
    Topic(Compare),
    /// The name matches.
    Name(&'a str),
    /// The name does not match.
    NotName(&'a str),
}

impl<'a> ListFilter<'a> {
    /// The letters of those that are understood (ISUPPORT's `ELIST`).
    pub const LETTERS: &'static str = "CMNTU";

    /// Understands one of the conditions that stand with commas between them.
    pub fn parse(condition: &'a str) -> Self {
        let after = |letter: char| condition.strip_prefix([letter, letter.to_ascii_lowercase()]);
        if let Some(compare) = Compare::parse(condition) {
            return Self::Users(compare);
        }
        if let Some(compare) = after('C').and_then(Compare::parse) {
            return Self::Created(compare);
        }
        if let Some(compare) = after('T').and_then(Compare::parse) {
            return Self::Topic(compare);
        }
        match condition.strip_prefix('!') {
            Some(mask) => Self::NotName(mask),
            None => Self::Name(condition),
        }
    }

    /// Whether a channel's name fulfils it; a condition about something else is fulfilled.
    pub fn admits_name(self, name: &Subject) -> bool {
        match self {
            Self::Name(mask) => name.matches(mask),
            Self::NotName(mask) => !name.matches(mask),
            _ => true,
        }
    }
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `>5`
    More(u64),
    /// `<5`
    Less(u64),
}

impl Compare {
    /// Whether a number fulfils it.
    pub fn admits(self, number: u64) -> bool {
        match self {
            Self::More(than) => number > than,
            Self::Less(than) => number < than,
        }
    }

    fn parse(comparison: &str) -> Option<Self> {
        let number = |digits: &str| digits.parse().ok();
        match comparison.split_at_checked(1)? {
            (">", digits) => number(digits).map(Self::More),
            ("<", digits) => number(digits).map(Self::Less),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_known_by_how_they_begin() {
        use ListFilter::{Created, Name, NotName, Topic, Users};

        for (condition, meant) in [
            (">5", Users(Compare::More(5))),
            ("<100", Users(Compare::Less(100))),
            ("C>2", Created(Compare::More(2))),
            ("c<0", Created(Compare::Less(0))),
            ("T<10", Topic(Compare::Less(10))),
            ("#den", Name("#den")),
            ("!*den", NotName("*den")),
            ("Chan", Name("Chan")),
            (">x", Name(">x")),
            ("", Name("")),
            ("é", Name("é")),
        ] {
            assert_eq!(ListFilter::parse(condition), meant, "{condition:?}");
        }
    }

    #[test]
    fn a_number_is_more_or_less_and_never_both() {
        assert!(Compare::More(0).admits(1) && !Compare::More(1).admits(1));
        assert!(Compare::Less(2).admits(1) && !Compare::Less(1).admits(1));
    }

    #[test]
    fn a_name_matches_without_regard_to_case() {
        let name = Subject::new("#Den");
        assert!(ListFilter::Name("*den").admits_name(&name));
        assert!(!ListFilter::NotName("#d?n").admits_name(&name));
        assert!(ListFilter::parse(">5").admits_name(&name));
    }
}
