package io.github.redlock.sample.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import redis.clients.jedis.Jedis;
import tools.jackson.databind.JsonNode;

import io.github.redlock.sample.RedisProcess;
import io.github.redlock.sample.ShowRepository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The page in a real browser, at two instances: every button, and what a visitor sees of
 * it. With {@code -Dscreenshots=true} it also makes the pictures of the README.
 */
class DemoPageIT {

	private static final int PHONE = 390;

	private static final int TABLET = 820;

	private static final int DESKTOP = 1280;

	private static final int HEIGHT = 900;

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static TwoShops shops;

	private static Browser browser;

	private final List<Browser.Page> pages = new ArrayList<>();

	private Browser.Page page;

	@BeforeAll
	static void start() throws IOException, InterruptedException {
		Optional<Path> executable = Chromium.executable();
		if (executable.isEmpty()) {
			String text = "NO BROWSER: the page is not tested. Install Chromium or Chrome, or set -Dbrowser=/path/to/it";
			System.err.println(text);
			Assumptions.abort(text);
		}
		shops = new TwoShops();
		browser = new Browser(executable.get());
	}

	@AfterAll
	static void stop() {
		if (browser != null) {
			browser.close();
		}
		if (shops != null) {
			shops.close();
		}
	}

	@BeforeEach
	void openPage() {
		shops.mend();
		this.page = open(TwoShops.address(shops.first()));
		until(this.page, "document.querySelectorAll('.badge.good').length === 3");
		until(this.page, "document.querySelectorAll('#instances li').length === 2");
		until(this.page, usable("#sale-locked") + " && " + usable("#zombie-start"));
	}

	private Browser.Page open(String address) {
		Browser.Page opened = browser.open(address);
		this.pages.add(opened);
		opened.show(DESKTOP, HEIGHT, false);
		until(opened, "document.readyState === 'complete' && document.body.classList.contains('live')");
		return opened;
	}

	@AfterEach
	void nothingIsComplainedOfAndNobodyElseIsAsked() {
		for (Browser.Page opened : this.pages) {
			assertThat(opened.complaints()).isEmpty();
			assertThat(opened.requests()).allMatch((url) -> url.startsWith("http://localhost:")
					|| url.startsWith("data:") || url.equals("about:blank"));
			opened.close();
		}
	}

	private static void until(Browser.Page page, String expression) {
		await(expression).atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> page.is(expression));
	}

	private static String usable(String selector) {
		return "document.querySelector(\"" + selector + "\").getAttribute('aria-disabled') !== 'true'";
	}

	private static String says(String selector, String text) {
		return "document.querySelector(\"" + selector + "\").textContent.includes(\"" + text + "\")";
	}

	private static RedisProcess server(int index) {
		return shops.servers().get(index);
	}

	private static String node(int index) {
		return "#nodes > li[data-key='" + server(index).name() + "']";
	}

	private static String button(int index, String action) {
		return node(index) + " button[data-action='" + action + "']";
	}

	private String figure(String name, int column) {
		return this.page.text("#figures tr[data-key='" + name + "'] td:nth-of-type(" + column + ")");
	}

	@Test
	void saleWithTheLockSellsEachSeatOnceWhileANodeDies() {
		this.page.click("#sale-locked");
		until(this.page, says("#verdict", "Selling with the lock"));
		until(this.page,
				"parseInt(document.querySelector(\"#figures tr[data-key='Tickets sold'] td\").textContent) > 5");
		this.page.click(button(1, "kill"));
		until(this.page, "document.querySelector(\"" + node(1) + "\").classList.contains('bad')");
		assertThat(this.page.text(node(1) + " .badge")).contains("Down");
		assertThat(this.page.text("#verdict")).as("the node died while the sale was going on").contains("Selling");
		until(this.page, says("#verdict", "100 of 100 seats sold, none of them twice."));
		assertThat(figure("Oversold", 1)).isEqualTo("0");
		assertThat(figure("Free seats, by the books", 1)).isEqualTo("0");
		assertThat(figure("Got no lock", 1)).isEqualTo("0");
		assertThat(Integer.parseInt(figure("Stale writes refused", 1))).isPositive();
		assertThat(Double.parseDouble(figure("Tickets per second", 1))).isPositive();
		assertThat(shops.second().getBean(ShowRepository.class).find(Sales.SHOW).isConsistent()).isTrue();
		assertThat(this.page.value("document.getElementById('chart').getAttribute('aria-label')").asString())
			.contains("With the lock: 100 tickets for 100 seats");
	}

	@Test
	void saleWithoutTheLockOversells() {
		this.page.click("#sale-unlocked");
		until(this.page, says("#verdict", "too many"));
		assertThat(Integer.parseInt(figure("Oversold", 2))).isPositive();
		assertThat(this.page.is("document.querySelector('.line.unlocked')")).isTrue();
	}

	@Test
	void zombieIsRefused() {
		this.page.click("#zombie-start");
		until(this.page, "document.querySelector('#steps li[aria-current]')");
		until(this.page, "document.querySelector('#steps li:last-child').className === 'refused'");
		assertThat(this.page.text("#steps li:last-child")).contains("nothing was changed", "1 sold, 49 free");
		assertThat(this.page.value("document.querySelectorAll('#steps li.done').length").asInt()).isEqualTo(6);
		until(this.page, says("#log", "The zombie's late write was refused"));
		assertThat(shops.first().getBean(ShowRepository.class).find(Zombie.SHOW).isConsistent()).isTrue();
	}

	@Test
	void nodeIsFrozenAndThawed() {
		this.page.click(button(0, "freeze"));
		until(this.page, says(node(0) + " .badge", "Down") + " && " + says(node(0), "frozen"));
		until(this.page, says("#quorum", "2 of 3 nodes vote") + " && document.querySelector('#quorum.warning')");
		until(this.page, says("#log", "does not vote"));
		assertThat(this.page.value("getComputedStyle(document.querySelector(\"" + node(0) + " .badge\")).color"))
			.as("red")
			.isEqualTo(this.page.value("getComputedStyle(document.querySelector(\"" + node(0) + " .error\")).color"));
		this.page.click(button(0, "thaw"));
		until(this.page, says(node(0) + " .badge", "Up"));
		until(this.page, says("#log", "votes again"));
	}

	@Test
	void nodeIsKilledStartedRestartedAndWiped() {
		this.page.click(button(2, "kill"));
		until(this.page, says(node(2) + " .badge", "Down") + " && " + says(button(2, "restart"), "Start"));
		assertThat(this.page.is(usable(button(2, "freeze")))).isFalse();
		assertThat(this.page.is(usable(button(2, "wipe")))).isFalse();
		this.page.click(button(2, "restart"));
		until(this.page, says(node(2) + " .badge", "Up"));
		try (Jedis jedis = new Jedis("127.0.0.1", server(2).port())) {
			jedis.set("kept", "yes");
			this.page.click(button(2, "restart"));
			until(this.page, "[...document.querySelectorAll('#log li')].filter((line) => line.textContent.includes('"
					+ server(2).name() + " is started again, with its keys')).length >= 2");
		}
		until(this.page, usable(button(2, "wipe")) + " && " + says(node(2) + " .badge", "Up"));
		try (Jedis jedis = new Jedis("127.0.0.1", server(2).port())) {
			assertThat(jedis.get("kept")).isEqualTo("yes");
			this.page.click(button(2, "wipe"));
			until(this.page, says("#log", server(2).name() + " has lost all its keys"));
			assertThat(jedis.exists("kept")).isFalse();
		}
	}

	@Test
	void quorumThatIsLostIsSaid() {
		this.page.click(button(0, "kill"));
		until(this.page, says(node(0) + " .badge", "Down"));
		this.page.click(button(1, "kill"));
		until(this.page, says("#quorum", "no quorum: nothing can be locked"));
		this.page.click("#zombie-start");
		until(this.page, says("#toast", "no lock to be had"));
		// The browser writes a failed request into its console.
		assertThat(this.page.complaints()).allMatch((each) -> each.contains("503"));
		this.page.complaints().clear();
		this.page.click(button(0, "restart"));
		this.page.click(button(1, "restart"));
		until(this.page, says("#quorum", "3 of 3 nodes vote"));
	}

	@Test
	void lockIsExtendedWhileAnotherWaiterWaits() {
		String lock = "#locks > li[data-key='order:1']";
		this.page.value("document.getElementById('hold-resource').value = 'order:1';"
				+ " document.getElementById('hold-seconds').value = '6'");
		this.page.click("#hold-start");
		until(this.page, "document.querySelector(\"" + lock + "\")");
		this.page.click("#hold-start");
		until(this.page, says(lock + " .waiting", "1 waiter"));
		until(this.page, says(lock + " .holder", "token"));
		until(this.page, says(lock + " .holder", "extended"));
		// Its validity shrinks, and jumps back.
		this.page.value("""
				window.seen = [];
				window.watching = setInterval(() => {
					const bar = document.querySelector("#locks > li[data-key='order:1'] .bar");
					if (bar) { window.seen.push(Number(bar.getAttribute("aria-valuenow"))); }
				}, 50)""");
		until(this.page, "window.seen.some((now, index) => index > 0 && now < window.seen[index - 1])");
		until(this.page, "window.seen.some((now, index) => index > 0 && now > window.seen[index - 1] + 300)");
		until(this.page, "!document.querySelector(\"" + lock + "\")");
	}

	@Test
	void bothPagesShowBothInstances() {
		Browser.Page other = open(TwoShops.address(shops.second()));
		until(other, "document.querySelectorAll('#instances li').length === 2");
		assertThat(other.value("[...document.querySelectorAll('.node .buttons')].every((each) => each.hidden)")
			.asBoolean()).as("the servers are those of the first instance").isTrue();
		other.value("document.getElementById('hold-resource').value = 'order:7'");
		other.click("#hold-start");
		for (Browser.Page each : List.of(this.page, other)) {
			until(each, "document.querySelector(\"#locks > li[data-key='order:7']\")");
			until(each, says("#locks > li[data-key='order:7'] .holder", "port " + TwoShops.port(shops.second())));
			until(each, says("#log", "Acquired order:7"));
		}
		assertThat(this.page.value("document.querySelector('#instances a').href").asString())
			.isEqualTo(TwoShops.address(shops.second()));
	}

	@Test
	void pageIsOperatedByKeyboardAlone() {
		List<String> order = new ArrayList<>();
		for (int i = 0; i < 40 && !order.contains("log"); i++) {
			this.page.tab();
			order.add(
					this.page
						.value("document.activeElement.id || document.activeElement.className"
								+ " || document.activeElement.dataset.action || ''")
						.asString());
			assertThat(this.page.value("getComputedStyle(document.activeElement).outlineStyle").asString())
				.as("focus is seen on " + order.get(i))
				.isNotEqualTo("none");
			if (order.get(i).equals("zombie-start")) {
				this.page.enter();
			}
		}
		assertThat(order.get(0)).isEqualTo("skip");
		assertThat(order).containsSubsequence("freeze", "kill", "restart", "wipe", "sale-locked", "sale-unlocked",
				"hold-resource", "hold-seconds", "hold-start", "zombie-start", "log");
		until(this.page, "document.querySelector('#steps li[aria-current]')");
	}

	@Test
	void badInputIsRefusedInWords() {
		this.page.value("document.getElementById('hold').noValidate = true;"
				+ " document.getElementById('hold-resource').value = 'a b'");
		this.page.click("#hold-start");
		until(this.page, says("#toast", "resource is 'a b'"));
		assertThat(this.page.complaints()).allMatch((each) -> each.contains("400"));
		this.page.complaints().clear();
	}

	@Test
	void everythingFitsAndCanBeReadAtEachWidthInLightAndDark() {
		fill();
		for (int width : new int[] { PHONE, TABLET, DESKTOP }) {
			for (boolean dark : new boolean[] { false, true }) {
				everythingFitsAndCanBeRead(width, dark);
			}
		}
	}

	private void everythingFitsAndCanBeRead(int width, boolean dark) {
		String view = width + (dark ? "-dark" : "-light");
		this.page.show(width, HEIGHT, dark);
		until(this.page, "document.querySelector('#chart svg').getAttribute('width') <= " + width);
		this.page.picture(Path.of("target/screenshots", view + ".png"), width);
		assertThat(this.page.value("document.documentElement.scrollWidth").asInt()).as(view).isLessThanOrEqualTo(width);
		JsonNode cut = this.page
			.value("""
					[...document.querySelectorAll("h1, h2, h3, p, dt, dd, th, td, button, label, li, .badge")]
						.filter((each) => each.offsetParent && !each.classList.contains("hidden") && !each.closest(".hidden, .toast"))
						.filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline"
							|| each.getBoundingClientRect().right > innerWidth)
						.map((each) => each.tagName + " " + each.textContent.trim().slice(0, 60))""");
		assertThat(cut).as("text that is cut off, %s", view).isEmpty();
		JsonNode pale = this.page.value(CONTRASTS);
		assertThat(pale).as("text with too little contrast, %s", view).isEmpty();
		if (width == PHONE) {
			assertThat(this.page
				.value("[...document.querySelectorAll('button')].filter((each) => each.offsetParent)"
						+ ".every((each) => each.offsetHeight >= 44)")
				.asBoolean()).as("buttons are large enough for a finger").isTrue();
		}
	}

	/** Text below the ratio of WCAG AA, with its colours. */
	private static final String CONTRASTS = """
			(() => {
				const rgb = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
				const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
					.map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
					.reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
				const behind = (element) => {
					for (let each = element; each; each = each.parentElement) {
						const color = rgb(getComputedStyle(each).backgroundColor);
						if (color.length < 4 || color[3] === 1) {
							return color;
						}
					}
					return [255, 255, 255];
				};
				return [...document.querySelectorAll("body *")]
					.filter((each) => each.offsetParent && !each.closest(".hidden, .toast, svg"))
					.filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
					.map((each) => {
						const [a, b] = [light(rgb(getComputedStyle(each).color)), light(behind(each))];
						return { ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text: each.textContent.trim().slice(0, 40) };
					})
					.filter((each) => each.ratio < 4.5);
			})()""";

	@Test
	@EnabledIfSystemProperty(named = "screenshots", matches = "true")
	void picturesOfTheReadmeAreMade() {
		fill();
		for (boolean dark : new boolean[] { false, true }) {
			this.page.show(DESKTOP, HEIGHT, dark);
			until(this.page, "document.querySelector('#chart svg').getAttribute('width') <= " + DESKTOP);
			Path picture = Path.of("../docs/images", dark ? "sample-dark.png" : "sample-light.png");
			this.page.picture(picture, DESKTOP);
			SmallPicture.make(picture);
		}
	}

	/**
	 * Have everything on the page: both sales, the zombie, locks and waiters, and a node
	 * that is down.
	 */
	private void fill() {
		if (!this.page.is("document.querySelector('.line.unlocked')")) {
			this.page.click("#sale-unlocked");
			until(this.page, usable("#sale-unlocked") + " && document.querySelector('.line.unlocked')");
		}
		if (!this.page.is("document.querySelector('.line.locked') && document.querySelector('#verdict.good')")) {
			this.page.click("#sale-locked");
			until(this.page, says("#verdict", "Selling with the lock"));
			until(this.page, says("#verdict", "none of them twice"));
		}
		if (!this.page.is("document.querySelector('#steps li.refused')")) {
			this.page.click("#zombie-start");
			until(this.page, "document.querySelector('#steps li.refused')");
		}
		this.page.click(button(2, "kill"));
		until(this.page, says(node(2) + " .badge", "Down"));
		for (int i = 0; i < 3 && !this.page.is("(document.querySelector('.lock .waiting') || {}).textContent"); i++) {
			this.page.click("#hold-start");
		}
		until(this.page,
				"(document.querySelector('.lock .waiting') || {}).textContent && !document.querySelector('.toast.shown')");
	}

}
