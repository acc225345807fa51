// What the user types: commands, what was sent before, and names to complete.

import { fold, parse } from "./irc.js";

const SENT = 100;

// Each: how it is used, what it does, and doing it, which is false if it was not used like that.
const COMMANDS = {
	join: ["ROOM [KEY]", "go into a room; a new name makes a new room", (session, rest) => {
		const [name, key] = rest.split(" ");
		return name && session.join(name, key);
	}],
	part: ["[ROOM] [REASON]", "leave a room, this one if none is named; or close this talk", (session, rest) => {
		const [, name, reason] = /^(#\S*)? ?(.*)$/s.exec(rest);
		const room = name ? session.find(name) : session.current;
		return room && !session.part(room, reason);
	}],
	msg: ["NAME [TEXT]", "talk with one person alone", (session, rest) => {
		const [, name, text] = /^([^\s:,]+)(?: (.*))?$/s.exec(rest) ?? [];
		const room = name && (session.isRoom(name) ? session.find(name) : session.talk(name));
		session.select(room);
		if (room && text) session.say(room, text);
		return Boolean(room);
	}],
	me: ["TEXT", "say what you do: “/me waves”", (session, rest) => rest && session.current?.isJoined && !session.say(session.current, rest, "did")],
	nick: ["NAME", "take another name", (session, rest) => rest && (session.state === "here" ? session.send("NICK", [rest]) : !session.enter(rest))],
	topic: ["TEXT", "say what this room is about", (session, rest) => rest && session.send("TOPIC", [session.current?.name, rest])],
	quit: ["[TEXT]", "leave the chat", (session, rest) => !session.leave(rest)],
	help: ["", "show this", (session) => !session.note(help())],
};

export class Typing {
	sent = [];
	at = 0; // in `sent`, or behind it
	draft = "";
	tab = null; // the completion that another Tab goes on with

	constructor(session) {
		this.session = session;
	}

	/** Takes what was typed, line by line; false if it is to stay in the field. */
	take(text) {
		const lines = text.split(/[\r\n\u2028\u2029]+/).filter((line) => line.trim());
		const isLocal = lines.every((line) => /^\/(help|nick|quit)\b/.test(line));
		if (!lines.length || (!isLocal && this.session.state !== "here")) return false;
		for (const line of lines) this.line(line);
		this.sent = [...this.sent.filter((before) => before !== text), text].slice(-SENT);
		this.at = this.sent.length;
		return true;
	}

	/** What was sent before (-1) or after (1) what the field shows, as `{ text, caret }`; null if nothing was. */
	recall(step, shown) {
		const to = this.at + step;
		if (to < 0 || to > this.sent.length) return null;
		if (this.at === this.sent.length) this.draft = shown;
		this.at = to;
		const text = this.sent[to] ?? this.draft;
		return { text, caret: text.length };
	}

	/**
	 * Completes the word before the caret with a name, a room or a command; called again, with the next one (1)
	 * or the one before (-1). Returns `{ text, caret }`, or null if nothing fits any more, so that Tab moves on.
	 */
	complete(text, caret, step = 1) {
		const isAgain = this.tab?.text === text && this.tab.caret === caret;
		const tab = isAgain ? this.tab : this.candidates(text.slice(0, caret), text.slice(caret));
		const index = isAgain ? tab.index + step : step > 0 ? 0 : tab.list.length - 1;
		if (!tab.list[index]) return null;
		const start = tab.start + tab.list[index] + (tab.rest.startsWith(" ") ? "" : " ");
		this.tab = { ...tab, index, text: start + tab.rest, caret: start.length };
		return this.tab;
	}

	line(text) {
		const { session } = this;
		const { current } = session;
		const [, name, rest = ""] = /^\/([a-z]+)(?: (.*))?$/is.exec(text) ?? [];
		if (name) this.command(name.toLowerCase(), rest.trim());
		else if (current?.isJoined) session.say(current, text.replace(/^\/\//, "/"));
		else session.note(`You are not in this room. /join ${current?.name ?? "#lobby"}`, current, "error");
	}

	command(name, rest) {
		const { session } = this;
		const [usage, does, run] = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : ["", "the server cannot be told this", unknown];
		if (!run(session, rest, name)) session.note(`${`/${name} ${usage}`.trim()}: ${does}`, session.current, "error");
	}

	candidates(before, rest) {
		const { session } = this;
		const [typed, sign, word] = /(@?)(\S*)$/.exec(before);
		const start = before.slice(0, before.length - typed.length);
		const fits = (list) => (word ? list.filter((name) => fold(name).startsWith(fold(word))) : []);
		const found = (list) => ({ start: start + sign, rest, list });
		if (word.startsWith("/") && !start) return found(fits(Object.keys(COMMANDS).map((name) => `/${name}`)));
		if (session.isRoom(word)) return found(fits([...session.rooms.values()].map((room) => room.name)));
		return found(fits(this.names()).map((name) => (start || sign ? name : `${name}:`)));
	}

	// Who spoke last comes first, and the user not at all.
	names() {
		const { current } = this.session;
		if (current?.isTalk) return [current.name];
		const members = [...(current?.members.values() ?? [])].sort((a, b) => b.spoke - a.spoke || (a.name < b.name ? -1 : 1));
		return members.map((member) => member.name).filter((name) => !this.session.isMe(name));
	}
}

// A command of IRC that has no other form here.
function unknown(session, rest, name) {
	const { command, params } = parse(`${name} ${rest}`);
	return session.send(command, params);
}

function help() {
	const lines = Object.entries(COMMANDS).map(([name, [usage, does]]) => `${`/${name} ${usage}`.trim()}: ${does}`);
	return [...lines, "/KICK, /MODE and so on go to the server as they are; //TEXT says “/TEXT”.",
		"Tab completes names, ↑ brings back what you sent, Alt+↑ and Alt+↓ change the room."].join("\n");
}
