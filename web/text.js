// What is in a text: links, names that are called, and IRC's formatting, which is dropped.

const CODE = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[\da-f]{6}(?:,[\da-f]{6})?)?|[\0-\x08\x0b-\x1f\x7f]/gi;
const LINK = /\bhttps?:\/\/[^\s<>"“”«»\0-\x1f]+/gi;

/** A text without its formatting. */
export function plain(text) {
	return text.replace(CODE, "");
}

/** A text as pieces, in order: each has `text` and, if it is a link, `href`. */
export function pieces(text) {
	const parts = [];
	let from = 0;
	for (const { 0: found, index } of text.matchAll(LINK)) {
		const address = withoutClosing(found);
		if (!URL.canParse(address)) continue;
		if (index > from) parts.push({ text: text.slice(from, index) });
		parts.push({ text: address, href: new URL(address).href });
		from = index + address.length;
	}
	return from < text.length ? [...parts, { text: text.slice(from) }] : parts;
}

/** Whether a text calls somebody by name, as a word of its own. */
export function mentions(text, name) {
	const exact = name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
	return name !== "" && new RegExp(`(?<![\\p{L}\\p{N}_])${exact}(?![\\p{L}\\p{N}_])`, "iu").test(plain(text));
}

/** Several names as one says them; past five, the rest is counted. */
export function names(list) {
	const shown = list.length > 5 ? [...list.slice(0, 4), `${list.length - 4} others`] : list;
	return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** The time of day, as it is usual where the reader is. */
export function clock(time) {
	return new Date(time).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

// The full stop of a sentence, and a bracket that was opened before the address, are not part of it.
function withoutClosing(address) {
	const end = address.at(-1);
	const opening = { ")": "(", "]": "[", "}": "{" }[end];
	const isUnopened = opening && address.split(end).length > address.split(opening).length;
	return isUnopened || /[.,;:!?'’*_…]/.test(end) ? withoutClosing(address.slice(0, -1)) : address;
}
