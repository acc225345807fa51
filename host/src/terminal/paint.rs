//! Colours.

/// Whether there are colours, and which ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) is_coloured: bool,
}

impl Paint {
    /// Something beside the chat, such as the time.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Our own words to the user.
    pub(super) fn hint(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A name, always in the same colour.
    pub(super) fn name(self, name: &str) -> String {
        let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
            // FNV-1a, which is the same everywhere and for ever.
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let index = usize::try_from(sum >> 33).unwrap_or_default() % NAME_COLOURS.len();
        self.paint(NAME_COLOURS[index], name)
    }

    /// A text in which a name is highlighted wherever it is a word of its own; and whether it is
    /// there at all.
    pub(super) fn highlighted(self, text: &str, name: &str) -> (String, bool) {
        let mut painted = String::new();
        let mut rest = text;
        let mut before = None;
        let mut is_there = false;
        while let Some(found) = find_ignoring_case(rest, name) {
            let end = found + name.len();
            let left = rest[..found].chars().next_back().or(before);
            let right = rest[end..].chars().next();
            let is_word = ![left, right]
                .into_iter()
                .flatten()
                .any(char::is_alphanumeric);
            painted.push_str(&rest[..found]);
            if is_word {
                painted.push_str(&self.paint("7", &rest[found..end]));
            } else {
                painted.push_str(&rest[found..end]);
            }
            is_there |= is_word;
            before = rest[..end].chars().next_back();
            rest = &rest[end..];
        }
        (painted + rest, is_there)
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.is_coloured {
            format!("\x1b[{colour}m{text}\x1b[m")
        } else {
            text.to_owned()
        }
    }
}

/// Where `name`, which is not empty, begins in `text`; the case of ASCII letters does not matter.
fn find_ignoring_case(text: &str, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    let starts = text.char_indices().map(|(index, _)| index);
    starts.into_iter().find(|&start| {
        let part = text.get(start..start + name.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(name))
    })
}

/// The colours that are legible on dark and on light screens alike, as far as there are any.
const NAME_COLOURS: [&str; 10] = ["31", "32", "34", "35", "36", "91", "92", "94", "95", "96"];

#[cfg(test)]
mod tests {
    use super::*;

    const PAINT: Paint = Paint { is_coloured: true };

    #[test]
    fn a_name_has_always_the_same_colour() {
        assert_eq!(PAINT.name("alice"), PAINT.name("alice"));
        let painted =
            ["alice", "bob", "carol", "dave"].map(|name| PAINT.name(name)[2..5].to_owned());
        assert!(painted.iter().any(|colour| *colour != painted[0]));
        assert_eq!(Paint { is_coloured: false }.name("alice"), "alice");
    }

    #[test]
    fn a_name_is_highlighted_where_it_is_a_word() {
        let (painted, is_there) = PAINT.highlighted("Bob, bobby and é-bob!", "bob");
        assert_eq!(painted, "\x1b[7mBob\x1b[m, bobby and é-\x1b[7mbob\x1b[m!");
        assert!(is_there);
        let plain = ("bobbob 漢".to_owned(), false);
        assert_eq!(PAINT.highlighted("bobbob 漢", "bob"), plain);
    }
}
