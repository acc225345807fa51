//! What a server tells those who look how it is: numbers for Prometheus, and whether it is ready.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linechat_driver::{Flush, Observer};
use linechat_layers::web::{Hosts, Made, Page, Scheme, Site, Status, WebSession};
use linechat_protocol::{Dialect, Event, LayerFactory, LinkStats, Server, Stats};

use self::histogram::Histogram;
use self::text::{Kind, Text};
use crate::certificate::SharedVault;
use crate::cli::Build;

mod histogram;
mod text;

/// The numbers of a server. Cheap to clone: all clones have the same ones.
#[derive(Clone)]
pub(crate) struct Metrics {
    numbers: Arc<Mutex<Numbers>>,
    vault: SharedVault,
    build: Build,
}

struct Numbers {
    /// From the latest look.
    stats: Option<Stats>,
    /// Why no users should come, if they should not.
    unready: Option<&'static str>,
    batches: Histogram,
    flushes: Histogram,
}

impl Metrics {
    /// Of a server with these certificates, of which nothing is known yet.
    pub(crate) fn new(build: Build, vault: SharedVault) -> Self {
        let numbers = Numbers {
            stats: None,
            unready: Some("nobody has looked yet"),
            batches: Histogram::new(&BATCHES),
            flushes: Histogram::new(&FLUSHES),
        };
        Self {
            numbers: Arc::new(Mutex::new(numbers)),
            vault,
            build,
        }
    }

    /// Looks how a server is.
    pub(crate) fn look(&self, server: &Server) {
        let mut numbers = self.lock();
        let stats = server.stats();
        let is_linked = stats
            .link
            .as_ref()
            .is_none_or(|link| link.is_in && link.is_up);
        numbers.unready = match () {
            () if server.is_draining() || server.is_shutting_down() => Some("the server goes away"),
            () if !is_linked => Some("the other servers cannot be reached"),
            () => None,
        };
        numbers.stats = Some(stats);
    }

    /// What makes the layer of those who look.
    pub(crate) fn layer(&self) -> LayerFactory {
        let mut site = Site::new(Scheme::Http);
        site.hosts = Hosts::Any;
        site.pages = vec![self.page(), health(), self.readiness()];
        let site = Arc::new(site);
        LayerFactory::new(move |_, peer| Box::new(WebSession::new(Arc::clone(&site), peer)))
    }

    fn page(&self) -> Page {
        let metrics = self.clone();
        Page::made("/metrics", PROMETHEUS, move || Made {
            status: Status::OK,
            body: metrics.text(),
        })
    }

    fn readiness(&self) -> Page {
        let metrics = self.clone();
        Page::made("/readyz", PLAIN, move || match metrics.lock().unready {
            None => made(Status::OK, "ready"),
            Some(reason) => made(Status::UNAVAILABLE, reason),
        })
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Text::default();
        let numbers = self.lock();
        if let Some(stats) = &numbers.stats {
            write_stats(&mut text, stats);
            if let Some(link) = &stats.link {
                write_link(&mut text, link);
            }
        }
        text.metric(
            "linechat_batch_messages",
            Kind::Histogram,
            HELP_BATCH,
            |it| {
                it.histogram(&numbers.batches);
            },
        );
        text.metric(
            "linechat_flush_seconds",
            Kind::Histogram,
            HELP_FLUSH,
            |it| {
                it.histogram(&numbers.flushes);
            },
        );
        drop(numbers);
        self.write_tls(&mut text);
        let Build { program, version } = self.build;
        text.metric("linechat_build_info", Kind::Gauge, HELP_BUILD, |it| {
            it.labelled(&[("program", program), ("version", version)], 1);
        });
        text.into_bytes()
    }

    fn write_tls(&self, text: &mut Text) {
        let vault = self.vault.open();
        let Some(expiry) = vault.expiry() else {
            return;
        };
        let handshakes = vault.handshakes();
        let counted = [
            ("completed", handshakes.completed()),
            ("failed", handshakes.failed()),
        ];
        text.metric(
            "linechat_tls_handshakes_total",
            Kind::Counter,
            HELP_HANDSHAKES,
            |it| {
                for (result, count) in counted {
                    it.labelled(&[("result", result)], count);
                }
            },
        );
        text.metric(
            "linechat_tls_certificate_expiry_seconds",
            Kind::Gauge,
            HELP_EXPIRY,
            |it| {
                it.value(expiry.as_secs());
            },
        );
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to measure how long flushes take, and of how much.
impl Observer for Metrics {
    fn event(&mut self, _event: &Event) {}

    #[expect(clippy::cast_precision_loss, reason = "no batch is as large as that")]
    fn flushed(&mut self, flush: Flush) {
        // Answers to those who look are none.
        if flush.messages > 0 {
            let mut numbers = self.lock();
            numbers.batches.observe(flush.messages as f64);
            numbers.flushes.observe(flush.took.as_secs_f64());
        }
    }
}

fn health() -> Page {
    Page::made("/healthz", PLAIN, || made(Status::OK, "ok"))
}

fn made(status: Status, body: &str) -> Made {
    Made {
        status,
        body: format!("{body}\n").into(),
    }
}

fn write_stats(text: &mut Text, stats: &Stats) {
    let dialects = &stats.dialects;
    text.metric(
        "linechat_connections",
        Kind::Gauge,
        HELP_CONNECTIONS,
        |it| {
            for of in dialects {
                it.labelled(&[("dialect", of.dialect.name())], of.connections);
            }
        },
    );
    text.metric("linechat_users", Kind::Gauge, HELP_USERS, |it| {
        for of in dialects.iter().filter(|of| of.dialect.has_login()) {
            it.labelled(&[("dialect", of.dialect.name())], of.users);
        }
    });
    text.metric("linechat_rooms", Kind::Gauge, HELP_ROOMS, |it| {
        for of in dialects.iter().filter(|of| has_rooms(of.dialect)) {
            it.labelled(&[("dialect", of.dialect.name())], stats.rooms);
        }
    });
    let counts = || dialects.iter().map(|of| of.counts);
    let counters = [
        (
            "messages",
            HELP_MESSAGES,
            counts().map(|it| it.messages).sum::<u64>(),
        ),
        (
            "deliveries",
            HELP_DELIVERIES,
            counts().map(|it| it.deliveries).sum(),
        ),
        (
            "received_bytes",
            HELP_RECEIVED,
            counts().map(|it| it.received_bytes).sum(),
        ),
        (
            "sent_bytes",
            HELP_SENT,
            counts().map(|it| it.sent_bytes).sum(),
        ),
    ];
    for (name, help, count) in counters {
        let name = format!("linechat_{name}_total");
        text.metric(&name, Kind::Counter, help, |it| it.value(count));
    }
    text.metric("linechat_closed_total", Kind::Counter, HELP_CLOSED, |it| {
        for (reason, count) in &stats.closed {
            it.labelled(&[("reason", reason.name())], count);
        }
    });
    text.metric("linechat_backlog_bytes", Kind::Gauge, HELP_BACKLOG, |it| {
        it.value(stats.backlog);
    });
}

fn write_link(text: &mut Text, link: &LinkStats) {
    let is_up = u8::from(link.is_in && link.is_up);
    text.metric("linechat_link_up", Kind::Gauge, HELP_LINK_UP, |it| {
        it.value(is_up)
    });
    text.metric("linechat_link_lag_entries", Kind::Gauge, HELP_LAG, |it| {
        it.value(link.lag);
    });
    text.metric("linechat_link_nodes", Kind::Gauge, HELP_NODES, |it| {
        it.value(link.nodes.len());
    });
}

fn has_rooms(dialect: Dialect) -> bool {
    dialect.has_login() && dialect != Dialect::DIRECT
}

const HELP_CONNECTIONS: &str = "Connections from peers, by what they speak.";
const HELP_USERS: &str = "Users who are registered or logged in, by what they speak.";
const HELP_ROOMS: &str = "Rooms that users of a dialect share with those of the others.";
const HELP_MESSAGES: &str = "Messages that peers said and that were passed on.";
const HELP_DELIVERIES: &str = "Copies of messages that were queued for recipients.";
const HELP_RECEIVED: &str = "Bytes that came from peers.";
const HELP_SENT: &str = "Bytes that peers were sent.";
const HELP_CLOSED: &str = "Connections that ended, by the reason.";
const HELP_BACKLOG: &str = "Bytes that wait for all recipients together.";
const HELP_BATCH: &str = "Messages that were dealt with before what came of them was sent.";
const HELP_FLUSH: &str = "How long it took to send what came of a batch.";
const HELP_HANDSHAKES: &str = "TLS handshakes, by how they ended.";
const HELP_EXPIRY: &str = "When the first certificate expires, in seconds since 1970-01-01 UTC.";
const HELP_LINK_UP: &str = "Whether the server takes part in its community and can reach it.";
const HELP_LAG: &str = "Messages of the community's log that have yet to be applied.";
const HELP_NODES: &str = "Servers that take part in the community, this one included.";
const HELP_BUILD: &str = "Which program this is.";

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// A batch has at most 1024 messages.
const BATCHES: [f64; 11] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// In seconds, from one write to a recipient to thousands.
const FLUSHES: [f64; 11] = [
    0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0,
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use linechat_protocol::{Limits, Listener};

    use super::*;

    #[test]
    fn what_is_not_served_has_no_numbers_and_everything_else_has_all() {
        let mut metrics = metrics();
        let mut server = Server::new(Limits::default()).unwrap();
        server.listen(Listener::new(Dialect::ROOMS)).unwrap();
        server.listen(Listener::new(Dialect::DIRECT)).unwrap();
        metrics.look(&server);
        let took = Duration::from_micros(30);
        metrics.flushed(Flush { messages: 3, took });
        metrics.flushed(Flush { messages: 0, took });
        let text = String::from_utf8(metrics.text()).unwrap();
        for line in [
            "linechat_connections{dialect=\"rooms\"} 0",
            "linechat_users{dialect=\"direct\"} 0",
            "linechat_rooms{dialect=\"rooms\"} 0",
            "# TYPE linechat_messages_total counter",
            "linechat_messages_total 0",
            "linechat_backlog_bytes 0",
            "linechat_batch_messages_bucket{le=\"2\"} 0",
            "linechat_batch_messages_bucket{le=\"4\"} 1",
            "linechat_batch_messages_count 1",
            "linechat_flush_seconds_bucket{le=\"0.00001\"} 0",
            "linechat_flush_seconds_bucket{le=\"0.00005\"} 1",
            "linechat_flush_seconds_bucket{le=\"+Inf\"} 1",
            "linechat_build_info{program=\"linechat-test\",version=\"1\"} 1",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
        assert!(
            !text.contains("linechat_rooms{dialect=\"direct\"}"),
            "{text}"
        );
        assert!(!text.contains("tls"), "{text}");
    }

    #[test]
    fn a_server_that_goes_away_is_not_ready() {
        let metrics = metrics();
        assert!(metrics.lock().unready.is_some());
        let mut server = Server::new(Limits::default()).unwrap();
        metrics.look(&server);
        assert_eq!(metrics.lock().unready, None);
        server.shut_down(linechat_protocol::Instant::EPOCH);
        metrics.look(&server);
        assert_eq!(metrics.lock().unready, Some("the server goes away"));
    }

    fn metrics() -> Metrics {
        let build = Build {
            program: "linechat-test",
            version: "1",
        };
        Metrics::new(build, SharedVault::default())
    }
}
