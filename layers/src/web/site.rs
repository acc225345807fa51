//! What there is to be got, and by whom.

use std::net::IpAddr;

use crate::http::{Authority, Origin, Page, Refusal, Request, Scheme, Status, quoted};

/// What a web listener has to offer, and to whom.
#[derive(Debug)]
pub struct Site {
    /// Whether it is behind TLS.
    pub scheme: Scheme,
    /// The names that it goes by.
    pub hosts: Hosts,
    /// Where pages may come from that talk with it, besides its own.
    pub origins: Vec<Origin>,
    /// The proxies whose word counts for who their peers are (`X-Forwarded-For`).
    pub proxies: Vec<IpAddr>,
    /// What can be got.
    pub pages: Vec<Page>,
    /// The most bytes of a message at `/ws`, its line's ending among them; a request for `/` that
    /// asks for WebSocket gets the same. Without: there is no `/ws`.
    pub max_message: Option<usize>,
}

impl Site {
    /// One that has nothing yet, and is for nobody but this machine and who knows its address.
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            hosts: Hosts::Own(Vec::new()),
            origins: Vec::new(),
            proxies: Vec::new(),
            pages: Vec::new(),
            max_message: None,
        }
    }

    /// Whether the peer may have anything of this at all.
    pub(super) fn admit(&self, request: &Request<'_>) -> Result<(), Refusal> {
        self.check_host(&request.authority)?;
        self.check_origin(request)
    }

    /// What is asked for.
    pub(super) fn find(&self, request: &Request<'_>) -> Result<Asset<'_>, Refusal> {
        let page = self.pages.iter().find(|page| page.path == request.path);
        let asset = match (page, self.max_message) {
            (_, Some(max_message)) if is_for_socket(request) => Asset::Socket { max_message },
            (Some(page), _) => Asset::Page(page),
            _ => {
                let path = quoted(request.path.as_bytes());
                return Err(Refusal::new(
                    Status::NOT_FOUND,
                    format!("there is no {path}"),
                ));
            }
        };
        match request.method {
            "GET" | "HEAD" => Ok(asset),
            method => {
                let reason = format!("{} is not for {}", request.path, quoted(method.as_bytes()));
                let refusal = Refusal::new(Status::NOT_ALLOWED, reason);
                Err(refusal.with_headers("Allow: GET, HEAD\r\n"))
            }
        }
    }

    fn check_host(&self, authority: &Authority) -> Result<(), Refusal> {
        match &self.hosts {
            Hosts::Any => Ok(()),
            Hosts::Own(names) if authority.host.is_own(names) => Ok(()),
            Hosts::Own(_) => {
                let name = quoted(authority.to_string().as_bytes());
                let reason = format!("this server does not go by the name {name}");
                Err(Refusal::new(Status::MISDIRECTED, reason))
            }
        }
    }

    /// Only browsers say where a page comes from, and they say it of every page that is not this
    /// server's own.
    fn check_origin(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let Some(said) = request.sole("Origin")? else {
            return Ok(());
        };
        let own = Origin::new(self.scheme, &request.authority);
        let parsed = std::str::from_utf8(said)
            .ok()
            .and_then(|text| text.parse().ok());
        match parsed {
            Some(origin) if origin == own || self.origins.contains(&origin) => Ok(()),
            _ => Err(Refusal::new(
                Status::FORBIDDEN,
                format!(
                    "pages from the origin {} may not talk with this server, which is {own}",
                    quoted(said)
                ),
            )),
        }
    }
}

/// Whether a request is for the socket: IRC clients that are told no path ask for it at `/`.
fn is_for_socket(request: &Request<'_>) -> bool {
    let mut upgrades = request.entries("Upgrade");
    let mut is_asked_for = || upgrades.any(|to| to.eq_ignore_ascii_case(b"websocket"));
    request.path == "/ws" || (request.path == "/" && is_asked_for())
}

/// The names that a server goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Addresses, `localhost` and these. Where a request has another one in its `Host`, a stranger
    /// may have made the browser believe that this server is theirs.
    Own(Vec<String>),
    /// Any. For what is no secret and takes no orders: numbers, say.
    Any,
}

/// What is at a path.
pub(super) enum Asset<'a> {
    Page(&'a Page),
    Socket { max_message: usize },
}
