//! The options of `irc` and `web`, and of where they meet others.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use linechat_protocol::{Listener, Options, irc, rooms};
use thiserror::Error;

use crate::advice::on_reading;

/// Options whose values stand in the command line, and the files that hold others.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Community")]
pub(crate) struct CommunityArgs {
    /// The name of the server
    #[arg(long, env = "LINECHAT_SERVER_NAME", hide_env_values = true)]
    #[arg(value_name = "NAME", value_parser = server_name)]
    #[arg(default_value_t = irc::Options::default().server_name)]
    server_name: String,

    /// The name of the network
    #[arg(long, env = "LINECHAT_NETWORK", hide_env_values = true)]
    #[arg(value_name = "NAME", value_parser = network)]
    #[arg(default_value_t = irc::Options::default().network)]
    network: String,

    /// A file with what users are told when they come
    #[arg(long, env = "LINECHAT_MOTD_FILE", value_name = "FILE")]
    motd_file: Option<PathBuf>,

    /// Who can become an operator of the server, and a file that holds the password; may be
    /// repeated
    #[arg(
        long,
        env = "LINECHAT_OPER",
        value_name = "NAME:FILE",
        value_delimiter = ','
    )]
    #[arg(value_parser = operator)]
    oper: Vec<OperatorFile>,

    /// A file with the password that users have to give
    #[arg(long, env = "LINECHAT_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Show users each other's addresses, rather than what stands for them
    #[arg(long, env = "LINECHAT_SHOW_ADDRESSES")]
    show_addresses: bool,

    /// What users of other dialects call the room where public messages of 'rooms' are said
    #[arg(long, env = "LINECHAT_LOBBY", hide_env_values = true)]
    #[arg(value_name = "NAME", value_parser = lobby)]
    #[arg(default_value_t = rooms::Options::default().lobby)]
    lobby: String,
}

/// `NAME:FILE`
#[derive(Clone, Debug)]
struct OperatorFile {
    name: String,
    file: PathBuf,
}

impl CommunityArgs {
    /// Gives listeners what is on the command line and in the files.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or is not text.
    pub(crate) fn apply<'l>(
        &self,
        listeners: impl Iterator<Item = &'l mut Listener>,
    ) -> Result<(), FileError> {
        // One key for all: an address is hidden in the same way everywhere.
        let mut known = None;
        for listener in listeners {
            match &mut listener.options {
                Options::Rooms(options) => options.lobby.clone_from(&self.lobby),
                Options::Irc(options) | Options::Web(options) => {
                    if known.is_none() {
                        known = Some(self.options()?);
                    }
                    options.clone_from(known.get_or_insert_default());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn options(&self) -> Result<irc::Options, FileError> {
        let mut options = irc::Options::default();
        options.server_name.clone_from(&self.server_name);
        options.network.clone_from(&self.network);
        options.motd = self.motd_file.as_deref().map(read).transpose()?;
        options.password = self.password_file.as_deref().map(secret).transpose()?;
        for OperatorFile { name, file } in &self.oper {
            let operator = irc::Operator::new(name, secret(file)?);
            options.operators.push(operator);
        }
        options.address_key = match self.show_addresses {
            true => None,
            false => Some(key()?),
        };
        Ok(options)
    }
}

/// Why a file that an option names is of no use.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    /// It cannot be read.
    #[error("cannot read '{}': {cause}{}", file.display(), on_reading(cause))]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// There is no password in it.
    #[error("there is no password in '{}': put it into the first line", .0.display())]
    NoPassword(PathBuf),
    /// The system has no random numbers.
    #[error("cannot draw a key for hiding addresses: {0}")]
    Random(getrandom::Error),
}

fn read(file: &Path) -> Result<String, FileError> {
    fs::read_to_string(file).map_err(|cause| FileError::Unreadable {
        file: file.to_owned(),
        cause,
    })
}

/// The password in a file; its last newline does not count.
fn secret(file: &Path) -> Result<String, FileError> {
    let mut password = read(file)?;
    if password.ends_with('\n') {
        password.pop();
    }
    if password.ends_with('\r') {
        password.pop();
    }
    if password.is_empty() {
        return Err(FileError::NoPassword(file.to_owned()));
    }
    Ok(password)
}

fn key() -> Result<[u8; 16], FileError> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(FileError::Random)?;
    Ok(key)
}

fn operator(text: &str) -> Result<OperatorFile, String> {
    let (name, file) = text
        .split_once(':')
        .filter(|(name, file)| !name.is_empty() && !name.contains(' ') && !file.is_empty())
        .ok_or("write NAME:FILE, as in 'root:/etc/linechat/root.password'")?;
    Ok(OperatorFile {
        name: name.to_owned(),
        file: OsStr::new(file).into(),
    })
}

/// A name that stands before messages: a word of letters, digits, dots and hyphens.
fn server_name(name: &str) -> Result<String, String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let has_length = (1..=MAX_SERVER_NAME).contains(&name.len());
    if !has_length || !name.bytes().all(is_legal) || name.starts_with(['.', '-']) {
        return Err(format!(
            "use 1 to {MAX_SERVER_NAME} letters, digits, dots and hyphens, as in 'irc.example.net'"
        ));
    }
    Ok(name.to_owned())
}

fn network(name: &str) -> Result<String, String> {
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_word || name.len() > MAX_NETWORK {
        return Err(format!("use 1 to {MAX_NETWORK} characters without spaces"));
    }
    Ok(name.to_owned())
}

fn lobby(name: &str) -> Result<String, String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > MAX_LOBBY || !name.bytes().all(is_legal) {
        return Err(format!(
            "use 1 to {MAX_LOBBY} letters, digits, '-' and '_', as for any room"
        ));
    }
    Ok(name.to_owned())
}

/// With `.local` behind it, it fits where messages have names.
const MAX_SERVER_NAME: usize = 57;
const MAX_NETWORK: usize = 32;
const MAX_LOBBY: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_letters_that_messages_have_room_for() {
        assert!(server_name("irc.example.net").is_ok() && server_name("linechat").is_ok());
        for name in ["", ".", "a b", "a:b", "é", &"x".repeat(58)] {
            assert!(server_name(name).is_err(), "{name}");
        }
        assert!(network("Example-Net").is_ok() && network("a b").is_err());
        assert!(lobby("hall_1").is_ok() && lobby("#hall").is_err() && lobby("").is_err());
    }

    #[test]
    fn an_operator_is_a_name_and_a_file() {
        let root = operator("root:/a:b").unwrap();
        assert_eq!((root.name.as_str(), root.file), ("root", "/a:b".into()));
        for text in ["", "root", "root:", ":file", "a b:file"] {
            assert!(operator(text).is_err(), "{text}");
        }
    }
}
