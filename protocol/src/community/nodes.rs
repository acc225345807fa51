//! The servers that are one community, as their log has it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::community::codec::coded_struct;
use crate::community::users::UserId;
use crate::community::vocabulary::{Done, Entry, Outcome, Refused, Stamp};
use crate::community::{Community, Teller};

/// A server that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: Box<str>,
    /// Which run of that server it is. One that comes again has another.
    pub(crate) incarnation: u64,
    /// The number of its next message: one that was applied before is not again.
    pub(crate) next_message: u64,
    /// How many users are connected to it.
    pub(crate) users: usize,
}

/// Everybody who takes part, by number. A number is given again once its node has gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nodes {
    places: Vec<Option<Node>>,
    /// What the first of them brought, and all others have to share.
    pub(crate) settings: Box<str>,
}

impl Nodes {
    /// All that take part, with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Node)> {
        (0..=u16::MAX)
            .zip(&self.places)
            .filter_map(|(number, node)| Some((number, node.as_ref()?)))
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(crate) fn find(&self, name: &str) -> Option<(u16, &Node)> {
        self.iter().find(|(_, node)| *node.name == *name)
    }

    /// The number of a node in this run of it, if it takes part.
    pub(crate) fn number(&self, name: &str, incarnation: u64) -> Option<u16> {
        let (number, node) = self.find(name)?;
        (node.incarnation == incarnation).then_some(number)
    }

    /// Whether a message of a node is to be applied: the node takes part, and the message is not one
    /// that the log has twice. If so, it is taken for applied.
    pub(crate) fn admit(&mut self, name: &str, incarnation: u64, message: u64) -> Option<u16> {
        let number = self.number(name, incarnation)?;
        let node = self.places.get_mut(usize::from(number))?.as_mut()?;
        if message < node.next_message {
            return None;
        }
        node.next_message = message.saturating_add(1);
        Some(number)
    }

    pub(crate) fn count_user(&mut self, number: u16) {
        if let Some(Some(node)) = self.places.get_mut(usize::from(number)) {
            node.users += 1;
        }
    }

    pub(crate) fn uncount_user(&mut self, number: u16) {
        if let Some(Some(node)) = self.places.get_mut(usize::from(number)) {
            node.users = node.users.saturating_sub(1);
        }
    }

    fn insert(&mut self, node: Node) -> Result<(), Refused> {
        let free = self.places.iter().position(Option::is_none);
        let place = free.unwrap_or(self.places.len());
        if place > usize::from(u16::MAX) {
            return Err(Refused::Full);
        }
        if place == self.places.len() {
            self.places.push(None);
        }
        self.places[place] = Some(node);
        Ok(())
    }

    fn remove(&mut self, number: u16) {
        if let Some(place) = self.places.get_mut(usize::from(number)) {
            *place = None;
        }
        while matches!(self.places.last(), Some(None)) {
            self.places.pop();
        }
    }
}

/// Users whose server is gone, and who are still here.
#[derive(Debug, Default)]
pub(crate) struct Departing {
    /// When it was gone, in milliseconds since 1970-01-01 UTC.
    at: u64,
    /// The last of them goes first.
    users: Vec<UserId>,
}

impl Community {
    /// A server comes. The first in an empty community begins it anew, with its settings.
    pub(super) fn node_came(&mut self, name: &str, incarnation: u64, settings: &str) -> Outcome {
        if self.nodes.len() == 0 {
            let serial = self.serial;
            *self = Self::new(self.settings.clone());
            self.serial = serial;
            self.nodes.settings = settings.into();
        }
        if self.nodes.find(name).is_some() {
            return Err(Refused::NameInUse);
        }
        if *self.nodes.settings != *settings {
            return Err(Refused::Unspeakable);
        }
        self.nodes.insert(Node {
            name: name.into(),
            incarnation,
            next_message: 0,
            users: 0,
        })?;
        Ok(Done::Well)
    }

    /// A server is gone, or was given up, and its users with it: they
    /// [depart](Self::depart_next) before anything else happens.
    pub(super) fn node_gone(&mut self, at: u64, name: &str, incarnation: u64) -> Outcome {
        let number = self.nodes.number(name, incarnation);
        let number = number.ok_or(Refused::Gone)?;
        let users = self.users.iter();
        let users = users.filter(|(_, user)| user.node == number);
        self.departing = Departing {
            at,
            users: users.map(|(id, _)| id).collect(),
        };
        self.nodes.remove(number);
        Ok(Done::Well)
    }

    /// Whether there are users whose server is gone.
    pub(crate) fn has_departing(&self) -> bool {
        !self.departing.users.is_empty()
    }

    /// Takes away the next user whose server is gone.
    pub(crate) fn depart_next(&mut self, teller: &mut dyn Teller) {
        let at = self.departing.at;
        if let Some(user) = self.departing.users.pop() {
            let serial = self.serial;
            self.serial += 1;
            // It is there: nothing was applied since it was found.
            let _ = self.leave(Stamp { at, serial }, user, SERVER_GONE, teller);
        }
    }

    /// Applies what is about servers and not about users. `None` for everything else.
    pub(super) fn apply_to_nodes(&mut self, entry: &Entry<'_>) -> Option<Outcome> {
        use crate::community::vocabulary::Command::{NodeCame, NodeGone};
        match entry.command {
            NodeCame {
                name,
                incarnation,
                settings,
            } => Some(self.node_came(name, incarnation, settings)),
            NodeGone { name, incarnation } => Some(self.node_gone(entry.at, name, incarnation)),
            _ => None,
        }
    }
}

coded_struct!(Node {
    name,
    incarnation,
    next_message,
    users
});
coded_struct!(Nodes { places, settings });

/// What others are told of users whose server is gone.
const SERVER_GONE: &str = "server gone";

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node {
        Node {
            name: name.into(),
            incarnation: 7,
            next_message: 0,
            users: 0,
        }
    }

    #[test]
    fn a_message_that_the_log_has_twice_is_admitted_once() {
        let mut nodes = Nodes::default();
        nodes.insert(node("a")).unwrap();
        assert_eq!(nodes.admit("a", 7, 0), Some(0));
        assert_eq!(nodes.admit("a", 7, 0), None);
        assert_eq!(nodes.admit("a", 7, 1), Some(0));
        assert_eq!(nodes.admit("a", 7, 0), None);
    }

    #[test]
    fn a_node_that_is_gone_or_another_run_of_it_is_not_admitted() {
        let mut nodes = Nodes::default();
        nodes.insert(node("a")).unwrap();
        assert_eq!(nodes.admit("a", 8, 0), None);
        assert_eq!(nodes.admit("b", 7, 0), None);
        nodes.remove(0);
        assert_eq!(nodes.admit("a", 7, 0), None);
        assert_eq!(nodes, Nodes::default());
    }

    #[test]
    fn a_number_is_given_again_once_its_node_has_gone() {
        let mut nodes = Nodes::default();
        for name in ["a", "b", "c"] {
            nodes.insert(node(name)).unwrap();
        }
        nodes.remove(1);
        nodes.insert(node("d")).unwrap();
        let numbers: Vec<_> = nodes.iter().map(|(n, node)| (n, &*node.name)).collect();
        assert_eq!(numbers, [(0, "a"), (1, "d"), (2, "c")]);
    }
}
