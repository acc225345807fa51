//! linechat on plain threads: [`serve`] moves bytes between sockets and a
//! [`Server`](linechat_protocol::Server), on a thread for each connection, beside whatever else
//! the application does on its own.
//!
//! ```no_run
//! use std::{io, net::TcpListener, thread};
//!
//! use linechat_driver::Service;
//! use linechat_protocol::{Dialect, Limits, Listener, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = Server::new(Limits::default())?;
//! let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
//! let service = Service::new(server).listen(rooms, TcpListener::bind("127.0.0.1:8888")?);
//! let (shutdown, running) = io::pipe()?;
//! let chat = thread::spawn(|| linechat_blocking::serve(service, shutdown));
//! // The application goes about its business here, until it is time to end.
//! drop(running);
//! chat.join().expect("it does not panic")?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! Each connection has a thread that waits for bytes from its peer and hands them to the server.
//! Then it asks the server what there is to write, and writes it to the recipients without waiting
//! for any. One thread at a time does that, the *flusher*; what the others cause meanwhile is left
//! to it, so that a recipient gets it with one system call, and each recipient's bytes stay in
//! order. The lock is held while the server works, and not while anything is written.
//!
//! The thread that called [`serve`] is the *event loop*: it accepts, minds the time, and waits for
//! sockets to take more that did not take all there was to write, and for the failure of those
//! that are not read from. So a connection needs no second thread, a peer that reads nothing holds
//! up none, and an idle server does nothing.
//!
//! A connection that is idle takes about 15 KiB of memory, most of it the three or four pages of
//! its thread's stack that were ever used, and as much again of the system's. The memory, the
//! system's limits on threads and on memory mappings (four for each thread), and the process's limit
//! on address space bound how many there can be. [`serve`] finds out how many that is when it
//! starts, logs it (as a warning if the server's own limit is higher), and accepts no more at a
//! time. An application that maps a lot of memory afterwards should set a limit of its own. A peer
//! for whom no thread can be started, because others have taken them, waits until one can.
//!
//! An allocator that has a heap for each thread, as glibc's has, keeps more and more of what the
//! threads free. The program has glibc use one heap; an application that embeds the server, and has
//! glibc, can be started with `MALLOC_ARENA_MAX=1`.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;
#[cfg(feature = "program")]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use linechat_driver::Service;
use linechat_protocol::Peer;
use mio::{Poll, Waker};

use crate::capacity::Capacity;
use crate::event_loop::{EventLoop, WAKE};
use crate::room::Room;
use crate::shared::{End, Shared};

mod capacity;
mod event_loop;
mod flush;
mod reader;
mod room;
mod shared;

/// Serves until `shutdown` is readable or its other end is closed, and everybody has been sent
/// what was queued for them (at most for [`Limits::grace`](linechat_protocol::Limits::grace)), or
/// until the server ends by itself: because its dialect says so, or because there are no
/// listeners and the last connection has gone. None of its threads is left when it returns.
///
/// Listeners become nonblocking, the console becomes blocking. `shutdown` is one end of a
/// [pipe](io::pipe) or of a pair of sockets, say: the server ends when another thread writes to the
/// other end or drops it, or when a signal handler does. It is not read from.
///
/// # Errors
///
/// A descriptor cannot be waited for, or there is no thread for the console. Nothing that happens
/// later is an error: the server goes on with whoever is left.
pub fn serve(service: Service, shutdown: impl AsFd) -> io::Result<()> {
    let room = Room::of_process();
    let limits = service.server.limits();
    let capacity = Capacity::of(&room, limits);
    capacity.tell(limits);
    capacity::warn_of_backlogs(&room, limits);
    serve_within(capacity, service, shutdown)
}

fn serve_within(capacity: Capacity, service: Service, shutdown: impl AsFd) -> io::Result<()> {
    let poll = Poll::new()?;
    let listeners = service.listeners.iter();
    let shared = Shared::new(
        service.server,
        listeners.map(|listening| listening.listener).collect(),
        service.observer,
        capacity,
        Waker::new(poll.registry(), WAKE)?,
    );
    thread::scope(|scope| {
        let _end = End(&shared);
        let mut event_loop = EventLoop::new(
            scope,
            &shared,
            poll,
            service.listeners,
            service.bell,
            &shutdown,
        )?;
        if let Some(console) = service.console {
            let stream = TcpStream::from(console.stream);
            stream.set_nonblocking(false)?;
            event_loop.start(console.listener, Arc::new(stream), Peer::Console)?;
        }
        event_loop.run()
    })
}

/// Serves what a linechat program was told to.
///
/// # Errors
///
/// Those of [`serve`].
#[cfg(feature = "program")]
pub fn run(service: Service, shutdown: UnixStream) -> io::Result<()> {
    serve(service, shutdown)
}
