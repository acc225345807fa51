//! How many there are, and on which servers: `LUSERS`, `LINKS`, `MAP`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::caller::Caller;
use crate::community::users::Tally;
use crate::dialect::irc::numeric::Numeric;

/// A server of the community, this one or another.
struct Listed {
    name: String,
    users: usize,
    /// How far it is: this one is not, and all others are one hop away.
    hops: u8,
}

impl Caller<'_> {
    /// All servers, this one first. The others are known by the names of their nodes.
    fn servers(&self) -> Vec<Listed> {
        let community = &self.floor.community;
        let own = self.floor.log.node();
        let nodes = community.nodes.iter();
        let others = nodes.filter(|&(number, _)| number != own);
        let others: Vec<_> = others
            .map(|(_, node)| Listed {
                name: node.name.to_string(),
                users: node.users,
                hops: 1,
            })
            .collect();
        let elsewhere: usize = others.iter().map(|other| other.users).sum();
        let mut servers = Vec::from([Listed {
            name: self.shared.server.to_string(),
            users: community.users.len().saturating_sub(elsewhere),
            hops: 0,
        }]);
        servers.extend(others);
        servers
    }

    pub(super) fn lusers(&mut self, _params: &[&str]) {
        let servers = self.servers();
        let (own, others) = (servers[0].users, servers.len() - 1);
        let users = self.floor.community.users.len();
        self.shared.most_users = self.shared.most_users.max(users);
        self.shared.most_own_users = self.shared.most_own_users.max(own);
        let (most, most_own) = (self.shared.most_users, self.shared.most_own_users);
        let unknown = self.shared.unregistered;
        let (mut pen, community) = self.pen();
        let Tally {
            operators,
            invisible,
        } = community.users.tally();
        let visible = users - invisible;
        let rooms = community.count_rooms();
        pen.numeric(Numeric::RPL_LUSERCLIENT, |line| {
            line.text_shown(format_args!(
                "There are {visible} users and {invisible} invisible on {} servers",
                servers.len()
            ));
        });
        for (numeric, count) in [
            (Numeric::RPL_LUSEROP, operators),
            (Numeric::RPL_LUSERUNKNOWN, unknown),
            (Numeric::RPL_LUSERCHANNELS, rooms),
        ] {
            pen.numeric(numeric, |line| line.shown(count));
        }
        pen.numeric(Numeric::RPL_LUSERME, |line| {
            line.text_shown(format_args!("I have {own} clients and {others} servers"));
        });
        for (numeric, whose, users, most) in [
            (Numeric::RPL_LOCALUSERS, "local", own, most_own),
            (Numeric::RPL_GLOBALUSERS, "global", users, most),
        ] {
            pen.numeric(numeric, |line| {
                line.shown(users);
                line.shown(most);
                line.text_shown(format_args!("Current {whose} users {users}, max {most}"));
            });
        }
    }

    pub(super) fn links(&mut self, _params: &[&str]) {
        let network = self.shared.options.network.clone();
        let servers = self.servers();
        let (mut pen, _) = self.pen();
        let hub = pen.server;
        for Listed { name, hops, .. } in &servers {
            pen.numeric(Numeric::RPL_LINKS, |line| {
                line.word(name);
                line.word(hub);
                line.text_shown(format_args!("{hops} {network}"));
            });
        }
        pen.numeric(Numeric::RPL_ENDOFLINKS, |line| line.word("*"));
    }

    pub(super) fn map(&mut self, _params: &[&str]) {
        let servers = self.servers();
        let (mut pen, _) = self.pen();
        for Listed { name, users, hops } in &servers {
            let branch = if *hops == 0 { "" } else { "`- " };
            pen.numeric(Numeric::RPL_MAP, |line| {
                line.text_shown(format_args!("{branch}{name} [{users} users]"));
            });
        }
        pen.numeric(Numeric::RPL_MAPEND, |_| {});
    }
}
