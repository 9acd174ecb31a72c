// The chart of the sale: tickets over time, with the lock and without it.

import { byId, seconds, setAttribute } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes, text) {
	const made = document.createElementNS(SVG, name);
	Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
	if (text !== undefined) {
		made.textContent = text;
	}
	return made;
}

let drawn = "";

export function drawChart(locked, unlocked) {
	const chart = byId("chart");
	const width = Math.max(240, chart.clientWidth);
	const sales = [locked, unlocked].filter(Boolean);
	const key = width + " " + sales.map((sale) => sale.id + "/" + sale.points.length).join(" ");
	if (key === drawn) {
		return;
	}
	drawn = key;
	const height = 220;
	const edge = { left: 34, right: 12, top: 14, bottom: 24 };
	const capacity = sales.length > 0 ? sales[0].capacity : 100;
	const last = Math.max(4000, ...sales.map((sale) => sale.elapsedMillis));
	const most = Math.max(capacity * 1.25, ...sales.map((sale) => sale.sold * 1.08));
	const x = (millis) => edge.left + (width - edge.left - edge.right) * millis / last;
	const y = (tickets) => height - edge.bottom - (height - edge.top - edge.bottom) * tickets / most;
	const svg = draw("svg", { viewBox: "0 0 " + width + " " + height, width, height, "aria-hidden": "true" });
	svg.append(draw("rect", { class: "over", x: edge.left, y: y(most), width: width - edge.left - edge.right,
		height: y(capacity) - y(most) }));
	for (let tickets = 0; tickets <= most; tickets += 50) {
		svg.append(draw("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: y(tickets), y2: y(tickets) }),
			draw("text", { x: edge.left - 6, y: y(tickets) + 4, "text-anchor": "end" }, tickets));
	}
	const step = Math.max(1, Math.ceil(last / 1000 / (width < 420 ? 4 : 8)));
	for (let second = 0; second * 1000 <= last; second += step) {
		svg.append(draw("text", { x: x(second * 1000), y: height - 6, "text-anchor": second === 0 ? "start" : "middle" },
			second + " s"));
	}
	svg.append(draw("line", { class: "capacity", x1: edge.left, x2: width - edge.right, y1: y(capacity), y2: y(capacity) }),
		draw("text", { class: "label", x: edge.left + (width - edge.left - edge.right) * 0.55, y: y(capacity) - 7,
			"text-anchor": "middle" }, capacity + " seats; above: oversold"));
	sales.forEach((sale) => svg.append(...line(sale, x, y)));
	chart.replaceChildren(svg);
	setAttribute(chart, "aria-label", "Tickets sold over time. " + (sales.length === 0 ? "No sale yet." : sales.map((sale) =>
		(sale.locked ? "With" : "Without") + " the lock: " + sale.sold + " tickets for " + sale.capacity + " seats in "
		+ seconds(sale.elapsedMillis)).join(". ")));
}

function line(sale, x, y) {
	const kind = sale.locked ? "locked" : "unlocked";
	const points = [[0, 0], ...sale.points].map(([millis, sold]) => x(millis).toFixed(1) + "," + y(sold).toFixed(1));
	const [millis, sold] = sale.points[sale.points.length - 1] || [0, 0];
	return [draw("polyline", { class: "line " + kind, points: points.join(" ") }),
		draw("circle", { class: "dot " + kind, cx: x(millis), cy: y(sold), r: 4 })];
}
