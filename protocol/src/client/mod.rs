//! What the clients of all dialects share.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::{Buf, BytesMut};
use thiserror::Error;

use crate::wire::end::End;
use crate::wire::lines::{Decoded, LineDecoder};
use crate::wire::pause::LateEnding;

pub(crate) mod line;

/// One connection to a server, without its socket.
///
/// Each dialect has its own: [`direct::Client`](crate::direct::Client),
/// [`rooms::Client`](crate::rooms::Client), [`pair::Client`](crate::pair::Client),
/// [`addressed::Client`](crate::addressed::Client), [`irc::Client`](crate::irc::Client), and
/// [`LineClient`](crate::LineClient) for `echo` and `relay`. They differ in their requests and in
/// their events. What they share is how they are driven:
///
/// 1. **Make requests.** They are queued, or refused with a [`RequestError`] before anything is
///    sent.
/// 2. **Write** what [`transmit`](Self::transmit) shows, and report with
///    [`advance`](Self::advance) how much the socket took. When
///    [`is_done_sending`](Self::is_done_sending), end the socket's sending half.
/// 3. **Read**, if [`wants_input`](Self::wants_input), and hand in what came with
///    [`receive`](Self::receive), and that nothing more will come with
///    [`receive_eof`](Self::receive_eof).
/// 4. **Poll** [`poll_event`](Self::poll_event) until there is none. Polling can queue output, too.
///
/// The order does not matter, and nothing is lost by doing one of them late.
///
/// # Memory
///
/// What was received stays as it is until an event is made of it, one for each call of
/// [`poll_event`](Self::poll_event). Whoever reads only while [`wants_input`](Self::wants_input)
/// holds no more than [`ClientLimits::max_received_line`] twice and one read; all that waits for
/// the server is bounded by [`ClientLimits`], too. No server can change that.
#[derive(Debug)]
pub struct Client<D> {
    pub(crate) limits: ClientLimits,
    pub(crate) output: Output,
    pub(crate) state: D,
    input: Input,
}

impl<D: ClientDialect + Default> Client<D> {
    /// A client that has neither sent nor received anything.
    pub fn new() -> Self {
        Self::with_limits(ClientLimits::default())
    }

    /// A client with other bounds than the default ones.
    pub fn with_limits(limits: ClientLimits) -> Self {
        let output = Output {
            max_backlog: limits.max_backlog,
            ..Output::default()
        };
        Self {
            limits,
            output,
            state: D::default(),
            input: Input::default(),
        }
    }
}

impl<D: ClientDialect> Client<D> {
    /// The server sent these bytes.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.receive(bytes);
    }

    /// Nothing has come for a while after the beginning of a line
    /// ([`is_within_line`](Self::is_within_line)): it is told as it is. For servers that send no
    /// line endings; one that comes late belongs to that line. Where no line has begun, this does
    /// nothing.
    ///
    /// How long to wait is the caller's choice; a server takes 300 ms
    /// ([`Terms::DEFAULT_PAUSE`](crate::Terms::DEFAULT_PAUSE)).
    ///
    /// ```
    /// use linechat_protocol::{LineClient, LineEvent};
    ///
    /// let mut client = LineClient::new();
    /// client.receive(b"Name: ");
    /// assert_eq!(client.poll_event(), None);
    /// assert!(client.is_within_line());
    ///
    /// client.receive_pause();
    /// assert_eq!(client.poll_event(), Some(LineEvent::Line(b"Name: ".to_vec())));
    /// assert!(!client.is_within_line());
    /// ```
    pub fn receive_pause(&mut self) {
        if self.is_within_line() {
            self.input.end_line();
        }
    }

    /// Whether what the server sent last is the beginning of a line, and more of it would be read.
    pub fn is_within_line(&self) -> bool {
        self.wants_input() && self.input.is_within_line()
    }

    /// The server ended its sending half, which is how it closes the connection. What it sent
    /// before is still told.
    pub fn receive_eof(&mut self) {
        self.input.receive_eof();
    }

    /// Whether to read from the server. Until it is, leave what comes to the transport.
    ///
    /// It is not while more waits to be polled than the longest line, which only happens when
    /// events are not polled, and in `pair` while the server speaks out of turn.
    pub fn wants_input(&self) -> bool {
        self.input.end == End::Open && self.input.len() <= self.limits.max_received_line
    }

    /// What the server said, until there is nothing. The last event says that it closed the
    /// connection.
    pub fn poll_event(&mut self) -> Option<D::Event> {
        let max_line = self.limits.max_received_line;
        while self.state.listens(self.input.end != End::Open) {
            let event = match self.input.next(max_line)? {
                Received::Line(line) => self.state.line(&mut self.output, line),
                Received::TooLong => Some(self.state.line_too_long(&mut self.output, max_line)),
                Received::Unfinished => None,
                Received::End => {
                    let event = self.state.closed(&self.output);
                    self.state.server_ended(&mut self.output);
                    Some(event)
                }
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// What is to be written to the server. Say how much was written with
    /// [`advance`](Self::advance).
    pub fn transmit(&self) -> &[u8] {
        &self.output.waiting
    }

    /// `written` more bytes are with the transport.
    pub fn advance(&mut self, written: usize) {
        self.output.advance(written);
    }

    /// Whether one more request of the right length fits. While it does not, requests are refused
    /// with [`RequestError::Full`].
    pub fn has_room(&self) -> bool {
        self.state.has_room(&self.output, &self.limits)
    }

    /// Nothing more will be asked for. What was asked for before is still sent and answered.
    pub fn finish(&mut self) {
        self.state.finish(&mut self.output);
    }

    /// Whether everything is written that ever will be: end the socket's sending half now.
    pub fn is_done_sending(&self) -> bool {
        self.output.end != Sending::Open && self.output.waiting.is_empty()
    }
}

impl<D: ClientDialect + Default> Default for Client<D> {
    fn default() -> Self {
        Self::new()
    }
}

/// The client's half of a dialect. Only this crate implements it; it is public so that one function
/// can drive the client of any dialect.
pub trait ClientDialect: Half<Reported = <Self as ClientDialect>::Event> {
    /// What the server says.
    type Event: fmt::Debug + From<Violation>;
}

/// What a dialect does with lines. Nobody else can name it, so nobody else can implement it.
pub trait Half {
    /// What the server says: the event.
    type Reported: From<Violation>;

    /// Makes an event of one line.
    fn line(&mut self, output: &mut Output, line: &[u8]) -> Option<Self::Reported>;

    /// The server has closed the connection, and all that it sent has been told.
    fn closed(&mut self, output: &Output) -> Self::Reported;

    /// After that, what becomes of what waits to be sent.
    fn server_ended(&mut self, output: &mut Output) {
        output.close();
    }

    /// A line was too long, and is dropped.
    fn line_too_long(&mut self, _output: &mut Output, max: usize) -> Self::Reported {
        Violation::LineTooLong { max }.into()
    }

    /// Whether the server's next line may be told. The server may have closed the connection
    /// behind it.
    fn listens(&self, _server_closed: bool) -> bool {
        true
    }

    /// Whether one more request of the right length fits.
    fn has_room(&self, output: &Output, limits: &ClientLimits) -> bool {
        output.has_room(0, limits)
    }

    /// Nothing more will be asked for.
    fn finish(&mut self, output: &mut Output) {
        output.finish();
    }
}

/// What a [`Client`] allows its server, and itself, to use.
///
/// ```
/// use linechat_protocol::{ClientLimits, direct};
///
/// let mut limits = ClientLimits::default();
/// limits.max_line = 1024;
/// let client = direct::Client::with_limits(limits);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The longest line to send, in bytes, its ending not counted. Default: 8192, as on the
    /// server ([`Terms::max_line`](crate::Terms::max_line)).
    pub max_line: usize,
    /// The longest line to understand, in bytes, its ending not counted. Default: 1 MiB, since all
    /// the names in a list are one line.
    pub max_received_line: usize,
    /// The most bytes that may wait to be sent. Default: 1 MiB. A request is refused once so much
    /// waits.
    pub max_backlog: usize,
    /// How many requests may wait for their answers. Default: 1024.
    pub max_unanswered: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            max_line: 8192,
            max_received_line: 1 << 20,
            max_backlog: 1 << 20,
            max_unanswered: 1024,
        }
    }
}

/// Why a request is not sent: the server would refuse it, or it does not fit now. Nothing has
/// changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// This is for those who have logged in (`direct`) or registered (`rooms`).
    #[error("not logged in")]
    NotLoggedIn,
    /// There is a name already, or the server has yet to say whether it can be had.
    #[error("already logged in, or about to be")]
    AlreadyLoggedIn,
    /// No user can have this name.
    #[error("no user can have this name")]
    BadName,
    /// No room can have this name.
    #[error("no room can have this name")]
    BadRoomName,
    /// The text is empty; in `direct`, or blank.
    #[error("there is no text to send")]
    NoText,
    /// The text has characters that other people's terminals obey.
    #[error("the text has control characters")]
    NotPlainText,
    /// The text begins like a request, and the server would take it for one.
    #[error("the text begins with #, @ or !, which the server would take for a request")]
    LooksLikeRequest,
    /// The line has a line feed in it.
    #[error("a line cannot have a line feed in it")]
    LineFeed,
    /// The line is longer than [`ClientLimits::max_line`].
    #[error("the line is longer than {max} bytes")]
    LineTooLong {
        /// How long it may be.
        max: usize,
    },
    /// [`ClientLimits::max_backlog`] or [`ClientLimits::max_unanswered`] is reached. Try again
    /// when something was written or answered: [`Client::has_room`].
    #[error("too much waits for the server")]
    Full,
    /// After [`Client::finish`], there are no more requests.
    #[error("nothing can be sent after the end")]
    Finished,
    /// The server closed the connection.
    #[error("the server has closed the connection")]
    Closed,
}

/// Something that no server sends that keeps to the protocol.
///
/// The client carries on, and so may its user; but which answer belongs to which request is no
/// longer certain, and it is wiser to leave.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A line was longer than [`ClientLimits::max_received_line`]. It is dropped.
    #[error("the server sent a line longer than {max} bytes")]
    LineTooLong {
        /// How long it may be.
        max: usize,
    },
    /// A line is none that the dialect knows.
    #[error("the server sent something that is not in the protocol")]
    NotInProtocol {
        /// The line without its ending, as it came: not fit for a terminal.
        line: Vec<u8>,
    },
    /// A line is an answer, but not to what was asked.
    #[error("the server sent an answer that nobody asked for")]
    Unasked {
        /// The line without its ending, as it came: not fit for a terminal.
        line: Vec<u8>,
    },
}

impl Violation {
    pub(crate) fn not_in_protocol(line: &[u8]) -> Self {
        Self::NotInProtocol {
            line: line.to_vec(),
        }
    }

    pub(crate) fn unasked(line: &[u8]) -> Self {
        Self::Unasked {
            line: line.to_vec(),
        }
    }
}

/// What a server says in a dialect whose lines have no further meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEvent {
    /// One line, without its ending, as it came: not fit for a terminal.
    Line(Vec<u8>),
    /// The server does not keep to the protocol.
    Violation(Violation),
    /// The server closed the connection. Always the last event.
    Closed,
}

impl From<Violation> for LineEvent {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// A list of names, in the order in which the server gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// With one space behind each: no name in any dialect contains one.
    ended: String,
}

impl Names {
    pub(crate) fn collect<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut ended = String::new();
        for name in names {
            ended.push_str(name);
            ended.push(' ');
        }
        Self { ended }
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.ended.split_terminator(' ')
    }

    /// Whether `name` is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|other| other == name)
    }
}

/// What a client sends.
#[derive(Debug, Default)]
pub struct Output {
    waiting: BytesMut,
    end: Sending,
    /// How much may wait.
    max_backlog: usize,
}

impl Output {
    /// Queues a whole line, unless it is too long or does not fit.
    pub(crate) fn send(&mut self, line: &[u8], limits: &ClientLimits) -> Result<(), RequestError> {
        self.send_all(&[line], limits)
    }

    /// Queues whole lines, unless one of them is too long or they do not fit.
    pub(crate) fn send_all(
        &mut self,
        lines: &[&[u8]],
        limits: &ClientLimits,
    ) -> Result<(), RequestError> {
        for line in lines {
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            self.check(content, 0, limits)?;
        }
        for line in lines {
            self.waiting.extend_from_slice(line);
        }
        Ok(())
    }

    /// Queues a line, which is given without its ending, with `\n` behind it.
    pub(crate) fn send_line(
        &mut self,
        line: &[u8],
        limits: &ClientLimits,
    ) -> Result<(), RequestError> {
        self.check(line, 0, limits)?;
        self.push_line(line);
        Ok(())
    }

    /// Whether a line may be sent now, when `held` bytes wait elsewhere.
    pub(crate) fn check(
        &self,
        content: &[u8],
        held: usize,
        limits: &ClientLimits,
    ) -> Result<(), RequestError> {
        let max = limits.max_line;
        match self.end {
            Sending::Open if content.contains(&b'\n') => Err(RequestError::LineFeed),
            Sending::Open if content.len() > max => Err(RequestError::LineTooLong { max }),
            Sending::Open if !self.has_room(held, limits) => Err(RequestError::Full),
            Sending::Open => Ok(()),
            Sending::Finished => Err(RequestError::Finished),
            Sending::Closed => Err(RequestError::Closed),
        }
    }

    /// Queues a line, which is given without its ending, with `\n` behind it, however much waits.
    pub(crate) fn push_line(&mut self, line: &[u8]) {
        self.waiting.extend_from_slice(line);
        self.waiting.extend_from_slice(b"\n");
    }

    /// Queues a whole line that the server asked for. A server that asks for more than it reads
    /// is not answered.
    pub(crate) fn answer(&mut self, line: &[u8]) {
        if self.end == Sending::Open && self.waiting.len() < self.max_backlog {
            self.waiting.extend_from_slice(line);
        }
    }

    pub(crate) fn has_room(&self, held: usize, limits: &ClientLimits) -> bool {
        self.waiting.len() + held < limits.max_backlog
    }

    pub(crate) fn finish(&mut self) {
        if self.end == Sending::Open {
            self.end = Sending::Finished;
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.end != Sending::Open
    }

    /// More than everything cannot be written. What is empty has no memory of its own.
    fn advance(&mut self, written: usize) {
        if written < self.waiting.len() {
            self.waiting.advance(written);
        } else {
            self.waiting = BytesMut::new();
        }
    }

    /// The server is gone: nobody reads any more.
    fn close(&mut self) {
        self.end_unread();
        self.waiting = BytesMut::new();
    }

    /// The server says nothing more, but may still read: what is queued is the last.
    pub(crate) fn end_unread(&mut self) {
        self.end = Sending::Closed;
    }
}

/// Whether more can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sending {
    #[default]
    Open,
    /// What is queued is the last.
    Finished,
    /// The server closed the connection.
    Closed,
}

/// What a server sent.
#[derive(Debug, Default)]
struct Input {
    /// The unfinished line.
    decoder: LineDecoder,
    /// What nobody has looked at.
    waiting: BytesMut,
    /// How much of `waiting` has been looked at since, and is to be forgotten.
    taken: usize,
    late_ending: LateEnding,
    end: End,
}

impl Input {
    fn receive(&mut self, mut bytes: &[u8]) {
        if self.end == End::Open {
            self.forget_taken();
            let begin = self.late_ending.strip(&mut bytes);
            self.waiting.extend_from_slice(begin);
            self.waiting.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        self.forget_taken();
        self.waiting.extend_from_slice(b"\n");
        self.late_ending = LateEnding::Expected;
    }

    fn is_within_line(&self) -> bool {
        self.decoder.is_within_line(&self.waiting[self.taken..])
    }

    fn receive_eof(&mut self) {
        if self.end == End::Open {
            self.end = End::Received;
        }
    }

    fn len(&self) -> usize {
        self.waiting.len() - self.taken
    }

    fn next(&mut self, max_line: usize) -> Option<Received<'_>> {
        self.forget_taken();
        if self.waiting.is_empty() {
            return self.next_at_end();
        }
        let mut rest = &self.waiting[..];
        let decoded = self.decoder.decode(&mut rest, max_line);
        self.taken = self.waiting.len() - rest.len();
        Some(decoded.map_or(Received::Unfinished, Received::from))
    }

    /// The last line may have no ending.
    fn next_at_end(&mut self) -> Option<Received<'_>> {
        if self.end != End::Received {
            self.decoder.shrink();
            return None;
        }
        if let Some(last) = self.decoder.decode_end() {
            return Some(Received::from(last));
        }
        self.end = End::Told;
        Some(Received::End)
    }

    fn forget_taken(&mut self) {
        self.waiting.advance(core::mem::take(&mut self.taken));
        if self.waiting.is_empty() {
            self.waiting = BytesMut::new();
        }
    }
}

/// What there is to take from a server.
enum Received<'a> {
    /// A line without its ending.
    Line(&'a [u8]),
    /// A line that is dropped.
    TooLong,
    /// Only the beginning of a line.
    Unfinished,
    /// The end of all lines.
    End,
}

impl<'a> From<Decoded<'a>> for Received<'a> {
    fn from(decoded: Decoded<'a>) -> Self {
        match decoded {
            Decoded::Line(line) => Self::Line(line.content()),
            Decoded::TooLong => Self::TooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::LineClient;

    #[test]
    fn what_waits_for_the_server_is_bounded_and_room_comes_back() {
        let mut client = LineClient::with_limits(ClientLimits {
            max_backlog: 8,
            ..ClientLimits::default()
        });
        assert_eq!(client.send(b"1234567"), Ok(()));
        assert!(!client.has_room());
        assert_eq!(client.send(b""), Err(RequestError::Full));
        client.advance(2);
        assert!(client.has_room());
        assert_eq!(client.send(b""), Ok(()));
        assert_eq!(client.transmit(), b"34567\n\n");
    }

    #[test]
    fn input_is_unwanted_while_more_waits_than_the_longest_line() {
        let mut client = small();
        client.receive(b"1234");
        assert!(client.wants_input());
        client.receive(b"\n");
        assert!(!client.wants_input());
        assert_eq!(client.poll_event(), Some(LineEvent::Line(b"1234".to_vec())));
        assert!(client.wants_input());
        client.receive_eof();
        assert!(!client.wants_input());
    }

    #[test]
    fn an_endless_line_is_told_once_and_keeps_no_memory() {
        let mut client = small();
        let mut events = vec![];
        for _ in 0..1000 {
            client.receive(b"xxx");
            events.extend(core::iter::from_fn(|| client.poll_event()));
        }
        let violation = Violation::LineTooLong { max: 4 };
        assert_eq!(events, [LineEvent::Violation(violation)]);
        assert!(client.input.waiting.capacity() < 64);
    }

    #[test]
    fn the_last_line_needs_no_ending_and_the_end_is_told_once() {
        let mut client = small();
        client.receive(b"a\nb");
        client.receive_eof();
        client.receive(b"late\n");
        client.receive_eof();
        let events: Vec<_> = core::iter::from_fn(|| client.poll_event()).collect();
        let line = |text: &[u8]| LineEvent::Line(text.to_vec());
        assert_eq!(events, [line(b"a"), line(b"b"), LineEvent::Closed]);
        assert_eq!(client.poll_event(), None);
    }

    #[test]
    fn a_pause_ends_the_line_that_has_begun_and_no_other() {
        let mut client = LineClient::new();
        let mut events = vec![];
        for piece in [
            &b"a"[..],
            b"\n",
            b"b\nc",
            b"\r",
            b"\n",
            b"\r",
            b"\n",
            b"d\n",
            b"e\r",
            b"f",
            b"\r\ng",
        ] {
            client.receive(piece);
            client.receive_pause();
            client.receive_pause();
            events.extend(core::iter::from_fn(|| client.poll_event()));
        }
        let line = |text: &[u8]| LineEvent::Line(text.to_vec());
        let lines = ["a", "b", "c", "", "d", "e", "f", "g"];
        assert_eq!(events, lines.map(|text| line(text.as_bytes())));
        client.receive_eof();
        client.receive_pause();
        assert_eq!(client.poll_event(), Some(LineEvent::Closed));
    }

    #[test]
    fn no_pause_ends_a_line_whose_end_is_not_read() {
        let mut client = small();
        client.receive(b"a\nb\nc");
        client.receive_pause();
        client.receive(b"d");
        let events: Vec<_> = core::iter::from_fn(|| client.poll_event()).collect();
        let line = |text: &[u8]| LineEvent::Line(text.to_vec());
        assert_eq!(events, [line(b"a"), line(b"b")]);
        client.receive_pause();
        assert_eq!(client.poll_event(), Some(line(b"cd")));
    }

    #[test]
    fn after_the_end_nothing_is_sent() {
        let mut client = small();
        client.send(b"a").unwrap();
        client.finish();
        assert!(!client.is_done_sending());
        assert_eq!(client.send(b"b"), Err(RequestError::Finished));
        client.advance(2);
        assert!(client.is_done_sending());
        client.receive_eof();
        assert_eq!(client.poll_event(), Some(LineEvent::Closed));
        assert_eq!(client.send(b"b"), Err(RequestError::Closed));
    }

    #[test]
    fn a_line_to_send_is_one_line_and_not_too_long() {
        let mut client = LineClient::with_limits(ClientLimits {
            max_line: 3,
            ..ClientLimits::default()
        });
        assert_eq!(client.send(b"a\nb"), Err(RequestError::LineFeed));
        assert_eq!(
            client.send(b"1234"),
            Err(RequestError::LineTooLong { max: 3 })
        );
        assert_eq!(client.send(b"123"), Ok(()));
        assert_eq!(client.transmit(), b"123\n");
    }

    #[test]
    fn names_come_back_one_by_one() {
        let names = Names::collect(["b", "a"].into_iter());
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "a"]);
        assert!(names.contains("a") && !names.contains("b a"));
        assert_eq!(Names::default().iter().count(), 0);
    }

    fn small() -> LineClient {
        LineClient::with_limits(ClientLimits {
            max_received_line: 4,
            ..ClientLimits::default()
        })
    }
}
