//! The [laws](crate::laws), on operations that are made up with a bias towards what protocols are
//! about.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use linechat_laws::config::{Config, Other, takes_chunks, takes_framing};
use linechat_protocol::{Dialect, Framing};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;

use linechat_laws::laws;
use linechat_laws::model::DIALECTS;
use linechat_laws::ops::{self, Chunk, ENDINGS, Op};
use linechat_laws::toy::Toy;
use linechat_laws::tunnel::Tunnel;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn the_server_does_what_the_model_does((config, ops) in chat(with_deadlines())) {
        laws::the_server_does_what_the_model_does(&config, &ops);
    }

    #[test]
    fn when_the_adapter_polls_and_writes_does_not_matter((config, ops) in chat(roomy())) {
        laws::when_the_adapter_polls_and_writes_does_not_matter(&config, &ops);
    }

    #[test]
    fn how_the_input_is_cut_does_not_matter(
        (config, ops) in chat(narrow().prop_filter("chunks are what was cut", by_lines)),
        cuts in vec(any::<u8>(), 1..20),
    ) {
        laws::how_the_input_is_cut_does_not_matter(&config, &ops, &cuts);
    }

    #[test]
    fn stale_names_and_spurious_calls_change_nothing((config, ops) in chat(narrow())) {
        laws::stale_names_and_spurious_calls_change_nothing(&config, &ops);
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs((config, ops) in chat(narrow())) {
        laws::the_same_inputs_give_the_same_outputs(&config, &ops);
    }

    #[test]
    fn deadlines_are_met_and_the_server_sleeps((config, ops) in chat(narrow())) {
        laws::deadlines_are_met_and_the_server_sleeps(&config, &ops);
    }

    #[test]
    fn nobody_sees_a_gap_or_half_a_line((config, ops) in chat(crowded())) {
        laws::nobody_sees_a_gap_or_half_a_line(&config, &ops);
    }

    #[test]
    fn in_irc_too_it_does_not_matter_how_the_input_is_cut(
        (config, ops) in chat(meeting(narrow())),
        cuts in vec(any::<u8>(), 1..20),
    ) {
        laws::how_the_input_is_cut_does_not_matter(&config, &ops, &cuts);
    }

    #[test]
    fn in_irc_too_spurious_calls_change_nothing((config, ops) in chat(meeting(narrow()))) {
        laws::stale_names_and_spurious_calls_change_nothing(&config, &ops);
        laws::the_same_inputs_give_the_same_outputs(&config, &ops);
    }

    #[test]
    fn in_irc_too_deadlines_are_met((config, ops) in chat(meeting(narrow()))) {
        laws::deadlines_are_met_and_the_server_sleeps(&config, &ops);
    }

    #[test]
    fn whatever_is_said_peers_of_irc_receive_messages((config, ops) in chat(Just(Config::irc()))) {
        laws::peers_of_irc_receive_messages(&config, &ops);
    }

    #[test]
    fn no_bytes_make_an_operation_that_breaks_a_law(
        config in narrow(),
        bytes in vec(any::<u8>(), 0..400),
    ) {
        laws::deadlines_are_met_and_the_server_sleeps(&config, &Op::from_bytes(&bytes));
    }
}

#[test]
fn bytes_can_mean_every_operation() {
    let step = |number: &u32| Some(number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let numbers = std::iter::successors(Some(1_u32), step).take(2000);
    let bytes: Vec<u8> = numbers.map(|number| number.to_be_bytes()[0]).collect();
    let ops = Op::from_bytes(&bytes);
    let kinds: [fn(&Op) -> bool; 11] = [
        |op| matches!(op, Op::Accept(_)),
        |op| matches!(op, Op::Bytes(..)),
        |op| matches!(op, Op::Eof(_)),
        |op| matches!(op, Op::Fail(_)),
        |op| matches!(op, Op::Write(..)),
        |op| matches!(op, Op::HandOut(_)),
        |op| matches!(op, Op::Tick(_)),
        |op| matches!(op, Op::Poll(_)),
        |op| matches!(op, Op::Release(_)),
        |op| matches!(op, Op::StaleUse(_)),
        |op| matches!(op, Op::ShutDown),
    ];
    for (number, is_kind) in kinds.iter().enumerate() {
        assert!(ops.iter().any(is_kind), "kind {number} is missing");
    }
}

pub(crate) fn settings() -> ProptestConfig {
    let regressions = FileFailurePersistence::Direct("proptest-regressions/server.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(regressions)),
        ..ProptestConfig::default()
    }
}

/// Every dialect with every choice it leaves, and lines and names that soon are too many.
fn roomy() -> impl Strategy<Value = Config> {
    let framing = prop_oneof![
        Just(None),
        Just(Some(Framing::Lines)),
        Just(Some(Framing::Auto)),
        Just(Some(Framing::Chunks)),
    ];
    let choices = (served(&DIALECTS), framing, any::<bool>(), layer());
    (choices, 16..40_usize).prop_map(|(((dialect, others), framing, choice, layer), max_line)| {
        let mut config = Config::new(dialect);
        config.framing = framing.filter(|&framing| match framing {
            Framing::Chunks => takes_chunks(dialect),
            _ => takes_framing(dialect),
        });
        config.layer = layer;
        config.others = others;
        config.pause = Duration::from_micros(300_011);
        config.uppercase = choice && dialect == Dialect::ECHO;
        config.full_duplex = choice && dialect == Dialect::PAIR;
        config.limits.max_line = max_line;
        config.limits.max_rooms = 2;
        config.limits.max_rooms_per_user = 2;
        config.limits.max_users = 2;
        config.limits.login_timeout = None;
        config
    })
}

/// One of these dialects, and what is served besides.
fn served(dialects: &[Dialect]) -> impl Strategy<Value = (Dialect, Vec<Other>)> + use<> {
    let others = |dialect: Dialect| {
        let most = if dialect.has_login() { 3 } else { 1 };
        let combining = select(&[Dialect::ROOMS, Dialect::DIRECT][..]);
        let other = (combining, layer()).prop_map(|(dialect, layer)| Other { dialect, layer });
        vec(other, 0..most)
    };
    select(dialects.to_vec()).prop_flat_map(move |dialect| (Just(dialect), others(dialect)))
}

/// Every third server has a layer.
fn layer() -> impl Strategy<Value = Option<Arc<dyn Tunnel>>> {
    let toy = any::<(bool, bool)>().prop_map(|(has_no_opening, breaks_for_good)| Toy {
        has_no_opening,
        breaks_for_good,
        ..Toy::default()
    });
    let layer = toy.prop_map(|toy| -> Arc<dyn Tunnel> { Arc::new(toy) });
    prop::option::weighted(0.33, layer)
}

/// Deadlines that come while things happen. No two of them are the same.
fn with_deadlines() -> impl Strategy<Value = Config> {
    (roomy(), any::<(bool, bool)>()).prop_map(|(mut config, (login, idle))| {
        config.limits.login_timeout = login.then_some(Duration::from_micros(20_000_003));
        // A client of `pair` who waits for a turn is not idle; how much of a line that takes is
        // nobody's concern.
        let idle = idle && config.dialect != Dialect::PAIR;
        config.limits.idle_timeout = idle.then_some(Duration::from_micros(13_000_007));
        config
    })
}

/// Every limit so small that it is reached, but a backlog that has room for two of the longest
/// answers.
fn narrow() -> impl Strategy<Value = Config> {
    (
        with_deadlines(),
        any::<(bool, bool, bool, bool)>(),
        300..1000_usize,
    )
        .prop_map(
            |(mut config, (rate, per_ip, connections, stall), max_backlog)| {
                let limits = &mut config.limits;
                limits.max_backlog = max_backlog;
                limits.rate_limit = NonZeroU32::new(2).filter(|_| rate);
                limits.max_connections_per_ip = NonZeroUsize::new(3).filter(|_| per_ip);
                limits.max_connections = NonZeroUsize::new(4).filter(|_| connections);
                limits.stall_timeout = stall.then_some(Duration::from_secs(7));
                limits.grace = Duration::from_secs(3);
                config
            },
        )
}

/// `irc` with others in one server, with the limits of a configuration.
fn meeting(of: impl Strategy<Value = Config>) -> impl Strategy<Value = Config> {
    of.prop_map(|config| {
        let mut meeting = Config::irc();
        meeting.limits = config.limits;
        meeting
    })
}

/// Chats in which many say much to those who read slowly.
fn crowded() -> impl Strategy<Value = Config> {
    let dialects = [
        Dialect::RELAY,
        Dialect::ADDRESSED,
        Dialect::ROOMS,
        Dialect::DIRECT,
    ];
    (served(&dialects), 40..120_usize, 4..20_usize, layer()).prop_map(
        |((dialect, others), max_line, factor, layer)| {
            let mut config = Config::new(dialect);
            config.layer = layer;
            config.others = others;
            config.limits.max_line = max_line;
            config.limits.max_backlog = factor * max_line;
            config.limits.max_buffered = 2 * config.limits.max_backlog;
            config
        },
    )
}

fn by_lines(config: &Config) -> bool {
    let is_echo = config.dialect == Dialect::ECHO && !config.uppercase;
    let has_chunks = config
        .framing
        .map_or(is_echo, |framing| framing == Framing::Chunks);
    !has_chunks
}

/// What happens in a chat. Most begin with a few peers who have logged in.
fn chat(config: impl Strategy<Value = Config>) -> impl Strategy<Value = (Config, Vec<Op>)> {
    config.prop_flat_map(|config| {
        let begin = begin(&config);
        let script = vec(op(&config), 1..50);
        let ops = (prop::bool::weighted(0.9), script).prop_map(move |(is_begun, script)| {
            let begin = begin.iter().filter(|_| is_begun).cloned();
            begin.chain(script).collect()
        });
        (Just(config), ops)
    })
}

fn begin(config: &Config) -> Vec<Op> {
    let console = if config.dialect == Dialect::PAIR {
        7
    } else {
        0
    };
    // One for each listener, if there are several.
    let mut ops = vec![Op::Accept(console), Op::Accept(8 + 4), Op::Accept(16 + 5)];
    let dialects: Vec<_> = config.dialects().collect();
    for conn in 0..3 {
        let login = login(dialects[usize::from(conn) % dialects.len()], conn);
        ops.push(Op::Bytes(conn, Chunk(login.to_vec())));
    }
    ops
}

fn login(dialect: Dialect, conn: u8) -> &'static [u8] {
    match (dialect.name(), conn) {
        ("rooms", 0) => b"ann\n",
        ("rooms", 1) => b"bob\r\n",
        ("rooms", _) => b"Bob\n",
        ("direct", 0) => b"HELLO-FROM ann\n",
        ("direct", 1) => b"HELLO-FROM bob\n",
        ("irc", _) => b"NICK ann\nUSER a 0 * :a\nJOIN #den\n",
        _ => b"",
    }
}

fn op(config: &Config) -> impl Strategy<Value = Op> + use<> {
    let conn = || 0..5_u8;
    prop_oneof![
        4 => any::<u8>().prop_map(Op::Accept),
        24 => (conn(), said(config)).prop_map(|(conn, bytes)| Op::Bytes(conn, Chunk(bytes))),
        2 => or_of_layer(conn()).prop_map(Op::Eof),
        1 => or_of_layer(conn()).prop_map(Op::Fail),
        4 => (conn(), prop_oneof![Just(0), 1..20_u16, Just(u16::MAX)])
            .prop_map(|(conn, count)| Op::Write(conn, count)),
        1 => conn().prop_map(Op::HandOut),
        3 => prop_oneof![1..1000_u16, any::<u16>()].prop_map(Op::Tick),
        4 => (0..12_u8).prop_map(Op::Poll),
        2 => conn().prop_map(Op::Release),
        1 => conn().prop_map(Op::StaleUse),
        1 => any::<u8>().prop_map(|dice| match dice {
            0..32 => Op::ShutDown,
            count => Op::Poll(count),
        }),
    ]
}

/// An end that may be one of the layer.
fn or_of_layer(conn: impl Strategy<Value = u8>) -> impl Strategy<Value = u8> {
    (conn, any::<bool>())
        .prop_map(|(conn, is_of_layer)| if is_of_layer { 128 + conn } else { conn })
}

/// One of telnet that does not end, though lines do in it.
fn endless_subnegotiation(length: usize) -> Vec<u8> {
    [&b"\xff\xfa"[..], &b"\nxxxxxxx".repeat(65)[..length]].concat()
}

/// What one read brings: a few phrases, whole or not.
fn said(config: &Config) -> impl Strategy<Value = Vec<u8>> + use<> {
    let fitting = match config.dialect.name() {
        "irc" => [&ops::IRC[..], &ops::IRC, &ops::ROOMS, &ops::DIRECT].concat(),
        _ if !config.others.is_empty() => [&ops::ROOMS[..], &ops::DIRECT, &ops::MIXED].concat(),
        "rooms" => ops::ROOMS.to_vec(),
        "direct" => ops::DIRECT.to_vec(),
        _ => ops::PLAIN.to_vec(),
    };
    let any_phrase = || select(ops::all_phrases()).prop_map(<[u8]>::to_vec);
    let phrase = prop_oneof![
        14 => select(fitting).prop_map(<[u8]>::to_vec),
        3 => any_phrase(),
        1 => (any_phrase(), any_phrase()).prop_map(|pair| [pair.0, pair.1].concat()),
        2 => (14..42_usize).prop_map(|length| vec![b'x'; length]),
        1 => (505..520_usize).prop_map(endless_subnegotiation),
        1 => vec(any::<u8>(), 0..6),
    ];
    let ending = prop_oneof![3 => Just(&b"\n"[..]), 2 => select(&ENDINGS[..])];
    let line = (phrase, ending).prop_map(|(phrase, ending)| [&phrase, ending].concat());
    vec(line, 1..5).prop_map(|lines| lines.concat())
}
