//! News in the words of `direct`.

use alloc::vec::Vec;

use super::message::{Reply, Username};
use crate::community::runs::View;
use crate::community::vocabulary::{Heard, News, Stamp};
use crate::dialect::spoken::Spoken;
use crate::rules::Voice;

pub(crate) struct DirectVoice;

impl Voice for DirectVoice {
    fn tell(&self, _stamp: Stamp, news: &News<'_>, _view: View, frame: &mut Vec<u8>) -> bool {
        let News::Said {
            by,
            to: Heard::User(_),
            manner,
            text,
            ..
        } = news
        else {
            return false;
        };
        let Some(spoken) = Spoken::of(*manner, text) else {
            return false;
        };
        Reply::Delivery {
            from: Username::known(&by.name),
            text: spoken.text(),
        }
        .encode(frame);
        true
    }

    /// Who writes to oneself is written to.
    fn hears_own(&self, _news: &News<'_>, _view: View) -> bool {
        true
    }
}
