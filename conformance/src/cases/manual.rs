//! What the command line says of itself: manual pages, and completions for shells.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::*;

cases![
    man_prints_the_page_of_the_program,
    man_writes_a_page_for_each_subcommand_into_a_directory,
    a_page_that_cannot_be_written_is_one_line_and_status_1,
    bash_completes_options_and_dialects,
    fish_completes_options,
    zsh_loads_its_completions,
    a_shell_that_is_none_is_a_usage_error_that_names_those_that_are,
];

fn man_prints_the_page_of_the_program(bench: &Bench) {
    let outcome = bench.run("man");
    assert_eq!(outcome.status, 0);
    assert!(
        outcome.stdout.contains(".TH linechat-"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("serve(1)"), "{}", outcome.stdout);
}

fn man_writes_a_page_for_each_subcommand_into_a_directory(bench: &Bench) {
    let folder = TempDir::new().expect("a folder of its own");
    let folder = folder.path().join("man1");
    let outcome = bench.run(&format!("man {}", folder.display()));
    assert_eq!((outcome.status, &*outcome.stdout), (0, ""));
    let pages = fs::read_dir(folder).expect("it made the directory");
    let pages: Vec<_> = pages
        .map(|page| page.expect("it can be listed").path())
        .collect();
    assert_eq!(pages.len(), 5, "{pages:?}");
    let serve = pages
        .iter()
        .find(|page| page.ends_with(own(bench, "-serve.1")));
    let serve = fs::read_to_string(serve.expect("serve has a page")).expect("it can be read");
    assert!(serve.contains(r"\-\-max\-line"), "{serve}");
}

fn a_page_that_cannot_be_written_is_one_line_and_status_1(bench: &Bench) {
    for line in ["man", "completions bash"] {
        let full = bench.launch(line).in_shell("exec \"$0\" \"$@\" >/dev/full");
        let outcome = bench.finish(full);
        assert_eq!(outcome.status, 1);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("space"), "{}", outcome.stderr);
    }
}

fn bash_completes_options_and_dialects(bench: &Bench) {
    let script = r#"
        source "$1"
        complete() { printf '%s\n' "$@"; }
        function=$(source "$1" | sed -n '/^-F$/{n;p;q}')
        ask() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            "$function" "$1" "${!#}" "${COMP_WORDS[$# - 2]}"
            printf '%s\n' "${COMPREPLY[@]}"
        }
        ask "$0" serve --max-l
        ask "$0" serve roo
    "#;
    let Some(completed) = in_shell(bench, "bash", &["--norc", "-c", script]) else {
        return;
    };
    assert_eq!(
        completed.lines().collect::<Vec<_>>(),
        ["--max-line", "rooms"]
    );
}

fn fish_completes_options(bench: &Bench) {
    let script = "source $argv[2]; complete -C \"$argv[1] serve --max-l\"";
    let Some(completed) = in_shell(bench, "fish", &["--no-config", "-c", script]) else {
        return;
    };
    assert!(completed.starts_with("--max-line\t"), "{completed:?}");
}

fn zsh_loads_its_completions(bench: &Bench) {
    let script = "autoload -U compinit && compinit -D -u && source $1 && print $_comps[$0]";
    let Some(function) = in_shell(bench, "zsh", &["-f", "-c", script]) else {
        return;
    };
    assert_eq!(function.trim_end(), format!("_{}", own(bench, "")));
}

fn a_shell_that_is_none_is_a_usage_error_that_names_those_that_are(bench: &Bench) {
    let outcome = bench.run("completions cmd");
    assert_eq!(outcome.status, 2);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(outcome.stderr.contains(shell), "{}", outcome.stderr);
    }
}

/// What a shell prints that is given the name of the program and a file with its completions.
/// Where it is not installed, the case is reported as ignored.
#[track_caller]
fn in_shell(bench: &Bench, shell: &str, words: &[&str]) -> Option<String> {
    let folder = TempDir::new().expect("a folder of its own");
    let file = folder.path().join("completions");
    let outcome = bench.run(&format!("completions {shell}"));
    assert_eq!(outcome.status, 0);
    bench.installed(shell)?;
    fs::write(&file, outcome.stdout).expect("a file of its own");
    let mut command = Command::new(shell);
    let command = command.args(words).arg(own(bench, "")).arg(file);
    let output = command
        .env("HOME", folder.path())
        .output()
        .expect("it runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*complaints), (Some(0), ""));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The name of the program, and something behind it.
fn own(bench: &Bench, suffix: &str) -> String {
    format!("{}{suffix}", bench.program().name())
}
