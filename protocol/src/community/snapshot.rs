//! A community as it is at one point of its log.

use alloc::vec::Vec;

use thiserror::Error;

use crate::community::codec::{Coded, Malformed, coded_struct, decode_all};
use crate::community::nodes::Nodes;
use crate::community::rooms::Room;
use crate::community::users::Users;
use crate::community::{Community, Departed};

/// Why a community cannot be restored.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Another version of linechat made it.
    #[error("the snapshot has version {0}, which this server does not understand")]
    Version(u8),
    /// It is no snapshot.
    #[error("the snapshot is malformed")]
    Malformed,
}

impl From<Malformed> for SnapshotError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl Community {
    /// Everything that follows from the log so far. What is particular to this node is left out:
    /// who listens, and who watches.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        VERSION.encode(&mut out);
        self.serial.encode(&mut out);
        self.users.encode(&mut out);
        self.lobby.encode(&mut out);
        self.rooms.len().encode(&mut out);
        for room in self.rooms.values() {
            room.encode(&mut out);
        }
        self.departed.len().encode(&mut out);
        for departed in &self.departed {
            departed.encode(&mut out);
        }
        self.nodes.encode(&mut out);
        out
    }

    /// Becomes the community that a snapshot was made of. It must be one with the same settings.
    pub(crate) fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        let (&version, body) = snapshot.split_first().ok_or(Malformed)?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let Body {
            serial,
            users,
            lobby,
            rooms,
            departed,
            nodes,
        } = decode_all(body)?;
        let mut restored = Self::new(self.settings.clone());
        restored.serial = serial;
        restored.users = users;
        for (_, user) in restored.users.iter() {
            let came = restored.came_by.get_mut(usize::from(user.door));
            *came.ok_or(Malformed)? += 1;
        }
        restored.lobby = lobby;
        for room in rooms {
            restored.rooms.insert(room.key.clone(), room);
        }
        restored.departed = departed.into();
        restored.nodes = nodes;
        *self = restored;
        Ok(())
    }
}

/// A snapshot behind its version.
struct Body {
    serial: u64,
    users: Users,
    lobby: Room,
    rooms: Vec<Room>,
    departed: Vec<Departed>,
    nodes: Nodes,
}

coded_struct!(Body {
    serial,
    users,
    lobby,
    rooms,
    departed,
    nodes
});
coded_struct!(Departed {
    name,
    username,
    host,
    real_name,
    at
});

/// What this version writes and understands.
const VERSION: u8 = 1;
