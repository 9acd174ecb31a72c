// Elements of the page, and orders to the application.

export const byId = (id) => document.getElementById(id);

export function element(tag, className, text) {
	const made = document.createElement(tag);
	if (className) {
		made.className = className;
	}
	if (text !== undefined) {
		made.textContent = text;
	}
	return made;
}

export function setText(target, text) {
	if (target.textContent !== text) {
		target.textContent = text;
	}
}

export function setAttribute(target, name, value) {
	if (target.getAttribute(name) !== String(value)) {
		target.setAttribute(name, value);
	}
}

/** Keep one child for each item: elements that stay keep focus, and nothing is read out twice. */
export function keep(parent, items, keyOf, create, update) {
	const old = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
	let next = parent.firstElementChild;
	for (const item of items) {
		const key = String(keyOf(item));
		let child = old.get(key);
		if (child) {
			old.delete(key);
		}
		else {
			child = create(item);
			child.dataset.key = key;
		}
		if (child === next) {
			next = next.nextElementSibling;
		}
		else {
			parent.insertBefore(child, next);
		}
		if (update) {
			update(child, item);
		}
	}
	old.forEach((child) => child.remove());
}

export function button(text, onClick) {
	const made = element("button", "", text);
	made.type = "button";
	made.addEventListener("click", () => {
		if (made.getAttribute("aria-disabled") !== "true") {
			onClick(made);
		}
	});
	return made;
}

/** A button that cannot be used keeps the focus, unlike one that is disabled. */
export function setUsable(target, usable) {
	setAttribute(target, "aria-disabled", !usable);
}

export const seconds = (millis) => (millis / 1000).toFixed(1) + " s";

export function duration(millis) {
	const whole = Math.floor(millis / 1000);
	if (whole < 60) {
		return whole + " s";
	}
	return whole < 3600 ? Math.floor(whole / 60) + " min" : Math.floor(whole / 3600) + " h";
}

let toastTimer = 0;

export function say(text, isBad) {
	const toast = byId("toast");
	toast.textContent = text;
	toast.classList.toggle("bad", Boolean(isBad));
	toast.classList.add("shown");
	clearTimeout(toastTimer);
	toastTimer = setTimeout(() => toast.classList.remove("shown"), isBad ? 8000 : 3000);
}

export async function order(path, parameters, done) {
	try {
		const response = await fetch("demo/" + path, { method: "POST", body: new URLSearchParams(parameters) });
		if (response.ok) {
			say(done);
			return;
		}
		const problem = await response.json().catch(() => ({}));
		say(problem.detail || "That was refused (" + response.status + ")", true);
	}
	catch (error) {
		say("The shop cannot be reached", true);
	}
}
