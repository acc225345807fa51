//! A chat server inside an application that has work of its own: `serve` is one more future.
//!
//! Run it, and talk to it with `nc 127.0.0.1 8888` until the application's work is done.

use std::error::Error;
use std::mem;
use std::net::TcpListener;
use std::time::Duration;

use linechat_driver::{Observer, Service};
use linechat_protocol::{Dialect, Event, Instant, Limits, Listener, Server};
use smol::{LocalExecutor, Timer, block_on};

fn main() -> Result<(), Box<dyn Error>> {
    let mut limits = Limits::default();
    limits.max_rooms = 100;
    let mut server = Server::new(limits)?;
    let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
    let service = Service::new(server)
        .listen(rooms, TcpListener::bind("127.0.0.1:8888")?)
        .observe(Announcer::default());

    let executor = LocalExecutor::new();
    let work = executor.spawn(work_of_the_application());
    let chat = linechat_smol::serve(service, work);
    block_on(executor.run(chat))?;
    Ok(())
}

async fn work_of_the_application() {
    for second in 0..600 {
        println!("working for {second} s");
        Timer::after(Duration::from_secs(1)).await;
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
