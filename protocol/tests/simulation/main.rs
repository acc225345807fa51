//! Whole chats in virtual time: the real clients and the real server, joined by links that are
//! slow, cut what they carry, stall and break. All chance comes from one seed.

mod adapter;
mod cast;
mod dice;
mod link;
mod person;
mod properties;
mod script;
mod seeds;
mod simulation;
mod trace;
mod voice;

use linechat_laws::model::DIALECTS;
use linechat_protocol::Dialect;

use crate::cast::Served;
use crate::trace::Trace;

#[test]
fn in_echo_everybody_hears_themselves() {
    seeds::check_all(Served::One(Dialect::ECHO));
}

#[test]
fn in_relay_everybody_who_stayed_saw_the_same_conversation() {
    seeds::check_all(Served::One(Dialect::RELAY));
}

#[test]
fn in_addressed_everybody_who_stayed_saw_the_same_conversation() {
    seeds::check_all(Served::One(Dialect::ADDRESSED));
}

#[test]
fn in_rooms_everybody_who_stayed_saw_the_same_conversation() {
    seeds::check_all(Served::One(Dialect::ROOMS));
}

#[test]
fn in_pair_what_one_side_says_the_other_hears_in_turn() {
    seeds::check_all(Served::One(Dialect::PAIR));
}

#[test]
fn in_direct_every_message_is_delivered_or_refused() {
    seeds::check_all(Served::One(Dialect::DIRECT));
}

#[test]
fn in_mixed_company_everybody_who_stayed_saw_the_same_and_who_was_written_to_was_reached() {
    seeds::check_all(Served::Mixed);
}

#[test]
fn a_run_can_be_seen_again_from_its_seed() {
    for served in DIALECTS.map(Served::One).into_iter().chain([Served::Mixed]) {
        for seed in seeds::seeds().take(10) {
            let hash = || seeds::check(served, seed, Trace::hashed()).trace.hash;
            assert_eq!(hash(), hash(), "{served} {seed}");
        }
    }
}
