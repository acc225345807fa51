// A world for a session without a page: sockets that a test holds the other end of, time that a test moves.

import { Session } from "../session.js";
import { Typing } from "../commands.js";

export class World {
	time = Date.UTC(2026, 10, 21, 12);
	timers = [];
	sockets = [];
	kept = {};
	changes = [];

	open() {
		const socket = {
			sent: [],
			isClosed: false,
			send: (line) => socket.sent.push(line),
			close: () => (socket.isClosed = true),
		};
		this.sockets.push(socket);
		return socket;
	}

	now = () => this.time;
	random = () => 0.5;
	load = (key) => this.kept[key] ?? null;
	save = (key, text) => (this.kept[key] = text);

	later(ms, then) {
		const timer = { at: this.time + ms, then };
		this.timers.push(timer);
		return () => (this.timers = this.timers.filter((other) => other !== timer));
	}

	/** Lets time pass, and what is due happen in its order. */
	pass(ms) {
		const end = this.time + ms;
		for (;;) {
			const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
			if (!next) break;
			this.timers = this.timers.filter((timer) => timer !== next);
			this.time = next.at;
			next.then();
		}
		this.time = end;
	}
}

/** A user with a server that is the test: `says` is what the server says, `heard()` what it was told since. */
export class User {
	world = new World();

	constructor(kept = {}) {
		Object.assign(this.world.kept, kept);
		this.session = new Session(this.world, (...change) => this.world.changes.push(change));
		this.typing = new Typing(this.session);
	}

	get socket() {
		return this.world.sockets.at(-1);
	}

	get room() {
		return this.session.current;
	}

	says(...lines) {
		for (const line of lines) this.socket.onmessage({ data: line });
	}

	heard() {
		return this.socket.sent.splice(0);
	}

	types(text) {
		return this.typing.take(text);
	}

	/** Comes in as `name` and is in the lobby; the server has these capabilities. */
	comesIn(name = "alice", capabilities = "batch echo-message labeled-response message-tags server-time") {
		this.session.enter(name);
		this.isWelcomed(name, capabilities);
		this.entersRoom("#lobby", name);
		this.session.attend(true);
		this.heard();
		return this;
	}

	isWelcomed(name = "alice", capabilities = "batch echo-message labeled-response message-tags server-time") {
		this.socket.onopen();
		this.says(`:server CAP * LS :${capabilities}`, `:server CAP * ACK :${capabilities}`);
		this.says(`:server 001 ${name} :Welcome`);
		this.says(`:server 005 ${name} CASEMAPPING=ascii PREFIX=(ohv)@%+ CHANTYPES=# STATUSMSG=@+ NETWORK=Test\\x20Net :are supported`);
	}

	entersRoom(room, name = this.session.nick) {
		this.says(`:${name}!web@host JOIN ${room}`, `:server 353 ${name} = ${room} :@op ${name} bob`, `:server 366 ${name} ${room} :End`);
	}

	/** The texts of a room's lines. */
	lines(room = this.room) {
		return room.lines.map(({ text }) => text);
	}
}

/** A source of numbers that looks random and is the same each time. */
export function dice(seed) {
	let state = seed;
	return (sides) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * sides);
	};
}
