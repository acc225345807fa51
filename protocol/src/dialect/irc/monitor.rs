//! What `MONITOR` is asked for (IRCv3, monitor).

use super::name::Nickname;
use super::target::targets;

/// What a client asks about the users whose coming and going it watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorRequest<'a> {
    /// `+`: watch these, too; with commas.
    Add(&'a str),
    /// `-`: watch these no longer.
    Remove(&'a str),
    /// `C`: watch nobody.
    Clear,
    /// `L`: who is watched?
    List,
    /// `S`: who of them is here?
    Status,
}

impl<'a> MonitorRequest<'a> {
    /// Understands the parameters of `MONITOR`. `None` if something is missing or unknown.
    pub fn parse(params: &[&'a str]) -> Option<Self> {
        match *params {
            ["+", names, ..] => Some(Self::Add(names)),
            ["-", names, ..] => Some(Self::Remove(names)),
            ["C" | "c", ..] => Some(Self::Clear),
            ["L" | "l", ..] => Some(Self::List),
            ["S" | "s", ..] => Some(Self::Status),
            _ => None,
        }
    }

    /// The nicknames that it names; masks and other things that are none are left out, so that
    /// nobody can be found by their host.
    pub fn nicknames(self) -> impl Iterator<Item = Nickname<'a>> {
        let names = match self {
            Self::Add(names) | Self::Remove(names) => names,
            _ => "",
        };
        targets(names).filter_map(Nickname::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_first_what_it_wants() {
        assert_eq!(
            MonitorRequest::parse(&["+", "a,b"]),
            Some(MonitorRequest::Add("a,b"))
        );
        assert_eq!(
            MonitorRequest::parse(&["-", "a"]),
            Some(MonitorRequest::Remove("a"))
        );
        assert_eq!(MonitorRequest::parse(&["c"]), Some(MonitorRequest::Clear));
        assert_eq!(
            MonitorRequest::parse(&["L", "x"]),
            Some(MonitorRequest::List)
        );
        assert_eq!(MonitorRequest::parse(&["S"]), Some(MonitorRequest::Status));
        for params in [&[][..], &["+"], &["-"], &["x"], &["+a"], &[""]] {
            assert_eq!(MonitorRequest::parse(params), None, "{params:?}");
        }
    }

    #[test]
    fn nobody_is_watched_by_a_mask() {
        let request = MonitorRequest::Add("dan,*!d@host,,wiz");
        assert!(request.nicknames().map(Nickname::as_str).eq(["dan", "wiz"]));
        assert_eq!(MonitorRequest::List.nicknames().count(), 0);
    }
}
