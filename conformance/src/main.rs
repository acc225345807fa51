//! Checks one build of a linechat program.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use linechat_conformance::Suite;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().collect();
    let mut suite = Suite::Protocols;
    if arguments
        .get(1)
        .is_some_and(|argument| argument == "faults")
    {
        suite = Suite::Faults;
        arguments.remove(1);
    }
    if arguments.len() < 2 || arguments[1].starts_with('-') {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let program = arguments.remove(1);
    suite.main_with(Path::new(&program), arguments)
}

const USAGE: &str =
    "usage: linechat-conformance [faults] PATH-TO-PROGRAM [FILTER] [options of cargo test]";
