import assert from "node:assert/strict";
import { test } from "node:test";

import { fold, format, parse, size, split } from "../irc.js";
import { dice } from "./world.js";

test("a line has tags, a source, a command and parameters", () => {
	const message = parse("@time=2026-11-21T12:00:00.000Z;+x=a\\sb\\:\\\\\\n;empty= :bob!u@host  privmsg  #room :hello  there ");
	assert.deepEqual([...message.tags], [["time", "2026-11-21T12:00:00.000Z"], ["+x", "a b;\\\n"], ["empty", ""]]);
	assert.deepEqual(message.source, { text: "bob!u@host", name: "bob", isServer: false });
	assert.equal(message.command, "PRIVMSG");
	assert.deepEqual(message.params, ["#room", "hello  there "]);
});

test("a tag's backslash at its end, and before any other letter, is dropped", () => {
	assert.equal(parse("@a=b\\ X").tags.get("a"), "b");
	assert.equal(parse("@a=\\b X").tags.get("a"), "b");
});

test("a server is a source without a user", () => {
	assert.deepEqual(parse(":irc.example 001 a :hi").source, { text: "irc.example", name: "irc.example", isServer: true });
});

test("a last parameter may be empty, or have colons", () => {
	assert.deepEqual(parse("X a :").params, ["a", ""]);
	assert.deepEqual(parse("X a ::b :c").params, ["a", ":b :c"]);
	assert.deepEqual(parse("X a:b c").params, ["a:b", "c"]);
});

test("a line without a command says nothing", () => {
	for (const line of ["", " ", ":only", "@a=b", "@a=b :c", "@a=b :c "]) assert.equal(parse(line), null, JSON.stringify(line));
});

test("no line can be made that holds a second one", () => {
	for (const params of [["a\nQUIT"], ["a\rb"], ["a\0b"], ["a b", "c"], ["", "c"], [":a", "c"], ["a\nb", "c"]]) {
		assert.throws(() => format("PRIVMSG", params), RangeError, JSON.stringify(params));
	}
	assert.throws(() => format("PRIVMSG x", ["y"]), RangeError);
	assert.throws(() => format("", ["y"]), RangeError);
});

test("what is written can be read again", () => {
	const roll = dice(1);
	const letters = [..."aZ9 :#@;,=\\!é👋\x01\t"];
	const word = (of = letters) => Array.from({ length: roll(8) }, () => of[roll(of.length)]).join("");
	for (let i = 0; i < 5000; i += 1) {
		const middle = Array.from({ length: roll(4) }, () => `x${word(letters.filter((letter) => letter !== " " && letter !== "\t"))}`);
		const params = [...middle, word()];
		const label = roll(2) ? String(roll(1000)) : "";
		const message = parse(format("PRIVMSG", params, label));
		assert.deepEqual(message.params, params);
		assert.equal(message.tags.get("label") ?? "", label);
	}
});

test("anything can be read", () => {
	const roll = dice(2);
	const letters = ["@", ":", "!", " ", ";", "=", "\\", "\r", "\n", "\0", "a", "b", "é", "\ud800", "👋", ","];
	for (let i = 0; i < 20000; i += 1) {
		const line = Array.from({ length: roll(20) }, () => letters[roll(letters.length)]).join("");
		const message = parse(line);
		assert.ok(message === null || (message.command !== "" && message.params.every((param) => typeof param === "string")), JSON.stringify(line));
	}
});

test("names fold as ASCII does", () => {
	assert.equal(fold("AlicE[]\\^É"), "alice[]\\^É");
});

test("a long text is cut between words, and says the same", () => {
	const text = "one two three four five six seven eight nine ten";
	const pieces = split(text, 16);
	assert.ok(pieces.every((piece) => size(piece) <= 16));
	assert.equal(pieces.join(" "), text);
});

test("a text without spaces is cut between characters", () => {
	const text = "👋🏽é".repeat(40);
	const pieces = split(text, 17);
	assert.ok(pieces.every((piece) => piece.isWellFormed() && size(piece) <= 17));
	assert.equal(pieces.join(""), text);
});

test("whatever a text is, its pieces fit and nothing but a space at a cut is lost", () => {
	const roll = dice(3);
	const letters = [..."ab  é👋"];
	for (let i = 0; i < 3000; i += 1) {
		const text = Array.from({ length: roll(90) }, () => letters[roll(letters.length)]).join("");
		const limit = 16 + roll(20);
		const pieces = split(text, limit);
		assert.ok(pieces.every((piece) => size(piece) <= limit), JSON.stringify(text));
		assert.equal(pieces.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
	}
});

test("a text that fits is one piece, an empty one too", () => {
	assert.deepEqual(split("hello", 300), ["hello"]);
	assert.deepEqual(split("", 300), [""]);
	assert.deepEqual(split("eight by a space", 16), ["eight by a space"]);
});

test("no limit is so small that nothing fits", () => {
	assert.equal(split("👋".repeat(10), -5).join(""), "👋".repeat(10));
});
