// The page: shows the session, and hands on what the user does. Text becomes text nodes, nothing else.

import { Typing } from "./commands.js";
import { fold } from "./irc.js";
import { LINES } from "./room.js";
import { Session } from "./session.js";
import { clock, pieces, plain } from "./text.js";

/** Lines of one person within this time (milliseconds) stand together. */
const TOGETHER = 5 * 60_000;
/** How near the end of a log, in pixels, counts as there. */
const NEAR = 32;

const $ = (id) => document.getElementById(id);
const logs = new Map(); // by room
let shown = null; // the room in view
let refreshing = 0;
let isStale = false; // the list of people

// A browser may forbid to keep anything: then nothing is kept.
const kept = (storage, key, text) => {
	try {
		return text === undefined ? window[storage].getItem(`linechat.${key}`) : window[storage].setItem(`linechat.${key}`, text);
	} catch {
		return null;
	}
};

const world = {
	open: () => new WebSocket(new URL("ws", location.href.replace(/^http/, "ws")), "text.ircv3.net"),
	now: Date.now,
	random: Math.random,
	load: (key) => kept("localStorage", key),
	save: (key, text) => kept("localStorage", key, text),
	later(ms, then) {
		const timer = setTimeout(then, ms);
		return () => clearTimeout(timer);
	},
};
const session = new Session(world, changed);
const typing = new Typing(session);

// ---- From the session to the page.

function changed(what, room, line) {
	if (what === "line") logOf(room).append(line);
	if (what === "revised") logOf(room).revise(line);
	if (what === "pending") logOf(room).wait();
	if (what === "call") notify(room, line);
	isStale ||= !what || what === "people";
	refreshing ||= setTimeout(refresh, 20);
}

function refresh() {
	const { state, hasEntered, network, calls } = session;
	const isOut = state === "outside" || state === "left" || !hasEntered;
	const turns = $("door").hidden === isOut;
	refreshing = 0;
	$("door").hidden = !isOut;
	$("chat").hidden = isOut;
	showRooms();
	if (isStale) showPeople();
	if ($("finder").open) showDirectory();
	isOut ? showDoor(turns) : showStatus();
	$("greeting").textContent = $("network").textContent = network;
	document.title = `${calls ? `(${calls}) ` : ""}${isOut || !shown ? "" : `${shown.name} · `}${network}`;
	// A page that is loaded again comes back by itself.
	if (turns) kept("sessionStorage", "here", isOut ? "" : "yes");
	if (turns && !isOut) focusField();
	if (state === "left") location.reload();
}

function showDoor(opens) {
	const { state, problem, needsPassword, name } = session;
	const text = problem || ({ outside: "", waiting: "The server does not answer. Trying again…" }[state] ?? "Connecting…");
	const isNews = opens || (problem && $("problem").textContent !== text);
	write("problem", text);
	$("problem").className = problem || state === "waiting" ? "bad" : "";
	$("name").ariaInvalid = String(Boolean(problem) && !needsPassword);
	$("locked").hidden = !needsPassword;
	if (opens) $("name").value = name;
	if (isNews) $(needsPassword ? "password" : "name").focus();
}

function showStatus() {
	const { state, trouble, notice, nick } = session;
	const text = state === "here" ? notice : trouble ? `${trouble} Trying again…` : "Connecting…";
	write("status", text);
	$("again").hidden = state !== "waiting";
	$("chat").className = state;
	$("me").lastChild.textContent = nick;
}

function showRooms() {
	const rooms = [...session.rooms.values()].sort((a, b) => (fold(a.name) < fold(b.name) ? -1 : 1));
	fill("rooms", rooms.filter((room) => !room.isTalk), showRoom);
	fill("talks", rooms.filter((room) => room.isTalk), showRoom);
	$("talks").hidden = $("talks-title").hidden = !$("talks").firstChild;
	for (const [room, log] of logs) if (!rooms.includes(room)) log.element.remove(), logs.delete(room);
	if (shown !== session.current) turnTo(session.current);
	const isNews = rooms.some((room) => room.unread && room !== shown);
	$("show-side").classList.toggle("news", isNews);
	$("show-side").ariaLabel = `Rooms and talks${isNews ? ", some unread" : ""}`;
	write("where", shown?.name ?? "No room");
	const topic = plain(shown?.topic || (shown?.isTalk ? "Nobody else reads this" : ""));
	if ($("topic").title !== topic) $("topic").replaceChildren(...rich(topic));
	$("topic").title = topic;
	$("part").hidden = !shown;
	$("part").textContent = shown?.isTalk ? "Close" : "Leave";
	$("say-label").textContent = $("say").placeholder = shown ? `Message to ${shown.name}` : "You are in no room. /join #lobby";
	attend();
}

function turnTo(room) {
	if (shown) shown.draft = $("say").value;
	shown = room;
	$("say").value = room?.draft ?? "";
	if (room) logOf(room);
	for (const log of logs.values()) log.element.hidden = log.room !== room;
	openDrawer();
}

function showPeople() {
	const people = shown?.people(session.prefixes) ?? [];
	isStale = false;
	$("people").hidden = $("show-people").hidden = !shown || shown.isTalk;
	$("people-title").textContent = $("show-people").textContent = ["Nobody here", "Only you"][people.length] ?? `${people.length} here`;
	fill("members", people, showMember);
}

function showRoom(button, room) {
	const { name, unread, calls, isJoined } = room;
	Object.assign(button, { className: `${unread ? "unread" : ""} ${isJoined ? "" : "absent"}`, onclick: () => choose(room) });
	button.ariaCurrent = room === session.current ? "true" : null;
	button.replaceChildren(make("bdi", {}, name));
	if (unread) button.append(make("b", { className: calls ? "count call" : "count" }, unread), make("span", { className: "quiet" }, calls ? " unread, you are called" : " unread"));
}

function showMember(button, { name, prefix, away }) {
	const about = [prefix.startsWith("@") && "operator", away && "away", session.isMe(name) && "you"];
	Object.assign(button, { className: away ? "away" : "", onclick: () => choose(session.talk(name)) });
	button.replaceChildren(named(name), make("small", {}, about.filter(Boolean).join(", ")));
}

function showDirectory() {
	const { list } = session;
	$("found").textContent = list ? (list.length ? "" : "There is no room yet.") : "Looking…";
	fill("directory", list ?? [], (button, { name, count, topic }) => {
		button.onclick = () => joinRoom(name);
		button.replaceChildren(make("bdi", {}, name), make("small", {}, count), make("small", {}, plain(topic)));
	});
}

// A screen reader says again what is written again.
function write(id, text) {
	if ($(id).textContent !== text) $(id).textContent = text;
}

// Makes a list's buttons fit. Each stays the element that it was, so that neither focus nor a click is lost.
function fill(id, items, show) {
	const list = $(id);
	const before = new Map([...list.children].map((element) => [element.dataset.key, element]));
	const after = items.map((item) => {
		const element = before.get(item.name) ?? make("li", {}, make("button", { type: "button" }));
		element.dataset.key = item.name;
		show(element.firstChild, item);
		return element;
	});
	const stays = new Set(after);
	for (const element of [...list.children]) if (!stays.has(element)) element.remove();
	after.forEach((element, at) => list.children[at] === element || list.insertBefore(element, list.children[at] ?? null));
}

function notify(room, line) {
	if (document.hasFocus() || $("bell").ariaPressed !== "true") return;
	try {
		const where = room.isTalk ? line.from : `${line.from} in ${room.name}`;
		new Notification(where, { body: plain(line.text), tag: room.name, icon: "icon.svg" }).onclick = () => {
			window.focus();
			choose(room);
		};
	} catch {
		// Some telephones notify by other means only.
	}
}

// ---- One room's messages.

class Log {
	atEnd = true;
	top = 0;
	rows = new WeakMap(); // by line
	mark = make("div", { className: "divider new" }, "New");
	waiting = make("div", { className: "pending", ariaHidden: "true" });

	constructor(room) {
		this.room = room;
		this.list = make("div", { className: "lines", role: "log", ariaLabel: `Messages in ${room.name}` });
		this.list.dataset.empty = room.isTalk ? `Say hello to ${room.name}.` : "Nothing has been said since you came.";
		this.element = make("div", { className: "log", tabIndex: 0, role: "group", ariaLabel: room.name, hidden: room !== shown }, this.list, this.waiting);
		this.element.onscroll = () => this.scrolled();
		const grown = new ResizeObserver(() => this.stay());
		for (const part of [this.element, this.list, this.waiting]) grown.observe(part);
	}

	append(line) {
		const { last = { time: 0 } } = this;
		const date = new Date(line.time);
		const isNewDay = date.toDateString() !== new Date(last.time).toDateString();
		if (isNewDay) this.list.append(make("div", { className: "divider" }, date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })));
		if (line.isFirst) this.list.append(this.mark);
		const isAgain = !isNewDay && !line.isFirst && line.kind === "said" && last.kind === "said" && line.from === last.from && line.time - last.time < TOGETHER;
		const row = renderLine(line, isAgain);
		this.rows.set(line, row);
		this.list.append(row);
		this.last = line;
		while (this.list.childElementCount > LINES * (this.atEnd ? 1 : 3)) this.list.firstChild.remove();
	}

	revise(line) {
		const row = renderLine(line);
		this.rows.get(line)?.replaceWith(row);
		this.rows.set(line, row);
	}

	wait() {
		this.waiting.replaceChildren(...this.room.pending.map((line) => renderLine(line, true)));
	}

	stay() {
		if (this.atEnd) this.element.scrollTop = this.element.scrollHeight;
	}

	// While lines come in fast, the end moves away from who reads it: only going up leaves it.
	scrolled() {
		const { scrollHeight, scrollTop, clientHeight, hidden } = this.element;
		if (hidden) return;
		const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
		if (isNear || scrollTop < this.top) this.atEnd = isNear;
		this.top = scrollTop;
		attend();
	}

	toEnd() {
		this.atEnd = true;
		this.stay();
		attend();
	}
}

function logOf(room) {
	if (!logs.has(room)) {
		logs.set(room, new Log(room));
		$("logs").append(logs.get(room).element);
	}
	return logs.get(room);
}

function renderLine({ kind, from, text, time, own, call, failed }, isAgain) {
	const at = new Date(time);
	const row = make("div", { hidden: !text, className: `line ${kind}` });
	for (const [name, is] of Object.entries({ own, call, failed, again: isAgain })) row.classList.toggle(name, Boolean(is));
	row.append(from ? named(from) : "", " ", make("time", { dateTime: at.toISOString() }, clock(time)), " ");
	row.append(make("span", { className: "text", dir: "auto" }, ...rich(text)));
	if (failed) row.append(make("span", { className: "why" }, `Not sent: ${failed}`));
	return row;
}

// A name has its colour everywhere and always.
function named(name) {
	const element = make("bdi", { className: session.isMe(name) ? "from own" : "from", title: name }, name);
	const hash = [...fold(name)].reduce((sum, letter) => Math.imul(sum ^ letter.codePointAt(0), 16777619), 5381);
	element.style.setProperty("--hue", (hash >>> 8) % 360);
	return element;
}

function rich(text) {
	return pieces(plain(text)).map(({ text, href }) => (href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text));
}

function showNewer() {
	$("newer").hidden = logOf(shown).atEnd;
	$("newer").textContent = shown.unread ? `${shown.unread} new` : "To the end";
}

// ---- From the user to the session.

function attend() {
	const isAttentive = !document.hidden && document.hasFocus() && Boolean(shown) && logOf(shown).atEnd;
	if (isAttentive !== session.isAttentive || (isAttentive && shown.unread)) session.attend(isAttentive);
	if (shown) showNewer();
}

function choose(room) {
	session.select(room);
	refresh();
	focusField();
}

// A telephone would show its keyboard, over half of the messages.
function focusField() {
	if (!matchMedia("(pointer: coarse)").matches) $("say").focus();
}

function send() {
	if (!typing.take($("say").value)) return;
	$("say").value = "";
	if (shown) logOf(shown).toEnd();
}

function joinRoom(name) {
	$("finder").close();
	session.join(name);
	focusField();
}

function openDrawer(which) {
	const opens = Boolean(which) && !$(which).classList.contains("open");
	for (const name of ["side", "people"]) {
		$(name).classList.toggle("open", opens && name === which);
		$(`show-${name}`).ariaExpanded = String(opens && name === which);
	}
	$("room").inert = opens;
	$("scrim").hidden = !opens;
	if (opens) $(which).querySelector("button")?.focus();
}

function typed(event) {
	const { target, key, shiftKey, altKey, ctrlKey, metaKey, isComposing } = event;
	if (altKey || ctrlKey || metaKey || isComposing) return;
	const done = {
		Enter: () => !shiftKey && (send(), true),
		Tab: () => put(typing.complete(target.value, target.selectionEnd, shiftKey ? -1 : 1)),
		// Within several lines, the arrows move between them first.
		ArrowUp: () => !target.value.slice(0, target.selectionStart).includes("\n") && put(typing.recall(-1, target.value)),
		ArrowDown: () => !target.value.slice(target.selectionEnd).includes("\n") && put(typing.recall(1, target.value)),
	}[key]?.();
	if (done) event.preventDefault();
}

function put(result) {
	if (!result) return false;
	$("say").value = result.text;
	$("say").setSelectionRange(result.caret, result.caret);
	return true;
}

function pressed(event) {
	const { key, altKey, ctrlKey, metaKey } = event;
	if ($("finder").open || $("chat").hidden) return;
	if (key === "Escape") {
		if (!$("scrim").hidden) openDrawer();
		else if (shown) logOf(shown).toEnd();
		focusField();
	} else if (altKey && /^Arrow(Up|Down)$/.test(key)) {
		const rooms = [...document.querySelectorAll("#rooms button, #talks button")];
		const at = rooms.findIndex((button) => button.ariaCurrent) + (key === "ArrowUp" ? -1 : 1);
		rooms.at(at % rooms.length)?.click();
		event.preventDefault();
	} else if (/^\S$/u.test(key) && !altKey && !ctrlKey && !metaKey) {
		$("say").focus(); // what is typed anywhere goes where it belongs
	}
}

async function ring() {
	const turnsOn = $("bell").ariaPressed !== "true";
	const isAllowed = turnsOn && (await globalThis.Notification?.requestPermission()) === "granted";
	if (turnsOn && !isAllowed) session.note("This browser allows no notifications here. The title still shows when you are called.");
	kept("localStorage", "bell", isAllowed ? "on" : "");
	showBell();
}

function showBell() {
	$("bell").ariaPressed = String(kept("localStorage", "bell") === "on" && globalThis.Notification?.permission === "granted");
}

function make(tag, properties, ...children) {
	const element = Object.assign(document.createElement(tag), properties);
	element.append(...children);
	return element;
}

function on(id, event, act) {
	$(id).addEventListener(event, (happened) => {
		if (event === "submit") happened.preventDefault();
		act(happened);
	});
}

on("enter", "submit", () => session.enter($("name").value, $("password").value));
on("quit", "click", () => session.leave());
on("composer", "submit", send);
on("say", "keydown", typed);
on("newer", "click", () => logOf(shown).toEnd());
on("again", "click", () => {
	session.wake();
	focusField();
});
on("part", "click", () => session.part(shown));
on("bell", "click", ring);
on("show-side", "click", () => openDrawer("side"));
on("show-people", "click", () => openDrawer("people"));
on("scrim", "click", () => openDrawer());
on("me", "click", () => {
	openDrawer();
	$("say").value = "/nick ";
	$("say").focus();
});
on("find", "click", () => {
	session.askForList();
	showDirectory();
	$("finder").showModal();
});
on("close", "click", () => $("finder").close());
on("join", "submit", () => joinRoom($("room-name").value.trim()));
document.addEventListener("keydown", pressed);
for (const event of ["focus", "blur", "visibilitychange"]) addEventListener(event, attend);
document.addEventListener("visibilitychange", () => document.hidden || session.wake());
addEventListener("online", () => session.wake());
// A page that is put away may never run again: its connection must not outlive it.
addEventListener("pagehide", () => session.sleep());
document.addEventListener("freeze", () => session.sleep());
document.addEventListener("resume", () => session.wake());
addEventListener("pageshow", ({ persisted }) => persisted && session.wake());
matchMedia("(min-width: 56rem)").addEventListener("change", () => openDrawer());

showBell();
changed();
if (kept("sessionStorage", "here") && session.name) session.enter(session.name);
