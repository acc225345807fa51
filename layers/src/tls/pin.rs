//! The hash of one certificate.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::provider::sha256;

/// The SHA-256 of a certificate in DER: what a client may know a server by, in place of somebody
/// who vouches for it.
///
/// Written as 64 hexadecimal digits, perhaps after `sha256:`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of this certificate, which is in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(sha256(certificate))
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        let mut pin = [0; 32];
        if digits.len() != 2 * pin.len() {
            return Err(PinError);
        }
        for (byte, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = 16 * digit(pair[0])? + digit(pair[1])?;
        }
        Ok(Self(pin))
    }
}

fn digit(byte: u8) -> Result<u8, PinError> {
    let value = char::from(byte).to_digit(16).ok_or(PinError)?;
    u8::try_from(value).map_err(|_| PinError)
}

/// `sha256:` and 64 digits in lower case.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no pin.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected the SHA-256 of a certificate: 64 hexadecimal digits, perhaps after `sha256:`")]
pub struct PinError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_the_hash_of_the_bytes() {
        let pin = Pin::of(b"abc");
        assert_eq!(
            pin.to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_pin_is_read_as_it_is_written_with_or_without_its_prefix() {
        let pin = Pin::of(b"a certificate");
        let written = pin.to_string();
        assert_eq!(written.parse(), Ok(pin));
        assert_eq!(written["sha256:".len()..].to_uppercase().parse(), Ok(pin));
    }

    #[test]
    fn what_is_not_sixty_four_digits_is_no_pin() {
        let written = Pin::of(b"").to_string();
        let signed = written.replace("sha256:e3", "sha256:+3");
        for text in [
            "",
            "sha256:",
            &written[..written.len() - 1],
            "md5:00",
            &signed,
        ] {
            assert_eq!(text.parse::<Pin>(), Err(PinError), "{text}");
        }
        assert_eq!("é".repeat(32).parse::<Pin>(), Err(PinError));
    }
}
