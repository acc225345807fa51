//! What happened in a run, for people to read and for runs to be compared.

use std::fmt::{self, Write};

/// It is printed as it grows, or only hashed (FNV-1a).
pub(crate) struct Trace {
    pub(crate) hash: u64,
    is_printed: bool,
}

impl Trace {
    pub(crate) fn hashed() -> Self {
        Self {
            hash: 0xCBF2_9CE4_8422_2325,
            is_printed: false,
        }
    }

    pub(crate) fn printed() -> Self {
        Self {
            is_printed: true,
            ..Self::hashed()
        }
    }

    pub(crate) fn note(&mut self, what: fmt::Arguments<'_>) {
        if self.is_printed {
            println!("{what}");
        }
        self.write_fmt(what).expect("hashing does not fail");
    }
}

impl fmt::Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}
