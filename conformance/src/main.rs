//! Checks one build of a linechat program: `linechat-conformance PATH-TO-PROGRAM [FILTER]`.

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().collect();
    if arguments.len() < 2 || arguments[1].starts_with('-') {
        eprintln!("usage: linechat-conformance PATH-TO-PROGRAM [FILTER] [options of cargo test]");
        return ExitCode::from(2);
    }
    let program = arguments.remove(1);
    linechat_conformance::main_with(Path::new(&program), arguments)
}
