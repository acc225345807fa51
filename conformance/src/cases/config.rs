//! The configuration file: where settings come from, what is wrong in one, and how it is read again.

use std::fs;

use rustix::process::Signal;
use tempfile::{NamedTempFile, TempPath};

use super::*;
use crate::tls::Pair;

cases![
    options_come_from_the_file_and_the_environment_and_the_command_line_win,
    listeners_are_tables_and_each_may_have_a_certificate_of_its_own,
    what_is_wrong_with_the_file_is_one_line_that_names_the_place_and_status_2,
    an_option_of_the_file_that_does_not_fit_is_refused_as_on_the_command_line,
    the_settings_that_hold_are_printed_with_where_they_come_from,
    what_is_printed_is_a_configuration_with_the_same_meaning,
    a_configuration_that_does_not_work_is_status_2_when_it_is_checked,
    sighup_reads_the_file_again_and_those_who_are_connected_stay,
    a_bad_file_changes_nothing_when_it_is_read_again,
    what_needs_a_restart_is_said_when_the_file_is_read_again,
    each_certificate_is_loaded_anew_with_the_file,
    an_operator_of_irc_has_the_file_read_again,
    the_example_for_operators_is_a_configuration,
];

fn options_come_from_the_file_and_the_environment_and_the_command_line_win(bench: &Bench) {
    let file = File::new("dialect = 'direct'\nlisten = ['127.0.0.1:0']\nmax-line = 10\n");
    for (options, variable, longest) in [
        ("", None, 10),
        ("", Some("20"), 20),
        ("--max-line 30", Some("20"), 30),
    ] {
        let mut launch = bench.launch(&format!("serve --config {file} {options}"));
        if let Some(value) = variable {
            launch = launch.env("LINECHAT_MAX_LINE", value);
        }
        let server = bench.start_listening(launch);
        let mut peer = server.peer("peer");
        peer.asks(format!("{}\n", "x".repeat(longest)), "BAD-RQST-HDR\n");
        peer.asks(format!("{}\n", "x".repeat(longest + 1)), "BAD-RQST-BODY\n");
    }
    let launch = bench
        .launch("serve")
        .env("LINECHAT_CONFIG", file.to_string());
    bench
        .start_listening(launch)
        .peer("peer")
        .asks("x\n", "BAD-RQST-HDR\n");
}

fn listeners_are_tables_and_each_may_have_a_certificate_of_its_own(bench: &Bench) {
    let (one, other, common) = (Pair::new(), Pair::new(), Pair::new());
    let mut text = format!(
        "tls-cert = '{}'\ntls-key = '{}'\n",
        common.certificate_file().display(),
        common.key_file().display()
    );
    for pair in [Some(&one), None, Some(&other)] {
        text.push_str("[[listen]]\naddress = 'rooms+tls://127.0.0.1:0'\n");
        if let Some(pair) = pair {
            text.push_str(&own_pair(pair));
        }
    }
    text.push_str("[[listen]]\naddress = 'rooms://127.0.0.1:0'\n");
    let file = File::new(&text);
    let mut server = bench.start(bench.launch(&format!("serve --config {file}")));
    server.wait_until_listening(4);
    let places = server.addresses().to_vec();
    let mut plain = register(server.peer_at(places[3], "plain"), "plain");
    for (place, pair, name) in [
        (0, &one, "one"),
        (2, &other, "other"),
        (1, &common, "common"),
    ] {
        let peer = server.peer_at(places[place], name).over_tls(pair);
        register(peer, name).send("hello\n");
        plain.expect(format!("{name}: hello\r\n"));
    }
}

fn what_is_wrong_with_the_file_is_one_line_that_names_the_place_and_status_2(bench: &Bench) {
    for (text, place, words) in [
        (
            "grace = 1\nfrobnicate = 1\n",
            ", line 2: ",
            "unknown key 'frobnicate'",
        ),
        ("max_line = 1\n", ", line 1: ", "write 'max-line'"),
        ("\n\nmax-line = 'many'\n", ", line 3: ", "1 or more"),
        ("listen = 'here'\n", ", line 1: ", "an address and a port"),
        ("grace = \n", ", line 1: ", ""),
        (
            "[[listen]]\naddress = '127.0.0.1:0'\ncret = 'a'\n",
            ", line 3: ",
            "unknown key 'cret'",
        ),
        (
            "[[listen]]\naddress = 'ircs://127.0.0.1:0'\ncert = 'a'\n",
            ", line 1: ",
            "'key'",
        ),
    ] {
        let file = File::new(text);
        for line in ["serve", "serve --check-config"] {
            let outcome = bench.run(&format!("{line} --config {file}"));
            assert_is_usage_error(&outcome, text);
            assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
            let named = format!("{file}{place}");
            assert!(outcome.stderr.contains(&named), "{text}: {outcome:?}");
            assert!(outcome.stderr.contains(words), "{text}: {outcome:?}");
        }
    }
    let outcome = bench.run("serve --config /no/such/file.toml");
    assert_is_usage_error(&outcome, "a file that is not there");
    assert!(outcome.stderr.contains("/no/such/file.toml"), "{outcome:?}");
}

fn an_option_of_the_file_that_does_not_fit_is_refused_as_on_the_command_line(bench: &Bench) {
    for (dialect, option, place) in [
        ("rooms", "uppercase = true", "line 1"),
        ("rooms", "max-users = 3", "line 1"),
        ("echo", "network = 'x'", "line 1"),
        ("rooms", "tls-cert = 'x'", "line 1"),
    ] {
        let file = File::new(&format!("{option}\nlisten = '127.0.0.1:0'\n"));
        let outcome = bench.run(&format!("serve {dialect} --config {file}"));
        assert_is_usage_error(&outcome, option);
        assert!(outcome.stderr.contains("does not fit"), "{outcome:?}");
        assert!(outcome.stderr.contains(place), "{outcome:?}");
    }
    let file = File::new("quiet = true\nverbose = 1\n");
    let outcome = bench.run(&format!("serve --config {file}"));
    assert_is_usage_error(&outcome, "both");
}

fn the_settings_that_hold_are_printed_with_where_they_come_from(bench: &Bench) {
    let file = File::new("dialect = ['rooms', 'irc']\n\nnetwork = 'Example'\ngrace = 9\n");
    let line = format!("serve --config {file} --max-rooms 7 --check-config");
    let outcome = bench.finish(bench.launch(&line).env("LINECHAT_GRACE", "8"));
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{outcome:?}");
    let network = format!("network = \"Example\" # {file}, line 3");
    for setting in [
        "max-rooms = 7 # command line",
        "grace = 8 # LINECHAT_GRACE",
        "max-backlog = 1048576 # default",
        "# motd-file is not set",
        "address = \"rooms://127.0.0.1:8888\"",
        "address = \"irc://127.0.0.1:6667\"",
        &network,
    ] {
        let mut lines = outcome.stdout.lines();
        assert!(lines.any(|line| line == setting), "{setting}: {outcome:?}");
    }
    assert!(!outcome.stdout.contains("uppercase"), "{outcome:?}");
}

fn what_is_printed_is_a_configuration_with_the_same_meaning(bench: &Bench) {
    let line = "serve rooms direct --max-line 99 --idle-timeout 0.5 --lobby hall -v";
    let first = bench.run(&format!("{line} --check-config"));
    assert_eq!(first.status, 0, "{first:?}");
    let file = File::new(&first.stdout);
    let second = bench.run(&format!("serve --config {file} --check-config"));
    assert_eq!(second.status, 0, "{second:?}");
    let bare = |outcome: &Outcome| {
        let lines = outcome.stdout.lines();
        let lines = lines.map(|line| line.split(" # ").next().unwrap_or_default().to_owned());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(bare(&first), bare(&second));
}

fn a_configuration_that_does_not_work_is_status_2_when_it_is_checked(bench: &Bench) {
    for line in [
        "serve irc --motd-file /no/such/motd",
        "serve rooms --listen rooms+tls://127.0.0.1:0 --tls-cert /no --tls-key /no",
        "serve rooms relay",
    ] {
        let outcome = bench.run(&format!("{line} --check-config"));
        assert_eq!(outcome.status, 2, "{line}: {outcome:?}");
        assert!(!outcome.stderr.is_empty(), "{line}");
    }
}

fn sighup_reads_the_file_again_and_those_who_are_connected_stay(bench: &Bench) {
    let file = File::new("listen = '127.0.0.1:0'\nmax-line = 100\n");
    let server = bench.start_listening(bench.launch(&format!("serve --config {file}")));
    let mut alice = user(&server, "alice");
    let long = format!("{}\n", "x".repeat(50));
    alice.send(&long);
    heard_nothing_else(&mut alice);
    file.write("listen = '127.0.0.1:0'\nmax-line = 40\n");
    server.signal(Signal::HUP);
    logs(&server, "'max-line' has changed");
    logs(&server, "read the configuration again");
    alice.asks(&long, "!error line is longer than 40 bytes\r\n");
    let mut bob = user(&server, "bob");
    bob.asks(&long, "!error line is longer than 40 bytes\r\n");
    file.write("listen = '127.0.0.1:0'\nverbose = 1\n");
    server.signal(Signal::HUP);
    logs(&server, "'verbose' has changed");
    alice.send(&long);
    bob.expect(format!("alice: {}\r\n", "x".repeat(50)));
}

fn a_bad_file_changes_nothing_when_it_is_read_again(bench: &Bench) {
    let file = File::new("dialect = 'irc'\nlisten = '127.0.0.1:0'\nnetwork = 'A'\n");
    let server = bench.start_listening(bench.launch(&format!("serve --config {file}")));
    for (text, words) in [
        ("max-backlog = 1\nfrobnicate = 1\n", "line 2: unknown key"),
        (
            "dialect = 'irc'\nmotd-file = '/no/such/motd'\nmax-connections = 1\n",
            "/no/such/motd",
        ),
        ("dialect = 'irc'\nuppercase = true\n", "does not fit"),
    ] {
        file.write(text);
        server.signal(Signal::HUP);
        let log = server.stderr();
        log.wait_for(words, |log| {
            let mut lines = log.lines();
            let is_it = |line: &str| {
                line.contains("ERROR")
                    && line.contains(words)
                    && line.contains("the configuration stays as it was")
            };
            lines.any(is_it).then_some(())
        });
    }
    let (_one, _two) = (server.stream(), server.stream());
    let mut alice = server.peer("alice");
    alice.send("NICK alice\r\nUSER a 0 * :a\r\n");
    assert!(alice.line().contains(" 001 alice "));
}

fn what_needs_a_restart_is_said_when_the_file_is_read_again(bench: &Bench) {
    let start = "dialect = 'rooms'\nlisten = '127.0.0.1:0'\n";
    let file = File::new(start);
    let server = bench.start_listening(bench.launch(&format!("serve --config {file}")));
    file.write("dialect = 'rooms'\nlisten = '127.0.0.2:0'\nmax-rooms = 3\nrate-limit = 9\n");
    server.signal(Signal::HUP);
    logs(&server, "'listen' has changed, which needs a restart");
    logs(&server, "'max-rooms' has changed, which needs a restart");
    logs(&server, "'rate-limit' has changed");
    let log = server.stderr().text();
    let needless = "'rate-limit' has changed, which needs a restart";
    assert!(!log.contains(needless), "{log}");
    user(&server, "alice");
}

fn each_certificate_is_loaded_anew_with_the_file(bench: &Bench) {
    let (one, other) = (Pair::new(), Pair::new());
    let text = |one: &Pair, other: &Pair| {
        [one, other]
            .map(|pair| {
                let table = "[[listen]]\naddress = 'echo+tls://127.0.0.1:0'\n";
                format!("{table}{}", own_pair(pair))
            })
            .concat()
    };
    let file = File::new(&text(&one, &other));
    let mut server = bench.start(bench.launch(&format!("serve --config {file}")));
    server.wait_until_listening(2);
    let [first, second] = *server.addresses() else {
        panic!("two listeners are announced");
    };
    let next = one.replaced();
    let elsewhere = Pair::new();
    file.write(&text(&one, &elsewhere));
    server.signal(Signal::HUP);
    logs(&server, "read the configuration again");
    for (address, pair) in [(first, &next), (second, &elsewhere)] {
        let mut peer = server.peer_at(address, "peer").over_tls(pair);
        peer.asks("hi\n", "hi\n");
    }
}

fn an_operator_of_irc_has_the_file_read_again(bench: &Bench) {
    let password = File::new("sesame\n");
    let text = format!("dialect = 'irc'\nlisten = '127.0.0.1:0'\noper = ['root:{password}']\n");
    let file = File::new(&text);
    let server = bench.start_listening(bench.launch(&format!("serve --config {file}")));
    let mut root = server.peer("root");
    root.send("NICK root\r\nUSER r 0 * :r\r\nPING 1\r\n");
    root.skip_to(":linechat.local PONG linechat.local :1\r\n");
    root.send("REHASH\r\n");
    assert!(root.line().contains(" 481 root "));
    root.send("OPER root sesame\r\n");
    root.line();
    root.line();
    file.write(&format!("{text}rate-limit = 50\n"));
    root.send("REHASH\r\n");
    assert!(root.line().contains(" 382 root "));
    logs(&server, "asked to load the configuration anew");
    logs(&server, "'rate-limit' has changed");
    logs(&server, "read the configuration again");
}

fn the_example_for_operators_is_a_configuration(bench: &Bench) {
    let manual = include_str!("../../../docs/OPERATING.md");
    let (_, example) = manual.split_once("```toml\n").expect("there is one");
    let (example, _) = example.split_once("```").expect("it has an end");
    let pair = Pair::new();
    let example = example
        .replace(
            "/etc/linechat/fullchain.pem",
            &pair.certificate_file().display().to_string(),
        )
        .replace(
            "/etc/linechat/privkey.pem",
            &pair.key_file().display().to_string(),
        );
    let file = File::new(&example);
    let outcome = bench.run(&format!("serve --config {file} --check-config"));
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{outcome:?}");
    assert!(outcome.stdout.contains("drain = 60"), "{outcome:?}");
}

/// The lines by which a listener gets a pair of its own.
fn own_pair(pair: &Pair) -> String {
    format!(
        "cert = '{}'\nkey = '{}'\n",
        pair.certificate_file().display(),
        pair.key_file().display()
    )
}

/// A file that is gone with its name.
struct File(TempPath);

impl File {
    fn new(text: &str) -> Self {
        let file = NamedTempFile::new().expect("a file of its own");
        let file = Self(file.into_temp_path());
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("a file of its own");
    }
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}
