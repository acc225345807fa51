//! Bytes for what is kept in a log: numbers, texts, and lists of them.
//!
//! There is one encoding of each value, so that what was decoded is encoded as it was.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use thiserror::Error;

/// The bytes are no encoding of what is read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("malformed")]
pub(crate) struct Malformed;

/// A value that can be written and read.
pub(crate) trait Coded<'a>: Sized {
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed>;
}

impl Coded<'_> for u8 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        let (&first, rest) = input.split_first().ok_or(Malformed)?;
        *input = rest;
        Ok(first)
    }
}

/// Seven bits in a byte, the lowest first, as few bytes as possible.
impl Coded<'_> for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest > 0x7F {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = u8::decode(input)?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return Err(Malformed);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                // The last byte of several is not zero, or there would be one too many.
                let is_shortest = byte != 0 || shift == 0;
                return is_shortest.then_some(value).ok_or(Malformed);
            }
        }
        Err(Malformed)
    }
}

impl Coded<'_> for u32 {
    fn encode(&self, out: &mut Vec<u8>) {
        u64::from(*self).encode(out);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        u64::decode(input)?.try_into().map_err(|_| Malformed)
    }
}

impl Coded<'_> for NonZeroU32 {
    fn encode(&self, out: &mut Vec<u8>) {
        self.get().encode(out);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        Self::new(u32::decode(input)?).ok_or(Malformed)
    }
}

impl Coded<'_> for u16 {
    fn encode(&self, out: &mut Vec<u8>) {
        u64::from(*self).encode(out);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        u64::decode(input)?.try_into().map_err(|_| Malformed)
    }
}

impl Coded<'_> for usize {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self as u64).encode(out);
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        u64::decode(input)?.try_into().map_err(|_| Malformed)
    }
}

impl Coded<'_> for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn decode(input: &mut &[u8]) -> Result<Self, Malformed> {
        match u8::decode(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl<'a> Coded<'a> for &'a str {
    fn encode(&self, out: &mut Vec<u8>) {
        self.len().encode(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        let length = usize::decode(input)?;
        let (text, rest) = input.split_at_checked(length).ok_or(Malformed)?;
        *input = rest;
        core::str::from_utf8(text).map_err(|_| Malformed)
    }
}

impl<'a> Coded<'a> for Box<str> {
    fn encode(&self, out: &mut Vec<u8>) {
        (&**self).encode(out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        <&str>::decode(input).map(Into::into)
    }
}

impl<'a> Coded<'a> for String {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().encode(out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        <&str>::decode(input).map(Into::into)
    }
}

impl<'a> Coded<'a> for Arc<str> {
    fn encode(&self, out: &mut Vec<u8>) {
        (&**self).encode(out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        <&str>::decode(input).map(Into::into)
    }
}

impl<'a, T: Coded<'a>> Coded<'a> for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        T::decode(input).map(Self::new)
    }
}

impl<'a, T: Coded<'a>> Coded<'a> for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        bool::decode(input)?.then(|| T::decode(input)).transpose()
    }
}

impl<'a, T: Coded<'a>> Coded<'a> for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_all(self, out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        let count = usize::decode(input)?;
        // Memory is only taken for what is there: a value takes a byte at least.
        let mut values = Self::with_capacity(count.min(input.len()));
        for _ in 0..count {
            values.push(T::decode(input)?);
        }
        Ok(values)
    }
}

/// Writes values as a list of them is written.
pub(crate) fn encode_all<'a, T: Coded<'a>>(values: &[T], out: &mut Vec<u8>) {
    values.len().encode(out);
    for value in values {
        value.encode(out);
    }
}

/// Reads one value, which must be all that there is.
pub(crate) fn decode_all<'a, T: Coded<'a>>(mut input: &'a [u8]) -> Result<T, Malformed> {
    let value = T::decode(&mut input)?;
    if input.is_empty() {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// Codes a struct, field by field.
macro_rules! coded_struct {
    ($name:ident $(<$life:lifetime>)? { $($field:ident),* $(,)? }) => {
        impl<'a> $crate::community::codec::Coded<'a> for $name $(<$life>)? {
            fn encode(&self, out: &mut alloc::vec::Vec<u8>) {
                let Self { $($field),* } = self;
                $($crate::community::codec::Coded::encode($field, out);)*
            }

            fn decode(input: &mut &'a [u8]) -> Result<Self, $crate::community::codec::Malformed> {
                Ok(Self { $($field: $crate::community::codec::Coded::decode(input)?),* })
            }
        }
    };
}

/// Codes flags: a byte in which only these bits may be set.
macro_rules! coded_flags {
    ($name:ident, $bits:expr) => {
        impl $crate::community::codec::Coded<'_> for $name {
            fn encode(&self, out: &mut alloc::vec::Vec<u8>) {
                out.push(self.0);
            }

            fn decode(input: &mut &[u8]) -> Result<Self, $crate::community::codec::Malformed> {
                let bits = <u8 as $crate::community::codec::Coded>::decode(input)?;
                if bits & !($bits) == 0 {
                    Ok(Self(bits))
                } else {
                    Err($crate::community::codec::Malformed)
                }
            }
        }
    };
}

/// Codes an enum: a number for the variant, then its fields.
macro_rules! coded_enum {
    ($name:ident $(<$life:lifetime>)? {
        $($number:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),* $(,)? })?),* $(,)?
    }) => {
        impl<'a> $crate::community::codec::Coded<'a> for $name $(<$life>)? {
            fn encode(&self, out: &mut alloc::vec::Vec<u8>) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        out.push($number);
                        $($crate::community::codec::Coded::encode($inner, out);)?
                        $($($crate::community::codec::Coded::encode($field, out);)*)?
                    })*
                }
            }

            fn decode(input: &mut &'a [u8]) -> Result<Self, $crate::community::codec::Malformed> {
                match <u8 as $crate::community::codec::Coded>::decode(input)? {
                    $($number => {
                        $(let $inner = $crate::community::codec::Coded::decode(input)?;)?
                        $($(let $field = $crate::community::codec::Coded::decode(input)?;)*)?
                        Ok(Self::$variant $(($inner))? $({ $($field),* })?)
                    })*
                    _ => Err($crate::community::codec::Malformed),
                }
            }
        }
    };
}

pub(crate) use {coded_enum, coded_flags, coded_struct};

#[cfg(test)]
mod tests {
    use core::fmt::Debug;

    use super::*;

    fn comes_back<T: for<'a> Coded<'a> + PartialEq + Debug>(value: T) {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        assert_eq!(decode_all(&bytes), Ok(value));
    }

    #[test]
    fn what_was_written_is_read() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            comes_back(number);
        }
        comes_back(Some(String::from("grüße")));
        comes_back(None::<u32>);
        comes_back(Vec::from([true, false]));
    }

    #[test]
    fn there_is_one_encoding_of_a_number() {
        assert_eq!(decode_all::<u64>(b"\x01"), Ok(1));
        assert_eq!(decode_all::<u64>(b"\x81\x00"), Err(Malformed));
        assert_eq!(decode_all::<u64>(&[0xFF; 10]), Err(Malformed));
        assert_eq!(decode_all::<u16>(b"\x80\x80\x04"), Err(Malformed));
    }

    #[test]
    fn a_length_that_is_a_lie_takes_no_memory() {
        assert_eq!(
            decode_all::<Vec<u64>>(b"\xFF\xFF\xFF\xFF\x7F"),
            Err(Malformed)
        );
        assert_eq!(decode_all::<&str>(b"\xFF\xFF\xFF\x7Fab"), Err(Malformed));
        assert_eq!(decode_all::<&str>(b"\x01\xFF"), Err(Malformed));
        assert_eq!(decode_all::<bool>(b"\x02"), Err(Malformed));
    }
}
