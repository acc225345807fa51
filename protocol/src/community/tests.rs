//! Who is told what, where views differ or users are in several rooms together.

use alloc::vec::Vec;

use slotmap::SlotMap;

use super::users::UserId;
use super::vocabulary::{
    Applicant, Audience, Command, Done, Entry, Manner, News, Outcome, Refused, Speech, Stamp,
};
use super::{Community, Door, Settings, Teller};
use crate::close::CloseReason;
use crate::community::modes::UserModes;
use crate::community::runs::{Ear, Runs, Tongue, View};
use crate::engine::connection::{ConnId, Slot};

#[test]
fn who_changes_the_view_hears_once_and_as_the_new_one_has_it() {
    let mut stage = Stage::new();
    let alice = stage.join("alice", PLAIN);
    let bob = stage.join("bob", PLAIN);
    stage.enters(alice, "den");
    stage.enters(bob, "den");
    stage.watch("carol", bob);
    stage.hears_as(bob, FANCY);
    stage.says(alice, "den");
    assert_eq!(stage.told_to("bob"), [FANCY]);
    stage.says_in_public(alice);
    assert_eq!(stage.told_to("bob"), [FANCY]);
    stage.hears_as(bob, PLAIN);
    stage.says(alice, "den");
    assert_eq!(stage.told_to("bob"), [PLAIN]);
}

#[test]
fn who_has_left_or_listens_no_more_is_told_nothing() {
    let mut stage = Stage::new();
    let alice = stage.join("alice", PLAIN);
    let bob = stage.join("bob", FANCY);
    let carol = stage.join("carol", PLAIN);
    for user in [alice, bob, carol] {
        stage.enters(user, "den");
    }
    stage.community.stop_listening(bob);
    stage.leaves(carol);
    stage.told.clear();
    stage.says(alice, "den");
    stage.says_in_public(alice);
    assert_eq!(stage.told_to("bob"), []);
    assert_eq!(stage.told_to("carol"), []);
    let room = stage.community.room("den").unwrap();
    assert_eq!(room.runs.iter().count(), 1, "an empty run");
    assert_eq!(
        stage.community.lobby().runs.iter().count(),
        1,
        "an empty run"
    );
}

#[test]
fn a_room_goes_with_the_last_who_is_in_it_and_so_does_its_place_among_all() {
    let mut stage = Stage::new();
    let alice = stage.join("alice", PLAIN);
    stage.enters(alice, "den");
    let part = Command::Part {
        room: "den",
        reason: "",
    };
    assert_eq!(stage.applies(Some(alice), part), Ok(Done::Well));
    assert!(stage.community.room("den").is_none());
    assert!(stage.community.user(alice).unwrap().rooms().is_empty());
    assert_eq!(stage.applies(Some(alice), part), Err(Refused::NoSuchRoom));
}

#[test]
fn who_leaves_makes_room_at_the_own_door_alone() {
    let mut stage = Stage::new();
    let alice = stage.join("alice", PLAIN);
    assert_eq!(
        (stage.community.came_by(0), stage.community.came_by(1)),
        (1, 0)
    );
    stage.leaves(alice);
    assert_eq!(
        (stage.community.came_by(0), stage.community.came_by(1)),
        (0, 0)
    );
    let again = stage.applies(Some(alice), Command::Leave { reason: "" });
    assert_eq!(again, Err(Refused::Gone));
    assert_eq!(stage.community.came_by(0), 0);
}

/// A community of one door, by which all are in the lobby.
struct Stage {
    community: Community,
    conns: SlotMap<Slot, ()>,
    told: Vec<(ConnId, View)>,
}

impl Stage {
    fn new() -> Self {
        let door = Door {
            is_lobby: true,
            max_users: None,
            can_say: |_| true,
        };
        Self {
            community: Community::new(Settings {
                doors: Vec::from([Some(door), None]),
                folds_case: false,
                lobby: Some("lobby".into()),
                max_rooms: 8,
                max_rooms_per_user: 8,
                max_departed: 0,
                addresses: None,
            }),
            conns: SlotMap::with_key(),
            told: Vec::new(),
        }
    }

    fn join(&mut self, name: &str, view: View) -> UserId {
        let applicant = Applicant {
            name,
            door: 0,
            modes: UserModes::NONE,
            profile: None,
        };
        let Ok(Done::Joined(user)) = self.applies(None, Command::Join(applicant)) else {
            panic!("the name is free");
        };
        let conn = ConnId(self.conns.insert(()));
        self.community.listen(user, ear(conn, view));
        user
    }

    fn applies(&mut self, by: Option<UserId>, command: Command<'_>) -> Outcome {
        let entry = Entry {
            node: 0,
            by,
            at: 0,
            command,
        };
        let mut told = Told(&mut self.told);
        self.community.apply(&entry, &mut told)
    }

    fn enters(&mut self, user: UserId, room: &str) {
        let entered = self.applies(Some(user), Command::Enter { room, key: None });
        assert!(entered.is_ok());
    }

    fn leaves(&mut self, user: UserId) {
        let left = self.applies(Some(user), Command::Leave { reason: "" });
        assert_eq!(left, Ok(Done::Well));
    }

    fn says(&mut self, user: UserId, room: &str) {
        self.speaks(user, Audience::Room { room, rank: None });
    }

    fn says_in_public(&mut self, user: UserId) {
        self.speaks(user, Audience::Public);
    }

    fn speaks(&mut self, user: UserId, to: Audience<'_>) {
        self.told.clear();
        let speech = Speech {
            to,
            manner: Manner::Message,
            text: "hi",
            annotations: "",
        };
        let said = self.applies(Some(user), Command::Say(speech));
        assert_eq!(said, Ok(Done::SaidToMany));
    }

    fn hears_as(&mut self, user: UserId, view: View) {
        let conn = self.ear(user).conn;
        self.community.listen(user, ear(conn, view));
    }

    fn watch(&mut self, name: &str, user: UserId) {
        let ear = self.ear(user);
        self.community.watch(name, ear);
    }

    fn ear(&self, user: UserId) -> Ear {
        let user = self.community.user(user).expect("the user is there");
        user.ear.expect("and listens")
    }

    /// How a user saw what was told last, as often as it was told.
    fn told_to(&self, name: &str) -> Vec<View> {
        let Some(ear) = self.community.find(name).and_then(|user| user.ear) else {
            let nobody_else = self.told.iter().all(|&(conn, _)| self.is_a_listener(conn));
            assert!(nobody_else, "{name} was told something");
            return Vec::new();
        };
        let told = self.told.iter().filter(|&&(conn, _)| conn == ear.conn);
        told.map(|&(_, view)| view).collect()
    }

    fn is_a_listener(&self, conn: ConnId) -> bool {
        let mut users = self.community.users.iter();
        users.any(|(_, user)| user.ear.is_some_and(|ear| ear.conn == conn))
    }
}

/// Notes who is told.
struct Told<'a>(&'a mut Vec<(ConnId, View)>);

impl Teller for Told<'_> {
    fn tell(&mut self, _stamp: Stamp, to: &[&Runs], _actor: Option<ConnId>, _news: &News<'_>) {
        for run in to.iter().flat_map(|runs| runs.iter()) {
            let members = run.members.members().iter();
            self.0.extend(members.map(|&conn| (conn, run.tongue.view)));
        }
    }

    fn tell_ears(&mut self, _stamp: Stamp, to: &[Ear], _actor: Option<ConnId>, _news: &News<'_>) {
        self.0
            .extend(to.iter().map(|ear| (ear.conn, ear.tongue.view)));
    }

    fn tell_watchers(
        &mut self,
        stamp: Stamp,
        to: &[&Runs],
        watchers: Option<&Runs>,
        actor: Option<ConnId>,
        news: &News<'_>,
    ) {
        self.tell(stamp, to, actor, news);
        self.tell(stamp, watchers.as_slice(), actor, news);
    }

    fn echo(&mut self, stamp: Stamp, to: Ear, news: &News<'_>) {
        self.tell_ears(stamp, &[to], None, news);
    }

    fn close(&mut self, _conn: ConnId, _reason: CloseReason) {}
}

fn ear(conn: ConnId, view: View) -> Ear {
    let tongue = Tongue { language: 0, view };
    Ear { conn, tongue }
}

const PLAIN: View = View(0);
const FANCY: View = View(1);
