//! Clients and servers that talk in memory, and clients whose server is out to get them.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::iter;
use std::time::Duration;

use linechat_laws::config::Config;
use linechat_protocol::{
    Action, Client, ClientDialect, ClientLimits, ConnId, Dialect, Instant, LineClient, LineEvent,
    LineState, ListenerId, Names, Peer, RequestError, Server, Violation, addressed, direct, pair,
    rooms,
};
use proptest::prelude::*;

mod in_direct {
    use super::*;
    use direct::{Asked, Event, Fault};

    #[test]
    fn users_log_in_list_and_send() {
        let mut world = World::<direct::ClientState>::new(Dialect::DIRECT);
        let alice = log_in(&mut world, "alice");
        let bob = log_in(&mut world, "bob");
        world.client(alice).list().unwrap();
        world.client(alice).send("bob", " hello ").unwrap();
        world.client(alice).send("carol", "hello").unwrap();
        world.client(alice).send("alice", "to myself").unwrap();
        let events = world.events(alice);
        let Event::Users(names) = &events[0] else {
            panic!("{events:?}");
        };
        assert_eq!(shown(names), "alice bob");
        let expected = [
            Event::Sent { to: "bob".into() },
            Event::NoSuchUser { to: "carol".into() },
            delivery("alice", "to myself"),
            Event::Sent { to: "alice".into() },
        ];
        assert_eq!(events[1..], expected);
        assert_eq!(world.events(bob), [delivery("alice", " hello ")]);
    }

    #[test]
    fn a_name_that_is_taken_is_refused_and_another_one_is_not() {
        let mut world = World::<direct::ClientState>::new(Dialect::DIRECT);
        log_in(&mut world, "alice");
        let second = world.connect();
        world.client(second).log_in("alice").unwrap();
        let name = "alice".into();
        assert_eq!(world.events(second), [Event::NameInUse { name }]);
        world.client(second).log_in("bob").unwrap();
        let name = "bob".into();
        assert_eq!(world.events(second), [Event::LoggedIn { name }]);
    }

    #[test]
    fn a_full_server_says_so_until_somebody_leaves() {
        let mut config = Config::new(Dialect::DIRECT);
        config.limits.max_users = 1;
        let mut world = World::<direct::ClientState>::with(config);
        let alice = log_in(&mut world, "alice");
        let second = world.connect();
        world.client(second).log_in("bob").unwrap();
        let name = "bob".into();
        assert_eq!(world.events(second), [Event::ServerFull { name }]);

        world.client(alice).finish();
        assert_eq!(world.events(alice), [Event::Closed]);
        world.client(second).log_in("bob").unwrap();
        let name = "bob".into();
        assert_eq!(world.events(second), [Event::LoggedIn { name }]);
    }

    #[test]
    fn a_server_with_a_smaller_limit_rejects_the_request() {
        let mut config = Config::new(Dialect::DIRECT);
        config.limits.max_line = 32;
        let mut world = World::<direct::ClientState>::with(config);
        let alice = log_in(&mut world, "alice");
        world.client(alice).send("alice", &"x".repeat(32)).unwrap();
        let request = Asked::Send { to: "alice".into() };
        let fault = Fault::Body;
        assert_eq!(world.events(alice), [Event::Rejected { request, fault }]);
    }

    #[test]
    fn when_the_server_goes_everybody_is_told_last() {
        let mut world = World::<direct::ClientState>::new(Dialect::DIRECT);
        let alice = log_in(&mut world, "alice");
        let bob = log_in(&mut world, "bob");
        world.client(alice).send("bob", "bye").unwrap();
        world.settle();
        world.server.shut_down(NOW);
        let expected = [delivery("alice", "bye"), Event::Closed];
        assert_eq!(world.events(bob), expected);
        assert_eq!(world.client(bob).list(), Err(RequestError::Closed));
    }

    #[test]
    fn what_was_asked_before_the_end_is_answered() {
        let mut world = World::<direct::ClientState>::new(Dialect::DIRECT);
        let alice = log_in(&mut world, "alice");
        world.client(alice).send("alice", "hi").unwrap();
        world.client(alice).finish();
        let to = "alice".into();
        let expected = [delivery("alice", "hi"), Event::Sent { to }, Event::Closed];
        assert_eq!(world.events(alice), expected);
    }

    fn log_in(world: &mut World<direct::ClientState>, name: &str) -> usize {
        let client = world.connect();
        world.client(client).log_in(name).unwrap();
        let name = name.into();
        assert_eq!(world.events(client), [Event::LoggedIn { name }]);
        client
    }

    fn delivery(from: &str, text: &str) -> Event {
        let (from, text) = (from.into(), text.into());
        Event::Delivery { from, text }
    }
}

mod in_rooms {
    use super::*;
    use rooms::{Asked, Event, Refusal, Request};

    #[test]
    fn users_talk_to_all_to_one_and_in_rooms() {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        let alice = register(&mut world, "alice");
        let bob = register(&mut world, "bob");
        let carol = register(&mut world, "carol");
        world.client(bob).enter("den").unwrap();
        world.client(carol).enter("den").unwrap();
        world.settle();
        world.client(alice).say("hello: all").unwrap();
        world.client(alice).say_to("bob", " hello").unwrap();
        world.settle();
        world.client(bob).say_in("den", "hello, den").unwrap();
        let (from, text) = ("alice".into(), "hello: all".into());
        let public = Event::Public { from, text };
        let (from, text) = ("alice".into(), " hello".into());
        let private = Event::Private { from, text };
        let in_room = said_in_den("bob", "hello, den");
        assert_eq!(world.events(alice), []);
        let expected = [public.clone(), private, in_room.clone()];
        assert_eq!(world.events(bob), expected);
        assert_eq!(world.events(carol), [public, in_room]);
    }

    #[test]
    fn lists_and_refusals_are_told_with_what_was_asked() {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        let alice = register(&mut world, "alice");
        let client = world.client(alice);
        client.list_rooms().unwrap();
        client.say_in("den", "anybody?").unwrap();
        client.list_members("den").unwrap();
        client.enter("den").unwrap();
        client.list_members("den").unwrap();
        client.say_to("nobody", "hi").unwrap();
        client.list_users().unwrap();
        client.request(Request::Help).unwrap();
        let told: Vec<_> = world.events(alice).into_iter().map(told).collect();
        let expected = [
            "rooms: ",
            "no such room: den (say in den)",
            "no such room: den (members of den)",
            "members of den: alice",
            "no such user: nobody (say to nobody)",
            "users: alice",
            "help",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_nickname_that_is_taken_ends_the_connection() {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        register(&mut world, "alice");
        let second = register(&mut world, "alice");
        assert_eq!(world.events(second), [Event::NicknameRefused]);
    }

    #[test]
    fn who_quits_is_not_refused() {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        let alice = register(&mut world, "alice");
        world.client(alice).quit().unwrap();
        assert_eq!(world.events(alice), [Event::Closed]);
    }

    #[test]
    fn an_event_can_be_answered_at_once_as_a_bot_does() {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        let bot = register(&mut world, "bot");
        let alice = register(&mut world, "alice");
        for client in [bot, alice] {
            world.client(client).enter("den").unwrap();
        }
        world.settle();
        world.client(alice).say_in("den", "!ping").unwrap();
        world.settle();
        while let Some(event) = world.client(bot).poll_event() {
            if let Event::Room { room, from, text } = event
                && text == "!ping"
            {
                let pong = format!("{from}: pong");
                world.client(bot).say_in(&room, &pong).unwrap();
            }
        }
        let pong = said_in_den("bot", "alice: pong");
        assert_eq!(world.events(alice).pop(), Some(pong));
    }

    fn register(world: &mut World<rooms::ClientState>, nick: &str) -> usize {
        let client = world.connect();
        world.client(client).register(nick).unwrap();
        world.settle();
        client
    }

    fn said_in_den(from: &str, text: &str) -> Event {
        let (room, from, text) = ("den".into(), from.into(), text.into());
        Event::Room { room, from, text }
    }

    fn told(event: Event) -> String {
        match event {
            Event::Users(names) => format!("users: {}", shown(&names)),
            Event::Rooms(names) => format!("rooms: {}", shown(&names)),
            Event::Members { room, names } => format!("members of {room}: {}", shown(&names)),
            Event::Help(_) => "help".into(),
            Event::Refused { request, error } => {
                assert!(Refusal::parse(&error).is_some());
                format!("{error} ({})", asked(request.unwrap()))
            }
            other => panic!("{other:?}"),
        }
    }

    fn asked(asked: Asked) -> String {
        match asked {
            Asked::SayTo { nick } => format!("say to {nick}"),
            Asked::SayIn { room } => format!("say in {room}"),
            Asked::Members { room } => format!("members of {room}"),
            other => panic!("{other:?}"),
        }
    }
}

mod in_pair {
    use super::*;
    use pair::Typed;

    #[test]
    fn the_sides_take_turns_and_nothing_typed_out_of_turn_is_lost() {
        let mut world = talk(false, pair::Client::new());
        world.operator_types("a1\na2\n");
        assert_eq!(heard(&mut world), [""; 0]);
        enter(&mut world, &["c1", "c2", "c3"]);
        assert_eq!(heard(&mut world), ["a1", "a2"]);
        assert_eq!(world.printed(), "c1\nc2\nc3\n");
        world.operator_types("a3\n");
        assert_eq!(heard(&mut world), ["a3"]);
    }

    #[test]
    fn in_full_duplex_nobody_waits() {
        let mut world = talk(true, pair::Client::new().full_duplex());
        world.operator_types("a1\na2\n");
        assert_eq!(heard(&mut world), ["a1", "a2"]);
        enter(&mut world, &["c1", "c2"]);
        assert_eq!(world.printed(), "c1\nc2\n");
    }

    #[test]
    fn exit_at_the_clients_keyboard_ends_the_talk() {
        let mut world = talk(false, pair::Client::new());
        enter(&mut world, &["c1", "c2"]);
        assert_eq!(world.client(0).enter(b"EXIT"), Ok(Typed::Exit));
        assert_eq!(heard(&mut world), [""; 0]);
        assert_eq!(world.printed(), "c1\n");
    }

    #[test]
    fn exit_at_the_servers_keyboard_closes_the_client() {
        let mut world = talk(false, pair::Client::new());
        world.operator_types("lost\nEXIT\n");
        assert_eq!(heard(&mut world), ["closed"]);
        assert!(world.server.accepting(world.listener));
    }

    #[test]
    fn a_client_at_the_end_of_its_keyboard_says_all_and_hears_what_had_its_turn() {
        let mut world = talk(false, pair::Client::new());
        enter(&mut world, &["c1", "c2"]);
        world.client(0).finish();
        world.operator_types("a1\na2\na3\n");
        assert_eq!(heard(&mut world), ["a1", "a2", "closed"]);
        assert_eq!(world.printed(), "c1\nc2\n");
    }

    #[test]
    fn an_operator_at_the_end_of_the_keyboard_passes_the_turns_on() {
        let mut world = talk(false, pair::Client::new());
        world.operator_types("a1\n");
        world.operator_ends();
        enter(&mut world, &["c1", "c2", "c3"]);
        assert_eq!(heard(&mut world), ["a1", "closed"]);
        assert_eq!(world.printed(), "c1\nc2\nc3\n");
    }

    #[test]
    fn what_the_server_says_out_of_turn_before_it_closes_is_heard() {
        let mut world = talk(true, pair::Client::new());
        world.operator_types("a1\na2\n");
        assert_eq!(heard(&mut world), [""; 0]);
        world.server.shut_down(NOW);
        assert_eq!(heard(&mut world), ["a1", "a2", "closed"]);
    }

    fn talk(server_in_full_duplex: bool, client: pair::Client) -> World<pair::ClientState> {
        let mut config = Config::new(Dialect::PAIR);
        config.full_duplex = server_in_full_duplex;
        let mut world = World::with(config);
        world.attach_console();
        world.connect_with(client);
        world
    }

    fn enter(world: &mut World<pair::ClientState>, lines: &[&str]) {
        for line in lines {
            assert_eq!(world.client(0).enter(line.as_bytes()), Ok(Typed::Line));
            world.settle();
        }
    }

    fn heard(world: &mut World<pair::ClientState>) -> Vec<String> {
        world.events(0).into_iter().map(line).collect()
    }
}

mod in_other_dialects {
    use super::*;

    #[test]
    fn echo_sends_back_what_it_gets() {
        let mut config = Config::new(Dialect::ECHO);
        config.uppercase = true;
        let mut world = World::<LineState>::with(config);
        let client = world.connect();
        world.client(client).send(b"hey").unwrap();
        world.client(client).send(b"").unwrap();
        world.client(client).finish();
        let heard: Vec<_> = world.events(client).into_iter().map(line).collect();
        assert_eq!(heard, ["HEY", "", "closed"]);
    }

    #[test]
    fn relay_sends_to_the_others() {
        let mut world = World::<LineState>::new(Dialect::RELAY);
        let [alice, bob] = [world.connect(), world.connect()];
        world.client(alice).send(b"\xff").unwrap();
        assert_eq!(world.events(alice), []);
        assert_eq!(world.events(bob), [LineEvent::Line(b"\xff".to_vec())]);
    }

    #[test]
    fn addressed_says_who_comes_speaks_and_leaves() {
        use addressed::Event;
        let mut world = World::<addressed::ClientState>::new(Dialect::ADDRESSED);
        let [first, second] = [world.connect(), world.connect()];
        world.client(second).send(b"hi").unwrap();
        world.settle();
        world.client(second).finish();
        let who = || String::from("192.0.2.2:1");
        let message = Event::Message {
            from: who(),
            text: b"hi".to_vec(),
        };
        assert_eq!(world.events(second), [message.clone(), Event::Closed]);
        let expected = [
            Event::Connected { who: who() },
            message,
            Event::Disconnected { who: who() },
        ];
        assert_eq!(world.events(first), expected);
    }
}

proptest! {
    #[test]
    fn no_server_harms_a_direct_client(stream in hostile(), cut in 1..40usize) {
        survives(direct_client, &stream, cut)?;
    }

    #[test]
    fn no_server_harms_a_rooms_client(stream in hostile(), cut in 1..40usize) {
        survives(rooms_client, &stream, cut)?;
    }

    #[test]
    fn no_server_harms_an_addressed_client(stream in hostile(), cut in 1..40usize) {
        survives(|| addressed::Client::with_limits(small()), &stream, cut)?;
    }

    #[test]
    fn no_server_harms_a_line_client(stream in hostile(), cut in 1..40usize) {
        survives(|| LineClient::with_limits(small()), &stream, cut)?;
    }

    #[test]
    fn no_server_harms_a_pair_client(stream in hostile(), cut in 1..40usize) {
        survives(pair_client, &stream, cut)?;
    }

    #[test]
    fn what_a_direct_client_sends_is_never_rejected(
        requests in prop::collection::vec(words(), 1..20),
    ) {
        let mut world = World::<direct::ClientState>::new(Dialect::DIRECT);
        let client = world.connect();
        world.client(client).log_in("alice").unwrap();
        world.events(client);
        let mut sent = 0;
        for (to, text) in &requests {
            sent += usize::from(world.client(client).send(to, text).is_ok());
        }
        let mut answers = 0;
        for event in world.events(client) {
            match event {
                direct::Event::Sent { .. } | direct::Event::NoSuchUser { .. } => answers += 1,
                direct::Event::Delivery { .. } => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(answers, sent);
    }

    #[test]
    fn what_a_rooms_client_sends_is_never_misunderstood(
        requests in prop::collection::vec(words(), 1..20),
    ) {
        let mut world = World::<rooms::ClientState>::new(Dialect::ROOMS);
        let client = world.connect();
        world.client(client).register("alice").unwrap();
        let mut lists = 0;
        for (name, text) in &requests {
            let client = world.client(client);
            let _ = client.say(text);
            let _ = client.say_to(name, text);
            let _ = client.say_in(name, text);
            lists += usize::from(client.list_members(name).is_ok());
            let _ = client.enter(name);
            lists += usize::from(client.list_members(name).is_ok());
        }
        for event in world.events(client) {
            match event {
                rooms::Event::Members { .. } => lists -= 1,
                rooms::Event::Refused { request, error } => {
                    let refusal = rooms::Refusal::parse(&error);
                    let is_of_state = matches!(
                        refusal,
                        Some(rooms::Refusal::NoSuchUser(_) | rooms::Refusal::NoSuchRoom(_))
                    );
                    prop_assert!(is_of_state && request.is_some(), "{error}");
                    lists -= usize::from(matches!(request, Some(rooms::Asked::Members { .. })));
                }
                rooms::Event::Room { .. } | rooms::Event::Private { .. } => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(lists, 0);
    }

    #[test]
    fn a_pair_talk_loses_nothing_and_keeps_its_order(
        typed in prop::collection::vec((any::<bool>(), any::<bool>()), 0..60),
    ) {
        let mut world = World::<pair::ClientState>::with(Config::new(Dialect::PAIR));
        world.attach_console();
        world.connect();
        let (mut asked, mut answered, mut heard) = (0, 0, Vec::new());
        for (by_client, settles) in typed {
            if by_client {
                let line = format!("c{asked}");
                prop_assert_eq!(world.client(0).enter(line.as_bytes()), Ok(pair::Typed::Line));
                asked += 1;
            } else {
                world.operator_types(&format!("a{answered}\n"));
                answered += 1;
            }
            if settles {
                heard.extend(world.events(0).into_iter().map(line));
            }
        }
        world.client(0).finish();
        heard.extend(world.events(0).into_iter().map(line));
        let is_over = heard.last().is_some_and(|last| last == "closed");
        prop_assert_eq!(is_over, answered + 1 >= asked);
        if is_over {
            heard.pop();
            // What was typed without a turn before the client left is dropped.
            let answered = answered.min(asked);
            prop_assert_eq!(heard, (0..answered).map(|n| format!("a{n}")).collect::<Vec<_>>());
            let expected: String = (0..asked).map(|n| format!("c{n}\n")).collect();
            prop_assert_eq!(world.printed(), expected);
        }
    }

    #[test]
    fn addressed_replies_come_back(from in "[!-~]{1,20}", text in any::<Vec<u8>>()) {
        let reply = addressed::Reply::Message { from: &from, text: &text };
        let mut line = Vec::new();
        reply.encode(&mut line);
        prop_assert_eq!(addressed::Reply::parse(&line[..line.len() - 1]), Some(reply));
    }

    #[test]
    fn an_addressed_line_that_is_understood_is_put_together_again(
        from in "[a1:.\\] ]{0,5}",
        text in any::<Vec<u8>>(),
    ) {
        let line = [b"[", from.as_bytes(), b"] ", &text].concat();
        if let Some(reply) = addressed::Reply::parse(&line) {
            let mut again = Vec::new();
            reply.encode(&mut again);
            prop_assert_eq!(&again[..again.len() - 1], &line[..]);
        }
    }

    #[test]
    fn refusals_come_back(name in "[a-zA-Z0-9_-]{1,32}", words in "\\PC{0,40}", max: usize) {
        let room = rooms::RoomName::parse(&name).unwrap();
        let refusals = [
            rooms::Refusal::LineTooLong(max),
            rooms::Refusal::Usage(&words),
            rooms::Refusal::NoSuchUser(&name),
            rooms::Refusal::NoSuchRoom(room),
            rooms::Refusal::NotInRoom(room),
        ];
        for refusal in refusals {
            let text = refusal.to_string();
            prop_assert_eq!(rooms::Refusal::parse(&text), Some(refusal));
        }
    }
}

/// A server, clients of it, and the wires between them.
struct World<D> {
    server: Server,
    listener: ListenerId,
    wires: Vec<Wire<D>>,
    console: Option<ConnId>,
    /// What the server wrote to its console.
    printed: Vec<u8>,
}

struct Wire<D> {
    client: Client<D>,
    conn: ConnId,
    /// The client ended its sending half.
    ended: bool,
}

impl<D: ClientDialect + Default> World<D> {
    fn new(dialect: Dialect) -> Self {
        Self::with(Config::new(dialect))
    }

    fn connect(&mut self) -> usize {
        self.connect_with(Client::new())
    }
}

impl<D: ClientDialect> World<D> {
    fn with(config: Config) -> Self {
        let (server, listener) = config.server().unwrap();
        Self {
            server,
            listener,
            wires: Vec::new(),
            console: None,
            printed: Vec::new(),
        }
    }

    fn connect_with(&mut self, client: Client<D>) -> usize {
        assert!(self.server.accepting(self.listener));
        let place = self.wires.len();
        let address = format!("192.0.2.{}:1", place + 1);
        let peer = Peer::Socket(address.parse().unwrap());
        self.wires.push(Wire {
            client,
            conn: self.server.accept(NOW, self.listener, peer),
            ended: false,
        });
        place
    }

    fn attach_console(&mut self) {
        self.console = Some(self.server.accept(NOW, self.listener, Peer::Console));
    }

    fn operator_types(&mut self, lines: &str) {
        let console = self.console.unwrap();
        self.server.receive(NOW, console, lines.as_bytes());
        self.settle();
    }

    fn operator_ends(&mut self) {
        let console = self.console.unwrap();
        self.server.receive_eof(NOW, console);
        self.settle();
    }

    /// What the operator has seen since the last time.
    fn printed(&mut self) -> String {
        self.settle();
        String::from_utf8(std::mem::take(&mut self.printed)).unwrap()
    }

    fn client(&mut self, place: usize) -> &mut Client<D> {
        &mut self.wires[place].client
    }

    /// What a client has been told since the last time. Telling can make it send, which can make
    /// the server say more.
    fn events(&mut self, place: usize) -> Vec<D::Event> {
        let mut events = Vec::new();
        loop {
            self.settle();
            let Some(event) = self.client(place).poll_event() else {
                return events;
            };
            events.push(event);
        }
    }

    /// Carries bytes until nobody has any.
    fn settle(&mut self) {
        loop {
            let sent = self.carry_to_server();
            let received = self.carry_to_clients();
            let has_more = self.server.flushed();
            if has_more {
                self.server.carry_on(NOW);
            }
            let due = self.server.poll_timeout().is_some_and(|due| due <= NOW);
            if due {
                self.server.handle_timeout(NOW);
            }
            if !sent && !received && !due && !has_more {
                return;
            }
        }
    }

    fn carry_to_server(&mut self) -> bool {
        let mut carried = false;
        for wire in &mut self.wires {
            let bytes = wire.client.transmit().to_vec();
            wire.client.advance(bytes.len());
            self.server.receive(NOW, wire.conn, &bytes);
            carried |= !bytes.is_empty();
            if wire.client.is_done_sending() && !wire.ended {
                self.server.receive_eof(NOW, wire.conn);
                wire.ended = true;
                carried = true;
            }
        }
        carried
    }

    fn carry_to_clients(&mut self) -> bool {
        let mut carried = false;
        while let Some(action) = self.server.poll() {
            carried = true;
            match action {
                Action::Transmit(conn) => {
                    let bytes = self.server.transmit(conn).to_vec();
                    self.server.advance(NOW, conn, bytes.len());
                    match self.wire(conn) {
                        Some(wire) => wire.client.receive(&bytes),
                        None => self.printed.extend(bytes),
                    }
                }
                Action::Close(conn, _) => {
                    if let Some(wire) = self.wire(conn) {
                        wire.client.receive_eof();
                    }
                    self.server.release(NOW, conn);
                }
                Action::EndSending(conn) => {
                    if let Some(wire) = self.wire(conn) {
                        wire.client.receive_eof();
                    }
                }
                Action::PauseReading(_) | Action::ResumeReading(_) | Action::Dial(_) => {}
            }
        }
        carried
    }

    fn wire(&mut self, conn: ConnId) -> Option<&mut Wire<D>> {
        self.wires.iter_mut().find(|wire| wire.conn == conn)
    }
}

/// Lets a client have what a server sent, once whole and once cut into pieces of this size.
fn survives<D: ClientDialect>(
    client: impl Fn() -> Client<D>,
    stream: &[u8],
    cut: usize,
) -> Result<(), TestCaseError> {
    let whole = told(client(), stream, stream.len().max(1))?;
    prop_assert_eq!(whole, told(client(), stream, cut)?);
    Ok(())
}

/// What a client makes of what a server sent, in pieces of this size, up to the end.
fn told<D: ClientDialect>(
    mut client: Client<D>,
    stream: &[u8],
    size: usize,
) -> Result<Vec<String>, TestCaseError> {
    let mut events = Vec::new();
    for piece in stream.chunks(size) {
        client.receive(piece);
        events.extend(iter::from_fn(|| client.poll_event()).map(|event| format!("{event:?}")));
        prop_assert!(client.transmit().len() <= MAX_BACKLOG + MAX_LINE);
    }
    client.receive_eof();
    events.extend(iter::from_fn(|| client.poll_event()).map(|event| format!("{event:?}")));
    prop_assert!(client.poll_event().is_none());
    prop_assert_eq!(events.last().map(String::as_str), Some("Closed"));
    // No event is about more than one line, each byte of which may be shown with five.
    prop_assert!(events.iter().all(|event| event.len() <= 200 + 5 * MAX_LINE));
    Ok(events)
}

/// Logged in, and waiting for answers.
fn direct_client() -> direct::Client {
    let mut client = direct::Client::with_limits(small());
    client.log_in("alice").unwrap();
    client.receive(b"HELLO alice\n");
    client.poll_event().unwrap();
    client.send("bob", "hi").unwrap();
    client.list().unwrap();
    client.send("carol", "hi").unwrap();
    client
}

/// Registered, and waiting for answers of all kinds.
fn rooms_client() -> rooms::Client {
    let mut client = rooms::Client::with_limits(small());
    client.register("alice").unwrap();
    client.receive(b"bob: hi\r\n");
    client.poll_event().unwrap();
    client.say_to("bob", "hi").unwrap();
    client.say_in("den", "hi").unwrap();
    client.list_users().unwrap();
    client.enter("den").unwrap();
    client.list_members("den").unwrap();
    client.list_rooms().unwrap();
    client.request(rooms::Request::Help).unwrap();
    client
}

/// With more to say than it is its turn to.
fn pair_client() -> pair::Client {
    let mut client = pair::Client::with_limits(small());
    for line in [b"one", b"two"] {
        assert_eq!(client.enter(line), Ok(pair::Typed::Line));
    }
    client
}

fn small() -> ClientLimits {
    let mut limits = ClientLimits::default();
    limits.max_received_line = MAX_LINE;
    limits.max_backlog = MAX_BACKLOG;
    limits
}

/// Lines that a server may say, in any order, cut short, too long, and garbage between them.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(&LINES[..]).prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (1..3 * MAX_LINE).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A name and a text, or what is neither.
fn words() -> impl Strategy<Value = (String, String)> {
    (
        prop_oneof!["[a-c]", "alice", "[a-zA-Z0-9_é ,@-]{0,40}"],
        prop_oneof!["[ a-z#@!:]{0,10}", "\\PC{0,20}", any::<String>()],
    )
}

fn shown(names: &Names) -> String {
    names.iter().collect::<Vec<_>>().join(" ")
}

fn line(event: LineEvent) -> String {
    match event {
        LineEvent::Line(line) => String::from_utf8(line).unwrap(),
        LineEvent::Violation(Violation::LineTooLong { .. }) => "too long".into(),
        LineEvent::Closed => "closed".into(),
        other => panic!("{other:?}"),
    }
}

const NOW: Instant = Instant::after_epoch(Duration::from_secs(1));
const MAX_LINE: usize = 64;
const MAX_BACKLOG: usize = 1024;
/// What servers say, in and out of place.
const LINES: [&str; 29] = [
    "HELLO alice\n",
    "HELLO eve\n",
    "IN-USE\n",
    "BUSY\n",
    "LIST-OK a,b\n",
    "LIST-OK \n",
    "SEND-OK\n",
    "BAD-DEST-USER\n",
    "DELIVERY bob hi\n",
    "DELIVERY bob\n",
    "BAD-RQST-HDR\n",
    "BAD-RQST-BODY\n",
    "alice bob\r\n",
    "\r\n",
    "\r",
    "bob: hi\r\n",
    "#bob: hi\r\n",
    "@den alice: hi\r\n",
    "@den\r\n",
    "!help x\r\n",
    "!error no such room: den\r\n",
    "!error no such user: bob\r\n",
    "!error too many rooms\r\n",
    "!error too many names to list\r\n",
    "!error line is longer than 2 bytes\r\n",
    "!error nonsense\r\n",
    "[192.0.2.1:7] (connected)\n",
    "[[::1]:7] hi\n",
    "[] hi\n",
];
