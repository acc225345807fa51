//! `serve web`: the options for it.

use std::net::IpAddr;

use clap::Args;
use linechat_layers::web::Origin;

/// Who may have the page, and talk through it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Browsers")]
pub(crate) struct WebArgs {
    /// A name that this server goes by, besides 'localhost' and its addresses; may be repeated
    #[arg(long, env = "LINECHAT_WEB_HOST", value_name = "NAME")]
    #[arg(value_delimiter = ',', value_parser = host_name)]
    web_host: Vec<String>,

    /// Where pages may come from that talk with this server, besides its own; may be repeated
    #[arg(long, env = "LINECHAT_WEB_ORIGIN", value_name = "SCHEME://HOST[:PORT]")]
    #[arg(value_delimiter = ',')]
    web_origin: Vec<Origin>,

    /// The proxy that is asked for a peer's address (X-Forwarded-For)
    #[arg(long, env = "LINECHAT_WEB_PROXY", value_name = "ADDR")]
    web_proxy: Option<IpAddr>,
}

impl WebArgs {
    /// The names that the server goes by.
    pub(crate) fn hosts(&self) -> &[String] {
        &self.web_host
    }

    /// Where pages may come from.
    pub(crate) fn origins(&self) -> &[Origin] {
        &self.web_origin
    }

    /// The proxy in front of the server.
    pub(crate) fn proxy(&self) -> Option<IpAddr> {
        self.web_proxy
    }
}

/// A name as it stands in a `Host`, without a port.
fn host_name(name: &str) -> Result<String, &'static str> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(is_legal) {
        return Err("expected a name without scheme and port, as in 'chat.example'");
    }
    Ok(name.to_owned())
}
