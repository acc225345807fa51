//! The programs that can be measured, and how each is started: on the loopback, with generous
//! limits and nothing that slows clients down on purpose.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::failure::Failure;
use crate::tunnel;
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
            Wire::Irc => self.is_irc() || self.is_linechat(),
            Wire::IrcTls => self == Self::Inspircd || self.is_linechat(),
            Wire::IrcTags | Wire::RoomsTls | Wire::Web | Wire::WebTls => self.is_linechat(),
            Wire::Nats => self == Self::NatsServer,
            Wire::Redis => self == Self::RedisServer,
        }
    }

    /// Where its file is: linechat's own beside this program, the others where the system looks for
    /// programs, and where it keeps servers.
    pub(crate) fn path(self) -> Option<PathBuf> {
        if self.is_linechat() || self == Self::LinechatFloor {
            let path = env::current_exe().ok()?.with_file_name(self.name());
            return path.exists().then_some(path);
        }
        let search = env::var_os("PATH").unwrap_or_default();
        let server_folders = SERVER_FOLDERS.map(PathBuf::from);
        env::split_paths(&search)
            .chain(server_folders)
            .map(|folder| folder.join(self.name()))
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
    pub(crate) fn command(self, wire: Wire, port: u16, folder: &Path) -> Result<Command, Failure> {
        let path = self.path().ok_or_else(|| Failure::Start {
            program: self.name().to_owned(),
            reason: "it is not installed, or not built".to_owned(),
        })?;
        let mut command = Command::new(path);
        match self {
            Self::LinechatTokio | Self::LinechatSmol | Self::LinechatBlocking => {
                let scheme = match wire {
                    Wire::IrcTags => Wire::Irc.name(),
                    wire => wire.name(),
                };
                command.args(["serve", "-q", "--listen"]);
                command.arg(format!("{scheme}://127.0.0.1:{port}"));
                if wire.transport().is_encrypted() {
                    let (certificate, key) = write_pair(folder)?;
                    command.arg("--tls-cert").arg(certificate);
                    command.arg("--tls-key").arg(key);
                }
                if wire == Wire::Direct {
                    command.args(["--max-users", "20000"]);
                }
            }
            Self::LinechatFloor => {
                command.args([wire.name(), &port.to_string()]);
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
                let tls = match wire.transport().is_encrypted() {
                    true => Some(write_pair(folder)?),
                    false => None,
                };
                command.args(["--runasroot", "--nofork", "--nolog", "--nopid", "--config"]);
                command.arg(write_file(
                    folder,
                    "inspircd.conf",
                    &inspircd_config(port, tls.as_ref()),
                )?);
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

fn write_file(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    fs::write(&path, text)?;
    Ok(path)
}

/// This process's certificate and its key.
fn write_pair(folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let pair = tunnel::pair()?;
    let key = write_file(folder, "key.pem", &pair.key)?;
    fs::set_permissions(&key, Permissions::from_mode(0o600))?;
    Ok((write_file(folder, "cert.pem", &pair.certificate)?, key))
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

fn inspircd_config(port: u16, tls: Option<&(PathBuf, PathBuf)>) -> String {
    let (module, tag) = match tls {
        Some((certificate, key)) => (
            format!(
                "<module name=\"ssl_gnutls\">\n\
                 <sslprofile name=\"bench\" provider=\"gnutls\" certfile=\"{}\" keyfile=\"{}\">\n",
                certificate.display(),
                key.display()
            ),
            "sslprofile=\"bench\"",
        ),
        None => (String::new(), ""),
    };
    format!(
        "{module}<server name=\"irc.test\" description=\"bench\" network=\"bench\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\" {tag}>\n\
         <connect name=\"all\" allow=\"*\" timeout=\"60\" pingfreq=\"1h\" hardsendq=\"100M\"\n\
         softsendq=\"50M\" recvq=\"1M\" threshold=\"1000000\" commandrate=\"1000000000\"\n\
         fakelag=\"no\" localmax=\"20000\" globalmax=\"20000\" limit=\"20000\"\n\
         resolvehostnames=\"no\" useident=\"no\" useconnectban=\"no\" maxconnwarn=\"no\">\n\
         <performance softlimit=\"20000\" somaxconn=\"4096\" netbuffersize=\"65534\">\n\
         <channels users=\"20\" opers=\"60\">\n\
         <options defaultmodes=\"\">\n"
    )
}

/// They may be absent from the search path of anybody but root.
const SERVER_FOLDERS: [&str; 4] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];
