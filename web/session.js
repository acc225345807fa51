// The user's session: the connection with its ups and downs, the rooms, and what was sent. It knows no
// page. `world` stands for one: `open()` makes a socket as browsers have them, `now()` tells milliseconds,
// `later(ms, then)` returns what cancels it, `random()` is in 0..1, `load(key)` and `save(key, text)` keep
// things for the next visit. After each change comes `changed(what, room, line)`: "line", "revised",
// "pending", "call" (the user is called), "people", or nothing for all else.

import { fold, format, parse, size, split } from "./irc.js";
import { HANDLERS, errorText, otherwise } from "./replies.js";
import { Room } from "./room.js";
import { clock } from "./text.js";

const LOBBY = "#lobby";
const CAPABILITIES = "away-notify batch echo-message labeled-response message-tags multi-prefix server-time standard-replies".split(" ");
/** Milliseconds until a connection that is not made, or does not answer, is given up. */
const CONNECTING = 20_000;
const ANSWERING = 15_000;
/** After so much silence the server is asked whether it is there; so often this is looked at. */
const SILENCE = 40_000;
const LOOKING = 20_000;
const LONGEST_PAUSE = 30_000;
/** Rooms and talks at a time. */
const ROOMS = 500;
/** An IRC line without its ending, in bytes. */
const LINE = 510;

export class Session {
	state = "outside"; // then: connecting, registering, here; waiting (to try again), asleep, left
	problem = ""; // why the user is outside, in words
	needsPassword = false;
	hasEntered = false;
	nick = "";
	network = "linechat";
	notice = ""; // what is said while there is no room to say it in
	farewell = ""; // the server's last words
	trouble = ""; // why there is no connection any more, in words
	mask = ""; // what follows the user's name where others see it
	opening = ""; // the room that comes into view once the user is in it
	keys = {}; // of rooms that need one, by folded name
	rooms = new Map(); // by folded name, talks among them
	current = null;
	isAttentive = false; // sees the last line of the current room
	list = null; // of all rooms: { name, count, topic }; null until it is known
	attempts = 0;
	label = 0;

	constructor(world, changed) {
		Object.assign(this, { world, changed, name: world.load("name") ?? "", password: "" });
		for (const name of (world.load("rooms") || LOBBY).split(",")) this.keep(new Room(name, false)).isWanted = true;
	}

	// ---- What the user does.

	/** Connects as `name`, and goes on trying until that works or is refused. */
	enter(name, password = "") {
		Object.assign(this, { name: name.trim(), password, attempts: 0 });
		if (!this.name) return this.refuse("Please type a name.");
		this.world.save("name", this.name);
		this.open();
	}

	/** Ends the session for good. */
	leave(reason = "") {
		this.quit(reason);
		this.end("left");
	}

	/** The page is put away: nobody must think that the user still reads. */
	sleep() {
		if (/outside|asleep|left/.test(this.state)) return;
		this.quit("The page was put away");
		this.end("asleep");
	}

	/** The page is shown again, or the network is back. */
	wake() {
		if (this.state === "asleep" || this.state === "waiting") this.open();
		else if (this.state === "here") this.ask(ANSWERING / 3);
	}

	/** Sends one message; false if there is no connection, or no such message. */
	send(...what) {
		try {
			this.socket.send(format(...what));
			return true;
		} catch {
			return false;
		}
	}

	/** Says a text in a room, in as many messages as it takes. `kind` is "said" or "did". */
	say(room, text, kind = "said") {
		const around = size(`:${this.nick}${this.mask} PRIVMSG ${room.name} :`) + (kind === "did" ? 9 : 0);
		for (const piece of split(text, LINE - around)) this.utter(room, piece, kind);
	}

	/** Brings a room into view. */
	select(room) {
		if (!room) return;
		this.current = room;
		this.attend(this.isAttentive);
		this.changed("people");
	}

	/** Tells whether the user sees the last line of the current room. */
	attend(isAttentive) {
		this.isAttentive = isAttentive;
		if (isAttentive && this.current) this.current.unread = this.current.calls = 0;
		this.changed();
	}

	/** Joins a room, with or without its `#`. It comes into view once the user is in it. */
	join(name, key) {
		const room = this.isRoom(name) ? name : `#${name}`;
		const known = this.find(room);
		this.select(known);
		if (known?.isJoined) return true;
		this.opening = fold(room);
		this.keys[this.opening] = key;
		return this.send("JOIN", key ? [room, key] : [room]);
	}

	/** Leaves a room, or closes a talk. */
	part(room, reason) {
		const isTold = room.isJoined && !room.isTalk && this.send("PART", reason ? [room.name, reason] : [room.name]);
		if (!isTold) this.forget(room);
	}

	/** The talk with somebody, made if need be; undefined if there are too many. */
	talk(name) {
		return this.find(name) ?? this.keep(new Room(name, true));
	}

	/** Asks for all rooms that there are. */
	askForList() {
		Object.assign(this, { list: null, listing: [] });
		this.send("LIST");
	}

	// ---- What the user sees.

	isRoom(name = "") {
		return name !== "" && this.support.CHANTYPES.includes(name[0]);
	}

	isMe(name) {
		return fold(name) === fold(this.nick);
	}

	find(name = "") {
		return this.rooms.get(fold(name));
	}

	/** The signs of standing, such as `@`, the highest first. */
	get prefixes() {
		return this.support.PREFIX.replace(/^\(.*\)/, "");
	}

	/** How many messages call the user that they have not seen. */
	get calls() {
		return [...this.rooms.values()].reduce((sum, room) => sum + room.calls, 0);
	}

	/** Tells the user something, which nobody else sees. */
	note(text, room = this.current, kind = "note") {
		if (room) return this.show(room, { kind, time: this.world.now(), text });
		this.notice = text;
		this.changed();
	}

	/** Adds a line to a room. */
	show(room, line) {
		line.call = room.isCall(line, this.nick);
		if (!this.isAttentive || room !== this.current) room.miss(line);
		this.changed("line", room, room.add(line));
		if (line.call) this.changed("call", room, line);
	}

	/** Tells in a room that somebody came or left. */
	passing(room, ...what) {
		const { line, isNew } = room.passing(...what);
		this.changed(isNew ? "line" : "revised", room, line);
		this.changed("people");
	}

	keep(room) {
		if (this.rooms.size >= ROOMS) return undefined;
		this.rooms.set(fold(room.name), room);
		this.current ??= room;
		this.changed();
		return room;
	}

	forget(room) {
		const order = [...this.rooms.values()];
		const at = order.indexOf(room);
		this.rooms.delete(fold(room.name));
		if (this.current === room) this.current = null;
		this.select(this.current ?? order[at + 1] ?? order[at - 1]);
		this.remember();
	}

	/** Keeps the rooms for the next visit. */
	remember() {
		const wanted = [...this.rooms.values()].filter((room) => room.isWanted);
		this.world.save("rooms", wanted.map((room) => room.name).join(","));
		this.changed();
	}

	// ---- The connection.

	/** Nothing is tried any more until the user has done something. */
	refuse(problem, needsPassword = false) {
		Object.assign(this, { problem, needsPassword });
		this.end("outside");
	}

	/** The server does not give the name. If it was the user's, an older connection may still hold it. */
	refuseName(problem, isTaken) {
		if (!isTaken || !this.hasEntered) return this.refuse(problem);
		this.lost("Your name is taken, perhaps by your connection from before. /nick NAME takes another.");
	}

	/** The server knows the user now. */
	welcome(nick) {
		this.motd = this.hasEntered ? null : [];
		Object.assign(this, { nick, state: "here", hasEntered: true, mask: `!web@${"x".repeat(63)}` });
		Object.assign(this, { attempts: 0, problem: "", notice: "", trouble: "" });
		this.cancel();
		this.look();
		for (const [key, { name, isWanted }] of this.rooms) if (isWanted) this.send("JOIN", [name, this.keys[key]].filter(Boolean));
		this.changed();
	}

	/** The user is in a room. */
	joined(name, mask) {
		const room = this.find(name) ?? this.keep(new Room(name, false));
		if (!room) return;
		Object.assign(room, { name, topic: "", isJoined: true, isWanted: true });
		this.mask = mask;
		if (this.opening === fold(name)) this.select(room);
		if (room.lostAt) this.note(`You are back. What was said since ${clock(room.lostAt)} did not reach you.`, room);
		room.lostAt = 0;
		this.remember();
	}

	open() {
		this.drop();
		Object.assign(this, { state: "connecting", farewell: "", heard: 0, caps: new Set(), offered: new Set(), sent: new Map(), batches: new Map() });
		this.support = { ...SUPPORT };
		const socket = (this.socket = this.world.open());
		const mine = (then) => (event) => socket === this.socket && then(event);
		socket.onopen = mine(() => this.register());
		socket.onmessage = mine(({ data }) => this.receive(data));
		socket.onclose = mine(() => this.lost());
		this.after(CONNECTING, () => this.lost());
		this.changed();
	}

	register() {
		this.state = "registering";
		this.send("CAP", ["LS", "302"]);
		if (this.password) this.send("PASS", [this.password]);
		if (!this.send("NICK", [this.name])) return this.refuse(errorText("432", ["", this.name]));
		this.send("USER", ["web", "0", "*", this.name]);
	}

	/** Asks for what both sides know; false if there is nothing to ask for. */
	request() {
		const wanted = CAPABILITIES.filter((name) => this.offered.has(name));
		return wanted.length > 0 && this.send("CAP", ["REQ", wanted.join(" ")]);
	}

	receive(data) {
		this.heard = this.world.now();
		const message = typeof data === "string" ? parse(data) : null;
		if (!message) return;
		const { tags, command } = message;
		message.time = Date.parse(tags.get("time")) || this.heard;
		message.label = tags.get("label") ?? this.batches.get(tags.get("batch"));
		if (this.settle(message)) return;
		(Object.hasOwn(HANDLERS, command) ? HANDLERS[command] : otherwise)(this, message);
	}

	/** Says a text of a length that fits. With a label, it waits to be told what became of it. */
	utter(room, text, kind) {
		const line = { kind, from: this.nick, own: true, time: this.world.now(), text };
		const echoes = this.caps.has("echo-message");
		const label = echoes && this.caps.has("labeled-response") ? String(++this.label) : "";
		if (label) {
			this.sent.set(label, { room, line });
			room.pending.push(line);
			this.changed("pending", room);
		}
		const isSent = this.send("PRIVMSG", [room.name, kind === "did" ? `\x01ACTION ${text}\x01` : text], label);
		if (isSent && !echoes) this.show(room, line);
	}

	/** Finds what became of something sent. True if the message is about nothing else. */
	settle(message) {
		const { label, command, params } = message;
		const { room, line } = this.sent.get(label) ?? {};
		if (!room || command === "BATCH" || command === "301") return false;
		const isError = /^[45]\d\d$|^FAIL$/.test(command);
		this.sent.delete(label);
		room.pending.splice(room.pending.indexOf(line), 1);
		if (isError) this.show(room, { ...line, failed: errorText(command, params) });
		else if (command === "ACK") this.show(room, line);
		this.changed("pending", room);
		message.isEcho = true;
		return isError || command === "ACK";
	}

	/** Looks now and then whether the server still answers: a browser doesn't say when it no longer does. */
	look() {
		this.stopLooking = this.world.later(LOOKING, () => {
			if (this.world.now() - this.heard >= SILENCE) this.ask(ANSWERING);
			this.look();
		});
	}

	ask(patience) {
		const asked = this.world.now();
		this.send("PING", ["here"]);
		this.after(patience, () => this.heard < asked && this.lost());
	}

	lost(trouble = this.farewell ? `The server says: ${this.farewell}` : "The connection is lost.") {
		if (this.farewell && !this.hasEntered) return this.refuse(trouble);
		this.trouble = trouble;
		this.end("waiting");
		const pause = Math.min(LONGEST_PAUSE, 1000 * 2 ** this.attempts++);
		this.after(pause * (0.75 + this.world.random() / 2), () => this.open());
	}

	quit(reason) {
		if (this.state === "here") this.send("QUIT", [reason]);
	}

	/** The connection is over; the rooms wait for the next one. */
	end(state) {
		this.drop();
		this.state = state;
		for (const room of this.rooms.values()) {
			for (const line of room.pending.splice(0)) this.show(room, { ...line, failed: "The connection was lost." });
			if (room.isJoined) room.lostAt = this.world.now();
			room.isJoined = room.isTalk;
			room.members.clear();
			this.changed("pending", room);
		}
		this.changed("people");
	}

	/** Does something after a time, in place of what was to be done before, while the connection is the same. */
	after(ms, then) {
		this.cancel?.();
		this.cancel = this.world.later(ms, then);
	}

	drop() {
		this.cancel?.();
		this.stopLooking?.();
		const { socket } = this;
		this.socket = null;
		socket?.close();
	}

	// Until the server says otherwise.
	support = SUPPORT;
	caps = new Set();
}

const SUPPORT = { CHANTYPES: "#", PREFIX: "(ov)@+", STATUSMSG: "" };
