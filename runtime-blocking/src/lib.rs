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

#[cfg(all(feature = "program", not(test)))]
pub use self::serving::run;
#[cfg(not(test))]
pub use self::serving::serve;

mod capacity;
mod event_loop;
mod flush;
mod reader;
mod room;
#[cfg(not(test))]
mod serving;
mod shared;
mod system;
mod threads;
