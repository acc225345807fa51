//! The servers that can be measured, and how each is started: on the loopback, with generous
//! limits and nothing that slows clients down on purpose.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::failure::Failure;
use crate::process::Process;
use crate::wire::Wire;

/// A program that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    LinechatTokio,
    LinechatSmol,
    LinechatBlocking,
    LinechatFloor,
    RedisServer,
    NatsServer,
    Inspircd,
    Ngircd,
}

impl Program {
    /// Linechat's own, then the others.
    pub(crate) const ALL: [Self; 8] = [
        Self::LinechatFloor,
        Self::LinechatTokio,
        Self::LinechatSmol,
        Self::LinechatBlocking,
        Self::RedisServer,
        Self::NatsServer,
        Self::Inspircd,
        Self::Ngircd,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LinechatTokio => "linechat-tokio",
            Self::LinechatSmol => "linechat-smol",
            Self::LinechatBlocking => "linechat-blocking",
            Self::LinechatFloor => "linechat-floor",
            Self::RedisServer => "redis-server",
            Self::NatsServer => "nats-server",
            Self::Inspircd => "inspircd",
            Self::Ngircd => "ngircd",
        }
    }

    pub(crate) fn is_linechat(self) -> bool {
        matches!(
            self,
            Self::LinechatTokio | Self::LinechatSmol | Self::LinechatBlocking
        )
    }

    pub(crate) fn is_irc(self) -> bool {
        matches!(self, Self::Inspircd | Self::Ngircd)
    }

    /// Whether it speaks this protocol.
    pub(crate) fn speaks(self, wire: Wire) -> bool {
        match wire {
            Wire::Relay => self.is_linechat() || self == Self::LinechatFloor,
            Wire::Addressed | Wire::Rooms | Wire::Direct => self.is_linechat(),
            Wire::Pairs | Wire::Answers => self == Self::LinechatFloor,
            Wire::Irc => self.is_irc(),
            Wire::Nats => self == Self::NatsServer,
            Wire::Redis => self == Self::RedisServer,
        }
    }

    /// Where its file is: linechat's own beside this program, the others where the system keeps
    /// them.
    pub(crate) fn path(self) -> Option<PathBuf> {
        if self.is_linechat() || self == Self::LinechatFloor {
            let path = std::env::current_exe().ok()?.with_file_name(self.name());
            return path.exists().then_some(path);
        }
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(self.name()))
            .find(|path| path.exists())
    }

    /// What it says of its version, in one line.
    pub(crate) fn version(self) -> Option<String> {
        if self == Self::LinechatFloor {
            return Some(env!("CARGO_PKG_VERSION").to_owned());
        }
        let output = Command::new(self.path()?)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// The command that serves `wire` on a port. What it needs on disk goes into `folder`.
    fn command(self, wire: Wire, port: u16, folder: &Path) -> Result<Command, Failure> {
        let path = self.path().ok_or_else(|| Failure::Start {
            program: self.name().to_owned(),
            reason: "it is not installed, or not built".to_owned(),
        })?;
        let mut command = Command::new(path);
        match self {
            Self::LinechatTokio | Self::LinechatSmol | Self::LinechatBlocking => {
                command.args(["serve", wire_name(wire), "-q", "--listen"]);
                command.arg(format!("127.0.0.1:{port}"));
                if wire == Wire::Direct {
                    command.args(["--max-users", "20000"]);
                }
            }
            Self::LinechatFloor => {
                command.args([wire_name(wire), &port.to_string()]);
            }
            Self::RedisServer => {
                command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
                command.args(["--protected-mode", "no"]);
                command.args(["--save", "", "--appendonly", "no", "--maxclients", "19000"]);
                command.args(["--client-output-buffer-limit", "pubsub 0 0 0"]);
                command.arg("--dir").arg(folder);
            }
            Self::NatsServer => {
                command
                    .arg("-c")
                    .arg(write_file(folder, "nats.conf", &nats_config(port))?);
            }
            Self::Inspircd => {
                command.args(["--runasroot", "--nofork", "--nolog", "--nopid", "--config"]);
                command.arg(write_file(folder, "inspircd.conf", &inspircd_config(port))?);
            }
            Self::Ngircd => {
                command.args(["-n", "-f"]).arg(write_file(
                    folder,
                    "ngircd.conf",
                    &ngircd_config(port),
                )?);
            }
        }
        Ok(command)
    }
}

/// A server to measure. One that was started here ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    started: Option<(Child, PathBuf)>,
}

impl Server {
    /// Starts a program and waits until it listens.
    pub(crate) fn start(program: Program, wire: Wire) -> Result<Self, Failure> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!(
            "linechat-bench-{}-{}",
            std::process::id(),
            address.port()
        ));
        fs::create_dir_all(&folder)?;
        let said = folder.join("output");
        let mut command = program.command(wire, address.port(), &folder)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&said)?)
            .stderr(File::options().append(true).open(&said)?)
            .spawn()?;
        let process = Process { pid: child.id() };
        let mut server = Self {
            name: program.name().to_owned(),
            address,
            process,
            started: Some((child, folder)),
        };
        server.wait_until_listening(&said)?;
        Ok(server)
    }

    /// A server that somebody else started.
    pub(crate) fn attach(pid: u32, address: SocketAddr) -> Self {
        Self {
            name: format!("process {pid}"),
            address,
            process: Process { pid },
            started: None,
        }
    }

    /// Looks into the system's table of sockets: a connection, made to find out, would count.
    fn wait_until_listening(&mut self, said: &Path) -> Result<(), Failure> {
        let begin = Instant::now();
        loop {
            if is_listening(self.address.port())? {
                return Ok(());
            }
            let ended = match &mut self.started {
                Some((child, _)) => child.try_wait()?.is_some(),
                None => false,
            };
            if ended || begin.elapsed() > START_TIME {
                return Err(Failure::Start {
                    program: self.name.clone(),
                    reason: fs::read_to_string(said).unwrap_or_default(),
                });
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((child, folder)) = &mut self.started {
            // Whatever fails here has ended, or is gone, already.
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn wire_name(wire: Wire) -> &'static str {
    match wire {
        Wire::Relay => "relay",
        Wire::Addressed => "addressed",
        Wire::Rooms => "rooms",
        Wire::Direct => "direct",
        Wire::Pairs => "pairs",
        Wire::Answers => "answers",
        Wire::Irc => "irc",
        Wire::Nats => "nats",
        Wire::Redis => "redis",
    }
}

fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn is_listening(port: u16) -> Result<bool, Failure> {
    let table = fs::read_to_string("/proc/net/tcp")?;
    let place = format!(":{port:04X}");
    Ok(table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|local| local.ends_with(&place))
            && columns.nth(1) == Some(LISTEN_STATE)
    }))
}

fn write_file(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    fs::write(&path, text)?;
    Ok(path)
}

fn nats_config(port: u16) -> String {
    format!("listen: 127.0.0.1:{port}\nmax_connections: 20000\nmax_pending: 512MB\n")
}

fn ngircd_config(port: u16) -> String {
    format!(
        "[Global]\n\
         Name = irc.test\nInfo = bench\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
         [Limits]\n\
         MaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 16\n\
         MaxPenaltyTime = 0\nPingTimeout = 3600\nPongTimeout = 3600\n\
         [Options]\n\
         DNS = no\nIdent = no\nPAM = no\n"
    )
}

fn inspircd_config(port: u16) -> String {
    format!(
        "<server name=\"irc.test\" description=\"bench\" network=\"bench\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\">\n\
         <connect name=\"all\" allow=\"*\" timeout=\"60\" pingfreq=\"1h\" hardsendq=\"100M\"\n\
         softsendq=\"50M\" recvq=\"1M\" threshold=\"1000000\" commandrate=\"1000000000\"\n\
         fakelag=\"no\" localmax=\"20000\" globalmax=\"20000\" limit=\"20000\"\n\
         resolvehostnames=\"no\" useident=\"no\" useconnectban=\"no\" maxconnwarn=\"no\">\n\
         <performance softlimit=\"20000\" somaxconn=\"4096\" netbuffersize=\"65534\">\n\
         <channels users=\"20\" opers=\"60\">\n\
         <options defaultmodes=\"\">\n"
    )
}

const START_TIME: Duration = Duration::from_secs(20);
/// As the table of sockets writes it.
const LISTEN_STATE: &str = "0A";
