//! What people do and hear.

use std::time::Duration;

use linechat_protocol::Dialect;

use crate::cast::{Role, STAYERS_GO, TALK_BEGINS};
use crate::person::{Answer, Item, Person, Said, Stage};
use crate::simulation::{Happening, Simulation};
use crate::voice::{Heard, Request, Way};

/// What people do.
impl Simulation {
    pub(crate) fn joins(&mut self, place: usize) {
        self.note(place, format_args!("connects"));
        let person = &mut self.people[place];
        let dialect = person.part.dialect;
        person.stage = match dialect.name() {
            "direct" => Stage::Connected,
            _ => Stage::LoggedIn,
        };
        person
            .voice
            .join(&person.part.name)
            .expect("the name is valid");
        let (role, trouble) = (person.part.role, person.part.trouble);
        if dialect == Dialect::ROOMS && matches!(role, Role::Witness | Role::Stayer) {
            for room in ROOMS {
                if role == Role::Witness || self.dice.one_in(2) {
                    self.enters(place, room);
                }
            }
        }
        self.client_writes(place);
        self.plan(self.now, place, Happening::Acts);
        if let Some((at, _)) = trouble {
            self.plan(at.max(self.now), place, Happening::RunsIntoTrouble);
        }
    }

    pub(crate) fn acts(&mut self, place: usize) {
        let person = &self.people[place];
        let (part, is_logged_in) = (&person.part, person.stage == Stage::LoggedIn);
        if !person.is_connected() {
            return;
        }
        if self.now >= part.goes {
            return self.leaves(place);
        }
        let (goes, talk_ends, bursts) = (part.goes, part.talk_ends(), part.bursts);
        let has_no_endings = part.has_no_endings;
        // An operator types when somebody is there to read it.
        let has_nobody = !self.people[1..].iter().any(Person::is_served);
        let is_silent = part.role == Role::Witness && (self.dialect != Dialect::PAIR || has_nobody);
        let is_heard_out = self.is_heard_out(place);
        let mut next = self.now + Duration::from_millis(self.dice.within(50..=600));
        if self.now >= talk_ends {
            next = goes;
        } else if is_logged_in && !is_silent && is_heard_out && self.now >= TALK_BEGINS {
            if bursts && self.dice.one_in(3) {
                self.says_much(place);
                next = next + Duration::from_millis(500);
            } else {
                self.does_something(place);
            }
        }
        if has_no_endings {
            next = next + LONG_PAUSE;
        }
        self.client_writes(place);
        self.plan(next.min(goes), place, Happening::Acts);
    }

    /// Whether what somebody says can be told from what they said before: it has endings, or the
    /// server had read all of that a pause ago.
    fn is_heard_out(&mut self, place: usize) -> bool {
        let person = &mut self.people[place];
        let was_read = person.was_read;
        let is_read = person.link.to_server.is_empty() && person.sealed.is_empty();
        person.was_read = is_read && !was_read;
        !person.part.has_no_endings || was_read
    }

    fn leaves(&mut self, place: usize) {
        self.note(place, format_args!("leaves"));
        // Stayers have said everything, and so has whoever was accepted too late.
        let part = &self.people[place].part;
        // Without an ending, these words would come too soon after others.
        let may_talk = part.goes < STAYERS_GO && part.goes == self.now && !part.has_no_endings;
        if may_talk && self.people[place].stage == Stage::LoggedIn && !self.is_console(place) {
            match self.dice.one_in(3) {
                true => self.says_much(place),
                false => self.does_something(place),
            }
        }
        let person = &mut self.people[place];
        person.is_leaving = true;
        if person.part.quits && !person.link.to_server.is_ended() {
            let quit = person.voice.ask(&Request::Quit, EXIT);
            quit.expect("nobody can be kept from leaving");
        } else {
            self.finishes(place);
        }
        self.client_writes(place);
    }

    /// An operator ends the talk, or leaves it to the client to find that nobody answers.
    fn finishes(&mut self, place: usize) {
        if self.is_console(place) && self.dice.one_in(2) {
            self.asks(place, &Request::Quit, EXIT);
        }
        self.people[place].voice.finish();
    }

    fn does_something(&mut self, place: usize) {
        let request = self.some_request(place);
        match request {
            Request::Enter(room) => self.enters(place, &room),
            Request::Leave(room) => self.leaves_room(place, &room),
            Request::Quit => self.asks(place, &request, EXIT),
            Request::ListUsers => {
                self.asks(place, &request, "");
                self.people[place].unanswered.push(None);
            }
            _ => {
                let length = self.dice.below(LONGEST_TAIL + 1);
                self.says(place, request, length);
            }
        }
    }

    /// More than the server takes at once, though two can do it without filling the backlogs of
    /// those who read. Often to one who may not.
    fn says_much(&mut self, place: usize) {
        let mut people = self.people.iter();
        let victim = people.find(|person| person.part.trouble.is_some());
        let to_victim = Request::SayTo(victim.expect("somebody is in trouble").part.name.clone());
        let request = match self.people[place].part.dialect.name() {
            "rooms" | "direct" if self.dice.one_in(2) => to_victim,
            _ => self.some_request(place),
        };
        if let Request::Say | Request::SayTo(_) | Request::SayIn(_) = request {
            let much = self.limits.max_backlog * 3 / 10;
            for _ in 0..much / LONGEST_LINE {
                self.says(place, request.clone(), LONGEST_TAIL);
            }
        }
    }

    fn some_request(&mut self, place: usize) -> Request {
        let name = self.dice.below(self.people.len() + 1);
        let to = self
            .people
            .get(name)
            .map_or("nobody", |person| &person.part.name);
        let to = Request::SayTo(to.to_owned());
        let room = (*self.dice.pick(&ROOMS)).to_owned();
        let person = &self.people[place];
        let (is_in, was_in) = (
            person.rooms.contains(&room),
            person.left_rooms.contains(&room),
        );
        match (person.part.dialect.name(), self.dice.within(1..=12)) {
            ("pair", 1) if place == 0 => Request::Quit,
            ("direct" | "rooms", 1) => Request::ListUsers,
            ("direct", _) | ("rooms", 2..=4) => to,
            ("rooms", 5..=8) if is_in => Request::SayIn(room),
            ("rooms", 5..=8) if was_in => Request::SayOutside(room),
            ("rooms", 5..=8) => Request::Enter(room),
            ("rooms", 9) if is_in && person.part.role != Role::Stayer => Request::Leave(room),
            _ => Request::Say,
        }
    }

    fn enters(&mut self, place: usize, room: &str) {
        self.asks(place, &Request::Enter(room.to_owned()), "");
        self.people[place].rooms.insert(room.to_owned());
    }

    fn leaves_room(&mut self, place: usize, room: &str) {
        self.asks(place, &Request::Leave(room.to_owned()), "");
        let person = &mut self.people[place];
        person.rooms.remove(room);
        person.left_rooms.insert(room.to_owned());
    }

    /// Words that nobody else says: the speaker's place, their number, and something long or
    /// short.
    fn says(&mut self, place: usize, request: Request, length: usize) {
        let number = self.people[place].said.len();
        let tail = "żółw ".repeat(length);
        let text = format!("{place}.{number} {tail}.");
        self.asks(place, &request, &text);
        let (person, at) = (&mut self.people[place], self.now);
        person.said.push(Said { request, text, at });
        if person.part.dialect == Dialect::DIRECT {
            person.unanswered.push(Some(number));
        }
    }

    fn asks(&mut self, place: usize, request: &Request, text: &str) {
        self.note(place, format_args!("asks for {request:?} {text}"));
        let asked = self.people[place].voice.ask(request, text);
        asked.expect("there is room for one more request");
    }
}

/// What people hear.
impl Simulation {
    pub(crate) fn listens(&mut self, place: usize) {
        while let Some(heard) = self.people[place].voice.hear() {
            self.note(place, format_args!("hears {heard:?}"));
            self.hears(place, heard);
        }
    }

    fn hears(&mut self, place: usize, heard: Heard) {
        let is_rival = self.people[place].part.role == Role::Rival;
        match heard {
            Heard::Said { from, way, text } => {
                self.hears_words(place, from.as_deref(), way, &text);
            }
            Heard::Connected(who) => self.hears_of(place, &who, Item::Came),
            Heard::Disconnected(who) => self.hears_of(place, &who, Item::Went),
            Heard::LoggedIn => {
                assert!(!is_rival, "two have the same name");
                self.people[place].stage = Stage::LoggedIn;
            }
            Heard::NameInUse => {
                assert!(is_rival || self.is_shut_down, "a free name was refused");
                self.people[place].was_refused = true;
            }
            Heard::Users(names) => self.hears_names(place, &names),
            Heard::Sent => self.is_answered(place, Answer::Sent),
            Heard::NoSuchUser(_) if self.people[place].part.dialect == Dialect::DIRECT => {
                self.is_answered(place, Answer::NoSuchUser);
            }
            Heard::NoSuchUser(nick) => self.is_refused(place, Request::SayTo(nick)),
            Heard::NotInRoom(room) => {
                self.people[place].silent_rooms.insert(room.clone());
                self.is_refused(place, Request::SayOutside(room));
            }
            Heard::Closed => {}
            Heard::Wrong(what) => panic!("#{place} does not understand {what}"),
        }
    }

    /// Nobody hears what was not said, or not to them, or twice, or out of order.
    fn hears_words(&mut self, place: usize, from: Option<&str>, way: Way, text: &str) {
        if self.is_cut_short(text) {
            return;
        }
        let (sender, number) = parse(text).unwrap_or_else(|| panic!("nobody said {text:?}"));
        let (speaker, listener) = (&self.people[sender], &self.people[place]);
        let said = &speaker.said[number];
        assert_eq!(said.text, text, "the words were changed");
        let known_as = match self.dialect.name() {
            "addressed" => &speaker.address,
            _ => &speaker.part.name,
        };
        assert!(from.is_none_or(|from| from == known_as), "said by another");
        let is_for_me = match (&said.request, &way) {
            (Request::Say, Way::Public) => self.is_public_to(sender, place),
            (Request::SayTo(name), Way::Private) => *name == listener.part.name,
            (Request::SayIn(room), Way::Room(heard)) => {
                let knows = listener.rooms.contains(room) || listener.left_rooms.contains(room);
                room == heard && knows && !listener.silent_rooms.contains(room)
            }
            _ => false,
        };
        assert!(
            is_for_me && speaker.part.role != Role::Rival,
            "#{place} was not to hear that"
        );
        self.check_in_time(sender, place, number);
        let person = &mut self.people[place];
        let before = person.last_heard.insert((way.clone(), sender), number);
        assert!(before < Some(number), "twice, or out of order");
        person.heard.push((
            way,
            Item::Words {
                from: sender,
                number,
            },
        ));
    }

    /// Whether these are the last words of somebody whose connection failed in the middle of them.
    fn is_cut_short(&self, text: &str) -> bool {
        let begun = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let has_failed = |person: &&Person| person.part.trouble.is_some() && !person.is_connected();
        let mut failed = self.people.iter().filter(has_failed);
        self.pause.is_some()
            && failed.any(|person| {
                let mut said = person.said.iter();
                said.any(|said| said.text != text && said.text.starts_with(begun))
            })
    }

    fn is_public_to(&self, sender: usize, place: usize) -> bool {
        match self.dialect.name() {
            "echo" => sender == place,
            "relay" => sender != place,
            "rooms" => sender != place && self.people[place].part.dialect == Dialect::ROOMS,
            "pair" => (sender == 0) != (place == 0),
            _ => true,
        }
    }

    /// Nobody waits for those who do not read: what is before a message is at most a backlog at
    /// either end, and each of those in trouble delays a full batch by a little until it is
    /// closed. In `pair`, people wait for each other's turns.
    fn check_in_time(&self, sender: usize, place: usize, number: usize) {
        let (speaker, listener) = (&self.people[sender], &self.people[place]);
        let are_healthy = speaker.part.is_healthy() && listener.part.is_healthy();
        if !are_healthy || self.dialect == Dialect::PAIR {
            return;
        }
        let max_backlog = self.limits.max_backlog;
        let troubled = self
            .people
            .iter()
            .filter(|person| !person.part.is_healthy());
        let bound = speaker.link.to_server.slowest_crossing(max_backlog)
            + listener.link.to_client.slowest_crossing(max_backlog)
            + CATCH_UP * 8 * troubled.count() as u32;
        let pause = self.pause.filter(|_| speaker.part.has_no_endings);
        let bound = bound + pause.unwrap_or_default();
        let took = self.now.saturating_since(speaker.said[number].at);
        assert!(
            took <= bound,
            "#{place} waited {took:?}, longer than {bound:?}"
        );
    }

    fn hears_of(&mut self, place: usize, who: &str, item: fn(usize) -> Item) {
        let known = self.people.iter().position(|person| person.address == who);
        let item = item(known.unwrap_or_else(|| panic!("nobody is {who}")));
        self.people[place].heard.push((Way::Public, item));
    }

    fn hears_names(&mut self, place: usize, names: &[String]) {
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        for person in &self.people {
            let stays = matches!(person.part.role, Role::Witness | Role::Stayer);
            assert!(!stays || names.contains(&person.part.name), "{names:?}");
        }
        assert_eq!(
            self.next_unanswered(place),
            None,
            "a list for something else"
        );
    }

    fn is_answered(&mut self, place: usize, answer: Answer) {
        let number = self.next_unanswered(place).expect("an answer for a list");
        self.people[place].answers.insert(number, answer);
    }

    fn next_unanswered(&mut self, place: usize) -> Option<usize> {
        let unanswered = &mut self.people[place].unanswered;
        assert!(!unanswered.is_empty(), "an answer to nothing");
        unanswered.remove(0)
    }

    fn is_refused(&mut self, place: usize, request: Request) {
        *self.people[place].refused.entry(request).or_default() += 1;
    }
}

fn parse(text: &str) -> Option<(usize, usize)> {
    let (sender, number) = text.split_once(' ')?.0.split_once('.')?;
    Some((sender.parse().ok()?, number.parse().ok()?))
}

pub(crate) const ROOMS: [&str; 3] = ["attic", "den", "yard"];
const EXIT: &str = "EXIT";
const LONGEST_TAIL: usize = 7;
const LONGEST_LINE: usize = 82;
/// Longer than a pause that ends a line, wherever it is under way.
const LONG_PAUSE: Duration = Duration::from_millis(400);
/// As the server has it.
const CATCH_UP: Duration = Duration::from_millis(10);
