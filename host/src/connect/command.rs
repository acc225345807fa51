//! What begins with a `/` is for the client, not for the server.

use std::str;

/// A line that the user typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// What is meant for the server.
    Text(&'a [u8]),
    Command(Verb, Arguments<'a>),
}

/// What follows a command. Empty where there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// Understands a line without its ending, in a dialect that has these commands.
    ///
    /// # Errors
    ///
    /// Why it is no command of the dialect, in words for the user.
    pub(super) fn parse(line: &'a [u8], verbs: &[Verb]) -> Result<Self, String> {
        match line {
            [b'/', b'/', ..] => Ok(Self::Text(&line[1..])),
            [b'/', ..] => {
                let (verb, rest) = split(line, verbs)?;
                let arguments = verb.argument().parse(rest);
                let arguments = arguments.ok_or_else(|| format!("usage: {}", verb.usage()))?;
                Ok(Self::Command(verb, arguments))
            }
            _ => Ok(Self::Text(line)),
        }
    }

    /// Whether a line, perhaps with its ending, is one of these commands.
    pub(super) fn is_one_of(line: &[u8], verbs: &[Verb]) -> bool {
        line.starts_with(b"/")
            && !line.starts_with(b"//")
            && split(line.trim_ascii(), verbs).is_ok()
    }
}

fn split<'a>(line: &'a [u8], verbs: &[Verb]) -> Result<(Verb, &'a str), String> {
    let line = str::from_utf8(line).map_err(|_| "not sent: the text is not UTF-8".to_owned())?;
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let synonym = SYNONYMS.iter().find(|(synonym, _)| *synonym == word);
    let word = synonym.map_or(word, |(_, word)| word);
    match verbs.iter().find(|verb| verb.word() == word) {
        Some(verb) => Ok((*verb, rest)),
        None => Err(format!(
            "there is no command {word} here: /help lists them, and //text sends /text"
        )),
    }
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Help,
    Quit,
    Who,
    Rooms,
    Members,
    Join,
    Part,
    Query,
    Message,
    Reply,
    All,
}

impl Verb {
    pub(super) fn word(self) -> &'static str {
        self.description().0
    }

    pub(super) fn argument(self) -> Argument {
        self.description().1
    }

    /// What can be typed, and what it does.
    pub(super) fn help(self) -> String {
        format!("{:<18} {}", self.usage(), self.description().2)
    }

    fn usage(self) -> String {
        format!("{}{}", self.word(), self.argument().usage())
    }

    fn description(self) -> (&'static str, Argument, &'static str) {
        match self {
            Self::Help => ("/help", Argument::None, "this list"),
            Self::Quit => ("/quit", Argument::None, "leave; so does Ctrl-D"),
            Self::Who => ("/who", Argument::None, "who is here"),
            Self::Rooms => ("/rooms", Argument::None, "which rooms there are"),
            Self::Members => ("/members", Argument::MaybeRoom, "who is in a room"),
            Self::Join => (
                "/join",
                Argument::Room,
                "enter a room, and talk there from now on",
            ),
            Self::Part => ("/part", Argument::MaybeRoom, "leave a room"),
            Self::Query => (
                "/query",
                Argument::MaybeUser,
                "talk with one user from now on; without a name, no more",
            ),
            Self::Message => ("/msg", Argument::UserAndText, "say something to one user"),
            Self::Reply => (
                "/reply",
                Argument::Text,
                "say something to who wrote to you last",
            ),
            Self::All => ("/all", Argument::Text, "say something to everybody"),
        }
    }
}

/// What a command is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    Room,
    MaybeRoom,
    MaybeUser,
    UserAndText,
    Text,
}

impl Argument {
    /// Whether a command is nothing without it.
    pub(super) fn is_needed(self) -> bool {
        matches!(self, Self::Room | Self::UserAndText | Self::Text)
    }

    fn usage(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Room => " ROOM",
            Self::MaybeRoom => " [ROOM]",
            Self::MaybeUser => " [NAME]",
            Self::UserAndText => " NAME TEXT",
            Self::Text => " TEXT",
        }
    }

    fn parse(self, rest: &str) -> Option<Arguments<'_>> {
        let (name, text) = match self {
            Self::Text => ("", rest),
            Self::UserAndText => rest.split_once(' ')?,
            _ => (rest.trim(), ""),
        };
        let is_there = !name.is_empty() || !text.is_empty();
        let is_right = match self {
            Self::None => !is_there,
            Self::UserAndText => !name.is_empty() && !text.is_empty(),
            _ => is_there || !self.is_needed(),
        };
        let is_one_name = !name.contains(char::is_whitespace);
        (is_right && is_one_name).then_some(Arguments { name, text })
    }
}

/// Words from elsewhere that mean the same.
const SYNONYMS: [(&str, &str); 9] = [
    ("/?", "/help"),
    ("/exit", "/quit"),
    ("/bye", "/quit"),
    ("/users", "/who"),
    ("/list", "/rooms"),
    ("/names", "/members"),
    ("/enter", "/join"),
    ("/leave", "/part"),
    ("/r", "/reply"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Verb] = &[
        Verb::Help,
        Verb::Quit,
        Verb::Join,
        Verb::Part,
        Verb::Query,
        Verb::Message,
        Verb::Reply,
    ];

    #[test]
    fn what_does_not_begin_with_a_slash_is_text_and_two_make_one() {
        for (line, text) in [
            ("", ""),
            ("a /quit", "a /quit"),
            ("//quit", "/quit"),
            (" /q", " /q"),
        ] {
            assert_eq!(parse(line), Ok(Line::Text(text.as_bytes())), "{line}");
        }
    }

    #[test]
    fn commands_have_their_arguments() {
        for (line, verb, name, text) in [
            ("/quit", Verb::Quit, "", ""),
            ("/quit ", Verb::Quit, "", ""),
            ("/exit", Verb::Quit, "", ""),
            ("/join tea ", Verb::Join, "tea", ""),
            ("/part", Verb::Part, "", ""),
            ("/query bob", Verb::Query, "bob", ""),
            ("/msg bob  hi ", Verb::Message, "bob", " hi "),
            ("/reply  hi", Verb::Reply, "", " hi"),
        ] {
            let arguments = Arguments { name, text };
            assert_eq!(parse(line), Ok(Line::Command(verb, arguments)), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (line, says) in [
            ("/quit now", "usage: /quit"),
            ("/join", "usage: /join ROOM"),
            ("/join a b", "usage: /join ROOM"),
            ("/msg bob", "usage: /msg NAME TEXT"),
            ("/msg bob ", "usage: /msg NAME TEXT"),
            ("/reply", "usage: /reply TEXT"),
            ("/nonsense", "there is no command /nonsense here"),
            ("/", "there is no command / here"),
            ("/who", "there is no command /who here"),
        ] {
            let told = parse(line).unwrap_err();
            assert!(told.starts_with(says), "{line}: {told}");
        }
    }

    #[test]
    fn some_commands_need_not_wait() {
        assert!(Line::is_one_of(b"/quit\n", &[Verb::Quit]));
        assert!(!Line::is_one_of(b"//quit\n", &[Verb::Quit]));
        assert!(!Line::is_one_of(b"/help\n", &[Verb::Quit]));
    }

    fn parse(line: &str) -> Result<Line<'_>, String> {
        Line::parse(line.as_bytes(), ALL)
    }
}
