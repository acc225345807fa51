//! Text that is pasted.

/// The lines of what was pasted, whatever ended them. What is no UTF-8 is Latin-1.
pub(super) fn lines(pasted: &[u8]) -> Vec<String> {
    let text = decoded(pasted).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_end_matches('\n');
    text.split('\n').map(str::to_owned).collect()
}

/// What to show of lines that the user is asked about: of many, the first and the last ones.
pub(super) fn preview(lines: &[String]) -> Vec<String> {
    if lines.len() <= 2 * MAX_SHOWN + 1 {
        return lines.to_vec();
    }
    let (first, last) = (&lines[..MAX_SHOWN], &lines[lines.len() - MAX_SHOWN..]);
    let between = format!("... {} more lines ...", lines.len() - 2 * MAX_SHOWN);
    [first, &[between], last].concat()
}

pub(super) fn question(lines: usize) -> String {
    format!("send these {lines} pasted lines? (y/n) ")
}

fn decoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(char::from));
    }
    text
}

/// How many lines are shown of the beginning, and of the end.
const MAX_SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_way_and_the_last_one_need_not() {
        assert_eq!(
            lines(b"one\r\ntwo\rthree\n\nfive\n"),
            ["one", "two", "three", "", "five"]
        );
        assert_eq!(lines(b"one\n"), ["one"]);
        assert_eq!(lines(b""), [""]);
        assert_eq!(lines(b"caf\xe9"), ["café"]);
    }

    #[test]
    fn of_many_lines_both_ends_are_shown() {
        let many: Vec<_> = (0..2000).map(|number| number.to_string()).collect();
        let shown = preview(&many);
        assert_eq!(shown.len(), 11);
        assert_eq!((&*shown[0], &*shown[10]), ("0", "1999"));
        assert!(shown[5].contains("1990 more"));
        assert_eq!(preview(&many[..11]), &many[..11]);
    }
}
