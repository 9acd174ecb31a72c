package io.github.redlock.sample.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * What the page is told, and its buttons. A button returns at once; what it does is seen
 * in the stream.
 */
@RestController
@RequestMapping("/demo")
@OnDemo
class DemoController {

	private static final int MAX_PAGES = 50;

	private static final int MAX_BUYERS = 400;

	private static final int MAX_SECONDS = 60;

	private static final Pattern RESOURCE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:._-]{0,39}");

	private static final MediaType TEXT = new MediaType("text", "plain", StandardCharsets.UTF_8);

	private final DemoFeed feed;

	private final Sales sales;

	private final Zombie zombie;

	private final Holds holds;

	private final DemoThreads threads;

	private final AtomicInteger pages = new AtomicInteger();

	DemoController(DemoFeed feed, Sales sales, Zombie zombie, Holds holds, DemoThreads threads) {
		this.feed = feed;
		this.sales = sales;
		this.zombie = zombie;
		this.holds = holds;
		this.threads = threads;
	}

	@GetMapping("/stream")
	SseEmitter stream() {
		if (this.pages.incrementAndGet() > MAX_PAGES) {
			this.pages.decrementAndGet();
			throw new DemoConflictException(MAX_PAGES + " pages are open already. Close some.");
		}
		SseEmitter emitter = new SseEmitter(0L);
		this.threads.run("page", () -> {
			try {
				follow(emitter);
			}
			finally {
				this.pages.decrementAndGet();
			}
		});
		return emitter;
	}

	private void follow(SseEmitter emitter) {
		try {
			long number = -1;
			long lastEvent = -1;
			while (true) {
				DemoFeed.Frame frame = this.feed.await(number);
				number = frame.number();
				emitter.send(SseEmitter.event().name("state").data(frame.state(), TEXT));
				if (frame.lastEvent() != lastEvent) {
					lastEvent = frame.lastEvent();
					emitter.send(SseEmitter.event().name("log").data(frame.events(), TEXT));
				}
			}
		}
		catch (IOException | IllegalStateException ex) {
			// The page was closed.
		}
		catch (InterruptedException ex) {
			emitter.complete();
			Thread.currentThread().interrupt();
		}
	}

	@PostMapping("/sales")
	@ResponseStatus(HttpStatus.ACCEPTED)
	void sale(@RequestParam(defaultValue = "true") String locked, @RequestParam(defaultValue = "200") String buyers) {
		if (!locked.equals("true") && !locked.equals("false")) {
			throw new IllegalArgumentException("locked is '" + locked + "'. It has to be true or false.");
		}
		this.sales.begin(locked.equals("true"), number("buyers", buyers, MAX_BUYERS));
	}

	@PostMapping("/zombie")
	@ResponseStatus(HttpStatus.ACCEPTED)
	void zombie() {
		this.zombie.begin();
	}

	@PostMapping("/locks")
	@ResponseStatus(HttpStatus.ACCEPTED)
	void hold(@RequestParam(defaultValue = "order:42") String resource,
			@RequestParam(defaultValue = "10") String seconds) {
		if (!RESOURCE.matcher(resource).matches()) {
			throw new IllegalArgumentException("resource is '" + resource
					+ "'. It has to be 1 to 40 letters, digits and any of : . _ -, and to begin with a letter or digit.");
		}
		this.holds.begin(resource, number("seconds", seconds, MAX_SECONDS));
	}

	private static int number(String name, String text, int max) {
		try {
			int number = Integer.parseInt(text);
			if (number >= 1 && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// The same answer as to a number out of range.
		}
		throw new IllegalArgumentException(
				name + " is '" + text + "'. It has to be a whole number from 1 to " + max + ".");
	}

}
