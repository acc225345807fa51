import assert from "node:assert/strict";
import { test } from "node:test";

import { User } from "./world.js";

const told = (text, set = () => {}) => {
	const user = new User().comesIn("alice", "server-time");
	set(user);
	user.types(text);
	return user.heard();
};

test("what is typed is said", () => {
	assert.deepEqual(told("  hello  there "), ["PRIVMSG #lobby :  hello  there "]);
	assert.deepEqual(told(":-)"), ["PRIVMSG #lobby ::-)"]);
});

test("two slashes say one", () => {
	assert.deepEqual(told("//help is a command"), ["PRIVMSG #lobby :/help is a command"]);
	assert.deepEqual(told("/ alone"), ["PRIVMSG #lobby :/ alone"]);
	assert.deepEqual(told("/[] x"), ["PRIVMSG #lobby :/[] x"]);
	assert.deepEqual(told("/usr/bin"), ["PRIVMSG #lobby /usr/bin"]);
});

test("each command does what it says", () => {
	assert.deepEqual(told("/me waves"), ["PRIVMSG #lobby :\x01ACTION waves\x01"]);
	assert.deepEqual(told("/join kitchen"), ["JOIN #kitchen"]);
	assert.deepEqual(told("/JOIN #kitchen key"), ["JOIN #kitchen key"]);
	assert.deepEqual(told("/part so long"), ["PART #lobby :so long"]);
	assert.deepEqual(told("/part"), ["PART #lobby"]);
	assert.deepEqual(told("/part #Lobby so long", (user) => user.types("/msg bob")), ["PART #lobby :so long"]);
	assert.deepEqual(told("/part #nowhere"), []);
	assert.deepEqual(told("/msg bob good morning"), ["PRIVMSG bob :good morning"]);
	assert.deepEqual(told("/msg #lobby tea?"), ["PRIVMSG #lobby tea?"]);
	assert.deepEqual(told("/nick alicia"), ["NICK alicia"]);
	assert.deepEqual(told("/topic bread on Saturday"), ["TOPIC #lobby :bread on Saturday"]);
	assert.deepEqual(told("/quit"), ["QUIT :"]);
});

test("other commands go to the server as they are", () => {
	assert.deepEqual(told("/kick #lobby bob :too loud"), ["KICK #lobby bob :too loud"]);
	assert.deepEqual(told("/away"), ["AWAY"]);
});

test("/help tells all of it", () => {
	const user = new User().comesIn();
	user.types("/help");
	for (const word of ["/me TEXT", "/join ROOM", "/part", "/msg NAME", "/nick NAME", "/topic TEXT", "/help", "//TEXT", "Tab"]) assert.ok(user.lines()[0].includes(word), word);
	assert.deepEqual(user.heard(), []);
});

test("a command without what it needs says how it is used", () => {
	for (const text of ["/me", "/join", "/msg", "/nick ", "/topic"]) {
		const user = new User().comesIn();
		user.types(text);
		assert.deepEqual(user.heard(), [], text);
		assert.match(user.lines()[0], /^\/\w+ .*: /, text);
		assert.equal(user.room.lines[0].kind, "error");
	}
});

test("a name that no line can hold is not sent", () => {
	for (const text of ["/nick a b\x00", "/msg :x hi", "/msg a,b hi", "/join #a\x00"]) {
		const user = new User().comesIn();
		user.types(text);
		assert.deepEqual(user.heard(), [], text);
		assert.equal(user.world.sockets.length, 1);
	}
});

test("nothing is not taken", () => {
	const { typing } = new User().comesIn();
	for (const text of ["", "  ", "\n\n"]) assert.equal(typing.take(text), false);
	assert.equal(typing.recall(-1, ""), null);
});

test("pasted lines are said one by one", () => {
	assert.deepEqual(told("one\r\ntwo\n\nthree\u2028/me four\n"), ["PRIVMSG #lobby one", "PRIVMSG #lobby two", "PRIVMSG #lobby three", "PRIVMSG #lobby :\x01ACTION four\x01"]);
});

test("nobody is told what is typed outside of rooms", () => {
	const user = new User().comesIn();
	user.says(":bob!b@h KICK #lobby alice");
	user.types("hello?");
	assert.deepEqual(user.heard(), []);
	assert.equal(user.lines().at(-1), "You are not in this room. /join #lobby");
	user.types("/part");
	assert.equal(user.room, null);
	user.types("hello?");
	assert.equal(user.session.notice, "You are not in this room. /join #lobby");
});

test("a talk is closed without a word", () => {
	assert.deepEqual(told("/part", (user) => user.types("/msg bob")), []);
});

test("/join of a room that one is in shows it", () => {
	const user = new User().comesIn();
	user.types("/msg bob");
	user.types("/join #LOBBY");
	assert.equal(user.room.name, "#lobby");
	assert.deepEqual([user.heard(), user.lines()], [[], []]);
});

test("the arrow keys bring back what was sent, and the draft", () => {
	const { typing } = new User().comesIn();
	assert.equal(typing.recall(-1, ""), null);
	typing.take("one");
	typing.take("two");
	assert.equal(typing.recall(-1, "draft").text, "two");
	assert.equal(typing.recall(-1, "two").text, "one");
	assert.equal(typing.recall(-1, "one"), null);
	assert.equal(typing.recall(1, "one").text, "two");
	assert.deepEqual(typing.recall(1, "two"), { text: "draft", caret: 5 });
	assert.equal(typing.recall(1, "draft"), null);
});

test("Tab completes names, who spoke last first, and not the user's own", () => {
	const user = new User().comesIn();
	user.says(":server 353 alice = #lobby :ann Andy annika", ":annika!a@h PRIVMSG #lobby :hi");
	const first = user.typing.complete("an", 2);
	assert.deepEqual([first.text, first.caret], ["annika: ", 8]);
	const second = user.typing.complete(first.text, first.caret);
	assert.equal(second.text, "Andy: ");
	const third = user.typing.complete(second.text, second.caret);
	assert.equal(third.text, "ann: ");
	assert.equal(user.typing.complete(third.text, third.caret), null);
	assert.equal(user.typing.complete(third.text, third.caret, -1).text, "Andy: ");
	assert.equal(user.typing.complete("ali", 3), null);
});

test("Tab completes within a line, after a @, rooms, and commands", () => {
	const user = new User().comesIn();
	assert.equal(user.typing.complete("ask bo now", 6).text, "ask bob now");
	assert.equal(user.typing.complete("@bo", 3).text, "@bob ");
	assert.equal(user.typing.complete("see #lo", 7).text, "see #lobby ");
	assert.equal(user.typing.complete("/to", 3).text, "/topic ");
	assert.equal(user.typing.complete("x", 1, -1), null);
	assert.equal(user.typing.complete("", 0), null);
	assert.equal(user.typing.complete("bob ", 4), null);
});

test("Tab backwards begins with the last name", () => {
	const user = new User().comesIn();
	user.says(":server 353 alice = #lobby :ben berta");
	assert.equal(user.typing.complete("b", 1, -1).text, "bob: ");
});

test("Tab in a talk completes the partner", () => {
	const user = new User().comesIn();
	user.types("/msg carol");
	assert.equal(user.typing.complete("ca", 2).text, "carol: ");
});
