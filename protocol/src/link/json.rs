//! As much of JSON (RFC 8259) as it takes to read what NATS says of itself.

use alloc::string::String;

/// A value, as it was written. What is not asked for is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// A text that is one value. What is nested deeper than NATS nests is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (value, rest) = value(text, MAX_DEPTH)?;
        rest.trim_ascii().is_empty().then_some(value)
    }

    /// A member of an object.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        let mut rest = self.0.strip_prefix('{')?;
        loop {
            let (key, after) = value(rest, MAX_DEPTH)?;
            let (member, after) = value(after.trim_ascii_start().strip_prefix(':')?, MAX_DEPTH)?;
            if key.0.strip_prefix('"')?.strip_suffix('"')? == name {
                return Some(member);
            }
            rest = after.trim_ascii_start().strip_prefix(',')?;
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        let mut rest = self.0.strip_prefix('[');
        core::iter::from_fn(move || {
            let (element, after) = value(rest?, MAX_DEPTH)?;
            rest = after.trim_ascii_start().strip_prefix(',');
            Some(element)
        })
    }

    pub(crate) fn number(self) -> Option<u64> {
        self.0.parse().ok()
    }

    pub(crate) fn is_true(self) -> bool {
        self.0 == "true"
    }

    /// A string, its escapes resolved but for those of code points, which are left out.
    pub(crate) fn text(self) -> Option<String> {
        let mut rest = self.0.strip_prefix('"')?.strip_suffix('"')?;
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once('\\') {
            text.push_str(before);
            let escaped = after.chars().next()?;
            rest = &after[escaped.len_utf8()..];
            match escaped {
                'n' | 'r' | 't' | 'b' | 'f' => text.push(' '),
                'u' => rest = rest.get(4..)?,
                other => text.push(other),
            }
        }
        text.push_str(rest);
        Some(text)
    }
}

/// The value that a text begins with, and what is behind it.
fn value(text: &str, depth: usize) -> Option<(Json<'_>, &str)> {
    let text = text.trim_ascii_start();
    let rest = match text.as_bytes().first()? {
        b'"' => string(text)?,
        b'{' | b'[' => container(text, depth.checked_sub(1)?)?,
        _ => {
            let end = text.find([',', '}', ']', ' ', '\n', '\r', '\t', ':', '"']);
            &text[end.unwrap_or(text.len())..]
        }
    };
    let value = &text[..text.len() - rest.len()];
    (!value.is_empty()).then_some((Json(value), rest))
}

/// What is behind a string.
fn string(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('"')?;
    loop {
        let special = rest.find(['"', '\\'])?;
        if rest.as_bytes()[special] == b'"' {
            return Some(&rest[special + 1..]);
        }
        let escaped = rest[special + 1..].chars().next()?;
        rest = &rest[special + 1 + escaped.len_utf8()..];
    }
}

/// What is behind an object or an array.
fn container(text: &str, depth: usize) -> Option<&str> {
    let mut rest = text[1..].trim_ascii_start();
    loop {
        rest = rest.trim_ascii_start();
        match rest.as_bytes().first()? {
            b'}' | b']' => return Some(&rest[1..]),
            b',' | b':' => rest = &rest[1..],
            _ => rest = value(rest, depth)?.1,
        }
    }
}

const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const TEXT: &str = r#" {"type": "io.nats", "error":{"code":404,"description":"a \"b\" \\ é\u00e9"},
        "urls":["a:1", "b:2"], "none":[], "js":true, "nested":{"state":{"last_seq":18446744073709551615}} } "#;

    #[test]
    fn members_are_found_by_their_names() {
        let json = Json::parse(TEXT).unwrap();
        let error = json.get("error").unwrap();
        assert_eq!(error.get("code").unwrap().number(), Some(404));
        let description = error.get("description").unwrap().text();
        assert_eq!(description.as_deref(), Some("a \"b\" \\ é"));
        let urls: Vec<_> = json.get("urls").unwrap().elements().collect();
        assert_eq!(urls, [Json("\"a:1\""), Json("\"b:2\"")]);
        assert_eq!(json.get("none").unwrap().elements().count(), 0);
        assert!(json.get("js").unwrap().is_true());
        let state = json.get("nested").and_then(|nested| nested.get("state"));
        let last = state.and_then(|state| state.get("last_seq"));
        assert_eq!(last.and_then(Json::number), Some(u64::MAX));
        assert_eq!(json.get("code"), None);
    }

    #[test]
    fn what_is_cut_short_or_nested_too_deeply_is_nothing() {
        let text = TEXT.trim();
        for length in 0..text.len() {
            if let Some(text) = text.get(..length) {
                assert_eq!(Json::parse(text), None, "{text}");
            }
        }
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
        assert_eq!(Json::parse("{} x"), None);
    }
}
