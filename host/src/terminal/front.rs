//! The terminal as a session sees it.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::io::Errno;
use rustix::stdio::stdin;

use super::Terminal;
use crate::connect::front::{Front, KeyboardState};
use crate::connect::talk::{Said, Typed};
use crate::escaped::Escaped;

impl Front for Terminal {
    fn input(&self) -> BorrowedFd<'_> {
        stdin()
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.screen.as_fd()
    }

    fn wants_input(&self) -> bool {
        !self.entered.is_full() && self.resumes.is_none()
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match rustix::io::read(stdin(), &mut buffer) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // The terminal is gone.
            Ok(0) | Err(_) => self.end(),
            Ok(length) => {
                for &byte in &buffer[..length] {
                    self.typed.extend(self.decoder.decode(byte));
                }
                self.press_typed();
            }
        }
    }

    fn next(&mut self) -> Option<Typed<'_>> {
        self.entered.take().map(Typed::Line)
    }

    fn next_of(&mut self, is_urgent: &dyn Fn(&[u8]) -> bool) -> Option<Typed<'_>> {
        self.entered.take_first(is_urgent).map(Typed::Line)
    }

    fn keyboard(&self) -> KeyboardState {
        if self.entered.is_empty() {
            self.keyboard
        } else {
            KeyboardState::Open
        }
    }

    fn completes(&self) -> Option<&str> {
        self.wants_completions.then(|| self.editor.before_cursor())
    }

    fn complete(&mut self, candidates: &[String]) {
        let before = self.editor.before_cursor();
        let length = before.rsplit(' ').next().unwrap_or_default().len();
        match candidates {
            [] => {}
            [only] => self.editor.complete(length, only),
            [first, ..] => {
                let common = common_prefix(candidates);
                if common > length {
                    self.editor.complete(length, &first[..common]);
                } else {
                    let list: Vec<_> = candidates.iter().map(|word| word.trim_end()).collect();
                    self.print_above(&self.style.paint.dim(&list.join("  ")));
                }
            }
        }
        self.wants_completions = false;
        self.press_typed();
    }

    fn has_keys(&self) -> bool {
        !self.typed.is_empty() && !self.wants_completions
    }

    fn press_keys(&mut self) {
        self.press_typed();
    }

    fn set_prompt(&mut self, prompt: &str) {
        if self.prompt != prompt {
            prompt.clone_into(&mut self.prompt);
            self.draw();
        }
    }

    fn log(&self) -> Option<BorrowedFd<'_>> {
        self.log.as_ref().map(AsFd::as_fd)
    }

    fn take_log(&mut self) {
        if let Some(log) = &mut self.log {
            log.read_lines(|line| self.logged.push(line.to_owned()));
        }
    }

    fn show_log(&mut self) {
        for line in mem::take(&mut self.logged) {
            self.print_above(&line);
        }
    }

    fn changes(&self) -> Option<BorrowedFd<'_>> {
        Some(self.changes.as_fd())
    }

    fn note_changes(&mut self) {
        if self.changes.read() {
            self.resume();
        } else if self.resumes.is_none() {
            self.screen.resized();
            self.draw();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let due = [self.key_due, self.screen.answer_due(), self.resumes];
        due.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant) {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if is_due(self.resumes) {
            self.resume();
        }
        if is_due(self.screen.answer_due()) {
            self.screen.give_up_asking();
            self.draw();
        }
        if is_due(self.key_due) {
            self.typed.extend(self.decoder.time_out());
            self.press_typed();
        }
    }

    fn has_room(&self) -> bool {
        self.screen.backlog() < MAX_WAITING && self.screen.answer_due().is_none()
    }

    fn show(&mut self, said: Said) {
        let line = match &said {
            Said::Bytes(line) | Said::Line(line) => Escaped(line).to_string(),
            Said::Message(message) => message.to_string(),
            // There may be words of the server in it.
            Said::Hint(hint) | Said::Question(hint) => Escaped(hint.as_bytes()).to_string(),
            Said::End(_) => return,
        };
        match &said {
            Said::Message(message) => self.print_message(message),
            Said::Hint(_) | Said::Question(_) => self.print_above(&self.style.paint.hint(&line)),
            _ => self.print_above(&self.stamped(&line)),
        }
        self.keep_record(&line);
    }

    fn wants_output(&self) -> bool {
        self.screen.backlog() > 0
    }

    fn write(&mut self) -> Result<(), Errno> {
        self.screen.write().map(drop)
    }
}

/// How many bytes all have in common from their beginning, up to a character's end.
fn common_prefix(candidates: &[String]) -> usize {
    let [first, rest @ ..] = candidates else {
        return 0;
    };
    let is_common = |&(index, character): &(usize, char)| {
        rest.iter().all(|other| {
            let other = other.get(index..).unwrap_or_default();
            other.starts_with(character)
        })
    };
    let common = first.char_indices().take_while(is_common).last();
    common.map_or(0, |(index, character)| index + character.len_utf8())
}

/// How much may wait to be printed before the server has to, in bytes.
const MAX_WAITING: usize = 64 * 1024;
