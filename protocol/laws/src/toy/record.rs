//! What both sides send once they have greeted each other.

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Data,
    Ping,
    /// The answer to a ping, with the same bytes.
    Pong,
    /// Nothing more comes from this side. The server says whether the peer was at fault.
    Bye,
    /// The peer was too late.
    Late,
    /// The peer broke the protocol.
    What,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Data,
        Self::Ping,
        Self::Pong,
        Self::Bye,
        Self::Late,
        Self::What,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::Data => b'D',
            Self::Ping => b'P',
            Self::Pong => b'p',
            Self::Bye => b'B',
            Self::Late => b'L',
            Self::What => b'W',
        }
    }
}

/// Numbers the records of one side.
#[derive(Debug, Default)]
pub(super) struct Writer {
    number: u8,
}

impl Writer {
    pub(super) fn write(&mut self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("it fits into a record");
        let head = [kind.byte(), self.number, length];
        self.number = self.number.wrapping_add(1);
        [&head, payload].concat()
    }

    pub(super) fn write_all(&mut self, plain: &[u8]) -> Vec<u8> {
        let records = plain.chunks(MAX_PAYLOAD);
        records
            .flat_map(|payload| self.write(Kind::Data, payload))
            .collect()
    }
}

/// Takes the records of the other side, cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) unparsed: Vec<u8>,
    number: u8,
}

impl Reader {
    /// The next record that is whole, or what is wrong with it.
    pub(super) fn next(&mut self) -> Option<Result<(Kind, Vec<u8>), &'static str>> {
        let &[kind, number, length, ref rest @ ..] = &self.unparsed[..] else {
            return None;
        };
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.byte() == kind) else {
            return Some(Err("no such record"));
        };
        if number != self.number {
            return Some(Err("a record is missing, or came twice"));
        }
        let payload = rest.get(..length.into())?.to_vec();
        self.number = self.number.wrapping_add(1);
        self.unparsed.drain(..HEAD + payload.len());
        Some(Ok((kind, payload)))
    }

    /// The next so many bytes, which are no record.
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.unparsed.first_chunk()?;
        self.unparsed.drain(..N);
        Some(taken)
    }
}

/// The most bytes in one record.
pub const MAX_PAYLOAD: usize = 255;
const HEAD: usize = 3;
