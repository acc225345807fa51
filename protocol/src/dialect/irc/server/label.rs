//! Answers that say what they answer (IRCv3, labeled-response).

use alloc::boxed::Box;
use alloc::vec::Vec;

use memchr::memchr;

use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::source::Source;
use crate::dialect::irc::tags::TagValue;

/// What a client wants to see with the answers to a line.
#[derive(Debug)]
pub(super) struct Label(Box<str>);

impl Label {
    /// `None` for one that is empty or longer than 64 bytes.
    pub(super) fn new(value: TagValue<'_>) -> Option<Self> {
        let wire = value.escaped();
        let has_length = (1..=MAX_LABEL).contains(&wire.len());
        has_length.then(|| Self(wire.into()))
    }
}

/// Answers with their label: one line has it itself, several are in a batch that has it, and for
/// none there is an `ACK`.
pub(super) fn labelled(answers: &[u8], label: &Label, server: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(answers.len() + 128);
    let mut lines = answers.split_inclusive(|&byte| byte == b'\n');
    match (lines.next(), lines.next()) {
        (None, _) => {
            let mut line = begin(&mut out, label, server);
            line.command("ACK");
            line.end();
        }
        (Some(line), None) => {
            out.extend_from_slice(b"@label=");
            out.extend_from_slice(label.0.as_bytes());
            append_tagged(&mut out, line);
        }
        _ => append_batch(&mut out, answers, label, server),
    }
    out
}

fn append_batch(out: &mut Vec<u8>, answers: &[u8], label: &Label, server: &str) {
    let mut line = begin(out, label, server);
    line.command("BATCH");
    line.word("+1");
    line.word("labeled-response");
    line.end();
    for line in answers.split_inclusive(|&byte| byte == b'\n') {
        out.extend_from_slice(b"@batch=1");
        append_tagged(out, line);
    }
    let mut line = LineWriter::begin(out);
    line.source(Source::server(server));
    line.command("BATCH");
    line.word("-1");
    line.end();
}

fn begin<'o>(out: &'o mut Vec<u8>, label: &Label, server: &str) -> LineWriter<'o> {
    let mut line = LineWriter::begin(out);
    line.tag_shown("label", &label.0);
    line.source(Source::server(server));
    line
}

/// Appends a line behind its first tag.
fn append_tagged(out: &mut Vec<u8>, line: &[u8]) {
    match line.strip_prefix(b"@") {
        Some(tagged) if memchr(b' ', tagged).is_some() => {
            out.push(b';');
            out.extend_from_slice(tagged);
        }
        _ => {
            out.push(b' ');
            out.extend_from_slice(line);
        }
    }
}

const MAX_LABEL: usize = 64;

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::dialect::irc::tags::Tags;

    fn answered(answers: &str) -> String {
        let tags = Tags::parse("label=7").unwrap();
        let label = Label::new(tags.get("label").unwrap()).unwrap();
        String::from_utf8(labelled(answers.as_bytes(), &label, "s.x")).unwrap()
    }

    #[test]
    fn the_label_stands_before_one_answer_around_several_and_for_none() {
        assert_eq!(answered(""), "@label=7 :s.x ACK\r\n");
        assert_eq!(answered("PONG\r\n"), "@label=7 PONG\r\n");
        assert_eq!(answered("@time=1 X\r\n"), "@label=7;time=1 X\r\n");
        assert_eq!(
            answered("A\r\n@t B\r\n"),
            "@label=7 :s.x BATCH +1 labeled-response\r\n@batch=1 A\r\n@batch=1;t B\r\n:s.x BATCH -1\r\n"
        );
    }

    #[test]
    fn a_label_has_one_to_64_bytes() {
        let long = alloc::format!("label={}", "x".repeat(65));
        for (wire, is_label) in [("label=", false), (&long, false), (&long[1..], false)] {
            let value = Tags::parse(wire).unwrap().get("label");
            assert_eq!(value.and_then(Label::new).is_some(), is_label);
        }
        assert!(Label::new(Tags::parse(&long[..70]).unwrap().get("label").unwrap()).is_some());
    }
}
