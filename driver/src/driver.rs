//! Serving on an asynchronous runtime, whichever it is.
//!
//! [`serve`] does what all such adapters have in common. A [`Runtime`] is what is different: its
//! sockets and its timers.
//!
//! # How it works
//!
//! A server is one future, the *driver*, which owns the [`Server`] and all sockets: there is
//! nothing to lock, and dropping it closes everything. A socket that becomes ready puts its
//! connection into a list and wakes the driver, which has a *turn*: it reads once from every
//! connection in the list, into one buffer that all share, and hands what came to the server; it
//! lets in who connected; and it flushes, which is to ask the server what there is to write and to
//! write it, with one system call for each recipient of the whole turn. What a socket does not take
//! waits in the server until that socket is writable again.
//!
//! Whoever connects is let in one turn after `accept`: then the system was asked once more who has
//! sent something, and what was sent before a peer connected is handled before that peer.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use linechat_protocol::{Action, CloseReason, ConnId, Instant, LinkId, ListenerId, Peer, Server};
use socket2::SockRef;

use crate::acceptor::{Accepted, Acceptor};
use crate::bell::Bell;
use crate::clock::Clock;
use crate::connection::{linger_until, transport_failed, was_refused};
use crate::dial::Dialling;
use crate::ready::{Ready, Source};
use crate::runtime::{Runtime, Stream, Timer};
use crate::service::{Flush, Observer, Service};
use crate::sockets::{Input, Sockets};

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no listeners and the last connection has
/// gone.
///
/// Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with the runtime.
pub async fn serve<R: Runtime>(
    service: Service,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut driver = Driver::<R>::new(service)?;
    let mut shutdown = pin!(Some(shutdown));
    poll_fn(|cx| {
        if let Some(told) = shutdown.as_mut().as_pin_mut()
            && told.poll(cx).is_ready()
        {
            shutdown.set(None);
            driver.shut_down();
        }
        driver.poll(cx)
    })
    .await;
    Ok(())
}

struct Driver<R: Runtime> {
    server: Server,
    clock: Clock,
    sockets: Sockets<R>,
    /// The sockets that became ready.
    ready: Arc<Ready>,
    /// Those that are polled in this turn.
    turn: Vec<Source>,
    /// The connections that are polled in the next turn, whatever their sockets say.
    again: Vec<ConnId>,
    /// The connections from which reading has ended, or pauses, in this turn.
    unread: Vec<ConnId>,
    /// Where every connection reads to, so that an idle one holds no buffer.
    scratch: Box<[u8]>,
    /// Until nobody can connect any more.
    acceptor: Option<Acceptor<R>>,
    /// Who has connected, and is let in with the next turn.
    accepted: Option<Accepted<R>>,
    /// Closed connections that are still read from, and when they were closed.
    lingering: VecDeque<(Instant, ConnId)>,
    timer: R::Timer,
    /// What it waits for, if not for a socket alone.
    due: Option<Instant>,
    /// The server's time was due in the last turn, after which the system was asked who is ready.
    is_due: bool,
    observer: Option<Box<dyn Observer>>,
    bell: Option<Bell<R>>,
    /// What the server wants to be connected to.
    dialling: Dialling,
}

impl<R: Runtime> Driver<R> {
    fn new(service: Service) -> io::Result<Self> {
        let mut driver = Self {
            server: service.server,
            clock: Clock::start(),
            sockets: Sockets::new(),
            ready: Arc::default(),
            turn: Vec::new(),
            again: Vec::new(),
            unread: Vec::new(),
            scratch: vec![0; READ_SIZE].into_boxed_slice(),
            acceptor: None,
            accepted: None,
            lingering: VecDeque::new(),
            timer: R::Timer::default(),
            due: None,
            is_due: false,
            observer: service.observer,
            bell: None,
            dialling: Dialling::default(),
        };
        driver.clock.set(&mut driver.server);
        if !service.listeners.is_empty() {
            let waker = driver.ready.waker(Source::Listeners);
            driver.acceptor = Some(Acceptor::new(service.listeners, waker, &driver.server)?);
        }
        if let Some(bell) = service.bell {
            let waker = driver.ready.waker(Source::Bell);
            driver.bell = Some(Bell::new(bell, waker)?);
        }
        if let Some(console) = service.console {
            let stream = R::Stream::new(console.stream.into())?;
            driver.insert(console.listener, stream, Peer::Console);
        }
        Ok(driver)
    }

    fn shut_down(&mut self) {
        self.server.shut_down(self.clock.now());
    }

    /// Has one turn. Ready when nobody is connected and nobody can connect any more.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.now_asleep(self.due.take());
        self.clock.set(&mut self.server);
        self.ready.take(&mut self.turn, cx.waker());
        let again = self.again.drain(..).map(Source::Connection);
        self.turn.extend(again);
        let mut turn = mem::take(&mut self.turn);
        for source in turn.drain(..) {
            match source {
                Source::Connection(conn) => self.poll_socket(conn),
                Source::Listeners => {
                    if let Some(acceptor) = &mut self.acceptor {
                        acceptor.is_ready = true;
                    }
                }
                Source::Dialled => self.end_dialling(),
                Source::Bell => {
                    if let Some(bell) = &mut self.bell {
                        bell.hush();
                    }
                }
            }
        }
        self.turn = turn;
        // After those who have sent something were heard.
        if self.server.has_more() {
            self.server.carry_on(self.clock.now());
        }
        if let Some(accepted) = self.accepted.take() {
            self.insert(accepted.listener, accepted.stream, accepted.peer);
        }
        self.end_lingering();
        self.flush();
        self.watch_unread();
        let expired = self.poll_time(cx).is_ready();
        // After the flush, which can make room.
        self.poll_accept();
        if self.acceptor.is_none() && self.accepted.is_none() && self.sockets.is_empty() {
            return Poll::Ready(());
        }
        let has_more = self.server.has_more();
        if expired || has_more || self.accepted.is_some() || !self.again.is_empty() {
            R::run_again(cx);
        }
        Poll::Pending
    }

    /// Takes the next connection off the listeners, as long as the server welcomes more.
    fn poll_accept(&mut self) {
        let Some(acceptor) = &mut self.acceptor else {
            return;
        };
        if !acceptor.close_those_closed(&self.server) {
            self.acceptor = None;
            return;
        }
        while self.accepted.is_none() {
            let Poll::Ready(accepted) = acceptor.poll_accept(&self.server) else {
                return;
            };
            self.accepted = accepted;
        }
    }

    fn insert(&mut self, listener: ListenerId, stream: R::Stream, peer: Peer) {
        let conn = self.server.accept(self.clock.now(), listener, peer);
        self.register(conn, stream);
    }

    fn register(&mut self, conn: ConnId, stream: R::Stream) {
        let waker = self.ready.waker(Source::Connection(conn));
        self.sockets.insert(conn, stream, waker);
        self.poll_socket(conn);
    }

    /// Begins to connect to what the server wants to be connected to.
    fn dial(&mut self, link: LinkId) {
        let waker = self.ready.waker(Source::Dialled);
        let now = self.clock.now();
        self.dialling
            .start(now, &mut self.server, link, move || waker.wake());
    }

    /// Tells the server what became of it.
    fn end_dialling(&mut self) {
        let now = self.clock.now();
        let Some((link, stream, address)) = self.dialling.take(now, &mut self.server) else {
            return;
        };
        match R::Stream::new(stream) {
            Ok(stream) => {
                let conn = self.server.accept_link(now, link, address);
                self.register(conn, stream);
            }
            Err(_) => self.server.dial_failed(now, link),
        }
    }

    /// Does with a socket what can be done now, and has it tell when more can be.
    fn poll_socket(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        if socket.blocked && socket.poll_writable().is_ready() {
            let now = self.clock.now();
            self.write(now, conn);
        }
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        match socket.input {
            Input::Open if socket.reading => self.receive(conn),
            Input::Lingering(left) => self.linger(conn, left),
            Input::Open | Input::Ended | Input::Failed => self.watch(conn),
        }
    }

    /// Reads what has come. Once all of it was read, this costs no further system call until there
    /// is more; a peer that sends faster than it is read from takes turns with the others.
    fn receive(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        while let Poll::Ready(read) = socket.poll_read(&mut self.scratch) {
            match read {
                Ok(0) => {
                    socket.input = Input::Ended;
                    self.server.receive_eof(self.clock.now(), conn);
                    return self.unread.push(conn);
                }
                Ok(length) => {
                    let bytes = &self.scratch[..length];
                    self.server.receive(self.clock.now(), conn, bytes);
                    if length == self.scratch.len() {
                        self.again.push(conn);
                        return;
                    }
                }
                Err(error) => return self.fail(conn, &error),
            }
        }
    }

    /// Waits, as long as a connection is not read from, for its peer to vanish. A socket that takes
    /// no more says so by itself, when it is writable.
    fn watch(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        let is_unread = match socket.input {
            Input::Open | Input::Ended if socket.has_ended_sending => false,
            Input::Open => !socket.reading,
            Input::Ended => true,
            Input::Failed | Input::Lingering(_) => false,
        };
        if !is_unread || socket.blocked || socket.poll_failed().is_pending() {
            return;
        }
        let error = match SockRef::from(&*socket.stream).take_error() {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => io::ErrorKind::ConnectionReset.into(),
        };
        self.fail(conn, &error);
    }

    /// Watches those from which reading has ended, or pauses, and whom the server has not closed.
    fn watch_unread(&mut self) {
        let mut unread = mem::take(&mut self.unread);
        for conn in unread.drain(..) {
            self.watch(conn);
        }
        self.unread = unread;
    }

    /// Does all that the server wants done.
    fn flush(&mut self) {
        let now = self.clock.now();
        let messages = self.server.messages_in_batch();
        let mut has_written = false;
        while let Some(action) = self.server.poll() {
            has_written |= matches!(action, Action::Transmit(_));
            match action {
                Action::Transmit(conn) => self.write(now, conn),
                Action::PauseReading(conn) => self.set_reading(conn, false),
                Action::ResumeReading(conn) => self.set_reading(conn, true),
                Action::EndSending(conn) => self.end_sending(conn),
                Action::Close(conn, reason) => self.close(now, conn, reason),
                Action::Dial(link) => self.dial(link),
            }
        }
        self.server.flushed();
        let observer = &mut self.observer;
        while let Some(event) = self.server.poll_event() {
            if let Some(observer) = observer {
                observer.event(&event);
            }
        }
        if let Some(observer) = observer {
            if has_written || messages > 0 {
                let took = self.clock.now().saturating_since(now);
                observer.flushed(Flush { messages, took });
            }
            observer.turned(now, &mut self.server);
        }
    }

    /// Writes what there is for a connection, unless its socket is known to take nothing.
    fn write(&mut self, now: Instant, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        while !socket.blocked {
            let bytes = self.server.transmit(conn);
            if bytes.is_empty() {
                return;
            }
            let length = bytes.len();
            match socket.stream.try_write(bytes) {
                Ok(written) => {
                    self.server.advance(now, conn, written);
                    if written == length {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return self.fail(conn, &error),
            }
            let _ = socket.poll_writable();
        }
    }

    fn set_reading(&mut self, conn: ConnId, reading: bool) {
        if let Some(socket) = self.sockets.get_mut(conn) {
            socket.set_reading(reading);
            if reading {
                &mut self.again
            } else {
                &mut self.unread
            }
            .push(conn);
        }
    }

    fn end_sending(&mut self, conn: ConnId) {
        if let Some(socket) = self.sockets.get_mut(conn) {
            socket.end_sending();
            // It fails where the peer is gone, which reading tells.
            let _ = SockRef::from(&*socket.stream).shutdown(Shutdown::Write);
        }
    }

    fn fail(&mut self, conn: ConnId, error: &io::Error) {
        transport_failed(conn, error);
        if let Some(socket) = self.sockets.get_mut(conn) {
            socket.input = Input::Failed;
            // For the server to be flushed, if it just was.
            self.again.push(conn);
        }
        self.server.transport_failed(self.clock.now(), conn);
    }

    /// Ends the sending half, and reads on: closing a socket with unread input would reset the
    /// connection. A peer that does not take what it was sent will not end its half either.
    fn close(&mut self, now: Instant, conn: ConnId, reason: CloseReason) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        if socket.input != Input::Open || socket.blocked || was_refused(reason) {
            return self.release(conn);
        }
        let _ = SockRef::from(&*socket.stream).shutdown(Shutdown::Write);
        socket.start_to_linger();
        self.lingering.push_back((now, conn));
        self.again.push(conn);
    }

    /// Reads from a connection that is closed, until its peer ends, too.
    fn linger(&mut self, conn: ConnId, mut left: usize) {
        let Some(socket) = self.sockets.get_mut(conn) else {
            return;
        };
        while left > 0 {
            match socket.poll_read(&mut self.scratch) {
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(length)) => left = left.saturating_sub(length),
                Poll::Pending => {
                    socket.input = Input::Lingering(left);
                    return;
                }
            }
        }
        self.release(conn);
    }

    /// Closes a socket and forgets the connection.
    fn release(&mut self, conn: ConnId) {
        self.sockets.remove(conn);
        self.server.release(self.clock.now(), conn);
    }

    /// Closes those who were read from for long enough after the server had closed them.
    fn end_lingering(&mut self) {
        let now = self.clock.now();
        while let Some((until, conn)) = self.first_lingering() {
            if until > now && self.sockets.get_mut(conn).is_some() {
                return;
            }
            self.lingering.pop_front();
            self.release(conn);
        }
    }

    fn first_lingering(&self) -> Option<(Instant, ConnId)> {
        let &(closed, conn) = self.lingering.front()?;
        Some((linger_until(&self.server, closed), conn))
    }

    /// Has the server do what is due, or waits for that. Ready if there is more to do at once, for
    /// which the others have their turn first.
    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.clock.now();
        let timeout = self.server.poll_timeout();
        let is_due = timeout.is_some_and(|due| due <= now);
        let was_due = mem::replace(&mut self.is_due, is_due);
        if is_due {
            // Whoever sent or took something in time has not timed out, though it was not looked at:
            // a process that was stopped goes on with its timers.
            if was_due {
                self.server.handle_timeout(now);
            }
            return Poll::Ready(());
        }
        let lingering = self.first_lingering().map(|(until, _)| until);
        let observer = self.observer.as_ref().and_then(|observer| observer.due());
        let dues = [timeout, lingering, observer];
        self.due = dues.into_iter().flatten().min();
        match self.due {
            Some(due) => self.timer.poll_until(cx, self.clock.to_std(due)),
            None => Poll::Pending,
        }
    }
}

/// How much one read can bring, in bytes.
const READ_SIZE: usize = 64 << 10;
