//! The transcripts in the project's documents, as steps that can be played.
//!
//! A transcript is a fenced block of a Markdown file whose info string is `transcript` and the
//! dialect, or those that are served together. It reads from top to bottom:
//!
//! ```text
//! $ linechat-tokio serve rooms       the server that everybody talks to
//! # A remark.
//! bob* connects                      or: connects from 192.0.2.7:50001, connects to direct
//! bob> hello                         bob sends a line
//! bob< alice: hello                  bob receives a line
//! bob* sends hello and no ending     bob sends the beginning of a line
//! bob* disconnects                   bob ends the connection
//! bob* is disconnected               the server has ended it
//! ann* is at the server's keyboard   ann is the console, and does not connect
//! ```
//!
//! In a line, `\xFF` stands for that byte. An address that somebody connects from stands for the
//! one that they really have.

use std::str::Lines;

/// A document of the project, in which every transcript has to be true.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    text: &'static str,
}

impl Document {
    pub(crate) fn transcripts(&self) -> impl Iterator<Item = Scene> {
        let mut lines = Numbered::new(self.text);
        std::iter::from_fn(move || {
            let (number, dialect) = lines
                .by_ref()
                .find_map(|(number, line)| Some((number, line.strip_prefix(FENCE)?)))?;
            let block: Vec<_> = lines
                .by_ref()
                .take_while(|(_, line)| *line != "```")
                .collect();
            Some(Scene::parse(number, dialect.trim(), &block))
        })
    }
}

impl Document {
    /// The rows of each terminal that is shown, in fenced blocks whose info string is `terminal`:
    /// the command line behind a `$`, then everything that is seen.
    pub(crate) fn terminals(&self) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        let mut lines = self.text.lines();
        std::iter::from_fn(move || {
            lines.find(|line| *line == "```terminal")?;
            let command = lines.next()?.strip_prefix("$ linechat-tokio ")?;
            let rows = lines.by_ref().take_while(|line| *line != "```");
            Some((command, rows.collect()))
        })
    }
}

/// One transcript.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) dialects: Vec<String>,
    /// What follows `serve` on the command line.
    pub(crate) options: String,
    /// Each with its line of the document.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// One line of a transcript: who, and what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) who: String,
    pub(crate) event: Event,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Connects {
        from: Option<String>,
        to: Option<String>,
    },
    SitsAtKeyboard,
    Says(Vec<u8>),
    Begins(Vec<u8>),
    Hears(Vec<u8>),
    Disconnects,
    IsDisconnected,
}

impl Event {
    /// Whether somebody does something, rather than sees what the server does.
    pub(crate) fn is_action(&self) -> bool {
        !matches!(self, Self::Hears(_) | Self::IsDisconnected)
    }
}

impl Scene {
    /// Whether peers can connect.
    pub(crate) fn listens(&self) -> bool {
        !self.options.contains("--no-listen")
    }

    #[track_caller]
    fn parse(line: usize, dialects: &str, block: &[(usize, &str)]) -> Self {
        let dialects: Vec<&str> = dialects.split(' ').collect();
        let mut written = block
            .iter()
            .filter(|(_, text)| !text.is_empty() && !text.starts_with("# "));
        let options = written
            .next()
            .and_then(|(_, text)| text.strip_prefix("$ linechat-tokio serve "))
            .unwrap_or_else(|| panic!("line {line}: a transcript begins with its server"));
        assert!(
            options
                .split(' ')
                .take_while(|word| !word.starts_with('-'))
                .eq(dialects.iter().copied()),
            "line {line}: the server does not speak {dialects:?}"
        );
        let steps = written.map(|&(number, text)| {
            let step = Step::parse(text);
            (
                number,
                step.unwrap_or_else(|| panic!("line {number}: what does {text:?} mean?")),
            )
        });
        Self {
            dialects: dialects.into_iter().map(ToOwned::to_owned).collect(),
            options: options.to_owned(),
            steps: steps.collect(),
        }
    }
}

impl Step {
    fn parse(line: &str) -> Option<Self> {
        let mark = line.find(['*', '<', '>'])?;
        let (who, text) = (&line[..mark], &line[mark + 1..]);
        let text = text.strip_prefix(' ').unwrap_or(text);
        let event = match line.as_bytes()[mark] {
            b'>' => Event::Says(unescaped(text)?),
            b'<' => Event::Hears(unescaped(text)?),
            _ => Event::parse(text)?,
        };
        let is_name = !who.is_empty() && who.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then(|| Self {
            who: who.to_owned(),
            event,
        })
    }
}

impl Event {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix("connects from ") {
            let from = Some(address.to_owned());
            return Some(Self::Connects { from, to: None });
        }
        if let Some(dialect) = text.strip_prefix("connects to ") {
            let to = Some(dialect.to_owned());
            return Some(Self::Connects { from: None, to });
        }
        if let Some(begun) = text.strip_prefix("sends ") {
            return unescaped(begun.strip_suffix(" and no ending")?).map(Self::Begins);
        }
        match text {
            "connects" => Some(Self::Connects {
                from: None,
                to: None,
            }),
            "is at the server's keyboard" => Some(Self::SitsAtKeyboard),
            "disconnects" => Some(Self::Disconnects),
            "is disconnected" => Some(Self::IsDisconnected),
            _ => None,
        }
    }
}

/// The bytes of a line in which `\xFF` stands for that byte; `None` if a backslash means
/// something else.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('\\');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.strip_prefix('x')?;
        let (digits, rest) = digits.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// Lines with their numbers, from 1.
struct Numbered {
    lines: Lines<'static>,
    number: usize,
}

impl Numbered {
    fn new(text: &'static str) -> Self {
        Self {
            lines: text.lines(),
            number: 0,
        }
    }
}

impl Iterator for Numbered {
    type Item = (usize, &'static str);

    fn next(&mut self) -> Option<Self::Item> {
        self.number += 1;
        Some((self.number, self.lines.next()?))
    }
}

const FENCE: &str = "```transcript ";

pub(crate) const README: Document = Document {
    name: "README.md",
    text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")),
};

pub(crate) const PROTOCOLS: Document = Document {
    name: "docs/PROTOCOLS.md",
    text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PROTOCOLS.md")),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documents_show_every_dialect() {
        for document in [README, PROTOCOLS] {
            let scenes = document.transcripts();
            let shown: Vec<_> = scenes.flat_map(|scene| scene.dialects).collect();
            for dialect in ["echo", "relay", "addressed", "rooms", "pair", "direct"] {
                assert!(
                    shown.iter().any(|shown| shown == dialect),
                    "{} has no transcript of {dialect}",
                    document.name
                );
            }
        }
    }

    /// A block whose fence is misspelt would not be played.
    #[test]
    fn nobody_talks_outside_of_a_transcript() {
        for document in [README, PROTOCOLS] {
            let talking = document
                .text
                .lines()
                .filter(|line| Step::parse(line).is_some())
                .count();
            let played: usize = document.transcripts().map(|scene| scene.steps.len()).sum();
            assert_eq!(talking, played, "{}", document.name);
        }
    }

    #[test]
    fn a_transcript_is_read_line_by_line() {
        const DOCUMENT: Document = Document {
            name: "example",
            text: "Text\n\n```transcript rooms\n$ linechat-tokio serve rooms -q\n\n# A remark.\n\
                   bob* connects from [::1]:7\nbob> #x  y\nbob<\nbob> a\\x07b\n\
                   bob* sends hal and no ending\nbob* is disconnected\n```\nbob> no\n",
        };
        let step = |who: &str, event| Step {
            who: who.to_owned(),
            event,
        };
        let from = Some("[::1]:7".to_owned());
        let scene = Scene {
            dialects: vec!["rooms".to_owned()],
            options: "rooms -q".to_owned(),
            steps: vec![
                (7, step("bob", Event::Connects { from, to: None })),
                (8, step("bob", Event::Says(b"#x  y".to_vec()))),
                (9, step("bob", Event::Hears(Vec::new()))),
                (10, step("bob", Event::Says(b"a\x07b".to_vec()))),
                (11, step("bob", Event::Begins(b"hal".to_vec()))),
                (12, step("bob", Event::IsDisconnected)),
            ],
        };
        assert_eq!(DOCUMENT.transcripts().collect::<Vec<_>>(), [scene]);
    }

    #[test]
    fn what_is_no_step_is_not_understood() {
        for line in [
            "bob",
            "bob: hi",
            "bob* leaves",
            "bob* sends hi",
            "> hi",
            "two words> hi",
            "bob> \\n",
        ] {
            assert_eq!(Step::parse(line), None, "{line:?}");
        }
    }
}
