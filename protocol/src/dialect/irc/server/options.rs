//! What can be chosen for `irc` and `web`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;

use crate::community::Addresses;
use crate::dialect;

/// What can be chosen for `irc` and `web`.
///
/// ```
/// use linechat_protocol::irc::{Operator, Options};
///
/// let mut options = Options::default();
/// options.network = String::from("ExampleNet");
/// options.operators.push(Operator::new("root", "a long password"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The server's name. Default: `linechat`. In messages, where a name without a dot would be
    /// taken for a user's, it is shown as `linechat.local`.
    pub server_name: String,
    /// The name of the network. Default: `linechat`.
    pub network: String,
    /// What users are told when they come: lines. Default: none.
    pub motd: Option<String>,
    /// Who can become an operator of the server. Default: nobody.
    pub operators: Vec<Operator>,
    /// What has to be said to be let in. Default: nothing.
    pub password: Option<String>,
    /// The key of the hash that users see of each other's addresses. `None`: they see the
    /// addresses. Default: a key that everybody knows; one that is drawn by lot hides addresses.
    pub address_key: Option<[u8; 16]>,
}

impl Options {
    /// The name of the server where a name must have a dot.
    pub(super) fn source_name(&self) -> String {
        let mut name = self.server_name.clone();
        if !name.contains('.') {
            name.push_str(".local");
        }
        name
    }

    /// Whether somebody who says this may come in.
    pub(super) fn admits(&self, password: Option<&str>) -> bool {
        let Some(wanted) = &self.password else {
            return true;
        };
        is_same(wanted, password.unwrap_or_default())
    }

    /// Whether somebody who says this is an operator.
    pub(super) fn is_operator(&self, name: &str, password: &str) -> bool {
        let mut operators = self.operators.iter();
        operators.any(|operator| operator.name == name && is_same(&operator.password, password))
    }

    /// What becomes of these where `other` is chosen while they are in use: what users are told when
    /// they come, operators and passwords can be exchanged, and nothing else.
    pub fn renewed(&self, other: &Self) -> Self {
        Self {
            motd: other.motd.clone(),
            operators: other.operators.clone(),
            password: other.password.clone(),
            ..self.clone()
        }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.address_key.map_or(Addresses::Shown, Addresses::Hidden)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server_name: String::from("linechat"),
            network: String::from("linechat"),
            motd: None,
            operators: Vec::new(),
            password: None,
            address_key: Some([0; 16]),
        }
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Irc(options)
    }
}

/// Without what is secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("server_name", &self.server_name)
            .field("network", &self.network)
            .field("motd", &self.motd)
            .field("operators", &self.operators)
            .finish_non_exhaustive()
    }
}

/// Somebody who can become an operator of the server (`OPER name password`).
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    name: String,
    password: String,
}

impl Operator {
    /// Who has this password.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: password.into(),
        }
    }
}

/// Without the password.
impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Operator").field(&self.name).finish()
    }
}

/// Compares two passwords in a time that says nothing but how long they are.
fn is_same(wanted: &str, given: &str) -> bool {
    let bytes = wanted.bytes().zip(given.bytes());
    let difference = bytes.fold(0, |difference, (one, other)| {
        black_box(difference | (one ^ other))
    });
    wanted.len() == given.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_password_opens_and_another_does_not() {
        let mut options = Options::default();
        assert!(options.admits(None) && options.admits(Some("anything")));
        options.password = Some(String::from("secret"));
        for (given, opens) in [
            (Some("secret"), true),
            (Some("secreT"), false),
            (Some("secret "), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(options.admits(given), opens, "{given:?}");
        }
    }

    #[test]
    fn an_operator_has_both_the_name_and_the_password() {
        let mut options = Options::default();
        options.operators.push(Operator::new("root", "secret"));
        assert!(options.is_operator("root", "secret"));
        assert!(!options.is_operator("toor", "secret"));
        assert!(!options.is_operator("root", "Secret"));
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let mut options = Options::default();
        options.operators.push(Operator::new("root", "s3cret"));
        options.password = Some(String::from("s3cret"));
        let shown = format!("{options:?}");
        assert!(
            shown.contains("root") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
