//! Every input of the committed corpus, on any toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use linechat_fuzz::{clients, grammars, irc, layers, lines, link, servers};

macro_rules! targets {
    ($($name:ident: $body:path,)*) => {
        $(
            #[test]
            fn $name() {
                keeps_its_promises(stringify!($name), $body);
            }
        )*

        const TARGETS: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    addressed_client: clients::addressed,
    addressed_grammar: grammars::addressed,
    addressed_server: servers::addressed,
    direct_client: clients::direct,
    direct_grammar: grammars::direct,
    direct_server: servers::direct,
    echo_server: servers::echo,
    irc_client: clients::irc,
    irc_grammar: irc::grammar,
    irc_server: servers::irc,
    layered_server: servers::layered,
    line_client: clients::line,
    lines: lines::cut_anywhere,
    link_entries: link::entries,
    link_nats: link::nats,
    mixed_server: servers::mixed,
    pair_client: clients::pair,
    pair_server: servers::pair,
    relay_server: servers::relay,
    rooms_client: clients::rooms,
    rooms_grammar: grammars::rooms,
    rooms_server: servers::rooms,
    tls_layer: layers::tls,
    web_layer: layers::web,
}

#[test]
fn every_target_has_a_corpus_and_is_tested_here() {
    let names = |folder: &str| -> Vec<String> {
        let paths = entries(&fuzz().join(folder)).into_iter();
        let stems = paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
        stems.collect()
    };
    assert_eq!(names("fuzz_targets"), TARGETS);
    assert_eq!(names("corpus"), TARGETS);
}

/// The input that is being run is the last that a failing test names.
fn keeps_its_promises(target: &str, body: fn(&[u8])) {
    let inputs = entries(&fuzz().join("corpus").join(target)).into_iter();
    let mut count = 0;
    for path in inputs.filter(|path| path.extension().is_some_and(|kind| kind == "in")) {
        println!("{}", path.display());
        body(&fs::read(&path).expect("the corpus can be read"));
        count += 1;
    }
    assert!(count > 0, "{target} has no committed inputs");
}

/// What is in a folder, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    paths
}

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
