//! What holds whatever happens: the invariants of the design, each a function that panics when it
//! is broken. Property tests call them, and so can fuzzers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Config;
use linechat_protocol::{Action, CloseReason, Dialect, irc};

use crate::model::Model;
use crate::ops::{Chunk, Op};
use crate::wire::Wire;

/// Each peer receives what the model says, and is closed for the reason that the model says,
/// after each operation of an adapter that does everything at once.
pub fn the_server_does_what_the_model_does(config: &Config, ops: &[Op]) {
    let mut wire = Wire::new(config.clone());
    let mut model = Model::new(config);
    for op in ops {
        // No two things happen at the same time, so that no two deadlines are the same.
        wire.pass(MOMENT);
        model.pass(wire.now);
        let peer = wire.next_peer(op);
        let count = wire.transports.len();
        wire.apply(op);
        wire.settle();
        if wire.transports.len() > count {
            model.accept(peer, wire.transports[count].dialect);
        }
        tell_model(&mut model, &wire, op, count);
        assert_equal(&wire, &model);
    }
}

/// Polled late, written in pieces, handed out: each peer receives the same in the end, or the
/// beginning of it if its transport failed, or its layer can carry no more.
pub fn when_the_adapter_polls_and_writes_does_not_matter(config: &Config, ops: &[Op]) {
    let mut wire = Wire::new(config.clone());
    let mut model = Model::new(config);
    for op in ops {
        if matches!(op, Op::Tick(_)) {
            continue;
        }
        let peer = wire.next_peer(op);
        let count = wire.transports.len();
        wire.apply(op);
        if config.dialect == Dialect::PAIR {
            // Here the rules make one wait for the other, and whose turn comes first is the
            // adapter's choice. Whoever left is gone once the operator has read it.
            wire.catch_up();
            wire.let_console_read();
            wire.catch_up();
        }
        if wire.transports.len() > count {
            model.accept(peer, wire.transports[count].dialect);
        }
        tell_model(&mut model, &wire, op, count);
    }
    wire.settle();
    for (place, (transport, party)) in wire.transports.iter().zip(&model.all.parties).enumerate() {
        assert_eq!(transport.left, party.left, "why {place} left");
        let received = &transport.received;
        let carries_no_more =
            party.left == Some(CloseReason::LayerFailed) && transport.breaks_for_good;
        if transport.failed || carries_no_more {
            assert!(
                party.output.starts_with(received),
                "{place} received something else"
            );
        } else {
            assert_eq!(
                shown(received),
                shown(&party.output),
                "what {place} received"
            );
        }
    }
}

/// However the input was cut, each peer receives the same.
pub fn how_the_input_is_cut_does_not_matter(config: &Config, ops: &[Op], cuts: &[u8]) {
    let mut whole = Wire::new(config.clone());
    let mut pieces = Wire::new(config.clone());
    let mut cuts = cuts.iter().copied().cycle();
    for op in ops {
        whole.apply(op);
        whole.settle();
        match op {
            Op::Bytes(conn, Chunk(bytes)) if !pieces.transports.is_empty() => {
                let place = usize::from(*conn) % pieces.transports.len();
                let sealed = pieces.seal(place, bytes);
                let mut rest = &sealed[..];
                while !rest.is_empty() {
                    let cut = cuts.next().unwrap_or(u8::MAX);
                    let (piece, behind) = rest.split_at(rest.len().min(1 + usize::from(cut % 16)));
                    pieces.send(place, piece);
                    if cut >= 128 && config.dialect != Dialect::PAIR {
                        pieces.settle();
                    }
                    rest = behind;
                }
            }
            op => pieces.apply(op),
        }
        pieces.settle();
        // Whoever fills a batch while somebody is behind has to wait for a moment.
        let moment = Duration::from_millis(10);
        whole.pass(moment);
        pieces.pass(moment);
        assert_same(&whole, &pieces);
    }
}

/// Names that are stale, and calls that come too early, change nothing.
pub fn stale_names_and_spurious_calls_change_nothing(config: &Config, ops: &[Op]) {
    let mut quiet = Wire::new(config.clone());
    let mut noisy = Wire::new(config.clone());
    for op in ops {
        if !matches!(op, Op::StaleUse(_)) {
            quiet.apply(op);
        }
        noisy.apply(op);
        for place in 0..noisy.transports.len() {
            if noisy.transports[place].released {
                noisy.stale_use(place);
            }
        }
        quiet.settle();
        noisy.settle();
        noisy.handle_timeout();
        assert_eq!(noisy.server.poll(), None, "a spurious call did something");
        assert_same(&quiet, &noisy);
        assert_eq!(quiet.actions, noisy.actions);
        assert_eq!(quiet.server.poll_timeout(), noisy.server.poll_timeout());
    }
}

/// The same happens again.
pub fn the_same_inputs_give_the_same_outputs(config: &Config, ops: &[Op]) {
    let run = || {
        let mut wire = Wire::new(config.clone());
        let mut actions: Vec<Vec<Action>> = Vec::new();
        for op in ops {
            wire.apply(op);
            actions.push(wire.actions.clone());
        }
        wire.settle();
        actions.push(wire.actions.clone());
        let received: Vec<_> = wire
            .transports
            .into_iter()
            .map(|peer| peer.received)
            .collect();
        (actions, received)
    };
    assert_eq!(run(), run());
}

/// Nobody misses or repeats a message in the middle, however small the limits are and whoever is
/// closed; whoever reads is not closed because of others; and all that is left is whole frames.
///
/// What the operations send is replaced by numbered messages.
pub fn nobody_sees_a_gap_or_half_a_line(config: &Config, ops: &[Op]) {
    let mut wire = Wire::new(config.clone());
    let mut said = BTreeMap::new();
    let mut said_before = Vec::new();
    for op in ops {
        let count = wire.transports.len();
        match op {
            Op::Bytes(conn, Chunk(bytes)) if count > 0 => {
                let sender = usize::from(*conn) % count;
                let mut burst = Vec::new();
                for padding in bytes {
                    let number = said.entry(sender).or_insert(0_u32);
                    *number += 1;
                    let padding = usize::from(*padding) % config.limits.max_line;
                    let dialect = wire.transports[sender].dialect;
                    burst.extend(numbered(dialect, sender, *number, padding));
                }
                wire.bytes(sender, &burst);
            }
            Op::Write(conn, limit) if count > 0 => {
                let place = usize::from(*conn) % count;
                // Whoever takes nothing once reads by hand from then on.
                wire.transports[place].is_prompt &= *limit > 0;
                wire.write(place, usize::from(*limit));
            }
            op => wire.apply(op),
        }
        if wire.transports.len() > count {
            // Who is there is known before anything else is said.
            wire.bytes(count, &login(wire.transports[count].dialect, count));
            wire.settle();
            said_before.push(said.clone());
        }
        wire.write_promptly();
    }
    let prompt = wire.transports.iter().filter(|peer| peer.is_prompt);
    let is_told_of_all = config.dialect == Dialect::ADDRESSED;
    for transport in prompt.filter(|_| !is_told_of_all) {
        let is_spared = transport.left != Some(CloseReason::SlowConsumer);
        assert!(is_spared, "a peer that reads was closed because of others");
    }
    wire.let_everybody_read();
    // A sender whose recipients are behind goes on a little later.
    wire.pass(Duration::from_secs(5));
    for (place, said_before) in said_before.iter().enumerate() {
        let last = check_numbers(&wire, place);
        let transport = &wire.transports[place];
        if transport.left.is_none() && transport.dialect != Dialect::DIRECT {
            check_last(&wire, place, &last, &said, said_before);
        }
    }
}

/// Whatever the time, what is due is dealt with, and then the server sleeps.
pub fn deadlines_are_met_and_the_server_sleeps(config: &Config, ops: &[Op]) {
    let mut wire = Wire::new(config.clone());
    for op in ops {
        if let Op::Write(conn, 0) = op
            && !wire.transports.is_empty()
        {
            let place = usize::from(*conn) % wire.transports.len();
            wire.transports[place].is_prompt = false;
        }
        wire.apply(op);
        if matches!(op, Op::Poll(_)) {
            wire.settle();
        }
    }
    wire.settle();
    wire.pass(Duration::from_secs(1000));
    let sleeps_until = wire.server.poll_timeout();
    assert!(sleeps_until.is_none_or(|due| due > wire.now));
    let limits = &config.limits;
    for transport in wire
        .transports
        .iter()
        .filter(|transport| transport.closed.is_none())
    {
        assert!(transport.backlog == 0 || limits.stall_timeout.is_none() || transport.is_console);
        // Whoever left may read at their own pace, unless they stall.
        let is_own_pace = [None, Some(CloseReason::PeerLeft), Some(CloseReason::Quit)];
        assert!(is_own_pace.contains(&transport.left), "it drains for ever");
    }
    wire.shut_down();
    wire.pass(limits.grace);
    for place in 0..wire.transports.len() {
        assert!(
            wire.transports[place].closed.is_some(),
            "{place} survives the shutdown"
        );
        wire.release(place);
    }
    assert!(wire.server.is_finished());
}

/// Whatever is said, peers of `irc` receive whole messages that are no longer than a line may be,
/// and nothing that a terminal obeys, whoever it comes from.
pub fn peers_of_irc_receive_messages(config: &Config, ops: &[Op]) {
    let mut wire = Wire::new(config.clone());
    for op in ops {
        wire.apply(op);
        wire.settle();
    }
    let peers = wire.transports.iter();
    for peer in peers.filter(|peer| peer.dialect == Dialect::IRC && !peer.torn) {
        for line in peer.received.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r\n").expect("a whole line");
            let message = irc::Message::parse(line).expect("a message");
            let tags = message.tags.as_str().len();
            let message = line.len() - if tags > 0 { "@ ".len() + tags } else { 0 };
            assert!(message <= irc::MAX_MESSAGE - "\r\n".len(), "too long");
            let text = std::str::from_utf8(line).expect("UTF-8");
            let is_shown = |text: &str| irc::is_harmless(&text.replace('\x01', ""));
            assert!(is_shown(text), "a terminal obeys {text:?}");
        }
    }
}

fn tell_model(model: &mut Model, wire: &Wire, op: &Op, count: usize) {
    let place = |conn: &u8| usize::from(*conn).checked_rem(count);
    match op {
        Op::Bytes(conn, Chunk(bytes)) => {
            if let Some(place) = place(conn) {
                model.bytes(place, bytes);
            }
        }
        Op::Eof(conn) => {
            if let Some(place) = place(conn) {
                match wire.is_of_layer(*conn, place) {
                    true => model.cut_off(place),
                    false => model.eof(place),
                }
            }
        }
        Op::Fail(conn) if place(conn).is_some_and(|place| wire.is_of_layer(*conn, place)) => {
            model.break_layer(usize::from(*conn) % count);
        }
        Op::Fail(conn) | Op::Release(conn) => {
            if let Some(place) = place(conn) {
                model.fail(place);
            }
        }
        Op::Tick(_) => model.pass(wire.now),
        Op::ShutDown => model.shut_down(),
        _ => {}
    }
}

#[track_caller]
fn assert_equal(wire: &Wire, model: &Model) {
    for (place, (transport, party)) in wire.transports.iter().zip(&model.all.parties).enumerate() {
        let (received, expected) = (shown(&transport.received), shown(&party.output));
        assert_eq!(received, expected, "what {place} received");
        assert_eq!(transport.left, party.left, "why {place} left");
    }
    for listener in &wire.listeners {
        assert_eq!(wire.server.accepting(listener.id), model.is_accepting());
    }
}

#[track_caller]
fn assert_same(one: &Wire, other: &Wire) {
    for (place, (one, other)) in one.transports.iter().zip(&other.transports).enumerate() {
        let (received, expected) = (shown(&one.received), shown(&other.received));
        assert_eq!(received, expected, "what {place} received");
        assert_eq!(one.left, other.left, "why {place} left");
        assert_eq!(one.closed, other.closed, "why {place} was closed");
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn login(dialect: Dialect, place: usize) -> Vec<u8> {
    match dialect.name() {
        "rooms" => format!("p{place}\n").into_bytes(),
        "direct" => format!("HELLO-FROM p{place}\n").into_bytes(),
        _ => Vec::new(),
    }
}

/// A message that says who sent it, and which of theirs it is.
fn numbered(dialect: Dialect, sender: usize, number: u32, padding: usize) -> Vec<u8> {
    let mut line = match dialect.name() {
        "direct" => format!("SEND p{} p{sender} {number} ", number % 4),
        _ => format!("p{sender} {number} "),
    };
    let padding = padding.saturating_sub(line.len());
    line.extend(std::iter::repeat_n('x', padding));
    line.push('.');
    line.push('\n');
    line.into_bytes()
}

fn check_numbers(wire: &Wire, place: usize) -> BTreeMap<usize, u32> {
    let transport = &wire.transports[place];
    let mut received = &transport.received[..];
    if transport.torn || transport.released {
        let whole = received.iter().rposition(|&byte| byte == b'\n');
        received = &received[..whole.map_or(0, |end| end + 1)];
    }
    assert!(
        received.is_empty() || received.ends_with(b"\n"),
        "{place} received half a line"
    );
    let mut last = BTreeMap::new();
    for line in received.split_inclusive(|&byte| byte == b'\n') {
        let line = std::str::from_utf8(line).expect("text");
        let Some((sender, number)) = parse_numbered(transport.dialect, line) else {
            continue;
        };
        let before = last.insert(sender, number);
        if let Some(before) = before {
            let is_direct = wire.transports[sender].dialect == Dialect::DIRECT;
            let step = if is_direct { 4 } else { 1 };
            assert_eq!(
                number,
                before + step,
                "{place} missed a message of {sender}"
            );
        }
    }
    last
}

/// Whoever is still there has heard everybody out who is still there.
fn check_last(
    wire: &Wire,
    place: usize,
    heard: &BTreeMap<usize, u32>,
    said: &BTreeMap<usize, u32>,
    said_before: &BTreeMap<usize, u32>,
) {
    let dialect = wire.transports[place].dialect;
    for (&sender, &number) in said {
        let is_heard = dialect == Dialect::ADDRESSED || sender != place;
        let is_heard = is_heard && wire.transports[sender].dialect == dialect;
        let is_new = said_before.get(&sender) != Some(&number);
        if is_heard && is_new && wire.transports[sender].left.is_none() {
            let last = heard.get(&sender);
            assert_eq!(
                last,
                Some(&number),
                "{place} missed the last messages of {sender}"
            );
        }
    }
}

/// Who sent a message, and which of theirs it is. Panics if it is anything but a valid frame.
fn parse_numbered(dialect: Dialect, line: &str) -> Option<(usize, u32)> {
    let text = match dialect.name() {
        "addressed" => {
            let (address, text) = line
                .strip_prefix('[')?
                .split_once("] ")
                .expect("an address");
            assert!(address.ends_with(|c: char| c.is_ascii_digit()) || address == "console");
            text.strip_suffix('\n')?
        }
        "rooms" => {
            line.strip_suffix("\r\n")
                .expect("an ending")
                .split_once(": ")?
                .1
        }
        "direct" => {
            line.strip_suffix('\n')?
                .strip_prefix("DELIVERY ")?
                .split_once(' ')?
                .1
        }
        _ => line.strip_suffix('\n')?,
    };
    if text == "(connected)" || text == "(disconnected)" {
        return None;
    }
    let mut words = text.splitn(3, ' ');
    let sender = words.next()?.strip_prefix('p')?.parse().expect("a number");
    let number = words.next()?.parse().expect("a number");
    let padding = words.next().expect("padding");
    let is_whole = padding.trim_start_matches('x') == ".";
    assert!(is_whole, "a line that nobody sent: {line:?}");
    Some((sender, number))
}

/// The time between two operations.
const MOMENT: Duration = Duration::from_micros(1);
