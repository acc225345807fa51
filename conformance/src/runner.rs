//! Turns the cases into named tests, and their panics into reports.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rustix::process::{Resource, Rlimit};

use crate::bench::Bench;
use crate::cases::Case;
use crate::program::Program;

/// Runs the `cases` that the `arguments` choose, `at_once` of them together unless they say
/// otherwise.
pub(crate) fn run(
    program: &Path,
    cases: Vec<(String, Case)>,
    at_once: usize,
    mut arguments: Arguments,
) -> ExitCode {
    arguments.test_threads.get_or_insert(at_once);
    lift_descriptor_limit();
    remember_panics();
    let program = Arc::new(Program::new(program));
    let trials = cases
        .into_iter()
        .map(|(name, case)| trial(name, case, Arc::clone(&program)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: String, case: Case, program: Arc<Program>) -> Trial {
    Trial::ignorable_test(name, move || {
        let bench = Bench::new(program);
        LAST_PANIC.set(Some(String::new()));
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| case(&bench)));
        let panic = LAST_PANIC.take().unwrap_or_default();
        match outcome {
            Ok(()) => Ok(bench
                .skipped()
                .map_or(Completion::Completed, Completion::ignored_with)),
            Err(payload) => {
                let what = if panic.is_empty() {
                    text_of(&*payload)
                } else {
                    panic
                };
                Err(Failed::from(format!("{what}\n\n{}", bench.report())))
            }
        }
    })
}

/// Thousand-connection cases hold that many sockets in this process, too.
fn lift_descriptor_limit() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let lifted = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = rustix::process::setrlimit(Resource::Nofile, lifted) {
        eprintln!("cannot raise the limit of open files: {error}");
    }
}

/// Keeps a case's panic, with the place it came from, for the report instead of printing it in the
/// middle of other cases' output.
fn remember_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let remembered = LAST_PANIC.with_borrow_mut(|last| match last {
            Some(last) => {
                *last = info.to_string();
                true
            }
            None => false,
        });
        if !remembered {
            print(info);
        }
    }));
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or(payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
        .to_owned()
}

thread_local! {
    /// `Some` on a thread that runs a case.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}
