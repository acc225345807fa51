//! What servers of a community put into NATS: the entries of a turn, signs of life, and what a
//! snapshot is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::community::codec::{Coded, Malformed, coded_struct};

/// One message of the log: whose it is, and behind that the entries of one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) node: String,
    pub(crate) incarnation: u64,
    /// The how-manieth message of that node it is.
    pub(crate) number: u64,
}

/// A node is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    pub(crate) node: String,
    pub(crate) incarnation: u64,
    /// The last message of the log that it has read.
    pub(crate) read: u64,
}

/// What the last snapshot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// When the log was made that it belongs to.
    pub(crate) created: String,
    /// The last message of the log that is in it.
    pub(crate) sequence: u64,
    pub(crate) chunks: u32,
}

coded_struct!(Envelope {
    node,
    incarnation,
    number
});
coded_struct!(Beat {
    node,
    incarnation,
    read
});
coded_struct!(Head {
    created,
    sequence,
    chunks
});

/// Why what came from the log, or from another server, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Another version of linechat wrote it.
    Version(u8),
    /// It is something else.
    Malformed,
}

impl From<Malformed> for Unreadable {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// Writes a value behind the version that all understand first.
pub(crate) fn seal<'a>(value: &impl Coded<'a>) -> Vec<u8> {
    let mut out = Vec::from([VERSION]);
    value.encode(&mut out);
    out
}

/// Reads what [`seal`] has written, and what is behind it.
pub(crate) fn open<'a, T: Coded<'a>>(input: &'a [u8]) -> Result<(T, &'a [u8]), Unreadable> {
    let (&version, mut rest) = input.split_first().ok_or(Malformed)?;
    if version != VERSION {
        return Err(Unreadable::Version(version));
    }
    let value = T::decode(&mut rest)?;
    Ok((value, rest))
}

/// Reads what [`seal`] has written, and nothing more.
pub(crate) fn open_all<'a, T: Coded<'a>>(input: &'a [u8]) -> Result<T, Unreadable> {
    match open::<T>(input)? {
        (value, []) => Ok(value),
        _ => Err(Unreadable::Malformed),
    }
}

/// Appends an entry to a message.
pub(crate) fn push_entry(message: &mut Vec<u8>, entry: &[u8]) {
    entry.len().encode(message);
    message.extend_from_slice(entry);
}

/// Takes the next entry off a message. `None` at its end.
pub(crate) fn next_entry<'a>(entries: &mut &'a [u8]) -> Option<Result<&'a [u8], Malformed>> {
    if entries.is_empty() {
        return None;
    }
    let length = match usize::decode(entries) {
        Ok(length) => length,
        Err(malformed) => return Some(Err(malformed)),
    };
    let Some((entry, rest)) = entries.split_at_checked(length) else {
        return Some(Err(Malformed));
    };
    *entries = rest;
    Some(Ok(entry))
}

/// A part of a snapshot: which one it is of, and some bytes.
pub(crate) fn chunk(sequence: u64, bytes: &[u8]) -> Vec<u8> {
    let mut chunk = sequence.to_be_bytes().to_vec();
    chunk.extend_from_slice(bytes);
    chunk
}

/// What a part of this snapshot carries, if it is one.
pub(crate) fn open_chunk(sequence: u64, chunk: &[u8]) -> Option<&[u8]> {
    chunk.strip_prefix(&sequence.to_be_bytes())
}

/// Of everything that servers say to each other. Two that differ do not understand each other.
pub(crate) const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened() {
        let envelope = Envelope {
            node: "a".into(),
            incarnation: u64::MAX,
            number: 300,
        };
        let mut message = seal(&envelope);
        for entry in [&b"one"[..], b"", b"three"] {
            push_entry(&mut message, entry);
        }
        let (opened, mut entries) = open::<Envelope>(&message).unwrap();
        assert_eq!(opened, envelope);
        let mut read = Vec::new();
        while let Some(entry) = next_entry(&mut entries) {
            read.push(entry.unwrap());
        }
        assert_eq!(read, [&b"one"[..], b"", b"three"]);
    }

    #[test]
    fn what_another_version_wrote_is_known_as_that() {
        let beat = Beat {
            node: "a".into(),
            incarnation: 1,
            read: 2,
        };
        let mut bytes = seal(&beat);
        assert_eq!(open_all::<Beat>(&bytes), Ok(beat));
        bytes.push(0);
        assert_eq!(open_all::<Beat>(&bytes), Err(Unreadable::Malformed));
        bytes[0] = VERSION + 1;
        let other = Unreadable::Version(VERSION + 1);
        assert_eq!(open_all::<Beat>(&bytes), Err(other));
        assert_eq!(open_all::<Beat>(&[]), Err(Unreadable::Malformed));
    }

    #[test]
    fn a_part_of_another_snapshot_is_none_of_this_one() {
        let part = chunk(7, b"abc");
        assert_eq!(open_chunk(7, &part), Some(&b"abc"[..]));
        assert_eq!(open_chunk(8, &part), None);
        assert_eq!(open_chunk(7, &part[..5]), None);
    }

    #[test]
    fn an_entry_that_is_longer_than_its_message_is_malformed() {
        let mut entries = &b"\x05abc"[..];
        assert_eq!(next_entry(&mut entries), Some(Err(Malformed)));
    }
}
