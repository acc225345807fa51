//! What is packaged beside the program.

use super::*;

cases![
    the_packaged_configuration_is_one,
    the_packaged_configuration_names_every_option_and_no_other,
];

fn the_packaged_configuration_is_one(bench: &Bench) {
    let outcome = bench.run(&format!("serve --config {FILE} --check-config"));
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let server = bench.serve_together(&["rooms", "irc"], &format!("--config {FILE}"));
    let mut peer = server.peer_of("rooms", "peer");
    peer.send("alice\n");
    peer.asks("!users\n", "alice\r\n");
}

fn the_packaged_configuration_names_every_option_and_no_other(bench: &Bench) {
    let help = bench.run("serve --help").stdout;
    let options = help.lines().filter_map(|line| {
        let (_, option) = line.split_once("  --").or(line.split_once(", --"))?;
        line.trim_start().starts_with('-').then_some(())?;
        Some(option.split(['[', '.', ' ']).next()?.to_owned())
    });
    let elsewhere = ["help", "config", "check-config", "listen"];
    let mut options: Vec<_> = options
        .filter(|option| !elsewhere.contains(&option.as_str()))
        .collect();
    let mut named: Vec<_> = TEXT
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !["dialect", "address", "cert", "key"].contains(&name.as_str()))
        .collect();
    options.sort();
    named.sort();
    named.dedup();
    assert_eq!(named, options);
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/linechat.toml");
const TEXT: &str = include_str!("../../../packaging/linechat.toml");
