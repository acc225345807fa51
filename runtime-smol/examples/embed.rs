//! A chat server inside an application that has work of its own: `serve` is one more future.
//!
//! Run it, and talk to it with `nc 127.0.0.1 8888` until the application's work is done.

use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use async_executor::LocalExecutor;
use async_io::{Timer, block_on};
use linechat_protocol::{Config, Dialect, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::new(Dialect::ROOMS);
    config.limits.max_rooms = 100;
    let server = Server::new(config)?;
    let listener = TcpListener::bind("127.0.0.1:8888")?;

    let executor = LocalExecutor::new();
    let work = executor.spawn(work_of_the_application());
    let chat = linechat_smol::serve(server, vec![listener], None, work);
    block_on(executor.run(chat))?;
    Ok(())
}

async fn work_of_the_application() {
    for second in 0..600 {
        println!("working for {second} s");
        Timer::after(Duration::from_secs(1)).await;
    }
}
