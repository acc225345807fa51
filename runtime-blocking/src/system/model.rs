//! A model of the system, in which shuttle decides who runs when.
//!
//! Threads and locks are shuttle's. Sockets are queues with bounds; [`Poll`] tells of their edges as
//! epoll does. Time passes when a [`Poll`] has waited for as long as it was to, and that can be at
//! any time; but nobody must have to wait for long, so what is to take longer never ends by itself.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant as StdInstant};

use linechat_protocol::{Instant, Server};
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

pub(crate) use shuttle::sync::mpsc::sync_channel;
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use shuttle::thread::{Scope, park};

use super::Event;

/// shuttle takes the end of the last thread of a scope for what the scope's own thread waits for. So
/// that one does nothing but wait, and another one does what there is to do.
pub(crate) fn scope<'env, T: Send + 'env>(
    body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T + Send + 'env,
) -> T {
    let outcome = Arc::new(std::sync::Mutex::new(None));
    let slot = Arc::clone(&outcome);
    thread::scope(|scope| {
        scope.spawn(move || {
            let outcome = body(scope);
            *slot.lock().expect("nobody panics") = Some(outcome);
        });
    });
    let outcome = outcome.lock().expect("nobody panics").take();
    outcome.expect("all threads have ended")
}

/// Starts a thread, unless there is none left, as happens.
pub(crate) fn start_thread<'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() + Send + 'scope,
) -> io::Result<Thread> {
    if thread_rng().gen_ratio(1, 8) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let is_running = Arc::new(AtomicBool::new(true));
    let ends = Arc::clone(&is_running);
    let started = scope.spawn(move || {
        run();
        ends.store(false, Ordering::Relaxed);
    });
    Ok(Thread {
        thread: started.thread().clone(),
        is_running,
    })
}

/// A thread, which may have ended. (shuttle's must not have when it is unparked.)
pub(crate) struct Thread {
    thread: thread::Thread,
    is_running: Arc<AtomicBool>,
}

impl Thread {
    pub(crate) fn unpark(&self) {
        if self.is_running.load(Ordering::Relaxed) {
            self.thread.unpark();
        }
    }
}

pub(crate) fn read(stream: &Stream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut socket = stream.0.lock();
    loop {
        if socket.is_reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if !socket.input.is_empty() {
            return Ok(take(&mut socket.input, buffer));
        }
        if socket.input_ended || socket.is_reading_shut {
            return Ok(0);
        }
        socket = stream.0.changed.wait(socket).expect("nobody panics");
    }
}

pub(crate) fn read_more(stream: &Stream, bytes: &mut Vec<u8>) {
    let mut socket = stream.0.lock();
    let length = socket.input.len().min(bytes.capacity() - bytes.len());
    bytes.extend(socket.input.drain(..length));
}

pub(crate) fn write(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
    let mut socket = stream.0.lock();
    if socket.is_reset || socket.output_ended {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    let length = bytes.len().min(socket.room - socket.output.len());
    socket.output.extend(&bytes[..length]);
    socket.is_full = length < bytes.len();
    stream.0.changed.notify_all();
    Ok(length)
}

fn take(queue: &mut VecDeque<u8>, buffer: &mut [u8]) -> usize {
    let length = queue.len().min(buffer.len());
    for (byte, place) in queue.drain(..length).zip(buffer) {
        *place = byte;
    }
    length
}

/// The server's end of a connection. Dropping it closes it.
pub(crate) struct Stream(Arc<Connection>);

/// In the model, nobody wants one.
pub(crate) fn dialled(stream: std::net::TcpStream) -> Stream {
    panic!("the model dialled {stream:?}");
}

impl Stream {
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let mut socket = self.0.lock();
        socket.output_ended |= how != Shutdown::Read;
        socket.is_reading_shut |= how != Shutdown::Write;
        socket.tell_if_hung_up();
        self.0.changed.notify_all();
        Ok(())
    }

    /// Has the peer see a reset.
    fn refuse(&self) {
        self.0.lock().was_reset = true;
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut socket = self.0.lock();
        // What was not read makes the system reset the connection, and the peer may lose what it
        // has not read either.
        if !socket.input.is_empty() {
            socket.output.clear();
            socket.was_reset = true;
        }
        socket.output_ended = true;
        socket.is_closed = true;
        if let Some((queue, index)) = socket.watched.take() {
            queue.forget(index);
        }
        self.0.changed.notify_all();
    }
}

/// The other end, for tests. Dropping it resets the connection.
pub(crate) struct Remote(Arc<Connection>);

impl Remote {
    /// Sends everything, or as much as the server lets it.
    pub(crate) fn send(&self, text: &str) {
        let mut socket = self.0.lock();
        if !socket.is_closed {
            socket.input.extend(text.as_bytes());
            self.0.changed.notify_all();
        }
    }

    /// The next bytes, at most so many. There are none at the end, and `None` after a reset.
    pub(crate) fn receive(&self, at_most: usize) -> Option<Vec<u8>> {
        let mut socket = self.0.lock();
        while socket.output.is_empty() && !socket.output_ended {
            socket = self.0.changed.wait(socket).expect("nobody panics");
        }
        if socket.was_reset {
            return None;
        }
        let length = socket.output.len().min(at_most);
        let bytes = socket.output.drain(..length).collect();
        if std::mem::take(&mut socket.is_full) {
            socket.tell();
        }
        Some(bytes)
    }

    pub(crate) fn end_sending(&self) {
        let mut socket = self.0.lock();
        socket.input_ended = true;
        socket.tell_if_hung_up();
        self.0.changed.notify_all();
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let mut socket = self.0.lock();
        // After both have ended in order nothing is left to reset.
        if !(socket.input_ended && socket.output_ended && socket.output.is_empty()) {
            socket.is_reset = true;
            socket.input.clear();
            socket.tell();
        }
        self.0.changed.notify_all();
    }
}

struct Connection {
    socket: Mutex<Socket>,
    changed: Condvar,
}

impl Connection {
    fn lock(&self) -> MutexGuard<'_, Socket> {
        self.socket.lock().expect("nobody panics")
    }
}

/// A connection as the server's system sees it.
#[derive(Default)]
struct Socket {
    input: VecDeque<u8>,
    input_ended: bool,
    output: VecDeque<u8>,
    output_ended: bool,
    /// How much output it takes.
    room: usize,
    /// It did not take all that it was last given.
    is_full: bool,
    is_reading_shut: bool,
    /// The peer has reset it.
    is_reset: bool,
    /// The server has reset it, by closing it with unread input.
    was_reset: bool,
    is_closed: bool,
    /// Who is told of edges, and by which index.
    watched: Option<(Arc<Queue>, usize)>,
}

impl Socket {
    fn tell(&self) {
        if let Some((queue, index)) = &self.watched {
            queue.push(Event::Socket {
                index: *index,
                has_failed: self.is_reset,
                has_hung_up: self.has_hung_up(),
            });
        }
    }

    fn tell_if_hung_up(&self) {
        if self.has_hung_up() {
            self.tell();
        }
    }

    fn has_hung_up(&self) -> bool {
        self.is_reset || self.input_ended && self.output_ended
    }
}

/// A socket that listens. Dropping it refuses those who wait.
pub(crate) struct Listener(Arc<Door>);

impl Listener {
    pub(crate) fn accept(&self) -> io::Result<Option<(Stream, SocketAddr)>> {
        let stream = self.0.lock().waiting.pop_front();
        Ok(stream.map(|stream| (stream, ([192, 0, 2, 1], 4000).into())))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.is_closed = true;
        let refused = std::mem::take(&mut queue.waiting);
        drop(queue);
        refused.iter().for_each(Stream::refuse);
    }
}

/// Where peers connect.
pub(crate) struct Door(Mutex<ListenQueue>);

#[derive(Default)]
struct ListenQueue {
    waiting: VecDeque<Stream>,
    watched: Option<Arc<Queue>>,
    is_closed: bool,
}

impl Door {
    /// A door, and the socket that listens behind it.
    pub(crate) fn new() -> (Arc<Self>, Listener) {
        let door = Arc::new(Self(Mutex::default()));
        (Arc::clone(&door), Listener(door))
    }

    /// Connects a peer by a socket that takes `room` bytes of output.
    pub(crate) fn connect(&self, room: usize) -> Remote {
        let connection = Arc::new(Connection {
            socket: Mutex::new(Socket {
                room,
                ..Socket::default()
            }),
            changed: Condvar::new(),
        });
        let stream = Stream(Arc::clone(&connection));
        let mut queue = self.lock();
        if queue.is_closed {
            stream.refuse();
        } else {
            queue.waiting.push_back(stream);
        }
        if let Some(watched) = &queue.watched {
            watched.push(Event::Accept);
        }
        Remote(connection)
    }

    fn lock(&self) -> MutexGuard<'_, ListenQueue> {
        self.0.lock().expect("nobody panics")
    }
}

/// Events on their way to one thread.
struct Queue {
    events: Mutex<VecDeque<Event>>,
    filled: Condvar,
}

impl Queue {
    /// What is not watched any more has no events, those on their way among them.
    fn forget(&self, closed: usize) {
        let mut events = self.events.lock().expect("nobody panics");
        events.retain(|event| !matches!(event, Event::Socket { index, .. } if *index == closed));
    }

    fn push(&self, event: Event) {
        self.events.lock().expect("nobody panics").push_back(event);
        self.filled.notify_all();
    }
}

pub(crate) struct Poll {
    queue: Arc<Queue>,
    events: Vec<Event>,
}

impl Poll {
    pub(crate) fn new() -> Self {
        let queue = Queue {
            events: Mutex::default(),
            filled: Condvar::new(),
        };
        Self {
            queue: Arc::new(queue),
            events: Vec::new(),
        }
    }

    pub(crate) fn waker(&self) -> io::Result<Waker> {
        Ok(Waker(Arc::clone(&self.queue), Event::Wake))
    }

    /// What makes the server end.
    pub(crate) fn shutdown(&self) -> Waker {
        Waker(Arc::clone(&self.queue), Event::ShutDown)
    }

    pub(crate) fn watch_listener(&self, listener: &Listener) -> io::Result<()> {
        listener.0.lock().watched = Some(Arc::clone(&self.queue));
        self.queue.push(Event::Accept);
        Ok(())
    }

    pub(crate) fn watch(&self, index: usize, stream: &Stream) -> io::Result<()> {
        let mut socket = stream.0.lock();
        socket.watched = Some((Arc::clone(&self.queue), index));
        socket.tell();
        Ok(())
    }

    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.filter(|timeout| *timeout < LONG);
        let mut patience = timeout.map(|_| thread_rng().gen_range(0..20));
        let mut events = self.queue.events.lock().expect("nobody panics");
        while events.is_empty() && patience != Some(0) {
            events = match &mut patience {
                None => self.queue.filled.wait(events).expect("nobody panics"),
                Some(left) => {
                    *left -= 1;
                    drop(events);
                    thread::yield_now();
                    self.queue.events.lock().expect("nobody panics")
                }
            };
        }
        if events.is_empty()
            && let Some(timeout) = timeout
        {
            pass(timeout);
        }
        self.events = events.drain(..).collect();
        Ok(())
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        self.events.iter().copied()
    }
}

/// Makes one thing happen to a [`Poll`].
pub(crate) struct Waker(Arc<Queue>, Event);

impl Waker {
    pub(crate) fn wake(&self) {
        self.0.push(self.1);
    }
}

/// The time since the run began.
pub(crate) struct Clock;

impl Clock {
    pub(crate) fn start() -> Self {
        Self
    }

    pub(crate) fn set(&mut self, server: &mut Server) {
        server.set_clock(self.now(), Duration::ZERO);
    }

    pub(crate) fn now(&mut self) -> Instant {
        Instant::after_epoch(elapsed())
    }

    pub(crate) fn now_asleep(&mut self, _due: Option<Instant>) -> Instant {
        self.now()
    }

    pub(crate) fn to_std(&self, at: Instant) -> StdInstant {
        *EPOCH + at.since_epoch()
    }

    pub(crate) fn until(&self, at: Instant) -> Duration {
        at.since_epoch().saturating_sub(elapsed())
    }
}

pub(crate) fn now() -> StdInstant {
    *EPOCH + elapsed()
}

fn elapsed() -> Duration {
    Duration::from_nanos(ELAPSED.load(Ordering::Relaxed))
}

fn pass(time: Duration) {
    let nanos = u64::try_from(time.as_nanos()).expect("some centuries");
    ELAPSED.fetch_add(nanos, Ordering::Relaxed);
}

/// Longer than anything that has to come about by the passing of time.
const LONG: Duration = Duration::from_secs(2);

shuttle::lazy_static! {
    static ref ELAPSED: AtomicU64 = AtomicU64::new(0);
    static ref EPOCH: StdInstant = StdInstant::now();
}
