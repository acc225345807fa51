//! A chat server inside an application that has work of its own: `serve` is one more future.
//!
//! Run it, talk to it with `nc 127.0.0.1 8888`, and end it with Ctrl-C.

use std::error::Error;
use std::mem;
use std::net::TcpListener;
use std::time::Duration;

use linechat_driver::{Observer, Service};
use linechat_protocol::{Dialect, Event, Instant, Limits, Listener, Server};
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::time::interval;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut limits = Limits::default();
    limits.max_rooms = 100;
    let mut server = Server::new(limits)?;
    let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
    let service = Service::new(server)
        .listen(rooms, TcpListener::bind("127.0.0.1:8888")?)
        .observe(Announcer::default());

    let (stop, stopped) = watch::channel(false);
    let mut until_stopped = stopped.clone();
    let chat = tokio::spawn(linechat_tokio::serve(service, async move {
        // An error means that the sender is gone, which stops the server as well.
        let _ = until_stopped.wait_for(|&is_stopped| is_stopped).await;
    }));
    let work = tokio::spawn(work_of_the_application(stopped));

    ctrl_c().await?;
    stop.send(true)?;
    chat.await??;
    work.await?;
    Ok(())
}

async fn work_of_the_application(mut stopped: watch::Receiver<bool>) {
    let mut ticks = interval(Duration::from_secs(1));
    for second in 0.. {
        tokio::select! {
            _ = ticks.tick() => println!("working for {second} s"),
            _ = stopped.changed() => break,
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
