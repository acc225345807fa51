// One place to talk: a room with its members, or a talk with one person. Bounded in every direction.

import { mentions, names } from "./text.js";

/** How many lines of a room are kept. */
export const LINES = 1000;
/** People who come and go within this time (milliseconds) share one line, up to so many. */
const TOGETHER = 15 * 60_000;
const PASSERS = 50;

export class Room {
	topic = "";
	isWanted = false; // to be joined again after the connection was lost
	lostAt = 0;
	members = new Map(); // by folded name: { name, prefix, away, spoke }
	lines = [];
	pending = []; // sent, but it is not known yet what became of it
	unread = 0;
	calls = 0; // of them, those that call the user
	draft = "";

	constructor(name, isTalk) {
		Object.assign(this, { name, isTalk, isJoined: isTalk });
	}

	/** Appends a line and returns it. */
	add(line) {
		this.lines.push(line);
		if (this.lines.length > LINES) this.lines.shift();
		return line;
	}

	/** Whether a line is for the user: it has their name, or nobody else reads it. */
	isCall({ own, kind, text }, nick) {
		return !own && (kind === "said" || kind === "did") && (this.isTalk || mentions(text, nick));
	}

	/** Counts a line that the user has not seen, if somebody else said it. */
	miss(line) {
		if (line.own || !line.from) return;
		line.isFirst = this.unread === 0;
		this.unread += 1;
		this.calls += line.call ? 1 : 0;
	}

	/** Tells that somebody came or left, in the last line if that is about others who did. */
	passing(time, name, what, reason) {
		const last = this.lines.at(-1);
		const isOpen = last?.passers && time - last.time < TOGETHER && last.passers.size < PASSERS;
		const line = isOpen ? last : this.add({ kind: "note", time, passers: new Map(), text: "" });
		// Who came and left again, or the other way round, is no news.
		if (!line.passers.delete(name)) line.passers.set(name, what);
		line.text = tell(line.passers);
		if (reason && line.passers.size === 1 && what === "left") line.text += ` (${reason})`;
		return { line, isNew: !isOpen };
	}

	/** The members, operators first (`prefixes` has their signs, the highest first), then by name. */
	people(prefixes) {
		const rank = ({ prefix }) => (prefix ? prefixes.indexOf(prefix[0]) : prefixes.length);
		return [...this.members.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
	}
}

function tell(passers) {
	const those = (which) => names([...passers.keys()].filter((name) => passers.get(name) === which));
	const parts = [those("came") && `${those("came")} came in`, those("left") && `${those("left")} left`];
	return parts.filter(Boolean).join(" · ");
}
