// What the page shows comes from one stream of server-sent events; a button sends a request and waits for the stream.

import { drawChart } from "./chart.js";
import { button, byId, duration, element, keep, order, seconds, setAttribute, setText, setUsable } from "./page.js";

const NODE_STATES = {
	UP: { text: "Up", kind: "good", sign: "●" },
	DEGRADED: { text: "Degraded", kind: "warning", sign: "▲" },
	DOWN: { text: "Down", kind: "bad", sign: "■" }
};

const STEP_STATES = { TODO: "To come", NOW: "Now", DONE: "Done", REFUSED: "Refused", FAILED: "Failed" };

const SHOWN_LOCKS = 12;

let state = null;

// ---- Header

function showHeader() {
	const me = state.instances.find((each) => each.id === state.id) || state.instances[0];
	const voting = me.nodes.filter((node) => node.state !== "DOWN").length;
	const margin = voting - me.quorum;
	const pill = byId("quorum");
	const kind = margin < 0 ? "bad" : (voting < me.nodes.length ? "warning" : "good");
	pill.className = "pill " + kind;
	setText(pill, voting + " of " + me.nodes.length + " nodes vote, " + (margin < 0 ? "no quorum: nothing can be locked"
		: margin === 0 ? "the quorum just stands" : "quorum " + me.quorum));
	keep(byId("instances"), state.instances, (each) => each.id, createInstance, (item, each) => {
		item.classList.toggle("me", each.id === state.id);
	});
	showNotice(state.database ? "" : "The database cannot be reached: sales, the log and other instances stand still.");
	return me;
}

function createInstance(each) {
	const item = element("li");
	if (each.id === state.id) {
		item.append(element("span", "", each.name + " (this page)"));
	}
	else {
		const link = element("a", "", each.name);
		link.href = location.protocol + "//" + location.hostname + ":" + each.port + "/";
		item.append(link);
	}
	return item;
}

function showNotice(text) {
	const notice = byId("notice");
	setText(notice, text);
	notice.hidden = !text;
}

// ---- Nodes

function showNodes(me) {
	const owner = state.instances.find((each) => Object.keys(each.servers).length > 0);
	keep(byId("nodes"), me.nodes, (node) => node.name, createNode, (item, node) => {
		updateNode(item, node, owner);
	});
	setText(byId("nodes-hint"), me.servers && Object.keys(me.servers).length > 0
		? "Independent servers. A lock is held when a quorum of them has voted for it. Break some."
		: "As this instance sees them. The buttons are on the page of the instance that started the servers.");
}

function createNode(node) {
	const item = element("li", "node");
	item.innerHTML = "<div class='node-head'><h3></h3><span class='badge'></span></div><dl><div><dt>Round trip</dt><dd></dd>"
		+ "</div><div><dt>Server</dt><dd></dd></div><div><dt></dt><dd></dd></div></dl><p class='error'></p>";
	item.querySelector("h3").textContent = node.name;
	const buttons = element("div", "buttons");
	buttons.setAttribute("role", "group");
	buttons.setAttribute("aria-label", "Break " + node.name);
	const act = (action, text) => {
		const made = button(text, () => order("nodes/" + node.name + "/" + made.dataset.action, {},
			node.name + ": " + made.textContent.toLowerCase()));
		made.dataset.action = action;
		buttons.append(made);
	};
	act("freeze", "Freeze");
	act("kill", "Kill");
	act("restart", "Restart");
	act("wipe", "Wipe");
	item.append(buttons);
	return item;
}

function updateNode(item, node, owner) {
	const shown = NODE_STATES[node.state];
	item.className = "node " + shown.kind;
	const badge = item.querySelector(".badge");
	badge.className = "badge " + shown.kind;
	setText(badge, shown.sign + " " + shown.text);
	const [roundTrip, server, since] = item.querySelectorAll("dd");
	setText(roundTrip, node.roundTripMicros === null || node.state === "DOWN" ? "–"
		: (node.roundTripMicros / 1000).toFixed(node.roundTripMicros < 10000 ? 2 : 0) + " ms");
	const process = owner ? owner.servers[node.name] : undefined;
	setText(server, (node.server || "unknown") + (process && process !== "RUNNING" ? ", " + process.toLowerCase() : ""));
	setText(item.querySelectorAll("dt")[2], node.state === "DOWN" ? "Down for" : "Votes for");
	setText(since, duration(node.unchangedMillis) + views(node.name));
	setText(item.querySelector(".error"), (node.error || "").replace(/^[\w.$]+(Exception|Error): /, ""));
	updateButtons(item.querySelector(".buttons"), process, owner);
}

/** Where instances see a node differently, the page says so. */
function views(name) {
	const down = state.instances.filter((each) => each.nodes.some((node) => node.name === name && node.state === "DOWN"));
	return down.length > 0 && down.length < state.instances.length
		? " (down for " + down.map((each) => each.name).join(", ") + ")" : "";
}

function updateButtons(buttons, process, owner) {
	buttons.hidden = !owner || owner.id !== state.id;
	const [freeze, kill, restart, wipe] = buttons.children;
	freeze.dataset.action = process === "FROZEN" ? "thaw" : "freeze";
	setText(freeze, process === "FROZEN" ? "Thaw" : "Freeze");
	setText(restart, process === "STOPPED" ? "Start" : "Restart");
	setUsable(freeze, process !== "STOPPED");
	setUsable(kill, process !== "STOPPED");
	setUsable(restart, true);
	setUsable(wipe, process === "RUNNING");
}

// ---- Locks

function collectLocks() {
	const byResource = new Map();
	const of = (resource) => {
		if (!byResource.has(resource)) {
			byResource.set(resource, { resource, holders: [], waiting: [] });
		}
		return byResource.get(resource);
	};
	for (const instance of state.instances) {
		instance.locks.forEach((lock) => of(lock.resource).holders.push({ instance: instance.name, ...lock }));
		Object.entries(instance.waiting).forEach(([resource, count]) =>
			of(resource).waiting.push({ instance: instance.name, count }));
	}
	return Array.from(byResource.values()).sort((a, b) => a.resource < b.resource ? -1 : 1);
}

function showLocks() {
	const locks = collectLocks();
	byId("locks-empty").hidden = locks.length > 0;
	keep(byId("locks"), locks.slice(0, SHOWN_LOCKS), (lock) => lock.resource, createLock, updateLock);
}

function createLock(lock) {
	const item = element("li", "lock");
	item.innerHTML = "<div class='lock-head'><h3></h3><span class='left'></span></div><div class='bar' role='meter'"
		+ " aria-valuemin='0'><div></div></div><p class='holder'></p><p class='waiting'></p>";
	item.querySelector("h3").textContent = lock.resource;
	item.querySelector(".bar").setAttribute("aria-label", "Validity left of " + lock.resource);
	return item;
}

function updateLock(item, lock) {
	const [first] = lock.holders;
	const bar = item.querySelector(".bar");
	const part = first ? Math.min(1, first.remainingMillis / first.ttlMillis) : 0;
	const before = Number(bar.dataset.part || 0);
	bar.dataset.part = part;
	bar.firstElementChild.classList.toggle("jump", part > before);
	bar.firstElementChild.classList.toggle("low", part < 0.35);
	bar.firstElementChild.style.transform = "scaleX(" + part.toFixed(3) + ")";
	setAttribute(bar, "aria-valuemax", first ? first.ttlMillis : 1);
	setAttribute(bar, "aria-valuenow", first ? Math.max(0, first.remainingMillis) : 0);
	setAttribute(bar, "aria-valuetext", first ? seconds(first.remainingMillis) + " of " + seconds(first.ttlMillis) : "none");
	setText(item.querySelector(".left"), first ? seconds(first.remainingMillis) + " of " + seconds(first.ttlMillis) : "");
	setText(item.querySelector(".holder"), lock.holders.length === 0 ? "Changing hands …" : lock.holders.map((holder) =>
		holder.instance + ", " + holder.thread + " · token " + holder.token
		+ (holder.extensions > 0 ? " · extended\u00a0" + holder.extensions + "×" : "")).join(" AND "));
	const waiters = lock.waiting.reduce((sum, each) => sum + each.count, 0);
	setText(item.querySelector(".waiting"), waiters === 0 ? "" : waiters + (waiters === 1 ? " waiter" : " waiters")
		+ (state.instances.length > 1 ? ": " + lock.waiting.map((each) => each.count + " at " + each.instance).join(", ") : ""));
}

// ---- Sale

const FIGURES = [
	["Free seats, by the books", (sale) => sale.stock],
	["Tickets sold", (sale) => sale.sold],
	["Oversold", (sale) => sale.oversold],
	["Tickets per second", (sale) => (sale.sold * 1000 / Math.max(1, sale.elapsedMillis)).toFixed(1)],
	["Stale writes refused", (sale) => sale.locked ? sale.refused : "no token"],
	["Came too late", (sale) => sale.late],
	["Got no lock", (sale) => sale.locked ? sale.failed : "–"]
];

function showSale() {
	const { locked, unlocked } = state.sales;
	keep(byId("figures"), FIGURES, ([name]) => name, ([name]) => {
		const row = element("tr");
		const head = element("th", "", name);
		head.scope = "row";
		row.append(head, element("td"), element("td"));
		return row;
	}, (row, [name, value]) => {
		[locked, unlocked].forEach((sale, index) => {
			const cell = row.children[index + 1];
			setText(cell, sale ? String(value(sale)) : "–");
			cell.classList.toggle("wrong", Boolean(sale) && sale.oversold > 0 && name === "Oversold");
		});
	});
	const current = [locked, unlocked].filter(Boolean).sort((a, b) => b.id - a.id)[0];
	const running = Boolean(current && current.running);
	setUsable(byId("sale-locked"), !running);
	setUsable(byId("sale-unlocked"), !running);
	showVerdict(current);
	drawChart(locked, unlocked);
}

function showVerdict(sale) {
	const verdict = byId("verdict");
	verdict.className = "verdict" + (!sale || sale.running ? "" : sale.oversold > 0 ? " bad" : " good");
	if (!sale) {
		setText(verdict, "No sale yet.");
	}
	else if (sale.running) {
		setText(verdict, "Selling " + (sale.locked ? "with" : "without") + " the lock, to " + sale.buyers + " buyers …");
	}
	else if (sale.oversold > 0) {
		setText(verdict, sale.sold + " tickets sold for " + sale.capacity + " seats: " + sale.oversold + " too many.");
	}
	else {
		setText(verdict, sale.sold + " of " + sale.capacity + " seats sold, none of them twice.");
	}
}

// ---- Zombie

function showZombie() {
	const story = state.instances.map((each) => each.story).sort((a, b) => b.started - a.started)[0];
	setUsable(byId("zombie-start"), !story.running);
	setText(byId("zombie-start"), story.running ? "The zombie is about …" : "Send the zombie");
	keep(byId("steps"), story.steps.map((step, index) => ({ index, ...step })),
		(step) => story.started + "/" + step.index, createStep, updateStep);
}

function createStep(step) {
	const item = element("li");
	const head = element("div", "step-head");
	head.append(element("strong", "", step.title), element("span", "step-state"));
	item.append(head, element("p", ""));
	return item;
}

function updateStep(item, step) {
	const kind = step.state.toLowerCase();
	if (item.className !== kind) {
		item.className = kind;
	}
	if (step.state === "NOW") {
		setAttribute(item, "aria-current", "step");
	}
	else {
		item.removeAttribute("aria-current");
	}
	setText(item.querySelector(".step-state"), STEP_STATES[step.state]);
	setText(item.querySelector("p"), step.text);
}

// ---- Log

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

function showLog(events) {
	byId("log-empty").hidden = events.length > 0;
	byId("log").hidden = events.length === 0;
	keep(byId("log"), events, (event) => event.id, (event) => {
		const item = element("li", event.kind);
		const time = element("time", "", clock.format(event.at));
		time.dateTime = new Date(event.at).toISOString();
		item.append(time, element("span", "from", event.instance), element("span", "text", event.text));
		return item;
	});
}

// ---- Start

function show() {
	const me = showHeader();
	showNodes(me);
	showLocks();
	showSale();
	showZombie();
}

function listen() {
	const stream = new EventSource("demo/stream");
	stream.addEventListener("state", (event) => {
		state = JSON.parse(event.data);
		document.body.classList.add("live");
		show();
	});
	stream.addEventListener("log", (event) => showLog(JSON.parse(event.data)));
	stream.addEventListener("error", () => {
		document.body.classList.remove("live");
		const pill = byId("quorum");
		pill.className = "pill bad";
		setText(pill, "Not connected");
		showNotice(stream.readyState === EventSource.CLOSED
			? "There is no demonstration here: this instance uses servers of its own. The shop is at /shows."
			: "The shop cannot be reached. The page goes on by itself when it is back.");
	});
}

function onPress(id, act) {
	byId(id).addEventListener("click", () => {
		if (byId(id).getAttribute("aria-disabled") !== "true") {
			act();
		}
	});
}

onPress("sale-locked", () => order("sales", { locked: true, buyers: 200 }, "200 buyers come"));
onPress("sale-unlocked", () => order("sales", { locked: false, buyers: 200 }, "200 buyers come, and there is no lock"));
onPress("zombie-start", () => order("zombie", {}, "Anna goes to work"));
byId("hold").addEventListener("submit", (event) => {
	event.preventDefault();
	const resource = byId("hold-resource").value;
	order("locks", { resource, seconds: byId("hold-seconds").value }, "A worker asks for " + resource);
});
window.addEventListener("resize", () => state && showSale());
drawChart(undefined, undefined);
listen();
