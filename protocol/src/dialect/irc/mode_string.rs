//! How changes of a channel's modes are shown.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::line::LineWriter;
use super::mode_change::{ModeChange, ModeChanges};

/// Changes as they stand in a line: `+o-v dan wiz`; `+` if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModeString {
    letters: String,
    /// With a space before each.
    params: String,
    /// How many parameters there are.
    count: usize,
    /// Whether the last sign was a `+`; `None` before the first.
    on: Option<bool>,
}

impl ModeString {
    /// Adds a letter with its sign, if that is another than before.
    pub fn push_letter(&mut self, letter: char, on: bool) {
        if self.on != Some(on) {
            self.letters.push(if on { '+' } else { '-' });
            self.on = Some(on);
        }
        self.letters.push(letter);
    }

    /// Adds a change.
    pub fn push(&mut self, change: &ModeChange<'_>) {
        self.push_letter(change.letter(), change.is_set());
        let before = self.params.len();
        // Memory takes everything.
        let _ = change.write_param(&mut self.params);
        self.count += usize::from(self.params.len() > before);
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Adds a change, unless it does not fit into so much room. The first one always does.
    fn try_push(&mut self, change: &ModeChange<'_>, room: usize) -> bool {
        let before = (self.letters.len(), self.params.len(), self.count, self.on);
        self.push(change);
        if before.0 == 0 || self.fits(room) {
            return true;
        }
        self.letters.truncate(before.0);
        self.params.truncate(before.1);
        (self.count, self.on) = (before.2, before.3);
        false
    }

    fn fits(&self, room: usize) -> bool {
        self.letters.len() + self.params.len() <= room
            && self.count <= ModeChanges::MAX_WITH_PARAMETER
    }
}

impl fmt::Display for ModeString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = if self.is_empty() { "+" } else { &self.letters };
        write!(f, "{letters}{}", self.params)
    }
}

/// Appends changes as `MODE` lines, as many as they need. `begin` writes what stands before
/// `MODE`.
pub fn write_mode_lines(
    out: &mut Vec<u8>,
    begin: impl Fn(&mut LineWriter<'_>),
    target: &str,
    changes: &[ModeChange<'_>],
) {
    let mut waiting = changes;
    while !waiting.is_empty() {
        let mut line = LineWriter::begin(out);
        begin(&mut line);
        line.command("MODE");
        line.word(target);
        let room = line.room().saturating_sub(" ".len());
        let mut modes = ModeString::default();
        let fitting = waiting
            .iter()
            .take_while(|change| modes.try_push(change, room));
        waiting = &waiting[fitting.count()..];
        line.shown(&modes);
        line.end();
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::super::mask::Mask;
    use super::super::mode::{ListMode, Prefix};
    use super::super::mode_change::channel_mode_changes;
    use super::super::source::Source;
    use super::*;

    fn shown(params: &[&str]) -> String {
        let mut modes = ModeString::default();
        for change in channel_mode_changes(params) {
            modes.push(&change.unwrap());
        }
        modes.to_string()
    }

    #[test]
    fn letters_take_their_parameters_in_order() {
        assert_eq!(
            shown(&["+nk-l+lo-v", "beer", "5", "dan", "wiz"]),
            "+nk-l+lo-v beer 5 dan wiz"
        );
        assert_eq!(shown(&["b-k", "dan"]), "+b-k dan!*@* *");
        assert_eq!(shown(&["-k", "whatever"]), "-k *");
        assert_eq!(shown(&["++--tt"]), "-tt");
        assert_eq!(ModeString::default().to_string(), "+");
    }

    #[test]
    fn changes_that_do_not_fit_into_one_line_stand_in_several() {
        let masks: Vec<String> = (0..12).map(|n| format!("{n}{}", "x".repeat(90))).collect();
        let changes: Vec<_> = masks
            .iter()
            .map(|mask| ModeChange::List(ListMode::Ban, true, Mask::parse(mask).unwrap()))
            .chain([ModeChange::UnsetLimit])
            .collect();
        let mut out = Vec::new();
        write_mode_lines(&mut out, |line| line.tag("time", "now"), "#den", &changes);
        let text = String::from_utf8(out).unwrap();
        let mut words = Vec::new();
        for line in text.lines() {
            let message = line.strip_prefix("@time=now MODE #den ").unwrap();
            assert!(line.len() <= 10 + 510, "{} bytes", line.len());
            words.extend(message.split(' ').skip(1).map(String::from));
        }
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().last().unwrap().contains("b-l "));
        let expected: Vec<_> = masks.iter().map(|mask| format!("{mask}!*@*")).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn a_change_that_does_not_fit_leaves_no_trace() {
        let grant = |nick| ModeChange::Prefix(Prefix::Operator, true, nick);
        let mut modes = ModeString::default();
        assert!(
            modes.try_push(&grant("dan"), 0),
            "the first one always fits"
        );
        assert!(!modes.try_push(&ModeChange::UnsetKey, "+o dan-k".len()));
        assert!(modes.try_push(&grant("wiz"), "+oo dan wiz".len()));
        assert_eq!(modes.to_string(), "+oo dan wiz");
    }

    #[test]
    fn a_line_without_room_still_makes_an_end() {
        let changes = [ModeChange::SetLimit(5), ModeChange::UnsetKey];
        let mut out = Vec::new();
        let source = "x".repeat(600);
        let begin = |line: &mut LineWriter<'_>| line.source(Source::server(&source));
        write_mode_lines(&mut out, begin, "#den", &changes);
        assert_eq!(out.split(|&byte| byte == b'\n').count(), 2 + 1);
    }
}
