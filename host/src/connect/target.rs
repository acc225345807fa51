//! To whom what is typed plainly goes, and who is answered.

/// Who is meant, until the user says something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// Everybody; in a dialect that has no such thing, nobody.
    #[default]
    Nobody,
    User(String),
    Room(String),
}

impl Target {
    /// Nobody in particular without a name.
    pub(super) fn user(name: &str) -> Self {
        match name {
            "" => Self::Nobody,
            name => Self::User(name.to_owned()),
        }
    }

    /// What is shown before what is typed, with the marks that the dialect has for names.
    pub(super) fn prompt(&self, user_mark: char, room_mark: char) -> String {
        match self {
            Self::Nobody => "> ".to_owned(),
            Self::User(name) => format!("{user_mark}{name}> "),
            Self::Room(name) => format!("{room_mark}{name}> "),
        }
    }

    pub(super) fn is_room(&self, name: &str) -> bool {
        matches!(self, Self::Room(room) if room == name)
    }
}
