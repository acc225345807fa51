//! News in the words of `rooms`.

use alloc::vec::Vec;

use super::message::{Reply, RoomName, UserName};
use crate::community::runs::View;
use crate::community::vocabulary::{Heard, Manner, News, Stamp};
use crate::dialect::spoken::Spoken;
use crate::rules::Voice;

pub(crate) struct RoomsVoice;

impl Voice for RoomsVoice {
    fn tell(&self, _stamp: Stamp, news: &News<'_>, _view: View, frame: &mut Vec<u8>) -> bool {
        match news {
            News::Said {
                by,
                to,
                manner,
                text,
                ..
            } => say(UserName::known(&by.name), to, *manner, text, frame),
            News::Announced { text } => {
                Reply::Notice(text).encode(frame);
                true
            }
            _ => false,
        }
    }

    /// Who speaks in a room hears it; who speaks in public does not.
    fn hears_own(&self, news: &News<'_>, _view: View) -> bool {
        !matches!(
            news,
            News::Said {
                to: Heard::Public(_),
                ..
            }
        )
    }
}

fn say(
    from: UserName<'_>,
    to: &Heard<'_>,
    manner: Manner,
    text: &str,
    frame: &mut Vec<u8>,
) -> bool {
    let Some(spoken) = Spoken::of(manner, text) else {
        return false;
    };
    let text = spoken.text();
    match to {
        Heard::Public(_) => Reply::Public { from, text },
        Heard::User(_) => Reply::Private { from, text },
        Heard::Room(room, _) => Reply::Room {
            room: RoomName::known(&room.name),
            from,
            text,
        },
    }
    .encode(frame);
    true
}
