// What the server says, message by message, and what the session makes of it.

import { fold } from "./irc.js";

const LISTED = 5000;
const BATCHES = 100;

const taken = ([, name]) => `Somebody here is already called “${name}”. Please choose another name.`;

/** Errors in words, where the server's own would not help. */
const ERRORS = {
	401: ([, name]) => `There is nobody called “${name}” here.`,
	404: ([, name, why]) => `${name} does not take this message: ${why}`,
	417: () => "This is too long for one message.",
	421: ([, command]) => `There is no command /${command}. /help shows all; //${command} says it as text.`,
	432: ([, name]) => `“${name}” cannot be a name here. Letters and digits will do, and a letter comes first.`,
	433: taken,
	436: taken,
	473: ([, room]) => `${room} is only for those who are invited.`,
	475: ([, room]) => `${room} needs a key: /join ${room} KEY`,
};

/** An error reply, or FAIL, as a sentence. */
export function errorText(command, params) {
	return (Object.hasOwn(ERRORS, command) ? ERRORS[command](params) : params.at(-1)) ?? "";
}

export const HANDLERS = {
	PING: (session, { params }) => session.send("PONG", params),
	CAP(session, { params: [, verb, ...rest] }) {
		const isLast = rest[0] !== "*";
		for (const name of rest.at(-1)?.split(" ") ?? []) (verb === "ACK" ? session.caps : session.offered).add(name.split("=")[0]);
		const asks = verb === "LS" && isLast && session.request();
		if (isLast && !asks && session.state === "registering") session.send("CAP", ["END"]);
	},
	BATCH(session, { label, params: [reference = ""] }) {
		const name = reference.slice(1);
		if (reference[0] === "-") session.batches.delete(name);
		else if (label && session.batches.size < BATCHES) session.batches.set(name, label);
	},
	ERROR(session, { params }) {
		session.farewell = params.at(-1) ?? "";
	},

	"001": (session, { params: [nick = session.name] }) => session.welcome(nick),
	"005"(session, { params }) {
		for (const token of params) {
			const [, key, value] = /^([^=]*)=?(.*)$/s.exec(token);
			if (Object.hasOwn(session.support, key)) session.support[key] = value;
			if (key === "NETWORK") session.network = value.replace(/\\x20/g, " ");
		}
		session.changed();
	},
	372: (session, { params }) => session.motd?.push((params.at(-1) ?? "").replace(/^- ?/, "")),
	376: greet,
	422: greet,
	464(session, message) {
		if (session.state !== "registering") return otherwise(session, message);
		session.refuse(session.password ? "This is not the password." : "This server asks for a password.", true);
	},

	JOIN(session, { source, time, params: [name] }) {
		if (!source || !session.isRoom(name)) return;
		const isMine = session.isMe(source.name);
		if (isMine) session.joined(name, source.text.slice(source.name.length));
		const room = session.find(name);
		if (!room) return;
		meet(session, room, source.name);
		if (!isMine) session.passing(room, time, source.name, "came");
	},
	PART(session, { source, time, params: [name, reason] }) {
		const room = session.find(name);
		if (!source || !room) return;
		if (session.isMe(source.name)) session.forget(room);
		else depart(session, room, source.name, time, reason);
	},
	KICK(session, { source, params: [name, whom = "", reason = ""] }) {
		const room = session.find(name);
		if (!room) return;
		room.members.delete(fold(whom));
		if (session.isMe(whom)) {
			Object.assign(room, { isJoined: false, isWanted: false });
			room.members.clear();
			session.remember();
		}
		session.note(`${by(session, source)} removed ${session.isMe(whom) ? "you" : whom}: ${reason}`, room);
		session.changed("people");
	},
	QUIT(session, { source, time, params: [said = ""] }) {
		if (!source || session.isMe(source.name)) return;
		const reason = said.replace(/^Quit: ?/, "");
		for (const room of session.rooms.values()) {
			if (room.members.has(fold(source.name)) || room === session.find(source.name)) depart(session, room, source.name, time, reason);
		}
	},
	NICK(session, { source, params: [name] }) {
		if (source && name) rename(session, source.name, name);
	},
	TOPIC(session, { source, params: [name, topic = ""] }) {
		const room = session.find(name);
		if (!room) return;
		room.topic = topic;
		session.note(`${by(session, source)} ${topic ? "set the topic: " : "removed the topic."}${topic}`, room);
	},
	332(session, { params: [, name, topic = ""] }) {
		const room = session.find(name);
		if (room) room.topic = topic;
		session.changed();
	},
	353(session, { params }) {
		const room = session.find(params.at(-2));
		for (const word of room ? params.at(-1).split(" ") : []) {
			const at = word.split("").findIndex((sign) => !session.prefixes.includes(sign));
			if (at >= 0) meet(session, room, word.slice(at).split("!")[0], word.slice(0, at));
		}
		session.changed("people");
	},
	MODE(session, { source, params: [name, ...modes] }) {
		const room = session.find(name);
		if (!room || !session.isRoom(name)) return;
		session.note(`${by(session, source)} set ${modes.join(" ")}`, room);
		// Who stands how is said again then.
		if (modes.length > 1) session.send("NAMES", [name]);
	},
	AWAY(session, { source, params }) {
		for (const room of session.rooms.values()) {
			const member = room.members.get(fold(source?.name ?? ""));
			if (member) member.away = params.length > 0;
		}
		session.changed("people");
	},
	INVITE(session, { source, params: [, name] }) {
		session.note(`${by(session, source)} invites you: /join ${name}`);
	},
	301: (session, { params: [, name, reason] }) => session.note(`${name} is away: ${reason}`, session.find(name)),

	PRIVMSG: (session, message) => spoken(session, message, "said"),
	NOTICE: (session, message) => spoken(session, message, "notice"),
	FAIL: (session, { params }) => session.note(params.at(-1) ?? "", undefined, "error"),
	WARN: (session, { params }) => session.note(params.at(-1) ?? ""),
	NOTE: (session, { params }) => session.note(params.at(-1) ?? ""),

	322(session, { params: [, name = "", count, topic = ""] }) {
		if (session.listing?.length < LISTED) session.listing.push({ name, count: Number(count) || 0, topic });
	},
	323(session) {
		session.list = (session.listing ?? []).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
		session.changed();
	},
};
// Said at the door, at the end of lists, or to be seen elsewhere.
for (const code of [431, 432, 433, 436, 437]) HANDLERS[code] = refuseName;
for (const quiet of "002 003 004 250 251 252 253 254 255 265 266 315 321 324 329 331 333 366 375 396".split(" ")) HANDLERS[quiet] = () => {};

/** Everything else: an error goes to its room, another reply is shown as it is. */
export function otherwise(session, { command, params }) {
	if (/^[45]\d\d$/.test(command)) session.note(errorText(command, params), session.find(params[1]), "error");
	else if (/^\d\d\d$/.test(command)) session.note(params.slice(1).join(" "));
}

function greet(session) {
	const text = session.motd?.join("\n").trim();
	if (text) session.note(text);
	session.motd = [];
}

function refuseName(session, message) {
	if (session.state !== "registering") return otherwise(session, message);
	session.refuseName(errorText(message.command, message.params), message.command === "433");
}

function meet(session, room, name, prefix) {
	if (!name) return;
	const known = room.members.get(fold(name)) ?? { prefix: "", away: false, spoke: 0 };
	room.members.set(fold(name), { ...known, name, prefix: prefix ?? known.prefix });
}

function depart(session, room, name, time, reason) {
	room.members.delete(fold(name));
	session.passing(room, time, name, "left", reason);
}

function rename(session, from, to) {
	const isMine = session.isMe(from);
	const talk = session.find(from);
	if (isMine) Object.assign(session, { nick: to, name: to });
	if (isMine) session.world.save("name", to);
	if (talk && !session.find(to)) {
		session.rooms.delete(fold(from));
		talk.name = to;
		session.keep(talk);
	}
	for (const room of session.rooms.values()) {
		const member = room.members.get(fold(from));
		room.members.delete(fold(from));
		if (member) room.members.set(fold(to), { ...member, name: to });
		if (member || room === talk) session.note(isMine ? `You are now ${to}.` : `${from} is now ${to}.`, room);
	}
	session.changed("people");
}

function spoken(session, { source, time, isEcho, params: [target = "", text = ""] }, kind) {
	const { name, isServer } = source ?? {};
	if (session.state !== "here") return;
	if (!name || isServer) return session.note(text);
	const own = session.isMe(name);
	// To oneself, a message comes twice: as an echo, and as what somebody says.
	if (own && session.isMe(target) && !isEcho && session.caps.has("labeled-response")) return;
	const act = /^\x01(\S*) ?(.*?)\x01?$/s.exec(text);
	if (act && act[1] !== "ACTION") return;
	const room = placeOf(session, kind, target, own ? target : name);
	if (!room) return session.note(`${name}: ${text}`);
	const member = room.members.get(fold(name));
	if (member) member.spoke = time;
	session.show(room, { kind: act ? "did" : kind, from: name, own, time, text: act ? act[2] : text });
}

// A notice opens no talk: it is what machines send.
function placeOf(session, kind, target, partner) {
	const room = session.support.STATUSMSG.includes(target[0]) ? target.slice(1) : target;
	if (session.isRoom(room)) return session.find(room);
	return kind === "notice" || !partner ? session.find(partner) : session.talk(partner);
}

function by(session, source) {
	if (!source || source.isServer) return "The server";
	return session.isMe(source.name) ? "You" : source.name;
}
