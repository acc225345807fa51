//! rustls, driven through its unbuffered interface: the one place that knows it.
//!
//! The buffered interface would keep a buffer of 4 KiB for each connection for ever. This one keeps
//! an unfinished record, and nothing while there is none.

use std::mem;

use bytes::BytesMut;
use rustls::Error;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
    WriteTraffic,
};

/// One side of a TLS connection: bytes of records on one side, the application's on the other.
pub(super) struct Session<S> {
    side: S,
    /// The beginning of a record or handshake message whose end has not come.
    unparsed: Vec<u8>,
    progress: Progress,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Handshaking,
    Open,
    /// The peer said that it will send nothing more.
    InputEnded,
    /// The peer broke the protocol, or said that we did.
    Broken,
}

impl<S: Side> Session<S> {
    pub(super) fn new(side: S) -> Self {
        Self {
            side,
            unparsed: Vec::new(),
            progress: Progress::Handshaking,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes what the peer sent, cut anywhere. If the peer does not keep to the protocol, it is
    /// told so on the wire.
    pub(super) fn receive(
        &mut self,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), Error> {
        if matches!(self.progress, Progress::InputEnded | Progress::Broken) {
            return Ok(());
        }
        self.unparsed.extend_from_slice(received);
        self.drive(Writing::Nothing, plain, wire)?;
        if self.unparsed.len() > MAX_UNPARSED {
            self.progress = Progress::Broken;
            return Err(Error::General("a handshake message is too long".into()));
        }
        Ok(())
    }

    /// Encrypts, in as few records as can be. Drops what a broken session cannot carry.
    pub(super) fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        self.write(Writing::Plain(plain), wire);
    }

    /// Says that nothing more will be sent.
    pub(super) fn say_goodbye(&mut self, wire: &mut BytesMut) {
        self.write(Writing::Goodbye, wire);
    }

    fn write(&mut self, writing: Writing<'_>, wire: &mut BytesMut) {
        if matches!(self.progress, Progress::Open | Progress::InputEnded) {
            // All that came was taken when it came: none of it is left to be decrypted here, and
            // what is wrong with it was reported.
            let _ = self.drive(writing, &mut Vec::new(), wire);
        }
    }

    /// Lets rustls work until it waits for the peer.
    fn drive(
        &mut self,
        writing: Writing<'_>,
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), Error> {
        let mut incoming = mem::take(&mut self.unparsed);
        let mut parsed = 0;
        let result = loop {
            let (discard, step) = self.step(&mut incoming[parsed..], writing, plain, wire);
            parsed += discard;
            match step {
                Ok(Step::Continue) => {}
                Ok(Step::Wait) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = result {
            self.progress = Progress::Broken;
            self.send_alert(wire);
            return Err(error);
        }
        self.unparsed = match parsed {
            0 => incoming,
            _ => incoming[parsed..].to_vec(),
        };
        Ok(())
    }

    /// One state of rustls. Also returns how much of `incoming` it needs no more.
    fn step(
        &mut self,
        incoming: &mut [u8],
        writing: Writing<'_>,
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> (usize, Result<Step, Error>) {
        let UnbufferedStatus { mut discard, state } = self.side.process(incoming);
        let step = match state {
            Err(error) => Err(error),
            Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
                match traffic.next_record() {
                    Some(Ok(record)) => {
                        discard += record.discard;
                        plain.extend_from_slice(record.payload);
                    }
                    Some(Err(error)) => break Err(error),
                    None => break Ok(Step::Continue),
                }
            },
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                append(wire, |space| data.encode(space).map_err(Failure::from));
                Ok(Step::Continue)
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Ok(Step::Continue)
            }
            Ok(ConnectionState::PeerClosed) => {
                self.progress = Progress::InputEnded;
                Ok(Step::Continue)
            }
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                if self.progress == Progress::Handshaking {
                    self.progress = Progress::Open;
                }
                writing.write(traffic, wire);
                Ok(Step::Wait)
            }
            Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) => Ok(Step::Wait),
            // Early data is never offered, and never taken.
            Ok(_) => Err(Error::General("unexpected early data".into())),
        };
        (discard, step)
    }

    /// What rustls has to tell the peer about its last error. Asked when it has nothing more to say,
    /// it would go on to parse.
    fn send_alert(&mut self, wire: &mut BytesMut) {
        while self.side.has_more_to_say() {
            let Ok(ConnectionState::EncodeTlsData(mut data)) = self.side.process(&mut []).state
            else {
                return;
            };
            append(wire, |space| data.encode(space).map_err(Failure::from));
        }
    }
}

/// What rustls does next.
enum Step {
    Continue,
    Wait,
}

/// What to do once it is possible to write.
#[derive(Clone, Copy)]
enum Writing<'a> {
    Nothing,
    Plain(&'a [u8]),
    Goodbye,
}

impl Writing<'_> {
    fn write<Data>(self, mut traffic: WriteTraffic<'_, Data>, wire: &mut BytesMut) {
        match self {
            Self::Nothing => {}
            Self::Plain(plain) => {
                append(wire, |space| {
                    traffic.encrypt(plain, space).map_err(Failure::from)
                });
            }
            Self::Goodbye => append(wire, |space| {
                traffic.queue_close_notify(space).map_err(Failure::from)
            }),
        }
    }
}

/// Appends what `write` writes, which says how much space it needs if there is too little.
fn append(wire: &mut BytesMut, mut write: impl FnMut(&mut [u8]) -> Result<usize, Failure>) {
    let start = wire.len();
    let mut written = write(&mut []);
    if let Err(Failure::TooSmall(required)) = written {
        wire.resize(start + required, 0);
        written = write(&mut wire[start..]);
    }
    wire.truncate(start + written.unwrap_or(0));
}

/// Why rustls wrote nothing.
enum Failure {
    /// So many bytes are needed.
    TooSmall(usize),
    /// The keys have been used for all that they may be used for (after 2⁶⁴ records).
    Exhausted,
}

impl From<InsufficientSizeError> for Failure {
    fn from(error: InsufficientSizeError) -> Self {
        Self::TooSmall(error.required_size)
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(error) => error.into(),
            EncodeError::AlreadyEncoded => Self::Exhausted,
        }
    }
}

impl From<EncryptError> for Failure {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(error) => error.into(),
            EncryptError::EncryptExhausted => Self::Exhausted,
        }
    }
}

/// What rustls has one for servers and one for clients of.
pub(super) trait Side: Send {
    type Data;

    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data>;

    /// Whether there are messages of the protocol itself to be encoded.
    fn has_more_to_say(&self) -> bool;
}

impl Side for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn has_more_to_say(&self) -> bool {
        self.wants_write()
    }
}

impl Side for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn has_more_to_say(&self) -> bool {
        self.wants_write()
    }
}

/// The most that is kept of what cannot be parsed yet: a record is at most 18 KiB long, a
/// handshake message that comes in several of them 64 KiB.
const MAX_UNPARSED: usize = 64 * 1024;
