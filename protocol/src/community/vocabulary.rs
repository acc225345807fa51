//! The words of the house: what can be asked of the community, what becomes of it, and what users
//! are told. Every language is a translation of these three.

use alloc::vec::Vec;
use core::fmt;

use crate::community::modes::{ModeChange, Rank, UserModes};
use crate::community::rooms::Room;
use crate::community::users::{User, UserId};

/// One change of the community, with all that it depends on. The same entries in the same order
/// make the same community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// The node that proposes it: its number among those of the community.
    pub(crate) node: u16,
    /// Who asks. Nobody yet, if it is to [join](Command::Join).
    pub(crate) by: Option<UserId>,
    /// When, in milliseconds since 1970-01-01 UTC, by the clock of the node that proposed it.
    pub(crate) at: u64,
    pub(crate) command: Command<'a>,
}

/// What a user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// Becomes a user, with a name that nobody has.
    Join(Applicant<'a>),
    /// Takes another name.
    Rename { name: &'a str },
    /// Is gone.
    Leave { reason: &'a str },
    /// Says something.
    Say(Speech<'a>),
    /// Becomes a member of a room, which is created if need be.
    Enter { room: &'a str, key: Option<&'a str> },
    /// Is no longer a member of a room.
    Part { room: &'a str, reason: &'a str },
    /// Puts a member out of a room.
    Kick {
        room: &'a str,
        name: &'a str,
        reason: &'a str,
    },
    /// Asks a user into a room.
    Invite { room: &'a str, name: &'a str },
    /// Says what a room is about; empty for nothing.
    SetTopic { room: &'a str, topic: &'a str },
    /// Changes what may be done in a room, and by whom: as much of it as the user may.
    ChangeModes {
        room: &'a str,
        changes: &'a [ModeChange<'a>],
    },
    /// Sets and clears modes of the user.
    ChangeUserModes { set: UserModes, clear: UserModes },
    /// Is away, and says so to who writes; empty for back.
    SetAway { text: &'a str },
    /// Changes the name that goes with the name.
    SetRealName { real_name: &'a str },
    /// Has a user disconnected.
    Kill { name: &'a str, reason: &'a str },
    /// Says something to everybody who listens to operators.
    CallOperators { text: &'a str },
    /// A server comes, which is in this run of it, and wants these [settings](crate::link).
    NodeCame {
        name: &'a str,
        incarnation: u64,
        settings: &'a str,
    },
    /// A server is gone in this run of it, or has been silent for so long that it is given up.
    NodeGone { name: &'a str, incarnation: u64 },
}

/// Who wants to become a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applicant<'a> {
    pub(crate) name: &'a str,
    /// By which door: the place of a language among the [doors](super::Settings::doors).
    pub(crate) door: u8,
    pub(crate) modes: UserModes,
    /// What languages show of a user beside the name, if any that is served does.
    pub(crate) profile: Option<Profile<'a>>,
}

/// What is known of a user beside the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile<'a> {
    pub(crate) username: &'a str,
    /// Stands for the address, and does not betray it.
    pub(crate) host: &'a str,
    /// The address, for operators.
    pub(crate) address: &'a str,
    pub(crate) real_name: &'a str,
}

/// What is said, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Speech<'a> {
    pub(crate) to: Audience<'a>,
    pub(crate) manner: Manner,
    pub(crate) text: &'a str,
    /// What the sender's language attaches, for those who understand it.
    pub(crate) annotations: &'a str,
}

/// Who is to hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience<'a> {
    /// The lobby.
    Public,
    /// The members of a room, of this rank or above.
    Room { room: &'a str, rank: Option<Rank> },
    /// One user.
    User { name: &'a str },
}

/// How it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Message,
    /// As by a machine: nothing answers it.
    Notice,
    /// What the sender does, rather than says.
    Action,
    /// One program asks another.
    Query,
    /// One program answers another.
    Answer,
    /// Nothing is said: there are annotations alone.
    Annotation,
}

/// What became of a command: for its user, who is told nothing before.
pub(crate) type Outcome = Result<Done, Refused>;

/// It was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// And there is no more to say.
    Well,
    /// There was nothing to do.
    Nothing,
    /// Became this user.
    Joined(UserId),
    /// Entered, and the room is new.
    Created,
    /// Was said to this user, who is not away.
    Said(UserId),
    /// Was said to many.
    SaidToMany,
    /// All changes were made but these, by their places.
    Changed { refused: Vec<(usize, Refused)> },
}

/// Why it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Who asks is no user any more.
    Gone,
    /// A user has this name.
    NameInUse,
    /// Not everybody could say this name.
    Unspeakable,
    /// As many users came by this door as may.
    TooManyUsers,
    /// No user has this name.
    NoSuchUser,
    NoSuchRoom,
    /// Who asks is no member of the room.
    NotInRoom,
    /// Whom it is about is no member of the room.
    TargetNotInRoom,
    /// Whom it is about is a member of the room.
    TargetInRoom,
    /// There are as many rooms as may be, or the user is in as many.
    TooManyRooms,
    /// May not enter.
    Banned,
    /// May not enter without being asked.
    InviteOnly,
    /// May not enter without the key.
    WrongKey,
    /// The room has as many members as may be.
    Full,
    /// May not say this in the room.
    CannotSay(Silenced),
    /// Only operators of the room may.
    NotRoomOperator,
    /// Only operators of the server may.
    NotOperator,
    /// A list of the room's modes has as many entries as may be.
    ListFull,
}

/// What forbids to speak in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silenced {
    /// Only members may.
    Outside,
    /// Only those with a voice may.
    Moderated,
    Banned,
    /// Programs do not ask each other here.
    NoQueries,
}

/// What happened, for users who are to know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News<'a> {
    Said {
        by: &'a User,
        to: Heard<'a>,
        manner: Manner,
        text: &'a str,
        annotations: &'a str,
    },
    Entered {
        by: &'a User,
        room: &'a Room,
    },
    Parted {
        by: &'a User,
        room: &'a Room,
        reason: &'a str,
    },
    Kicked {
        by: &'a User,
        whom: &'a User,
        room: &'a Room,
        reason: &'a str,
    },
    /// To those who shared a room.
    Left {
        by: &'a User,
        reason: &'a str,
    },
    /// `by` has the old name still.
    Renamed {
        by: &'a User,
        name: &'a str,
    },
    Invited {
        by: &'a User,
        whom: &'a User,
        room: &'a Room,
        /// It is told to whom is asked in, and not to operators of the room.
        is_told_whom: bool,
    },
    TopicSet {
        by: &'a User,
        room: &'a Room,
        topic: &'a str,
    },
    /// What was changed indeed.
    ModesChanged {
        by: &'a User,
        room: &'a Room,
        changes: &'a [ModeChange<'a>],
    },
    UserModesChanged {
        by: &'a User,
        set: UserModes,
        clear: UserModes,
    },
    /// Is away, or back if the text is empty.
    WentAway {
        by: &'a User,
        text: &'a str,
    },
    RealNameSet {
        by: &'a User,
        real_name: &'a str,
    },
    /// To the one who is disconnected.
    Killed {
        reason: &'a str,
    },
    OperatorsCalled {
        by: &'a User,
        text: &'a str,
    },
    /// To those who watch this name.
    Came {
        user: &'a User,
    },
    /// To those who watch this name, which nobody has any more.
    Went {
        name: &'a str,
    },
    /// From the server itself, to everybody.
    Announced {
        text: &'a str,
    },
}

/// To whom something was said, as a recipient sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard<'a> {
    /// In the lobby, to all.
    Public(&'a Room),
    /// In a room, to its members of this rank or above.
    Room(&'a Room, Option<Rank>),
    /// To one user: this one.
    User(&'a User),
}

/// When something happened, and the number that nothing else has that happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// In milliseconds since 1970-01-01 UTC.
    pub(crate) at: u64,
    /// How many entries were applied before.
    pub(crate) serial: u64,
}

/// `1700000000000-42`
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at, self.serial)
    }
}
