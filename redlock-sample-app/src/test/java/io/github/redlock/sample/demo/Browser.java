package io.github.redlock.sample.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A browser without a window, spoken to by the DevTools protocol over the web socket of
 * the JDK. (A library for that would bring its own Node.js for every platform, 200 MB,
 * which also everybody would download who only runs the sample.)
 *
 * @see <a href="https://chromedevtools.github.io/devtools-protocol/">Chrome DevTools
 * Protocol</a>
 */
final class Browser implements AutoCloseable {

	private static final int ANSWER_SECONDS = 30;

	private static final String LISTENING = "DevTools listening on ";

	private static final JsonMapper JSON = new JsonMapper();

	private final Path profile;

	private final Process process;

	private final WebSocket socket;

	private final AtomicInteger ids = new AtomicInteger();

	private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();

	private final Map<String, Page> pages = new ConcurrentHashMap<>();

	Browser(Path executable) throws IOException {
		this.profile = Files.createTempDirectory("redlock-browser-");
		List<String> command = new ArrayList<>(List.of(executable.toString(), "--headless=new",
				"--remote-debugging-port=0", "--user-data-dir=" + this.profile, "--disable-gpu", "--disable-quic",
				"--no-first-run", "--no-default-browser-check", "--disable-background-networking",
				"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
				"--hide-scrollbars", "--force-color-profile=srgb", "about:blank"));
		if (Chromium.isRoot()) {
			command.add(1, "--no-sandbox");
		}
		this.process = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
		this.socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.buildAsync(address(), new Listener())
			.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
			.join();
	}

	/** The browser says where it listens, and then goes on talking. */
	private URI address() throws IOException {
		BufferedReader errors = this.process.errorReader(StandardCharsets.UTF_8);
		StringBuilder said = new StringBuilder();
		for (String line = errors.readLine(); line != null; line = errors.readLine()) {
			said.append(line).append('\n');
			if (line.startsWith(LISTENING)) {
				Thread drain = new Thread(() -> errors.lines().forEach((rest) -> {
				}), "browser");
				drain.setDaemon(true);
				drain.start();
				return URI.create(line.substring(LISTENING.length()).strip());
			}
		}
		throw new IllegalStateException("The browser did not start:\n" + said);
	}

	Page open(String url) {
		String target = send(null, "Target.createTarget", Map.of("url", "about:blank")).path("targetId").asString();
		String session = send(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
			.path("sessionId")
			.asString();
		Page page = new Page(target, session);
		this.pages.put(session, page);
		for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
			page.send(domain + ".enable", Map.of());
		}
		page.send("Page.navigate", Map.of("url", url));
		return page;
	}

	private synchronized CompletableFuture<JsonNode> sendAsync(String session, String method,
			Map<String, ?> parameters) {
		int id = this.ids.incrementAndGet();
		CompletableFuture<JsonNode> answer = new CompletableFuture<>();
		this.answers.put(id, answer);
		Map<String, Object> message = new HashMap<>(Map.of("id", id, "method", method, "params", parameters));
		if (session != null) {
			message.put("sessionId", session);
		}
		this.socket.sendText(JSON.writeValueAsString(message), true).join();
		return answer;
	}

	private JsonNode send(String session, String method, Map<String, ?> parameters) {
		try {
			return sendAsync(session, method, parameters).orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
		}
		catch (CompletionException ex) {
			throw new IllegalStateException(method + " " + parameters + ": " + ex.getCause(), ex);
		}
	}

	private void received(JsonNode message) {
		if (message.has("id")) {
			CompletableFuture<JsonNode> answer = this.answers.remove(message.path("id").asInt());
			if (message.has("error")) {
				answer.completeExceptionally(new IllegalStateException(message.path("error").toString()));
			}
			else {
				answer.complete(message.path("result"));
			}
			return;
		}
		Page page = this.pages.get(message.path("sessionId").asString(""));
		if (page != null) {
			page.happened(message.path("method").asString(), message.path("params"));
		}
	}

	@Override
	public void close() {
		this.socket.abort();
		this.process.descendants().forEach(ProcessHandle::destroyForcibly);
		this.process.destroyForcibly().onExit().orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
		try {
			FileSystemUtils.deleteRecursively(this.profile);
		}
		catch (IOException ex) {
			// It is in the directory of temporary files.
		}
	}

	/**
	 * Puts messages together.
	 */
	private final class Listener implements WebSocket.Listener {

		private final StringBuilder text = new StringBuilder();

		@Override
		public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
			this.text.append(data);
			if (last) {
				String message = this.text.toString();
				this.text.setLength(0);
				received(JSON.readTree(message));
			}
			webSocket.request(1);
			return null;
		}

	}

	/**
	 * One page, with what it has complained of and asked for.
	 */
	final class Page implements AutoCloseable {

		private final String target;

		private final String session;

		private final List<String> complaints = new CopyOnWriteArrayList<>();

		private final List<String> requests = new CopyOnWriteArrayList<>();

		Page(String target, String session) {
			this.target = target;
			this.session = session;
		}

		private JsonNode send(String method, Map<String, ?> parameters) {
			return Browser.this.send(this.session, method, parameters);
		}

		private void happened(String event, JsonNode details) {
			switch (event) {
				case "Runtime.exceptionThrown" -> this.complaints.add(details.path("exceptionDetails").toString());
				case "Runtime.consoleAPICalled" -> {
					if (!details.path("type").asString().equals("log")) {
						this.complaints.add(details.path("type") + " " + details.path("args"));
					}
				}
				case "Log.entryAdded" -> this.complaints.add(details.path("entry").toString());
				case "Network.requestWillBeSent" -> this.requests.add(details.path("request").path("url").asString());
				default -> {
				}
			}
		}

		List<String> complaints() {
			return this.complaints;
		}

		List<String> requests() {
			return this.requests;
		}

		/** The value of an expression, as JSON; of a promise, what it resolves to. */
		JsonNode value(String expression) {
			JsonNode answer = send("Runtime.evaluate",
					Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
			if (answer.has("exceptionDetails")) {
				throw new IllegalStateException(expression + ": " + answer.path("exceptionDetails"));
			}
			return answer.path("result").path("value");
		}

		boolean is(String expression) {
			return value("Boolean(" + expression + ")").asBoolean();
		}

		String text(String selector) {
			return value("(document.querySelector(" + quoted(selector) + ") || {}).textContent || ''").asString();
		}

		private static String quoted(String text) {
			return JSON.writeValueAsString(text);
		}

		/**
		 * Click in the middle of an element, as a mouse does: on whatever lies on top.
		 */
		void click(String selector) {
			JsonNode middle = value("(() => { const found = document.querySelector(" + quoted(selector) + ");"
					+ " found.scrollIntoView({ block: 'center', behavior: 'instant' });"
					+ " const box = found.getBoundingClientRect();"
					+ " return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; })()");
			for (String type : List.of("mousePressed", "mouseReleased")) {
				send("Input.dispatchMouseEvent", Map.of("type", type, "x", middle.path("x").asDouble(), "y",
						middle.path("y").asDouble(), "button", "left", "clickCount", 1));
			}
		}

		void press(String key, int code, String text) {
			send("Input.dispatchKeyEvent",
					Map.of("type", "keyDown", "key", key, "code", key, "windowsVirtualKeyCode", code, "text", text));
			send("Input.dispatchKeyEvent",
					Map.of("type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode", code));
		}

		void tab() {
			press("Tab", 9, "");
		}

		void enter() {
			press("Enter", 13, "\r");
		}

		void show(int width, int height, boolean dark) {
			send("Emulation.setDeviceMetricsOverride",
					Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
			send("Emulation.setEmulatedMedia", Map.of("features",
					List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
		}

		/** The whole page, as a PNG. */
		void picture(Path file, int width) {
			int height = value("document.documentElement.scrollHeight").asInt();
			JsonNode picture = send("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true,
					"clip", Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1)));
			try {
				Files.createDirectories(file.getParent());
				Files.write(file, Base64.getDecoder().decode(picture.path("data").asString()));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		@Override
		public void close() {
			Browser.this.send(null, "Target.closeTarget", Map.of("targetId", this.target));
			Browser.this.pages.remove(this.session);
		}

	}

}
