package io.github.redlock.sample.demo;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.event.LockAcquiredEvent;
import io.github.redlock.event.LockLostEvent;
import io.github.redlock.event.LockNotAcquiredEvent;
import io.github.redlock.event.LockReleaseFailedEvent;
import io.github.redlock.event.LockReleasedEvent;
import io.github.redlock.event.NodeDownEvent;
import io.github.redlock.event.NodeUpEvent;
import io.github.redlock.event.QuorumLostEvent;
import io.github.redlock.event.QuorumRegainedEvent;

/**
 * Writes the log of the page: the lock's events, and what the demonstration says. The
 * locks of single buyers are left out, unless they are lost; of the report there is one
 * line.
 * <p>
 * Thread-safe; never blocks. What is said is written to the database by {@link #flush}.
 */
@Component
@OnDemo
class EventLog {

	static final String GOOD = "good";

	static final String BAD = "bad";

	static final String WARNING = "warning";

	static final String PLAIN = "plain";

	private static final int MAX_WAITING = 1000;

	private final Queue<Line> waiting = new ConcurrentLinkedQueue<>();

	private final AtomicInteger count = new AtomicInteger();

	void say(String kind, String text) {
		if (this.count.incrementAndGet() > MAX_WAITING) {
			this.count.decrementAndGet();
			return;
		}
		this.waiting.add(new Line(kind, text));
	}

	/**
	 * Write what waits.
	 */
	void flush(DemoRepository repository, String instance) {
		boolean wrote = false;
		for (Line line = next(); line != null; line = next()) {
			repository.log(instance, line.kind(), line.text());
			wrote = true;
		}
		if (wrote) {
			repository.prune();
		}
	}

	private @Nullable Line next() {
		Line line = this.waiting.poll();
		if (line != null) {
			this.count.decrementAndGet();
		}
		return line;
	}

	@EventListener
	void on(NodeDownEvent event) {
		say(BAD, "Node " + event.node() + " does not vote: " + messageOf(event.error()));
	}

	@EventListener
	void on(NodeUpEvent event) {
		say(GOOD, "Node " + event.node() + " votes again");
	}

	@EventListener
	void on(QuorumLostEvent event) {
		say(BAD, "The quorum is lost: " + event.quorum() + " nodes have to vote, and " + event.voting()
				+ " can. Nothing can be locked");
	}

	@EventListener
	void on(QuorumRegainedEvent event) {
		say(GOOD, "The quorum is back: " + event.voting() + " nodes vote");
	}

	@EventListener
	void on(LockAcquiredEvent event) {
		if (!isOfOneBuyer(event.lock().resources()) && !event.lock().resources().contains("sales-report")) {
			say(PLAIN, "Acquired " + text(event.lock().resources()) + ", token " + event.lock().fencingToken());
		}
	}

	@EventListener
	void on(LockReleasedEvent event) {
		if (event.wasValid() && !isOfOneBuyer(event.lock().resources())) {
			say(PLAIN, "Released " + text(event.lock().resources()) + ", token " + event.lock().fencingToken());
		}
	}

	@EventListener
	void on(LockLostEvent event) {
		say(WARNING, "Lost " + text(event.lock().resources()) + ", token " + event.lock().fencingToken()
				+ ": its validity is over");
	}

	@EventListener
	void on(LockReleaseFailedEvent event) {
		say(WARNING, "The release of " + text(event.lock().resources())
				+ " was not confirmed by a quorum; its keys expire by themselves");
	}

	/**
	 * Somebody else had it: where one tries only once that is no news.
	 */
	@EventListener
	void on(LockNotAcquiredEvent event) {
		if (event.error().getReason() != Reason.HELD) {
			say(WARNING, "Not acquired: " + text(event.resources()) + ", " + event.error().getReason());
		}
	}

	private static boolean isOfOneBuyer(List<String> resources) {
		return resources.contains("show:" + Sales.SHOW);
	}

	private static String text(List<String> resources) {
		return String.join(", ", resources);
	}

	private static String messageOf(Throwable error) {
		String message = error.getMessage();
		return (message != null) ? message : error.getClass().getSimpleName();
	}

	private record Line(String kind, String text) {
	}

}
