//! A program as its user sees it: arguments, environment, standard streams, signals, exit status.
//!
//! The program under test is this very file, started again with a mark in its environment. In
//! place of a runtime it has a few lines that echo what the console sends until it is told to end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Trial};
use linechat_driver::Service;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};

fn main() -> ExitCode {
    if std::env::var_os(MARK).is_some() {
        return linechat_host::main("linechat-test", "1.2.3", echo_console);
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

/// Echoes the console until it ends its half or a signal comes; without it waits for the signal.
fn echo_console(service: Service, shutdown: UnixStream) -> io::Result<()> {
    let mut piece = [0; 4096];
    let console = service
        .console
        .map(|console| UnixStream::from(console.stream));
    if let Some(console) = &console {
        console.set_nonblocking(false)?;
    }
    loop {
        let mut fds = vec![PollFd::new(&shutdown, PollFlags::IN)];
        if let Some(console) = &console {
            fds.push(PollFd::new(console, PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled?,
        };
        if !fds[0].revents().is_empty() {
            if std::env::var_os(DEAF).is_some() {
                println!("heard");
                loop {
                    std::thread::park();
                }
            }
            return Ok(());
        }
        let mut console = console.as_ref().expect("nothing else was polled");
        match console.read(&mut piece)? {
            0 => return Ok(()),
            n => console.write_all(&piece[..n])?,
        }
    }
}

fn trials() -> Vec<Trial> {
    let cases: &[(&str, fn())] = &[
        ("help_and_version_go_to_standard_output", help_and_version),
        ("the_help_names_every_option", help_names_every_option),
        ("what_makes_no_sense_is_refused_with_status_2", usage_errors),
        ("what_does_not_fit_the_dialect_is_refused_by_name", misfits),
        (
            "a_variable_that_does_not_fit_the_dialect_is_ignored_with_a_warning",
            foreign_variables,
        ),
        ("what_fits_is_accepted", fits),
        ("the_command_line_wins_over_the_environment", precedence),
        (
            "an_address_that_fails_is_named_in_one_line",
            addresses_that_fail,
        ),
        ("the_addresses_are_announced_even_when_quiet", announcement),
        ("the_first_signal_ends_with_status_0", first_signal),
        ("the_second_signal_ends_at_once", second_signal),
        ("the_console_is_a_connection_from_end_to_end", console),
        ("standard_input_may_be_anything_that_can_be_read", odd_input),
        ("standard_input_may_be_no_directory", directory_for_input),
        ("standard_output_may_be_gone", closed_output),
        ("standard_error_may_be_full", full_stderr),
    ];
    cases
        .iter()
        .map(|(name, case)| {
            Trial::test(*name, || {
                case();
                Ok(())
            })
        })
        .collect()
}

fn help_and_version() {
    let help = run(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("Usage: linechat-test serve [OPTIONS] [DIALECT]"));
    assert!(stdout(&run(&["serve", "--help"], &[])).contains("Usage: linechat-test serve"));
    assert!(stdout(&run(&["help"], &[])).contains("Usage: linechat-test serve"));
    assert!(stdout(&run(&["help", "serve"], &[])).contains("--max-line <BYTES>"));
    for way in ["--version", "version"] {
        let version = run(&[way], &[]);
        assert_eq!(
            (version.status.code(), &*stdout(&version)),
            (Some(0), "linechat-test 1.2.3\n")
        );
    }
}

fn help_names_every_option() {
    let texts = [run(&["--help"], &[]), run(&["serve", "--help"], &[])];
    for text in texts.map(|output| stdout(&output)) {
        // However it is broken into lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for option in [
            "--listen <[SCHEME://]ADDR:PORT>",
            "--stdio",
            "--no-listen",
            "--framing",
            "--pause <MILLISECONDS>",
            "--uppercase",
            "--full-duplex",
            "--max-line <BYTES>",
            "--max-backlog <BYTES>",
            "--stall-timeout <SECS>",
            "--max-buffered <BYTES>",
            "--max-connections <N>",
            "--max-connections-per-ip <N>",
            "--login-timeout <SECS>",
            "--idle-timeout <SECS>",
            "--rate-limit <N>",
            "--max-rooms <N>",
            "--max-rooms-per-user <N>",
            "--max-users <N>",
            "--grace <SECS>",
            "--drain <SECS>",
            "--config <FILE>",
            "--check-config",
            "--tls-cert <FILE>",
            "--tls-key <FILE>",
            "--tls-self-signed",
            "--handshake-timeout <SECS>",
            "--web-host <NAME>",
            "--web-origin <SCHEME://HOST[:PORT]>",
            "--web-proxy <ADDR>",
            "--log-format",
            "--verbose",
            "--quiet",
            "[default: 8192]",
            "[default: 1048576]",
            "[default: 268435456]",
        ] {
            assert!(text.contains(option), "{option} is missing in {text}");
        }
    }
}

fn usage_errors() {
    for (args, says) in [
        (&["serve", "nonsense"][..], "'nonsense'"),
        (
            &["serve", "--listen", "here"],
            "expected an address and a port",
        ),
        (
            &["serve", "--listen", "127.0.0.1:99999"],
            "expected an address and a port",
        ),
        (&["serve", "--port", "9000"], "'--listen 127.0.0.1:9000'"),
        (&["serve", "-p", "9000"], "'--listen 127.0.0.1:9000'"),
        (&["serve", "--port"], "'--listen 127.0.0.1:9000'"),
        (&["serve", "--max-line", "0"], "1 or more"),
        (&["serve", "--max-line", "-1"], "1 or more"),
        (&["serve", "--max-line", "8k"], "'8k' for '--max-line"),
        (&["serve", "--rate-limit", "-1"], "0 for no limit"),
        (
            &["serve", "relay", "--pause", "0"],
            "milliseconds, 1 or more",
        ),
        (&["serve", "--max-connections", "-1"], "0 for no limit"),
        (&["serve", "--idle-timeout", "-1"], "0 for none"),
        (
            &["serve", "--grace", "soon"],
            "expected a number of seconds",
        ),
        (&["serve", "--no-listen"], "add '--stdio'"),
        (&["serve", "pair", "--no-listen"], "'pair'"),
        (
            &["serve", "--stdio", "--no-listen", "--listen", "127.0.0.1:0"],
            "'--listen'",
        ),
        (&["serve", "-q", "-v"], "'--quiet'"),
        (&["serve", "--bogus"], "--bogus"),
        (&["bogus"], "bogus"),
        (&[], "Usage"),
    ] {
        assert_refused(&run(args, &[]), says);
    }
    for (variable, value, says) in [
        (
            "LINECHAT_MAX_LINE",
            "much",
            "'LINECHAT_MAX_LINE, which stands for --max-line",
        ),
        ("LINECHAT_STDIO", "perhaps", "'LINECHAT_STDIO, which"),
        ("LINECHAT_QUIET", "perhaps", "'LINECHAT_QUIET, which"),
        ("LINECHAT_LISTEN", "127.0.0.1:0,", "'LINECHAT_LISTEN, which"),
        ("LINECHAT_NO_LISTEN", "true", "add '--stdio'"),
    ] {
        assert_refused(&run(&["serve"], &[(variable, value)]), says);
    }
    let both = run(&["serve", "--grace", "x"], &[("LINECHAT_GRACE", "y")]);
    assert_refused(&both, "'x' for '--grace <SECS>'");
}

fn misfits() {
    for (args, says) in [
        (
            &["serve", "--uppercase"][..],
            "'--uppercase' does not fit the dialect 'rooms'",
        ),
        (&["serve", "rooms", "--max-users", "3"], "only for: direct"),
        (
            &["serve", "rooms", "--pause", "100"],
            "only for: echo, relay, addressed, pair",
        ),
        (
            &["serve", "pair", "--framing", "chunks"],
            "'--framing chunks' does not fit the dialect 'pair', it is only for: echo, relay, \
             addressed",
        ),
        (
            &["serve", "rooms", "--framing", "lines"],
            "only for: echo, relay, addressed, pair",
        ),
        (&["serve", "echo", "--full-duplex"], "only for: pair"),
        (
            &["serve", "echo", "--login-timeout", "1"],
            "only for: rooms, direct",
        ),
        (&["serve", "direct", "--max-rooms", "1"], "only for: rooms"),
    ] {
        assert_refused(&run(args, &[]), says);
    }
}

/// Set for one server, and in the way of another: it must not keep it from starting.
fn foreign_variables() {
    let variables = [("LINECHAT_UPPERCASE", "true"), ("LINECHAT_MAX_USERS", "3")];
    let args = ["serve", "--listen", "127.0.0.1:0"];
    let rooms = Program::start_warning(&args, &variables, 2);
    assert!(rooms.line.contains("listening on "), "{}", rooms.line);
    for (variable, _) in variables {
        let warnings = rooms.warnings.join("\n");
        assert!(warnings.contains(variable), "{warnings}");
    }
    rooms.end();
}

fn fits() {
    for (args, env) in [
        (
            &["serve", "echo", "--uppercase", "--framing", "lines"][..],
            &[][..],
        ),
        (&["serve", "--uppercase", "echo"], &[]),
        (&["serve", "rooms"], &[("LINECHAT_UPPERCASE", "false")]),
        (
            &["serve", "rooms", "--uppercase=false"],
            &[("LINECHAT_UPPERCASE", "true")],
        ),
        (
            &[
                "serve",
                "direct",
                "--max-users",
                "3",
                "--login-timeout",
                "0.5",
            ],
            &[],
        ),
        (
            &["serve", "pair", "--full-duplex"],
            &[("LINECHAT_STDIO", "false")],
        ),
    ] {
        Program::start(args, &[&[("LINECHAT_LISTEN", "127.0.0.1:0")], env].concat()).end();
    }
}

fn precedence() {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let mut program = Program::start(
        &[
            "serve",
            "--listen",
            &address,
            "--listen",
            "127.0.0.1:0",
            "--max-line",
            "5",
            "-v",
        ],
        &[
            ("LINECHAT_LISTEN", "nowhere.invalid:1"),
            ("LINECHAT_MAX_LINE", "4096"),
            ("LINECHAT_QUIET", "true"),
        ],
    );
    assert!(
        program
            .line
            .ends_with(&format!("listening on {address} (rooms)")),
        "{}",
        program.line
    );
    assert!(program.next_line().contains("listening on 127.0.0.1:"));
    program.end();

    let mut two = Program::start(&["serve"], &[("LINECHAT_LISTEN", "127.0.0.1:0,[::1]:0")]);
    assert!(two.next_line().contains("listening on [::1]:"));
    two.end();

    let echoed = run_with_input(
        &["serve", "echo"],
        &[
            ("LINECHAT_STDIO", "true"),
            ("LINECHAT_NO_LISTEN", "true"),
            ("LINECHAT_MAX_LINE", "100"),
        ],
    );
    assert_eq!(stdout(&echoed), "typed\n");
}

fn addresses_that_fail() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (address, cause) in [
        (&*taken, "Address already in use"),
        ("192.0.2.1:0", "Cannot assign requested address"),
        ("nowhere.invalid:1", "cannot resolve"),
    ] {
        let output = run(&["serve", "--listen", address], &[]);
        assert_eq!(output.status.code(), Some(1));
        let text = stderr(&output);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(address) && text.contains(cause), "{text}");
    }
}

fn announcement() {
    let quiet = Program::start(&["serve", "-q", "--listen", "127.0.0.1:0"], &[]);
    let address = quiet.line.strip_suffix(" (rooms)").unwrap();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    quiet.end();

    let args = ["serve", "--log-format", "json", "--listen", "127.0.0.1:0"];
    let json = Program::start(&args, &[]);
    assert!(json.line.starts_with("{\"timestamp\":\"2"), "{}", json.line);
    assert!(
        json.line.contains("\"message\":\"listening on 127.0.0.1:"),
        "{}",
        json.line
    );
    json.end();
}

fn first_signal() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let program = Program::start(&["serve", "--listen", "127.0.0.1:0"], &[]);
        assert_eq!(program.end_by(signal), Some(0));
    }
}

fn second_signal() {
    for (signal, status) in [
        (Signal::INT, 128 + 2),
        (Signal::TERM, 128 + 15),
        (Signal::HUP, 128 + 1),
    ] {
        let mut program = Program::start(&["serve", "--listen", "127.0.0.1:0"], &[(DEAF, "1")]);
        program.signal(Signal::INT);
        let mut heard = [0; 6];
        program
            .child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut heard)
            .unwrap();
        assert_eq!(program.end_by(signal), Some(status));
    }
}

fn console() {
    let output = run_with_input(&["serve", "echo", "--stdio", "--no-listen"], &[]);
    assert_eq!(
        (output.status.code(), &*stdout(&output)),
        (Some(0), "typed\n")
    );
    assert_eq!(stderr(&output), "");
}

fn odd_input() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let file = std::fs::File::open(manifest).unwrap();
    let length = file.metadata().unwrap().len();
    for (input, expected) in [(Stdio::null(), 0), (Stdio::from(file), length)] {
        let mut command = command(&["serve", "echo", "--stdio", "--no-listen"], &[]);
        let output = command.stdin(input).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout.len() as u64, expected);
    }
}

fn directory_for_input() {
    let mut command = command(&["serve", "echo", "--stdio", "--no-listen"], &[]);
    let directory = std::fs::File::open("/").unwrap();
    let output = command.stdin(directory).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("standard input is a directory"), "{text}");
}

fn closed_output() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command(&["serve", "echo", "--stdio", "--no-listen"], &[]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(writer)
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(b"typed\n").unwrap();
    assert!(child.wait().unwrap().code().is_some_and(|code| code < 2));
}

fn full_stderr() {
    let (mut reader, mut writer) = io::pipe().unwrap();
    let room = rustix::pipe::fcntl_getpipe_size(&writer).unwrap();
    writer.write_all(&vec![b'x'; room]).unwrap();
    let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--stdio"], &[]);
    let stderr = Stdio::from(OwnedFd::from(writer));
    let mut child = command.stdin(Stdio::null()).stderr(stderr).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(command);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    assert!(text.iter().all(|byte| *byte == b'x'));
}

/// A program that runs; it is killed when dropped.
struct Program {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// The lines on standard error before it.
    warnings: Vec<String>,
    /// The line on standard error that says where it listens.
    line: String,
}

impl Program {
    /// Starts a program and waits for its first line.
    fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_warning(args, env, 0)
    }

    /// The same after some warnings.
    fn start_warning(args: &[&str], env: &[(&str, &str)], warnings: usize) -> Self {
        let mut command = command(args, env);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut program = Self {
            child,
            stderr,
            warnings: Vec::new(),
            line: String::new(),
        };
        program.warnings = (0..warnings).map(|_| program.next_line()).collect();
        program.line = program.next_line();
        assert!(program.line.contains("listening on "), "{}", program.line);
        program
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn end(self) {
        assert_eq!(self.end_by(Signal::TERM), Some(0));
    }

    fn end_by(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(args).envs(env.iter().copied()).env(MARK, "1");
    command
}

fn run(args: &[&str], env: &[(&str, &str)]) -> Output {
    command(args, env).stdin(Stdio::null()).output().unwrap()
}

/// Runs a program with one line for its input.
fn run_with_input(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = command(args, env);
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"typed\n").unwrap();
    child.wait_with_output().unwrap()
}

fn assert_refused(output: &Output, says: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(says), "no {says} in {text}");
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(stdout(output), "");
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A port that is free now, and most likely a moment later.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Set in the environment of the program under test.
const MARK: &str = "LINECHAT_HOST_PROGRAM_UNDER_TEST";

/// Set where it is to say that it heard the first signal, and go on.
const DEAF: &str = "LINECHAT_HOST_PROGRAM_IS_DEAF";
