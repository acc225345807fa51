//! A chat server inside an application that has work and threads of its own.
//!
//! Run it, talk to it with `nc 127.0.0.1 8888`, and end it with the return key.

use std::error::Error;
use std::io::{self, PipeReader};
use std::mem;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use linechat_driver::{Observer, Service};
use linechat_protocol::{Dialect, Event, Instant, Limits, Listener, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut limits = Limits::default();
    limits.max_rooms = 100;
    let mut server = Server::new(limits)?;
    let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
    let service = Service::new(server)
        .listen(rooms, TcpListener::bind("127.0.0.1:8888")?)
        .observe(Announcer::default());

    // Each thread ends when the other end of its channel, or pipe, is dropped.
    let (shutdown, chatting) = io::pipe()?;
    let (working, stopped) = channel();
    thread::scope(|scope| {
        let chat = scope.spawn(|| chat(service, shutdown));
        scope.spawn(|| work_of_the_application(stopped));
        io::stdin().read_line(&mut String::new())?;
        drop((chatting, working));
        chat.join().expect("it does not panic")?;
        Ok(())
    })
}

fn chat(service: Service, shutdown: PipeReader) -> io::Result<()> {
    linechat_blocking::serve(service, shutdown)
}

fn work_of_the_application(stopped: Receiver<()>) {
    for second in 0.. {
        println!("working for {second} s");
        if stopped.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// Tells who comes and goes, and how many are there then.
#[derive(Default)]
struct Announcer {
    has_news: bool,
}

impl Observer for Announcer {
    fn event(&mut self, event: &Event) {
        println!("{event:?}");
        self.has_news = true;
    }

    fn turned(&mut self, _now: Instant, server: &mut Server) {
        if mem::take(&mut self.has_news) {
            let stats = server.stats();
            println!("{:?}, {} rooms", stats.dialects, stats.rooms);
        }
    }
}
