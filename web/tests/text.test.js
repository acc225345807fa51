import assert from "node:assert/strict";
import { test } from "node:test";

import { mentions, names, pieces, plain } from "../text.js";
import { dice } from "./world.js";

const links = (text) => pieces(text).filter(({ href }) => href).map((piece) => piece.text);

test("addresses of the web are links, and nothing else is", () => {
	assert.deepEqual(links("see http://a.example and HTTPS://b.example/x?y=z#w"), ["http://a.example", "HTTPS://b.example/x?y=z#w"]);
	for (const text of ["javascript:alert(1)", "data:text/html,x", "xhttp://a.example", "www.a.example", "http://", "https://...", "file:///etc/passwd", "//a.example"]) {
		assert.deepEqual(links(text), [], text);
	}
});

test("what ends a sentence does not belong to a link", () => {
	assert.deepEqual(links("(see https://a.example/b)."), ["https://a.example/b"]);
	assert.deepEqual(links("https://a.example/b_(c), right?"), ["https://a.example/b_(c)"]);
	assert.deepEqual(links("<https://a.example/>!"), ["https://a.example/"]);
	assert.deepEqual(links('"https://a.example/"'), ["https://a.example/"]);
});

test("the pieces of a text are the text", () => {
	const roll = dice(4);
	const words = ["https://a.example", "http://", "(", ")", " ", "<b>", "&amp;", ".", "é", "https://[::1]/", "http://x:99999/"];
	for (let i = 0; i < 5000; i += 1) {
		const text = Array.from({ length: roll(12) }, () => words[roll(words.length)]).join("");
		const all = pieces(text);
		assert.equal(all.map((piece) => piece.text).join(""), text);
		assert.ok(all.every((piece) => piece.text !== ""));
		for (const { href } of all) assert.ok(href === undefined || /^https?:\/\//.test(href), href);
	}
});

test("formatting is dropped, and what it formats stays", () => {
	assert.equal(plain("\x02bold\x02 \x1dit\x1d \x0304,12red\x03 \x04ff00ffpink\x04 \x0f\x16\x1f\x1e\x11x"), "bold it red pink x");
	assert.equal(plain("\x03123"), "3");
	assert.equal(plain("\x03,4x\x031,x"), ",4x,x");
	assert.equal(plain("a\x1b[31mb\x07\x00\x7f"), "a[31mb");
});

test("a name is a mention where it is a word", () => {
	for (const text of ["alice: hi", "hi ALICE", "(alice)", "alice, bob", "@alice", "\x02alice\x02!"]) assert.ok(mentions(text, "alice"), text);
	for (const text of ["malice", "alices", "alice_", "éalice", "", "alice2"]) assert.ok(!mentions(text, "alice"), text);
});

test("a name of signs is taken literally", () => {
	assert.ok(mentions("hey a|b[c]", "a|b[c]"));
	assert.ok(mentions("hey a-b^", "a-b^"));
	assert.ok(!mentions("a", "a|b[c]"));
	assert.ok(!mentions("anything", ""));
});

test("names are told as one tells them", () => {
	assert.equal(names([]), "");
	assert.equal(names(["a"]), "a");
	assert.equal(names(["a", "b"]), "a and b");
	assert.equal(names(["a", "b", "c"]), "a, b and c");
	assert.equal(names(["a", "b", "c", "d", "e"]), "a, b, c, d and e");
	assert.equal(names(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 others");
});
