//! What a server allocates: counted by the allocator, not by the server.

use std::num::{NonZeroU32, NonZeroUsize};

use allocation_counter::{AllocationInfo, measure};
use linechat_laws::config::{Bounds, Config};
use linechat_protocol::{Action, ConnId, Dialect, Instant, LineClient, ListenerId, Peer, Server};

/// A server and what an adapter would do for it, which allocates nothing by itself.
struct Chat {
    server: Server,
    listener: ListenerId,
    /// What comes before a name.
    login: &'static str,
    /// By [`ConnId::index`]: whose socket takes nothing.
    stalled: Vec<bool>,
}

impl Chat {
    fn new(dialect: Dialect, change: impl FnOnce(&mut Bounds)) -> Self {
        let mut config = Config::new(dialect);
        config.limits.stall_timeout = None;
        change(&mut config.limits);
        let (server, listener) = config.server().expect("the test's limits are valid");
        Self {
            server,
            listener,
            login: if dialect == Dialect::DIRECT {
                "HELLO-FROM "
            } else {
                ""
            },
            stalled: vec![false; 10_000],
        }
    }

    fn connect(&mut self) -> ConnId {
        let peer = Peer::Socket(([192, 0, 2, 1], 7).into());
        let conn = self.server.accept(NOW, self.listener, peer);
        self.serve();
        conn
    }

    fn connect_stalled(&mut self) -> ConnId {
        let conn = self.connect();
        self.stalled[conn.index()] = true;
        conn
    }

    fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        self.server.receive(NOW, conn, bytes);
        self.serve();
    }

    /// What waits for `conn` is written, but for `rest` bytes.
    fn write_all_but(&mut self, conn: ConnId, rest: usize) {
        let waiting = self.server.transmit(conn).len();
        self.server.advance(NOW, conn, waiting.saturating_sub(rest));
        self.serve();
    }

    fn leave(&mut self, conn: ConnId) {
        self.server.release(NOW, conn);
        self.serve();
    }

    fn serve(&mut self) {
        loop {
            while let Some(action) = self.server.poll() {
                match action {
                    Action::Transmit(conn) if !self.stalled[conn.index()] => {
                        let waiting = self.server.transmit(conn).len();
                        self.server.advance(NOW, conn, waiting);
                    }
                    _ => {}
                }
            }
            while self.server.poll_event().is_some() {}
            if self.server.flushed() {
                self.server.carry_on(NOW);
                continue;
            }
            if self.server.poll_timeout().is_none_or(|due| due > NOW) {
                return;
            }
            self.server.handle_timeout(NOW);
        }
    }
}

#[test]
fn readers_who_stall_take_no_more_than_twice_the_budget() {
    let budget = 2 << 20;
    let mut chat = Chat::new(Dialect::RELAY, |limits| {
        limits.max_backlog = 64 << 10;
        limits.max_buffered = budget;
    });
    let sender = chat.connect();
    let info = measure(|| {
        for _ in 0..200 {
            chat.connect_stalled();
        }
        for _ in 0..1000 {
            chat.send(sender, &line(1024));
        }
    });
    // A buffer that grows doubles.
    assert!(info.bytes_max > budget as u64, "{info:?}: nothing waited");
    assert!(
        info.bytes_max < 2 * budget as u64 + SMALL_CHANGE,
        "{info:?}"
    );
}

#[test]
fn readers_who_never_take_the_last_byte_do_not_keep_the_memory_of_the_others() {
    let mut chat = Chat::new(Dialect::RELAY, |_| {});
    let sender = chat.connect();
    let readers: Vec<ConnId> = (0..20).map(|_| chat.connect_stalled()).collect();
    let info = measure(|| {
        for _ in 0..4 {
            for _ in 0..100 {
                chat.send(sender, &line(4096));
            }
            for &reader in &readers {
                chat.write_all_but(reader, 1);
            }
        }
    });
    assert!(info.bytes_max > 20 * 400 * 1024, "{info:?}: nothing waited");
    assert!(
        info.bytes_current < 20 * 4096 + SMALL_CHANGE as i64,
        "{info:?}"
    );
}

#[test]
fn a_line_without_an_end_takes_no_more_than_twice_the_longest_line() {
    let longest = Config::new(Dialect::ROOMS).limits.max_line as u64;
    for dialect in Dialect::all().filter(|dialect| !dialect.needs_console()) {
        let mut chat = Chat::new(dialect, |_| {});
        let sender = chat.connect();
        chat.send(sender, format!("{}alice\n", chat.login).as_bytes());
        let info = measure(|| {
            for _ in 0..20_000 {
                chat.send(sender, &[b'x'; 100]);
            }
        });
        assert!(info.bytes_max <= 2 * longest, "{dialect}: {info:?}");
    }
}

#[test]
fn a_line_that_came_in_pieces_leaves_nothing_behind() {
    let mut chat = Chat::new(Dialect::ROOMS, |_| {});
    let sender = chat.connect();
    chat.send(sender, b"alice\n");
    let mut say = || {
        chat.send(sender, &[b'x'; 1000]);
        chat.send(sender, b"\n");
    };
    say();
    let info = measure(say);
    assert!(info.bytes_max >= 1000, "{info:?}");
    assert_eq!(info.bytes_current, 0, "{info:?}");
}

#[test]
fn a_line_that_comes_byte_by_byte_is_moved_a_few_times_only() {
    let mut chat = Chat::new(Dialect::ROOMS, |_| {});
    let sender = chat.connect();
    chat.send(sender, b"alice\n");
    let info = measure(|| {
        for _ in 0..8192 {
            chat.send(sender, b"x");
        }
    });
    assert!((1..20).contains(&info.count_total), "{info:?}");
}

#[test]
fn reads_that_come_before_a_poll_take_no_more_than_what_they_bring() {
    let mut chat = Chat::new(Dialect::RELAY, |limits| {
        limits.rate_limit = NonZeroU32::new(1);
    });
    let sender = chat.connect();
    chat.send(sender, b"the one that may be taken\n");
    let info = measure(|| {
        for _ in 0..10_000 {
            chat.server.receive(NOW, sender, b"x");
        }
    });
    assert!(info.bytes_max < 40_000, "{info:?}");
}

#[test]
fn visitors_who_come_and_go_before_a_poll_do_not_pile_up_what_nobody_hears() {
    let mut chat = Chat::new(Dialect::ADDRESSED, |_| {});
    let peer = Peer::Socket(([0x2001, 0xdb8, 0x1111, 0x2222, 0x3333, 0x4444, 0, 1], 7).into());
    let info = measure(|| {
        for _ in 0..40_000 {
            let visitor = chat.server.accept(NOW, chat.listener, peer);
            chat.server.release(NOW, visitor);
            while chat.server.poll_event().is_some() {}
        }
    });
    assert!(info.bytes_max < 6 << 20, "{info:?}");
}

#[test]
fn visitors_who_come_one_after_the_other_leave_nothing() {
    for dialect in Dialect::all().filter(|dialect| !dialect.needs_console()) {
        let mut chat = Chat::new(dialect, |_| {});
        let info = measure(|| {
            for _ in 0..10_000 {
                let visitor = chat.connect();
                chat.leave(visitor);
            }
        });
        assert!(info.bytes_current < 16 << 10, "{dialect}: {info:?}");
    }
}

#[test]
fn a_client_whose_words_are_all_written_keeps_no_memory_for_them() {
    let mut client = LineClient::new();
    let info = measure(|| {
        assert_eq!(client.send(&line(1000)[..999]), Ok(()));
        client.advance(1000);
    });
    assert!(info.bytes_max >= 1000, "{info:?}");
    assert_eq!(info.bytes_current, 0, "{info:?}");
}

#[test]
fn what_may_not_be_taken_yet_takes_no_more_than_was_read() {
    let mut chat = Chat::new(Dialect::ROOMS, |limits| {
        limits.rate_limit = NonZeroU32::new(1);
    });
    let sender = chat.connect();
    let info = measure(|| chat.send(sender, &b"a line that waits\n".repeat(3000)));
    assert!(info.bytes_max < 4 * READ, "{info:?}");
}

#[test]
fn messages_between_users_who_read_allocate_nothing() {
    let mut chat = Chat::new(Dialect::ROOMS, |_| {});
    let users: Vec<ConnId> = (0..100).map(|_| chat.connect()).collect();
    for (number, &user) in users.iter().enumerate() {
        chat.send(user, format!("user{number}\n!enter room\n").as_bytes());
    }
    let mut talk = || {
        for &user in &users {
            for message in [
                "to all\n",
                "#user7 to one\n",
                "@room to a room\n",
                "!help\n",
                "two\nat a time\n",
            ] {
                chat.send(user, message.as_bytes());
            }
        }
    };
    talk();
    let info = measure(talk);
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn a_user_who_is_idle_takes_half_a_kilobyte() {
    for dialect in [Dialect::ROOMS, Dialect::DIRECT] {
        let mut chat = Chat::new(dialect, |_| {});
        let info = log_in(&mut chat, 5000);
        assert!(info.bytes_current < 5000 * 512, "{dialect}: {info:?}");
    }
}

#[test]
fn a_user_of_irc_who_is_idle_takes_a_kilobyte() {
    let mut chat = Chat::new(Dialect::IRC, |_| {});
    let info = measure(|| {
        for number in 0..5000 {
            let user = chat.connect();
            let login = format!("NICK user{number}\r\nUSER user 0 * :Some Body\r\n");
            chat.send(user, login.as_bytes());
        }
    });
    assert!(info.bytes_current < 5000 * 1024, "{info:?}");
}

#[test]
fn a_crowd_that_has_left_leaves_next_to_nothing() {
    for dialect in Dialect::all().filter(|dialect| !dialect.needs_console()) {
        let mut chat = Chat::new(dialect, |limits| {
            limits.max_connections_per_ip = NonZeroUsize::new(10_000);
        });
        let info = measure(|| {
            for _ in 0..3 {
                let users = users(&mut chat, 1000);
                for user in users {
                    chat.leave(user);
                }
            }
        });
        // The tables of connections, which are as long as the crowd was.
        assert!(info.bytes_current < 1024 * 64, "{dialect}: {info:?}");
    }
}

fn line(length: usize) -> Vec<u8> {
    let mut line = vec![b'x'; length];
    line[length - 1] = b'\n';
    line
}

fn log_in(chat: &mut Chat, count: usize) -> AllocationInfo {
    measure(|| drop(users(chat, count)))
}

fn users(chat: &mut Chat, count: usize) -> Vec<ConnId> {
    (0..count)
        .map(|number| {
            let user = chat.connect();
            chat.stalled[user.index()] = true;
            let name = format!("{}user{number}\n", chat.login);
            chat.send(user, name.as_bytes());
            chat.write_all_but(user, 0);
            user
        })
        .collect()
}

const NOW: Instant = Instant::EPOCH;
/// What one read of an adapter brings.
const READ: u64 = 64 << 10;
const SMALL_CHANGE: u64 = 512 << 10;
