//! `MONITOR`: names whose coming and going a user is told of.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::caller::{Caller, Pen};
use crate::community::Community;
use crate::dialect::irc::isupport::MAX_MONITORED;
use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::monitor::MonitorRequest;
use crate::dialect::irc::name::Nickname;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::source::Source;
use crate::dialect::irc::target::targets;

impl Caller<'_> {
    pub(super) fn monitor(&mut self, params: &[&str]) {
        let Some(request) = MonitorRequest::parse(params) else {
            return self.needs_more_params("MONITOR");
        };
        match request {
            MonitorRequest::Add(_) => self.watch(request),
            MonitorRequest::Remove(_) => {
                for name in request.nicknames() {
                    self.stop_watching(name);
                }
            }
            MonitorRequest::Clear => self.watch_nobody(),
            MonitorRequest::List => {
                let names = self.session.watched.clone();
                let (mut pen, _) = self.pen();
                let names = names.iter().map(ToString::to_string);
                write_names(&mut pen, Numeric::RPL_MONLIST, names);
                pen.numeric(Numeric::RPL_ENDOFMONLIST, |_| {});
            }
            MonitorRequest::Status => {
                let names = self.session.watched.clone();
                self.tell_status(&names);
            }
        }
    }

    fn watch(&mut self, request: MonitorRequest<'_>) {
        let Some(ear) = self.ear() else { return };
        let mut added: Vec<Box<str>> = Vec::new();
        for name in request.nicknames() {
            if self.watches(name) {
                continue;
            }
            if self.session.watched.len() >= MAX_MONITORED {
                self.refuse_to_watch(request, name);
                break;
            }
            self.floor.community.watch(name.as_str(), ear);
            self.session.watched.push(name.as_str().into());
            added.push(name.as_str().into());
        }
        self.tell_status(&added);
    }

    fn watches(&self, name: Nickname<'_>) -> bool {
        let mut watched = self.session.watched.iter();
        watched.any(|known| known.eq_ignore_ascii_case(name.as_str()))
    }

    /// Says that this name, and those behind it, are too many.
    fn refuse_to_watch(&mut self, request: MonitorRequest<'_>, first: Nickname<'_>) {
        let MonitorRequest::Add(names) = request else {
            return;
        };
        let refused = targets(names).skip_while(|name| *name != first.as_str());
        let refused = refused.collect::<Vec<_>>().join(",");
        self.numeric(Numeric::ERR_MONLISTFULL, |line| {
            line.shown(MAX_MONITORED);
            line.word(
                crate::dialect::irc::text::split(&refused, 300)
                    .next()
                    .unwrap_or("*"),
            );
        });
    }

    fn stop_watching(&mut self, name: Nickname<'_>) {
        let Some(ear) = self.ear() else { return };
        self.floor.community.stop_watching(name.as_str(), ear);
        let watched = &mut self.session.watched;
        watched.retain(|known| !known.eq_ignore_ascii_case(name.as_str()));
    }

    pub(super) fn watch_nobody(&mut self) {
        let Some(ear) = self.ear() else { return };
        for name in core::mem::take(&mut self.session.watched) {
            self.floor.community.stop_watching(&name, ear);
        }
    }

    /// Tells who of these is here, and who is not.
    fn tell_status(&mut self, names: &[Box<str>]) {
        let (mut pen, community) = self.pen();
        let here = names.iter().filter_map(|name| shown(community, name));
        write_names(&mut pen, Numeric::RPL_MONONLINE, here);
        let gone = names.iter().filter(|name| community.find(name).is_none());
        let gone = gone.map(ToString::to_string);
        write_names(&mut pen, Numeric::RPL_MONOFFLINE, gone);
    }
}

fn shown(community: &Community, name: &str) -> Option<String> {
    let user = community.find(name)?;
    let source = Source::user(&user.name, user.username(), user.host());
    Some(format!("{source}"))
}

/// Writes names with commas between them, in as many lines as they need; none for none.
fn write_names(pen: &mut Pen<'_>, numeric: Numeric, names: impl Iterator<Item = String>) {
    let mut names = names.peekable();
    while names.peek().is_some() {
        let mut line = LineWriter::begin(pen.out);
        line.numeric(pen.server, numeric, pen.nick);
        line.begin_text();
        let mut separator = "";
        while let Some(name) = names.next_if(|name| name.len() + separator.len() <= line.room()) {
            line.more(separator);
            line.more(&name);
            separator = ",";
        }
        line.end();
    }
}
