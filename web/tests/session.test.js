import assert from "node:assert/strict";
import { test } from "node:test";

import { LINES } from "../room.js";
import { User, dice } from "./world.js";

const me = (line) => `:alice!web@host ${line}`;
const bob = (line) => `:bob!b@host ${line}`;

// ---- Coming in.

test("a user registers with what both sides know", () => {
	const user = new User();
	user.session.enter(" alice ");
	user.socket.onopen();
	assert.deepEqual(user.heard(), ["CAP LS 302", "NICK alice", "USER web 0 * alice"]);
	user.says(":server CAP * LS * :sasl=PLAIN away-notify", ":server CAP * LS :server-time draft/x");
	assert.deepEqual(user.heard(), ["CAP REQ :away-notify server-time"]);
	user.says(":server CAP * ACK :away-notify server-time");
	assert.deepEqual(user.heard(), ["CAP END"]);
});

test("a user registers with a server that knows nothing of this", () => {
	const user = new User();
	user.session.enter("alice");
	user.socket.onopen();
	user.heard();
	user.says(":server CAP * LS :sasl");
	assert.deepEqual(user.heard(), ["CAP END"]);
	user.says(":server 001 alice :Welcome");
	assert.equal(user.session.state, "here");
});

test("a user who comes in joins the lobby, and is known by the name that the server gave", () => {
	const user = new User();
	user.session.enter("alice");
	user.socket.onopen();
	user.heard();
	user.says(":server 001 alic :Welcome");
	assert.equal(user.session.nick, "alic");
	assert.deepEqual(user.heard(), ["JOIN #lobby"]);
});

test("the name is kept for the next visit, and so are the rooms", () => {
	const user = new User().comesIn();
	user.types("/join kitchen");
	user.entersRoom("#kitchen");
	const again = new User(user.world.kept);
	assert.equal(again.session.name, "alice");
	assert.deepEqual([...again.session.rooms.keys()], ["#lobby", "#kitchen"]);
});

test("who had left all rooms is in the lobby at the next visit", () => {
	const user = new User().comesIn();
	user.says(me("PART #lobby"));
	assert.deepEqual([...new User(user.world.kept).session.rooms.keys()], ["#lobby"]);
});

test("an empty name is refused without asking the server", () => {
	const user = new User();
	user.session.enter("  ");
	assert.equal(user.world.sockets.length, 0);
	assert.equal(user.session.problem, "Please type a name.");
});

for (const [line, words] of [
	["433 * alice :Nickname is already in use.", "Somebody here is already called “alice”. Please choose another name."],
	["432 * 4lice :Erroneous", "“4lice” cannot be a name here. Letters and digits will do, and a letter comes first."],
	["437 * alice :Nick is temporarily unavailable", "Nick is temporarily unavailable"],
	["464 * :Password incorrect", "This server asks for a password."],
]) {
	test(`a name that is refused (${line.slice(0, 3)}) is said in words and asked for again`, () => {
		const user = new User();
		user.session.enter("alice");
		user.socket.onopen();
		user.says(`:server ${line}`);
		assert.equal(user.session.state, "outside");
		assert.equal(user.session.problem, words);
		assert.ok(user.socket.isClosed);
		assert.equal(user.session.needsPassword, line.startsWith("464"));
		user.session.enter("alicia", "secret");
		user.socket.onopen();
		assert.deepEqual(user.heard().slice(1, 3), ["PASS secret", "NICK alicia"]);
	});
}

test("a wrong password is told from none", () => {
	const user = new User();
	user.session.enter("alice", "wrong");
	user.socket.onopen();
	user.says(":server 464 * :Password incorrect");
	assert.equal(user.session.problem, "This is not the password.");
});

test("who enters again is not in twice", () => {
	const user = new User();
	user.session.enter("alice");
	user.session.enter("alicia");
	assert.deepEqual(user.world.sockets.map(({ isClosed }) => isClosed), [true, false]);
});

test("the server's network has a name", () => {
	assert.equal(new User().comesIn().session.network, "Test Net");
});

test("a name that no line can hold is refused without asking the server", () => {
	const user = new User();
	user.session.enter("a\0b");
	user.socket.onopen();
	assert.match(user.session.problem, /cannot be a name here/);
});

test("a server that closes at the door says why", () => {
	const user = new User();
	user.session.enter("alice");
	user.socket.onopen();
	user.says("ERROR :You are banned");
	user.socket.onclose();
	assert.equal(user.session.state, "outside");
	assert.equal(user.session.problem, "The server says: You are banned");
});

test("the message of the day is shown once", () => {
	const user = new User().comesIn();
	const day = [":server 375 alice :- day -", ":server 372 alice :- Be kind.", ":server 372 alice :- ", ":server 376 alice :End"];
	user.says(...day);
	assert.deepEqual(user.lines(), ["Be kind."]);
	user.socket.onclose();
	user.world.pass(1000);
	user.isWelcomed();
	user.says(...day);
	assert.deepEqual(user.lines(), ["Be kind."]);
	user.says(...day);
	assert.deepEqual(user.lines(), ["Be kind.", "Be kind."], "who asks for it is told");
});

// ---- The connection's ups and downs.

test("a connection that is lost is tried again after growing pauses, without end", () => {
	const user = new User().comesIn();
	for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
		const before = user.world.sockets.length;
		user.socket.onclose();
		assert.equal(user.session.state, "waiting");
		assert.equal(user.session.trouble, "The connection is lost.");
		user.world.pass(pause * 1000 - 1);
		assert.equal(user.world.sockets.length, before);
		user.world.pass(1);
		assert.equal(user.world.sockets.length, before + 1);
	}
});

test("who is back joins the rooms again, with their keys, and is told what they missed", () => {
	const user = new User().comesIn();
	user.types("/join #cellar sesame");
	user.entersRoom("#cellar");
	user.socket.onclose();
	assert.equal(user.session.find("#cellar").members.size, 0);
	user.world.pass(1000);
	user.isWelcomed();
	assert.deepEqual(user.heard().slice(-2), ["JOIN #lobby", "JOIN #cellar sesame"]);
	user.entersRoom("#cellar");
	assert.match(user.lines().at(-1), /^You are back\. What was said since .* did not reach you\.$/);
	assert.equal(user.session.find("#cellar").members.size, 3);
	assert.ok(!user.room.isTalk);
	user.entersRoom("#cellar");
	assert.equal(user.lines().length, 1, "that is told once");
});

test("a talk is no room that could be joined again", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG alice :psst"));
	user.socket.onclose();
	user.world.pass(1000);
	user.isWelcomed();
	assert.deepEqual(user.heard().filter((line) => line.startsWith("JOIN")), ["JOIN #lobby"]);
	assert.ok(user.session.find("bob").isJoined);
});

test("a room that was left is not joined again", () => {
	const user = new User().comesIn();
	user.types("/part");
	assert.deepEqual(user.heard(), ["PART #lobby"]);
	user.says(me("PART #lobby"));
	assert.equal(user.session.rooms.size, 0);
	user.socket.onclose();
	user.world.pass(1000);
	user.isWelcomed();
	assert.ok(!user.heard().some((line) => line.startsWith("JOIN")));
});

test("a room that the user did not ask for does not come into view", () => {
	const user = new User().comesIn();
	user.entersRoom("#elsewhere");
	assert.equal(user.room.name, "#lobby");
	user.types("/join #here");
	user.entersRoom("#elsewhere2");
	user.entersRoom("#here");
	assert.equal(user.room.name, "#here");
});

test("who is removed from a room is told why, and stays outside", () => {
	const user = new User().comesIn();
	user.says(bob("KICK #lobby alice :too loud"));
	assert.equal(user.lines().at(-1), "bob removed you: too loud");
	assert.ok(!user.room.isJoined && !user.room.isWanted);
	assert.equal(user.room.members.size, 0);
	assert.equal(user.world.kept.rooms, "");
});

test("a name that is still held by the connection before is waited for", () => {
	const user = new User().comesIn();
	user.socket.onclose();
	user.world.pass(1000);
	user.socket.onopen();
	user.says(":server 433 * alice :in use");
	assert.equal(user.session.state, "waiting");
	assert.match(user.session.trouble, /^Your name is taken, perhaps by your connection from before\./);
	user.types("/nick alicia");
	user.socket.onopen();
	assert.ok(user.heard().includes("NICK alicia"));
});

test("what the server said last is told", () => {
	const user = new User().comesIn();
	user.says("ERROR :Going down");
	user.socket.onclose();
	assert.equal(user.session.trouble, "The server says: Going down");
});

test("a connection that is not made within 20 seconds is given up", () => {
	const user = new User();
	user.session.enter("alice");
	user.world.pass(20_000);
	assert.ok(user.world.sockets[0].isClosed);
	user.world.pass(1000);
	assert.equal(user.world.sockets.length, 2);
});

test("a server that has long said nothing is asked, and given up if it does not answer", () => {
	const user = new User().comesIn();
	user.world.pass(40_000);
	assert.deepEqual(user.heard(), ["PING here"]);
	user.says(":server PONG server here");
	user.world.pass(40_000);
	assert.deepEqual(user.heard(), ["PING here"]);
	user.world.pass(14_999);
	assert.equal(user.session.state, "here");
	user.world.pass(1);
	assert.equal(user.session.state, "waiting");
});

test("a page that is put away is gone from the server, and is back when it is shown", () => {
	const user = new User().comesIn();
	user.session.sleep();
	assert.deepEqual(user.heard(), ["QUIT :The page was put away"]);
	assert.ok(user.socket.isClosed);
	user.world.pass(3_600_000);
	assert.equal(user.world.sockets.length, 1);
	user.session.wake();
	user.isWelcomed();
	assert.equal(user.session.state, "here");
	assert.ok(user.heard().includes("JOIN #lobby"));
});

test("a page that is shown while it waits does not wait any longer", () => {
	const user = new User().comesIn();
	user.socket.onclose();
	user.session.wake();
	assert.equal(user.world.sockets.length, 2);
	user.isWelcomed();
	user.world.pass(30_000);
	assert.equal(user.world.sockets.length, 2);
});

test("a page that is shown makes sure that the server is still there", () => {
	const user = new User().comesIn();
	user.world.pass(1000);
	user.session.wake();
	assert.deepEqual(user.heard(), ["PING here"]);
	user.world.pass(1000);
	user.says(":server PONG server here");
	user.world.pass(10_000);
	assert.equal(user.session.state, "here");
	user.session.wake();
	user.world.pass(5_000);
	assert.equal(user.session.state, "waiting");
});

test("a page that waits to try again, and is put away, does not try", () => {
	const user = new User().comesIn();
	user.socket.onclose();
	user.session.sleep();
	user.world.pass(60_000);
	assert.equal(user.world.sockets.length, 1);
});

test("a page that is put away stays so when its socket has closed", () => {
	const user = new User().comesIn();
	user.session.sleep();
	user.socket.onclose();
	assert.equal(user.session.state, "asleep");
	assert.ok(!user.room.isJoined);
});

test("who left stays outside, whatever happens", () => {
	const user = new User().comesIn();
	user.types("/quit see you");
	assert.deepEqual(user.heard(), ["QUIT :see you"]);
	for (const act of [() => user.session.wake(), () => user.session.sleep(), () => user.world.pass(100_000)]) act();
	assert.equal(user.world.sockets.length, 1);
	assert.equal(user.session.state, "left");
});

test("what an old connection still says is not heard", () => {
	const user = new User().comesIn();
	const old = user.socket;
	old.onclose();
	user.world.pass(1000);
	old.onmessage({ data: bob("PRIVMSG #lobby :ghost") });
	old.onclose();
	assert.deepEqual(user.lines(), []);
	assert.equal(user.session.state, "connecting");
});

// ---- Messages.

test("a message is shown when the server has taken it, where the server put it", () => {
	const user = new User().comesIn();
	user.types("hello");
	assert.deepEqual(user.heard(), ["@label=1 PRIVMSG #lobby hello"]);
	assert.equal(user.room.pending.length, 1);
	user.says(bob("PRIVMSG #lobby :first"), `@label=1;time=2026-11-21T11:00:00.000Z ${me("PRIVMSG #lobby :hello")}`);
	assert.deepEqual(user.lines(), ["first", "hello"]);
	assert.equal(user.room.pending.length, 0);
	assert.deepEqual([user.room.lines[1].own, user.room.lines[1].time], [true, Date.UTC(2026, 10, 21, 11)]);
});

test("a message that the server refuses is shown as not sent, with the reason", () => {
	const user = new User().comesIn();
	user.types("hello");
	user.says("@label=1 :server 404 alice #lobby :Cannot send to channel (+m)");
	assert.deepEqual(user.room.lines.map(({ text, own, failed }) => [text, own, failed]), [["hello", true, "#lobby does not take this message: Cannot send to channel (+m)"]]);
	assert.equal(user.room.pending.length, 0);
});

test("a refusal within a batch is one, too", () => {
	const user = new User().comesIn();
	user.types("/msg bob hello");
	user.says("@label=1 :server BATCH +x labeled-response", "@batch=x :server 301 alice bob :at lunch", `@batch=x ${me("PRIVMSG bob :hello")}`, ":server BATCH -x");
	assert.deepEqual(user.lines(), ["bob is away: at lunch", "hello"]);
	assert.equal(user.room.pending.length, 0);
});

test("messages that were on their way when the connection broke are shown as not sent", () => {
	const user = new User().comesIn();
	user.types("hello");
	user.socket.onclose();
	assert.deepEqual(user.room.lines.map(({ failed }) => failed), ["The connection was lost."]);
});

test("nothing is taken from the field while there is no connection", () => {
	const user = new User().comesIn();
	user.socket.onclose();
	assert.equal(user.types("hello"), false);
	assert.equal(user.types("/me waves"), false);
	assert.equal(user.types("/help"), true);
});

test("a message is shown at once where servers send no echo", () => {
	const user = new User().comesIn("alice", "server-time");
	user.types("hello");
	assert.deepEqual(user.heard(), ["PRIVMSG #lobby hello"]);
	assert.deepEqual(user.lines(), ["hello"]);
});

test("a message that no echo would confirm has no label", () => {
	const user = new User().comesIn("alice", "labeled-response batch");
	user.types("hello");
	assert.deepEqual(user.heard(), ["PRIVMSG #lobby hello"]);
	assert.deepEqual(user.lines(), ["hello"]);
});

test("a message to oneself is shown once", () => {
	const user = new User().comesIn();
	user.types("/msg alice note");
	user.says(`@label=1 ${me("PRIVMSG alice :note")}`, me("PRIVMSG alice :note"));
	assert.deepEqual(user.lines(), ["note"]);
	user.types("again");
	user.says("@label=2 :server BATCH +x labeled-response", `@batch=x ${me("PRIVMSG alice :again")}`, `@batch=x ${me("PRIVMSG alice :again")}`, ":server BATCH -x");
	assert.deepEqual(user.lines(), ["note", "again"]);
});

test("a long text is sent as several messages that others get whole", () => {
	const user = new User().comesIn();
	user.types("wörd ".repeat(300).trim());
	const sent = user.heard();
	assert.ok(sent.length > 2);
	for (const line of sent) {
		const relayed = `:alice!web@host ${line.replace(/^@\S+ /, "")}\r\n`;
		assert.ok(new TextEncoder().encode(relayed).length <= 512);
	}
});

for (const [command, around] of [["", ":alice!web@host PRIVMSG #lobby :"], ["/me ", ":alice!web@host PRIVMSG #lobby :\x01ACTION \x01"]]) {
	test(`as much is sent at once as fits${command && ", of actions too"}`, () => {
		const user = new User().comesIn("alice", "echo-message");
		user.types(command + "x".repeat(2000));
		assert.equal(user.heard()[0].match(/x+/)[0].length, 510 - around.length);
	});
}

test("a private message opens a talk, and calls", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG alice :psst"));
	const talk = user.session.find("bob");
	assert.deepEqual([talk.isTalk, talk.unread, talk.calls, user.room.name], [true, 1, 1, "#lobby"]);
	assert.equal(user.session.calls, 1);
	user.session.select(talk);
	assert.deepEqual([talk.unread, user.session.calls], [0, 0]);
});

test("what the user does not see is unread, from the first on", () => {
	const user = new User().comesIn();
	user.session.attend(false);
	user.says(bob("PRIVMSG #lobby :one"), bob("PRIVMSG #lobby :two, alice"), bob("JOIN #lobby"), me("PRIVMSG #lobby :mine"));
	assert.deepEqual([user.room.unread, user.room.calls], [2, 1]);
	assert.deepEqual(user.room.lines.map(({ isFirst }) => Boolean(isFirst)), [true, false, false, false]);
	user.session.attend(false);
	assert.equal(user.room.unread, 2);
	user.session.attend(true);
	assert.equal(user.room.unread, 0);
});

test("actions, notices and messages to operators find their room", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG #lobby :\x01ACTION waves\x01"), bob("PRIVMSG #lobby :\x01ACTION nods"), bob("NOTICE #lobby :note"), bob("PRIVMSG @#LOBBY :ops"));
	assert.deepEqual(user.room.lines.map(({ kind, text }) => [kind, text]), [["did", "waves"], ["did", "nods"], ["notice", "note"], ["said", "ops"]]);
});

test("notices call nobody", () => {
	const user = new User().comesIn();
	user.says(bob("NOTICE #lobby :alice"), bob("PRIVMSG #lobby :\x01ACTION pokes alice\x01"), me("PRIVMSG #lobby :alice"));
	assert.deepEqual(user.room.lines.map(({ call }) => call), [false, true, false]);
});

test("machines ask in vain", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG alice :\x01VERSION\x01"), bob("PRIVMSG alice :\x01DCC SEND x 1 2 3\x01"));
	assert.deepEqual(user.heard(), []);
	assert.equal(user.session.find("bob"), undefined);
});

test("a notice opens no talk", () => {
	const user = new User().comesIn();
	user.says(bob("NOTICE alice :beep"), ":server NOTICE alice :The server goes away");
	assert.deepEqual(user.lines(), ["bob: beep", "The server goes away"]);
});

test("a ping is answered", () => {
	const user = new User().comesIn();
	user.says("PING :a b");
	assert.deepEqual(user.heard(), ["PONG :a b"]);
});

// ---- Rooms.

test("the room after the one that is left comes into view, or the one before", () => {
	const user = new User().comesIn();
	for (const name of ["#a", "#b"]) {
		user.types(`/join ${name}`);
		user.entersRoom(name);
	}
	user.types("/join #a");
	user.says(me("PART #a"));
	assert.equal(user.room.name, "#b");
	user.says(me("PART #b"));
	assert.equal(user.room.name, "#lobby");
	assert.equal(user.world.kept.rooms, "#lobby");
});

test("whatever changes, the page is told", () => {
	const user = new User().comesIn();
	const told = (act) => {
		user.world.changes.length = 0;
		typeof act === "string" ? user.says(act) : act();
		return [...new Set(user.world.changes.map(([what]) => what))].sort();
	};
	const any = undefined;
	assert.deepEqual(told(bob("PRIVMSG #lobby :hi")), ["line"]);
	assert.deepEqual(told(bob("PRIVMSG #lobby :hi alice")), ["call", "line"]);
	assert.deepEqual(told(bob("PRIVMSG alice :psst")), ["call", "line", any]);
	assert.deepEqual(told(":dan!d@h JOIN #lobby"), ["line", "people"]);
	assert.deepEqual(told(":eve!e@h JOIN #lobby"), ["people", "revised"]);
	assert.deepEqual(told(":op!o@h KICK #lobby eve :x"), ["line", "people"]);
	assert.deepEqual(told(":op!o@h MODE #lobby +t"), ["line"]);
	assert.deepEqual(told(bob("AWAY :x")), ["people"]);
	assert.deepEqual(told(":dan!d@h NICK dana"), ["line", "people"]);
	assert.deepEqual(told(":server 353 alice = #lobby :fay"), ["people"]);
	assert.deepEqual(told(":server 332 alice #lobby :new"), [any]);
	assert.deepEqual(told(bob("TOPIC #lobby :new")), ["line"]);
	assert.deepEqual(told(":server 005 alice NETWORK=N :are supported"), [any]);
	assert.deepEqual(told(":server 323 alice :End"), [any]);
	assert.deepEqual(told(() => user.types("hello")), ["pending"]);
	assert.deepEqual(told(`@label=1 ${me("PRIVMSG #lobby :hello")}`), ["line", "pending"]);
	assert.deepEqual(told(() => user.session.select(user.session.find("bob"))), ["people", any]);
	assert.deepEqual(told(() => user.session.attend(false)), [any]);
	assert.deepEqual(told(() => user.socket.onclose()), ["pending", "people"]);
	assert.deepEqual(told(() => user.session.wake()), [any]);
	assert.deepEqual(told(":server 001 alice :Welcome"), [any]);
	assert.deepEqual(told(me("JOIN #lobby")), ["line", any]);
	assert.deepEqual(told(() => user.session.forget(user.session.find("#lobby"))), ["people", any]);
});

// ---- Who is here.

test("who is in a room is known, with their standing, and in order", () => {
	const user = new User().comesIn();
	user.says(":server 353 alice = #lobby :+zoe @%Ann!a@h bob", ":server 366 alice #lobby :End");
	assert.deepEqual(user.room.people("@%+").map(({ name }) => name), ["Ann", "op", "zoe", "alice", "bob"]);
});

test("who comes and goes shares a line", () => {
	const user = new User().comesIn();
	user.says(":dan!d@h JOIN #lobby", ":eve!e@h JOIN #lobby", bob("QUIT :bye"));
	assert.deepEqual(user.lines(), ["dan and eve came in · bob left"]);
	user.says(":dan!d@h PART #lobby");
	assert.deepEqual([...user.room.members.keys()], ["alice", "op", "eve"]);
	user.says(bob("JOIN #lobby"));
	assert.deepEqual(user.lines(), ["eve came in"]);
	user.says(bob("PRIVMSG #lobby :re"), ":eve!e@h QUIT :Quit: gone (really)");
	assert.deepEqual(user.lines().slice(1), ["re", "eve left (gone (really))"]);
});

test("who comes much later has a line of their own", () => {
	const user = new User().comesIn();
	const join = (name, minute) => user.says(`@time=2026-11-21T12:${minute}:00.000Z :${name}!x@h JOIN #lobby`);
	join("dan", "00");
	join("eve", "14");
	join("fay", "15");
	assert.deepEqual(user.lines(), ["dan and eve came in", "fay came in"]);
});

test("a crowd that comes shares lines of fifty", () => {
	const user = new User().comesIn();
	for (let i = 0; i < 60; i += 1) user.says(`:n${i}!x@h JOIN #lobby`);
	assert.deepEqual(user.lines(), ["n0, n1, n2, n3 and 46 others came in", "n50, n51, n52, n53 and 6 others came in"]);
});

test("who leaves is told in the talk with them, too", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG alice :psst"), bob("QUIT"));
	assert.deepEqual(user.lines(user.session.find("bob")), ["psst", "bob left"]);
});

test("a new name is the same person, and the same talk", () => {
	const user = new User().comesIn();
	user.says(bob("PRIVMSG alice :psst"), bob("NICK robert"), ":robert!b@host PRIVMSG alice :me again");
	assert.equal(user.session.find("bob"), undefined);
	assert.deepEqual(user.lines(user.session.find("robert")), ["psst", "bob is now robert.", "me again"]);
	assert.ok(user.room.members.has("robert") && !user.room.members.has("bob"));
});

test("a new name that the server refuses is told, and the old one stays", () => {
	const user = new User().comesIn();
	user.types("/nick bob");
	user.says(":server 433 alice bob :Nickname is already in use");
	assert.equal(user.lines().at(-1), "Somebody here is already called “bob”. Please choose another name.");
	assert.equal(user.session.state, "here");
});

test("the user's own new name is kept", () => {
	const user = new User().comesIn();
	user.says(me("NICK Alicia"));
	assert.equal(user.session.nick, "Alicia");
	assert.equal(user.world.kept.name, "Alicia");
	assert.equal(user.lines().at(-1), "You are now Alicia.");
	user.says(bob("PRIVMSG #lobby :alicia?"));
	assert.ok(user.room.lines.at(-1).call);
});

test("who is removed is no longer here", () => {
	const user = new User().comesIn();
	user.says(":op!o@h KICK #lobby bob :out");
	assert.equal(user.lines().at(-1), "op removed bob: out");
	assert.ok(!user.room.members.has("bob"));
});

test("changed modes are told, and asked about", () => {
	const user = new User().comesIn();
	user.says(":op!o@h MODE #lobby +o bob");
	assert.equal(user.lines().at(-1), "op set +o bob");
	assert.deepEqual(user.heard(), ["NAMES #lobby"]);
	user.says(":server 353 alice = #lobby :@op @bob alice");
	assert.equal(user.room.members.get("bob").prefix, "@");
	user.says(":server MODE #lobby +t");
	assert.deepEqual([user.lines().at(-1), user.heard()], ["The server set +t", []]);
});

test("who is away is known", () => {
	const user = new User().comesIn();
	assert.ok(!user.room.members.get("bob").away);
	user.says(bob("AWAY :lunch"));
	assert.ok(user.room.members.get("bob").away);
	user.says(bob("AWAY"));
	assert.ok(!user.room.members.get("bob").away);
});

test("a topic is known, changed and removed", () => {
	const user = new User().comesIn();
	user.says(":server 332 alice #lobby :old");
	assert.equal(user.room.topic, "old");
	user.says(bob("TOPIC #lobby :new"));
	assert.deepEqual([user.room.topic, user.lines().at(-1)], ["new", "bob set the topic: new"]);
	user.says(bob("TOPIC #lobby :"));
	assert.deepEqual([user.room.topic, user.lines().at(-1)], ["", "bob removed the topic."]);
});

test("all rooms are listed, the fullest first", () => {
	const user = new User().comesIn();
	user.session.askForList();
	assert.deepEqual(user.heard(), ["LIST"]);
	assert.equal(user.session.list, null);
	user.says(":server 321 alice Channel :Users Name", ":server 322 alice #b 1 :", ":server 322 alice #c 7 :tea", ":server 322 alice #a 1 :", ":server 323 alice :End");
	assert.deepEqual(user.session.list, [{ name: "#c", count: 7, topic: "tea" }, { name: "#a", count: 1, topic: "" }, { name: "#b", count: 1, topic: "" }]);
});

test("errors are told in the room that they are about", () => {
	const user = new User().comesIn();
	user.types("/join kitchen");
	user.entersRoom("#kitchen");
	user.says(":server 482 alice #lobby :You're not channel operator", ":server 999 alice some :reply", "FAIL X Y :no");
	assert.deepEqual(user.lines(user.session.find("#lobby")), ["You're not channel operator"]);
	assert.deepEqual(user.lines(), ["some reply", "no"]);
});

// ---- Bounds, and servers that are out to get one.

test("a room keeps its last lines only", () => {
	const user = new User().comesIn();
	for (let i = 0; i < LINES + 10; i += 1) user.says(bob(`PRIVMSG #lobby :${i}`));
	assert.equal(user.room.lines.length, LINES);
	assert.equal(user.lines()[0], "10");
});

test("strangers cannot open talks without end", () => {
	const user = new User().comesIn();
	for (let i = 0; i < 2000; i += 1) user.says(`:n${i}!u@h PRIVMSG alice :hi`);
	assert.ok(user.session.rooms.size <= 500);
});

test("whatever a server says, the page does not break", () => {
	const roll = dice(5);
	const commands = "PING CAP BATCH ERROR 001 005 372 376 433 JOIN PART KICK QUIT NICK TOPIC 332 353 366 MODE AWAY INVITE 301 PRIVMSG NOTICE FAIL WARN 322 323 401 404 999 ACK constructor __proto__ toString".split(" ");
	const words = ["#lobby", "alice", "bob", "#", "@#lobby", "", "*", "LS", "NEW", "ACK", "DEL", ":", "+o", "\x01ACTION x\x01", "\x01", "__proto__", "constructor", "=", "@+", "@", "NETWORK=x", "PREFIX=(", "PREFIX=", "CHANTYPES=", "CASEMAPPING=rfc1459", "STATUSMSG=", "<script>alert(1)</script>", "+x", "-x", "9".repeat(40)];
	const sources = ["", ":alice!web@host ", ":bob!b@h ", ":server ", ":!@ ", ": ", ":__proto__!x@y "];
	const tags = ["", "@label=1 ", "@label=2 ", "@batch=x ", "@time=nonsense ", "@time=+275760-09-13T00:00:00.000Z ", "@; ", "@label=__proto__ "];
	const pick = (list) => list[roll(list.length)];
	for (let round = 0; round < 300; round += 1) {
		const user = new User().comesIn();
		for (let i = 0; i < 60; i += 1) {
			if (roll(10) === 0) user.types(pick(["hello", "/me x", "/msg bob x", "/part", "/join a", "/topic x", "/nick y"]));
			const params = Array.from({ length: roll(5) }, () => pick(words)).join(" ");
			user.says(`${pick(tags)}${pick(sources)}${pick(commands)} ${params}${pick(["", ` :${pick(words)} ${pick(words)}`])}`);
			for (const room of user.session.rooms.values()) {
				assert.ok(room.lines.every(({ time, text }) => typeof text === "string" && new Date(time).toISOString()));
				room.people(user.session.prefixes);
			}
		}
	}
	assert.equal({}.polluted, undefined);
});
