// IRC's grammar: lines to messages and back, as RFC 2812 and the IRCv3 message tags have it.
// Whatever a server sends becomes some message or none; nothing throws for it.

const ESCAPES = { ":": ";", s: " ", r: "\r", n: "\n" };
const encoder = new TextEncoder();

/** What one line says, its ending not included; null if it holds no command. */
export function parse(line) {
	const message = { tags: new Map(), source: null, command: "", params: [] };
	let [word, rest] = cut(line);
	if (word.startsWith("@")) {
		message.tags = readTags(word.slice(1));
		[word, rest] = cut(rest);
	}
	if (word.startsWith(":")) {
		message.source = readSource(word.slice(1));
		[word, rest] = cut(rest);
	}
	message.command = word.toUpperCase();
	while (rest && !rest.startsWith(":")) {
		[word, rest] = cut(rest);
		message.params.push(word);
	}
	if (rest) message.params.push(rest.slice(1));
	return message.command ? message : null;
}

/** The line that says this, without an ending; answers bear its label. Throws a RangeError for what no line can say. */
export function format(command, params = [], label = "") {
	const words = [command, ...params.slice(0, -1)];
	const last = params.at(-1);
	if (words.some((word) => !/^[^\s\0:][^\s\0]*$/.test(word)) || /[\r\n\0]/.test(last)) {
		throw new RangeError("not an IRC message");
	}
	if (label) words.unshift(`@label=${label}`);
	if (params.length) words.push(/^$|^:| /.test(last) ? `:${last}` : last);
	return words.join(" ");
}

/** A name as it is compared (`CASEMAPPING=ascii`): names that fold alike are the same. */
export function fold(name) {
	return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** How many bytes a text takes on the wire. */
export function size(text) {
	return encoder.encode(text).length;
}

/**
 * A text in pieces of at most `limit` bytes (16 at least): cut between words where there are any,
 * and never within a character. A space at a cut is dropped.
 */
export function split(text, limit) {
	const pieces = [];
	let rest = text;
	while (size(rest) > Math.max(limit, 16)) {
		const fits = encoder.encodeInto(rest, new Uint8Array(Math.max(limit, 16))).read;
		const space = rest.lastIndexOf(" ", fits);
		pieces.push(rest.slice(0, space > 0 ? space : fits));
		rest = rest.slice(space > 0 ? space + 1 : fits);
	}
	return rest || !pieces.length ? [...pieces, rest] : pieces;
}

function cut(text) {
	return /^ *([^ ]*) *(.*)$/s.exec(text).slice(1);
}

// `nick!user@host`, or a server's name.
function readSource(text) {
	return { text, name: text.split(/[!@]/)[0], isServer: !text.includes("!") };
}

function readTags(text) {
	const tags = new Map();
	for (const tag of text.split(";")) {
		const [, key, value] = /^([^=]*)=?(.*)$/s.exec(tag);
		if (key) tags.set(key, value.replace(/\\(.?)/gs, (_, sign) => ESCAPES[sign] ?? sign));
	}
	return tags;
}
