//! The program under test, and how it is started.

use std::env;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::getuid;

use crate::running::Running;
use crate::terminal::Terminal;
use crate::transcript::Transcript;

/// The program under test.
pub(crate) struct Program {
    path: PathBuf,
}

impl Program {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// What its file is called.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The program of this name in the same folder, if there is one.
    pub(crate) fn beside(&self, name: &str) -> Option<Self> {
        let path = self.path.with_file_name(name);
        path.exists().then_some(Self { path })
    }

    /// Whether it is there. If it is, it has to work.
    #[track_caller]
    pub(crate) fn is_installed(&self) -> bool {
        let Ok(version) = Command::new(&self.path).arg("--version").output() else {
            return false;
        };
        assert!(version.status.success(), "{}: {version:?}", self.name());
        true
    }

    /// Whether it promises to stay within two threads; a thread for each connection cannot.
    pub(crate) fn is_event_driven(&self) -> bool {
        !self.name().contains("blocking")
    }

    /// A command line of the words in `line`, in an environment without settings of its own.
    pub(crate) fn launch(&self, line: &str) -> Launch {
        Launch {
            program: self.path.clone(),
            arguments: line.split_whitespace().map(str::to_owned).collect(),
            environment: Vec::new(),
            prelude: None,
            handed: Vec::new(),
            has_keyboard: true,
        }
    }
}

/// A command line on its way to becoming a process.
pub(crate) struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    prelude: Option<String>,
    /// What takes the place of standard input, and of standard output, until the program starts.
    handed: Vec<OwnedFd>,
    has_keyboard: bool,
}

impl Launch {
    /// On a terminal, but with nothing to read from it.
    pub(crate) fn without_keyboard(mut self) -> Self {
        self.has_keyboard = false;
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs under a limit of open files, given as the shell's `ulimit` has it (`-n 64`).
    pub(crate) fn limited(self, limit: &str) -> Self {
        self.after(&format!("ulimit {limit}"))
    }

    /// Runs as a user who may have so many threads; `None` where that cannot be had.
    ///
    /// The limit does not hold for root, and counts all that a user runs. So it takes root to become
    /// somebody who runs nothing, and who may not see the folder of the program.
    pub(crate) fn with_few_threads(mut self, threads: usize) -> Option<Self> {
        let run = "exec setpriv --reuid=65533 --regid=65533 --clear-groups";
        let program = "/proc/self/fd/3";
        let has_tools = ["setpriv", "prlimit"].into_iter().all(|tool| {
            let asked = Command::new(tool).arg("--version").output();
            asked.is_ok()
        });
        let can_limit = getuid().is_root() && has_tools;
        self.prelude = Some(format!(
            "exec 3<\"$0\"; {run} prlimit --nproc={threads} {program} \"$@\""
        ));
        can_limit.then_some(self)
    }

    /// Runs after a command of the shell, and in the process that it leaves.
    pub(crate) fn after(mut self, command: &str) -> Self {
        self.prelude = Some(format!("{command}; exec \"$0\" \"$@\""));
        self
    }

    /// Runs in a shell that runs `script`, in which `"$0" "$@"` is the program.
    pub(crate) fn in_shell(mut self, script: &str) -> Self {
        self.prelude = Some(script.to_owned());
        self
    }

    /// Runs with sockets that are open already, as systemd hands them over: their names are joined
    /// by colons. There is no keyboard then, nor a screen.
    pub(crate) fn handing_over<const N: usize>(self, names: &str, sockets: [OwnedFd; N]) -> Self {
        const { assert!(N == 1 || N == 2, "one takes the place of standard input") };
        let moved = if N == 1 {
            "exec 3<&0"
        } else {
            "exec 3<&0 4<&1"
        };
        let told = format!("export LISTEN_PID=$$ LISTEN_FDS={N} LISTEN_FDNAMES='{names}'");
        let mut launch = self.after(&format!("{moved} </dev/null >/dev/null; {told}"));
        launch.handed = sockets.into();
        launch
    }

    #[track_caller]
    pub(crate) fn start(mut self, transcript: &Transcript) -> Running {
        let mut command = self.command();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut handed = self.handed.drain(..);
        if let Some(first) = handed.next() {
            command.stdin(first);
        }
        if let Some(second) = handed.next() {
            command.stdout(second);
        }
        drop(handed);
        self.spawn(command, transcript)
    }

    /// The same on a terminal of its own, whose Ctrl-C reaches it as a signal unless it sees to
    /// that itself.
    #[track_caller]
    pub(crate) fn start_on(self, terminal: &Terminal, transcript: &Transcript) -> Running {
        let mut command = if self.has_keyboard {
            let mut command = self.command_after(&["setsid", "--ctty"]);
            command.stdin(terminal.device());
            command
        } else {
            let mut command = self.command();
            command.stdin(Stdio::null());
            command
        };
        command.stdout(terminal.device()).stderr(terminal.device());
        self.spawn(command, transcript)
    }

    #[track_caller]
    fn spawn(&self, mut command: Command, transcript: &Transcript) -> Running {
        transcript.note(
            "program",
            &format!("{:?} {:?}", self.arguments, self.environment),
        );
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}", self.program.display());
        });
        Running::new(child, transcript.clone())
    }

    fn command(&self) -> Command {
        self.command_after(&[])
    }

    /// The command, which another one with its own arguments is to run.
    fn command_after(&self, words: &[&str]) -> Command {
        let mut words: Vec<_> = words.iter().map(OsString::from).collect();
        if let Some(prelude) = &self.prelude {
            words.extend(["sh", "-c", prelude].map(OsString::from));
        }
        words.push(self.program.clone().into());
        words.extend(self.arguments.iter().map(OsString::from));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        for (name, _) in env::vars_os().filter(|(name, _)| is_setting(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Whether an environment variable would change what the program does.
fn is_setting(name: &str) -> bool {
    ["LINECHAT_", "RUST_", "LISTEN_", "WATCHDOG_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["NO_COLOR", "NOTIFY_SOCKET"].contains(&name)
}
