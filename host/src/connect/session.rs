//! The loop between a user and a server.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;

use super::front::{Front, KeyboardState};
use super::route::Route;
use super::talk::{End, Entered, Said, Talk};
use crate::readiness::{wait_for, when};
use crate::signals::SignalCount;
use linechat_driver::LINGER;

/// A conversation, the way to the server, and the user.
pub(crate) struct Session<'a, R, F> {
    talk: &'a mut dyn Talk,
    route: R,
    front: &'a mut F,
    /// Whether anybody listens to the keyboard.
    is_typing: bool,
    leaves_at_signal: bool,
    /// Until when to wait for the server when the user leaves.
    leaving: Option<Instant>,
    /// Until when the server may take what is left to be sent, once it has said its last word.
    parting: Option<Instant>,
    end: Option<End>,
    screen_failure: Option<Errno>,
}

impl<'a, R: Route, F: Front> Session<'a, R, F> {
    pub(crate) fn new(talk: &'a mut dyn Talk, route: R, front: &'a mut F) -> Self {
        Self {
            talk,
            route,
            front,
            is_typing: true,
            leaves_at_signal: true,
            leaving: None,
            parting: None,
            end: None,
            screen_failure: None,
        }
    }

    /// The same session, which leaves it to the other end to hear of the first signal.
    pub(crate) fn staying(mut self) -> Self {
        self.leaves_at_signal = false;
        self
    }

    /// Works until the conversation or the way is at its end and everything was shown, and says
    /// what became of both. The user leaves at the first signal, and at once at the second one.
    ///
    /// # Errors
    ///
    /// The system's, where waiting is not possible.
    pub(crate) fn run(mut self, signals: &mut SignalCount) -> io::Result<(Outcome, R)> {
        loop {
            self.converse();
            while self.route.write(self.talk) {
                let patience = Instant::now() + LINGER;
                self.leaving = self.leaving.map(|_| patience);
                self.parting = self.parting.map(|_| patience);
                // There may be room now for what waits to be entered.
                self.converse();
            }
            if self.is_over() {
                return Ok(self.outcome());
            }
            self.front.set_prompt(&self.talk.prompt());
            let ready = self.wait(signals)?;
            if ready.signal && self.is_insisted_on(signals) {
                return Ok((Outcome::Insisted, self.route));
            }
            self.work(&ready);
        }
    }

    /// Waits until something can be done.
    fn wait(&self, signals: &SignalCount) -> Result<Ready, Errno> {
        let nothing = (signals.as_fd(), PollFlags::empty());
        let readable = |fd| (fd, PollFlags::IN);
        let input = self.is_typing && self.front.wants_input();
        let output = self.front.wants_output();
        let wanted = [
            (self.front.input(), when(input, PollFlags::IN)),
            (self.front.output(), when(output, PollFlags::OUT)),
            self.route.waits_for(self.talk).unwrap_or(nothing),
            readable(signals.as_fd()),
            self.front.changes().map_or(nothing, readable),
            self.front.log().map_or(nothing, readable),
            self.talk.hears().map_or(nothing, readable),
        ];
        let ready = wait_for(wanted, self.deadline())?;
        let ready = ready.map(|flags| !flags.is_empty());
        let [input, output, route, signal, changes, log, news] = ready;
        Ok(Ready {
            input,
            output,
            route,
            signal,
            changes,
            log,
            news,
        })
    }

    fn deadline(&self) -> Option<Instant> {
        let due = [
            self.leaving,
            self.parting.filter(|_| self.has_last_words()),
            self.front.deadline(),
            self.talk.deadline(),
            self.route.deadline(self.talk),
        ];
        due.into_iter().flatten().min()
    }

    fn is_insisted_on(&mut self, signals: &mut SignalCount) -> bool {
        if signals.read() > 1 {
            return true;
        }
        if self.leaves_at_signal {
            self.leave();
        }
        false
    }

    fn work(&mut self, ready: &Ready) {
        if ready.changes {
            self.front.note_changes();
        }
        if ready.log || ready.news {
            // Taken first: what the server sends before it logs more is received by then.
            self.front.take_log();
            self.talk.listen();
            self.catch_up();
            self.front.show_log();
            self.talk.hear();
        }
        if ready.input {
            self.front.read();
        }
        if ready.route {
            self.route.proceed(self.talk);
        }
        if ready.output {
            self.write_to_screen();
        }
        let now = Instant::now();
        self.front.tick(now);
        self.talk.tick(now);
        self.route.tick(now, self.talk);
    }

    /// Shows what the server had sent before something else happened.
    fn catch_up(&mut self) {
        while self.route.proceed(self.talk) {
            while self.show_next() {}
        }
    }

    /// Hands over whatever can be, in both directions.
    fn converse(&mut self) {
        while self.show_next() || self.enter_next() || self.complete() || self.type_on() {}
        match self.front.keyboard() {
            KeyboardState::Ended if self.is_typing => {
                self.is_typing = false;
                self.talk.keyboard_ended();
                self.converse();
            }
            KeyboardState::Left if self.leaving.is_none() => self.leave(),
            _ => {}
        }
    }

    fn complete(&mut self) -> bool {
        let Some(before) = self.front.completes() else {
            return false;
        };
        let candidates = self.talk.completions(before);
        self.front.complete(&candidates);
        true
    }

    fn type_on(&mut self) -> bool {
        let has_keys = self.front.has_keys();
        if has_keys {
            self.front.set_prompt(&self.talk.prompt());
            self.front.press_keys();
        }
        has_keys
    }

    fn show_next(&mut self) -> bool {
        if self.end.is_some() || !self.front.has_room() {
            return false;
        }
        match self
            .route
            .news()
            .map(Said::Hint)
            .or_else(|| self.talk.poll())
        {
            None => return false,
            Some(Said::End(end)) => {
                self.end = Some(end);
                self.parting = Some(Instant::now() + LINGER);
            }
            Some(said) => self.show(said),
        }
        true
    }

    fn enter_next(&mut self) -> bool {
        if !self.is_typing || self.end.is_some() || !self.route.takes_lines() {
            return false;
        }
        let talk = &mut *self.talk;
        let typed = if talk.takes_lines() {
            self.front.next()
        } else {
            self.front.next_of(&|line| talk.is_urgent(line))
        };
        let Some(typed) = typed else {
            return false;
        };
        match talk.enter(typed) {
            Entered::GoOn => {}
            Entered::Hint(hint) => self.show(Said::Hint(hint)),
            Entered::Hints(hints) => {
                for hint in hints {
                    self.show(Said::Hint(hint));
                }
            }
            Entered::Leave => self.leave(),
        }
        true
    }

    fn show(&mut self, said: Said) {
        if self.screen_failure.is_none() {
            self.front.show(said);
        }
    }

    /// The user leaves: what was entered is still sent, and whoever closes a socket that has
    /// something to read takes that away from the server again, so the server is given a moment to
    /// close the connection first.
    fn leave(&mut self) {
        self.is_typing = false;
        self.talk.leave();
        self.leaving = Some(Instant::now() + LINGER);
    }

    fn write_to_screen(&mut self) {
        if let Err(errno) = self.front.write() {
            self.screen_failure = Some(errno);
            self.leave();
        }
    }

    fn is_over(&self) -> bool {
        let is_shown = self.screen_failure.is_some() || !self.front.wants_output();
        match self.leaving {
            Some(deadline) if Instant::now() >= deadline => true,
            Some(_) => self.route.is_at_end() && is_shown,
            None if self.has_last_words() => false,
            None => (self.end.is_some() || self.route.is_arrived()) && is_shown,
        }
    }

    /// Whether something is left to be sent to a server that says nothing more, and takes it.
    fn has_last_words(&self) -> bool {
        let is_patient = self.parting.is_some_and(|until| Instant::now() < until);
        is_patient && self.route.is_sending(self.talk)
    }

    fn outcome(self) -> (Outcome, R) {
        let outcome = match (self.screen_failure, self.end) {
            // Whoever reads what we print has read enough.
            (Some(Errno::PIPE), _) => Outcome::Left,
            (Some(errno), _) => Outcome::ScreenFailed(errno.into()),
            _ if self.leaving.is_some() => Outcome::Left,
            (None, end) => Outcome::Ended(end.unwrap_or(End::Closed)),
        };
        (outcome, self.route)
    }
}

/// What can be done without waiting.
struct Ready {
    input: bool,
    output: bool,
    route: bool,
    signal: bool,
    changes: bool,
    log: bool,
    news: bool,
}

/// How a session ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// By the user.
    Left,
    /// By the user, who has no time.
    Insisted,
    /// By the server, or because there is a way to it now.
    Ended(End),
    ScreenFailed(io::Error),
}
