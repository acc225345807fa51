//! What must hold for a whole run, once it is over. What holds at every moment of one is checked
//! where it happens.

use std::collections::BTreeSet;

use linechat_protocol::{CloseReason, Dialect};

use crate::cast::Role;
use crate::person::{Answer, Item, Person};
use crate::script::ROOMS;
use crate::simulation::Simulation;
use crate::voice::{Request, Way};

/// All of them that fit the dialect.
pub(crate) fn check(run: &Simulation) {
    match run.dialect.name() {
        "echo" => everybody_heard_themselves(run),
        "pair" => what_one_side_said_the_other_heard(run),
        _ => {
            everybody_who_stayed_saw_the_same_conversation(run);
            everything_that_was_said_was_heard(run);
            every_private_message_was_delivered_or_refused(run);
            every_request_had_its_answer(run);
            everybody_who_came_and_went_was_announced(run);
        }
    }
}

/// And who came late, left, or was closed saw a part of it without a gap.
fn everybody_who_stayed_saw_the_same_conversation(run: &Simulation) {
    for way in ways() {
        let whole = run.people[0].conversation(&way);
        for (place, person) in run.people.iter().enumerate().skip(1) {
            let heard = person.conversation(&way);
            let is_told = |item: &&Item| is_told(run, &way, place, item);
            let whole: Vec<Item> = whole.iter().filter(is_told).copied().collect();
            let begin = heard.first().map_or(0, |first| position(&whole, first));
            let part = whole[begin..].get(..heard.len());
            assert_eq!(part, Some(&heard[..]), "#{place} {way:?}");
            let is_public_deaf = way == Way::Public && person.part.dialect != run.dialect;
            if person.part.role == Role::Stayer && !is_public_deaf {
                let (heard, whole) = (words(&heard), words(&whole));
                let is_all = heard == whole || (way != Way::Public && whole.ends_with(&heard));
                assert!(is_all, "#{place} {way:?}: {heard:?} instead of {whole:?}");
            }
        }
    }
}

fn everybody_who_came_and_went_was_announced(run: &Simulation) {
    if run.dialect != Dialect::ADDRESSED || run.is_shut_down {
        return;
    }
    let conversation = run.people[0].conversation(&Way::Public);
    for (place, person) in run.people.iter().enumerate().skip(1) {
        let count = |notice| conversation.iter().filter(|&item| *item == notice).count();
        let (came, went) = (count(Item::Came(place)), count(Item::Went(place)));
        assert_eq!(came, went, "#{place} came and went");
        // A connection can fail before its layer is open.
        let may_be_unknown = person.layer.is_some() && person.part.trouble.is_some();
        match (person.socket.is_some(), may_be_unknown) {
            (true, false) => assert_eq!(came, 1, "#{place} came"),
            (true, true) => assert!(came <= 1, "#{place} came {came} times"),
            (false, _) => assert_eq!(came, 0, "#{place} came"),
        }
    }
}

fn everything_that_was_said_was_heard(run: &Simulation) {
    for sender in 1..run.people.len() {
        for way in ways() {
            let request = match &way {
                Way::Room(room) => Request::SayIn(room.clone()),
                _ => Request::Say,
            };
            let is_all = is_all_done(run, sender);
            check_heard(run, sender, &request, &way, 0, is_all);
            if way != Way::Public {
                check_heard(run, sender, &request, &way, sender, is_all);
            }
        }
    }
}

fn everybody_heard_themselves(run: &Simulation) {
    for place in 1..run.people.len() {
        let is_all = is_all_done(run, place);
        check_heard(run, place, &Request::Say, &Way::Public, place, is_all);
    }
}

fn what_one_side_said_the_other_heard(run: &Simulation) {
    let mut told = BTreeSet::new();
    for (place, person) in run.people.iter().enumerate().skip(1) {
        let has_finished = person.close_reason() == Some(CloseReason::PeerLeft);
        let is_all = is_all_done(run, place) && has_finished && !person.part.quits;
        check_heard(run, place, &Request::Say, &Way::Public, 0, is_all);

        let heard = numbers(person, &Way::Public, 0);
        let is_without_gap = heard.is_sorted_by(|&one, &next| one + 1 == next);
        assert!(is_without_gap, "#{place}: {heard:?}");
        let turns = numbers(&run.people[0], &Way::Public, place).len();
        let has_had_turns = run.full_duplex || heard.len() <= turns;
        assert!(has_had_turns, "#{place} heard more than was its turn");
        for number in heard {
            assert!(told.insert(number), "two heard what was said to one");
        }
    }
}

fn every_private_message_was_delivered_or_refused(run: &Simulation) {
    for (place, sender) in run.people.iter().enumerate() {
        let names: BTreeSet<_> = sender.said.iter().map(|said| &said.request).collect();
        for request in names {
            if let Request::SayTo(name) = request {
                check_private(run, place, request, name);
            }
        }
    }
}

fn check_private(run: &Simulation, place: usize, request: &Request, name: &str) {
    let sender = &run.people[place];
    let recipients = || run.people.iter().filter(|person| person.part.name == name);
    let heard: BTreeSet<usize> = recipients()
        .flat_map(|person| numbers(person, &Way::Private, place))
        .collect();
    let sent = said(sender, request);
    let is_faithful = is_all_done(run, place)
        && recipients().all(|person| person.part.is_healthy() || person.part.role == Role::Rival);
    let answered = |answer| {
        let has_it = |number: &&usize| sender.answers.get(number) == Some(&answer);
        sent.iter().filter(has_it).collect::<BTreeSet<_>>()
    };
    let refused = answered(Answer::NoSuchUser);
    assert!(
        refused.iter().all(|number| !heard.contains(number)),
        "delivered and refused"
    );
    if is_faithful {
        let count = refused.len() + sender.refused.get(request).copied().unwrap_or(0);
        assert_eq!(heard.len() + count, sent.len(), "#{place} to {name}: lost");
        let is_heard = answered(Answer::Sent)
            .iter()
            .all(|number| heard.contains(number));
        assert!(is_heard, "not delivered though it was said to be");
    }
}

fn every_request_had_its_answer(run: &Simulation) {
    for (place, person) in run.people.iter().enumerate() {
        let names_matter = matches!(run.dialect.name(), "rooms" | "direct");
        if person.part.role == Role::Rival && names_matter && !run.is_shut_down {
            assert!(person.was_refused, "two have the same name");
        }
        if !is_all_done(run, place) {
            continue;
        }
        assert!(
            person.unanswered.is_empty(),
            "#{place}: {:?}",
            person.unanswered
        );
        for room in ROOMS {
            let outside = Request::SayOutside(room.to_owned());
            let refused = person.refused.get(&outside).copied().unwrap_or(0);
            assert_eq!(
                refused,
                said(person, &outside).len(),
                "#{place} outside {room}"
            );
        }
    }
}

/// Whether nothing that somebody did can have been cut short.
fn is_all_done(run: &Simulation, place: usize) -> bool {
    run.people[place].part.is_healthy() && !run.is_shut_down
}

/// What `sender` said in one way is what `listener` heard, or at least its beginning.
fn check_heard(
    run: &Simulation,
    sender: usize,
    request: &Request,
    way: &Way,
    listener: usize,
    is_all: bool,
) {
    let said = said(&run.people[sender], request);
    let heard = numbers(&run.people[listener], way, sender);
    let is_right = said.starts_with(&heard) && (!is_all || said == heard);
    assert!(
        is_right,
        "#{listener} heard from #{sender} {heard:?} instead of {said:?}"
    );
}

fn said(person: &Person, request: &Request) -> Vec<usize> {
    let said = person.said.iter().enumerate();
    said.filter(|(_, said)| said.request == *request)
        .map(|(number, _)| number)
        .collect()
}

fn numbers(listener: &Person, way: &Way, sender: usize) -> Vec<usize> {
    let items = listener.conversation(way).into_iter();
    items
        .filter_map(|item| match item {
            Item::Words { from, number } if from == sender => Some(number),
            _ => None,
        })
        .collect()
}

fn words(items: &[Item]) -> Vec<Item> {
    let is_words = |item: &&Item| matches!(item, Item::Words { .. });
    items.iter().filter(is_words).copied().collect()
}

/// Whether a dialect hands something on to its cause, too.
fn is_told(run: &Simulation, way: &Way, place: usize, item: &Item) -> bool {
    match *item {
        Item::Words { from, .. } => {
            from != place || *way != Way::Public || run.dialect == Dialect::ADDRESSED
        }
        Item::Came(who) | Item::Went(who) => who != place,
    }
}

fn position(whole: &[Item], item: &Item) -> usize {
    let place = whole.iter().position(|other| other == item);
    place.unwrap_or_else(|| panic!("{item:?} is not in the conversation"))
}

fn ways() -> Vec<Way> {
    let mut ways = vec![Way::Public];
    ways.extend(ROOMS.map(|room| Way::Room(room.to_owned())));
    ways
}
