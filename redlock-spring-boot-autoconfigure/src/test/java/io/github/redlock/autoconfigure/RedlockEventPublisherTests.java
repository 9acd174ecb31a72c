package io.github.redlock.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.event.NodeDownEvent;
import io.github.redlock.event.NodeErrorEvent;
import io.github.redlock.event.NodeUpEvent;

import static org.assertj.core.api.Assertions.assertThat;

/** Application events of several sets of nodes, before and after the start. */
@Timeout(60)
class RedlockEventPublisherTests {

	private static final Throwable ERROR = new IllegalStateException("as intended");

	private final LinkedBlockingQueue<Object> published = new LinkedBlockingQueue<>();

	private final CountDownLatch slow = new CountDownLatch(1);

	private final CountDownLatch begun = new CountDownLatch(1);

	private final RedlockEventPublisher publisher = new RedlockEventPublisher(this::publish);

	private final RedlockEventPublisher first = this.publisher.forAnotherSet();

	private final RedlockEventPublisher second = this.publisher.forAnotherSet();

	/** A listener that takes its time for whatever is called slow, and fails at times. */
	private void publish(Object event) {
		if (event.equals(new NodeUpEvent("slow"))) {
			this.begun.countDown();
			try {
				this.slow.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		if (event.equals(new NodeUpEvent("bad"))) {
			throw new AssertionError("a bug of the listener");
		}
		this.published.add(event);
	}

	private static Thread start(Runnable task) {
		Thread thread = new Thread(task);
		thread.setDaemon(true);
		thread.start();
		return thread;
	}

	@AfterEach
	void goOn() {
		this.slow.countDown();
	}

	@Test
	void slowListenerOfOneSetDelaysNoOtherSet() throws Exception {
		this.publisher.start();
		start(() -> this.first.nodeUp("slow"));
		this.begun.await();
		start(() -> this.second.nodeUp("other"));
		assertThat(this.published.poll(20, TimeUnit.SECONDS)).isEqualTo(new NodeUpEvent("other"));
	}

	@Test
	void slowListenerAtTheStartDelaysNoOtherSet() throws Exception {
		this.first.nodeUp("slow");
		this.second.nodeDown("early", ERROR);
		start(this.publisher::start);
		this.begun.await();
		start(() -> this.second.nodeUp("early"));
		assertThat(this.published.poll(20, TimeUnit.SECONDS)).isEqualTo(new NodeDownEvent("early", ERROR));
		assertThat(this.published.poll(20, TimeUnit.SECONDS)).isEqualTo(new NodeUpEvent("early"));
	}

	@Test
	void eventsOfASetKeepTheirOrderAtTheStart() throws Exception {
		this.first.nodeUp("slow");
		this.first.nodeUp("second");
		Thread start = start(this.publisher::start);
		this.begun.await();
		this.first.nodeUp("third");
		assertThat(this.published).isEmpty();
		this.slow.countDown();
		start.join();
		assertThat(this.published).containsExactly(new NodeUpEvent("slow"), new NodeUpEvent("second"),
				new NodeUpEvent("third"));
	}

	@Test
	void listenerThatFailsCostsNeitherTheStartNorLaterEvents() {
		this.first.nodeUp("bad");
		this.first.nodeUp("early");
		this.publisher.start();
		this.first.nodeUp("bad");
		this.first.nodeUp("late");
		assertThat(this.published).containsExactly(new NodeUpEvent("early"), new NodeUpEvent("late"));
	}

	@Test
	void setThatIsMadeLaterPublishesAtOnce() {
		this.publisher.start();
		this.publisher.forAnotherSet().nodeUp("late");
		assertThat(this.published).containsExactly(new NodeUpEvent("late"));
	}

	@Test
	void earlyEventsAreBoundedAndTheImportantOnesAreKept() {
		this.first.nodeDown("down", ERROR);
		IntStream.range(0, 3 * RedlockEventPublisher.MAX_EARLY).forEach((i) -> this.first.nodeError("node" + i, ERROR));
		this.first.nodeUp("up");
		this.publisher.start();
		List<Object> events = new ArrayList<>(this.published);
		assertThat(events).hasSize(RedlockEventPublisher.MAX_EARLY)
			.startsWith(new NodeDownEvent("down", ERROR))
			.endsWith(new NodeErrorEvent("node2999", ERROR), new NodeUpEvent("up"));
	}

	@Test
	void earlyFailureTakesThePlaceOfNothingMoreImportant() {
		IntStream.range(0, RedlockEventPublisher.MAX_EARLY).forEach((i) -> this.first.nodeUp("node" + i));
		this.first.nodeError("error", ERROR);
		this.publisher.start();
		assertThat(this.published).hasSize(RedlockEventPublisher.MAX_EARLY)
			.doesNotContain(new NodeErrorEvent("error", ERROR));
	}

}
