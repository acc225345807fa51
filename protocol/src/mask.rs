//! Masks of names: `*` stands for anything, `?` for one character.

use core::fmt;

/// What masks are compared with, made ready for many of them.
///
/// It knows at which places each byte stands, so that one letter of a mask is compared with all
/// places at once: the time for a mask is that of its length, whatever it says. What is longer
/// than 128 bytes is looked at as if it ended there.
#[derive(Clone)]
pub struct Subject {
    /// For each ASCII character, lower-case, the places where it stands.
    places: [u128; 128],
    /// All places.
    any: u128,
    /// How many there are.
    len: usize,
}

impl Subject {
    /// Any text. Bytes that are not ASCII are only matched by `*` and `?`.
    pub fn new(text: &str) -> Self {
        let len = text.len().min(128);
        let mut places = [0; 128];
        for (place, byte) in text.bytes().take(len).enumerate() {
            if let Some(at) = places.get_mut(usize::from(byte.to_ascii_lowercase())) {
                *at |= 1 << place;
            }
        }
        let any = u128::MAX.checked_shr(128 - len as u32).unwrap_or(0);
        Self { places, any, len }
    }

    /// Whether a pattern matches all of it.
    pub fn matches(&self, pattern: &str) -> bool {
        let Some((first, rest)) = pattern.split_once('*') else {
            return pattern.len() == self.len && self.begins_with(pattern);
        };
        self.begins_with(first) && self.ends_with(first.len(), rest)
    }

    fn begins_with(&self, part: &str) -> bool {
        part.is_empty() || self.found(part) & 1 == 1
    }

    /// Whether what begins at `from` is matched by a pattern that had a `*` before it.
    fn ends_with(&self, mut from: usize, pattern: &str) -> bool {
        let (between, last) = pattern.rsplit_once('*').unwrap_or(("", pattern));
        for part in between.split('*').filter(|part| !part.is_empty()) {
            let behind = u128::MAX.checked_shl(from as u32).unwrap_or(0);
            let found = self.found(part) & behind;
            if found == 0 {
                return false;
            }
            // The first place is as good as any: what follows has the most room there.
            from = found.trailing_zeros() as usize + part.len();
        }
        let Some(at) = self.len.checked_sub(last.len()) else {
            return false;
        };
        at >= from && (last.is_empty() || self.found(last) >> at & 1 == 1)
    }

    /// The places at which a part without `*` is found as a whole.
    fn found(&self, part: &str) -> u128 {
        let mut found = self.any;
        for (offset, byte) in part.bytes().enumerate() {
            let here = match byte {
                b'?' => self.any,
                _ => *self
                    .places
                    .get(usize::from(byte.to_ascii_lowercase()))
                    .unwrap_or(&0),
            };
            found &= here.checked_shr(offset as u32).unwrap_or(0);
        }
        found
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
