package io.github.redlock.core;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.Mockito;
import org.slf4j.LoggerFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.RedlockListener;
import io.github.redlock.testing.FakeCluster;
import io.github.redlock.testing.FakeCluster.Recorder;

import static org.assertj.core.api.Assertions.assertThat;

/** Events on their way to listeners that are slow, fail, or hear only some of them. */
@Timeout(60)
class EventDispatcherTests {

	private static final Duration TTL = Duration.ofSeconds(9);

	private static final Set<EventKind> EVERYTHING = EnumSet.allOf(EventKind.class);

	private final FakeCluster cluster = new FakeCluster(3);

	private final Recorder recorder = new Recorder();

	/** What the executor was given and has not run. */
	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final Logger logger = (Logger) LoggerFactory.getLogger(ListenerQueue.class);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@BeforeEach
	void listen() {
		this.logger.setLevel(Level.INFO);
		this.logger.setAdditive(false);
		this.logger.addAppender(this.log);
		this.log.start();
	}

	@AfterEach
	void restore() {
		this.logger.detachAppender(this.log);
		this.logger.setAdditive(true);
		this.logger.setLevel(null);
	}

	private EventDispatcher dispatcher(RedlockListener... listeners) {
		return new EventDispatcher(List.of(listeners), this.tasks::add);
	}

	private LockHandle lock() {
		return this.cluster.client().acquire("a", TTL);
	}

	private static LockLostException loss() {
		return new LockLostException(List.of("a"), "as intended", null);
	}

	private void runAll() {
		while (!this.tasks.isEmpty()) {
			this.tasks.remove().run();
		}
	}

	@Test
	void errorOfTheExecutorSilencesNobody() {
		boolean[] failing = { true };
		EventDispatcher events = new EventDispatcher(List.of(this.recorder), (task) -> {
			if (failing[0]) {
				throw new StackOverflowError();
			}
			this.tasks.add(task);
		});
		events.nodeDown("node0", loss());
		failing[0] = false;
		events.nodeUp("node0");
		runAll();
		assertThat(this.recorder.events()).containsExactly("nodeDown node0", "nodeUp node0");
	}

	@Test
	void deliveryThatWasRefusedAndRunsNeverthelessIsNoSecondOne() {
		boolean[] failing = { true };
		EventDispatcher events = new EventDispatcher(List.of(this.recorder), (task) -> {
			this.tasks.add(task);
			if (failing[0]) {
				throw new StackOverflowError();
			}
		});
		events.nodeDown("node0", loss());
		failing[0] = false;
		events.nodeUp("node0");
		assertThat(this.tasks).hasSize(2);
		this.tasks.remove().run();
		assertThat(this.recorder.events()).isEmpty();
		this.tasks.remove().run();
		assertThat(this.recorder.events()).containsExactly("nodeDown node0", "nodeUp node0");
	}

	/** The executor throws when the listener has begun to hear. */
	@Test
	void deliveryThatHasBegunGoesOnAlone() throws Exception {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch blocked = new CountDownLatch(1);
		CountDownLatch heard = new CountDownLatch(2);
		List<Thread> threads = new ArrayList<>();
		EventDispatcher events = new EventDispatcher(List.of(new RedlockListener() {

			@Override
			public void nodeUp(String node) {
				begun.countDown();
				await(blocked);
				heard.countDown();
			}

		}), (task) -> {
			threads.add(DaemonThreads.create("test", task));
			threads.get(threads.size() - 1).start();
			await(begun);
			throw new StackOverflowError();
		});
		events.nodeUp("node0");
		events.nodeUp("node1");
		assertThat(threads).hasSize(1);
		blocked.countDown();
		heard.await();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void listenerThatBlocksDelaysNoOther() {
		Recorder other = new Recorder();
		EventDispatcher events = dispatcher(this.recorder, other);
		events.nodeDown("node0", loss());
		events.nodeUp("node0");
		// The first one does not return.
		this.tasks.remove();
		runAll();
		assertThat(this.recorder.events()).isEmpty();
		assertThat(other.events()).containsExactly("nodeDown node0", "nodeUp node0");
	}

	@Test
	void blockedListenerKeepsABoundedNumberOfEventsAndTheImportantOnes() {
		LockHandle lock = lock();
		EventDispatcher events = dispatcher(this.recorder);
		events.lost(lock, loss());
		events.nodeDown("node0", loss());
		for (int i = 0; i < 2 * ListenerQueue.CAPACITY; i++) {
			events.acquired(lock);
			events.extended(lock, TTL);
			events.released(lock, true);
		}
		events.nodeError("node0", loss());
		events.nodeUp("node0");
		runAll();
		assertThat(this.recorder.events()).hasSize(ListenerQueue.CAPACITY)
			.startsWith("lost [a]", "nodeDown node0")
			.endsWith("released [a] true", "nodeError node0", "nodeUp node0");
	}

	@Test
	void failuresAreDroppedBeforeAlarmsAndAfterRoutine() {
		LockHandle lock = lock();
		EventDispatcher events = dispatcher(this.recorder);
		events.acquired(lock);
		events.acquireFailed(List.of("a"), () -> {
			throw new IllegalStateException("dropped");
		});
		events.nodeError("first", loss());
		fill(events, 3);
		assertThat(this.recorder.events()).isEmpty();
		events.nodeUp("takes the place of the routine");
		events.nodeUp("takes the place of the failed acquisition");
		events.nodeUp("takes the place of the node error");
		events.nodeError("has no place", loss());
		events.acquired(lock);
		runAll();
		assertThat(this.recorder.events()).hasSize(ListenerQueue.CAPACITY)
			.startsWith("nodeDown 3")
			.allMatch((event) -> event.startsWith("nodeDown") || event.startsWith("nodeUp takes the place"));
	}

	private static void fill(EventDispatcher events, int from) {
		IntStream.range(from, ListenerQueue.CAPACITY).forEach((i) -> events.nodeDown(String.valueOf(i), loss()));
	}

	@Test
	void amongAlarmsTheOldestIsDropped() {
		EventDispatcher events = dispatcher(this.recorder);
		fill(events, 0);
		events.nodeUp("last");
		runAll();
		assertThat(this.recorder.events()).hasSize(ListenerQueue.CAPACITY)
			.startsWith("nodeDown 1")
			.endsWith("nodeUp last");
	}

	@Test
	void whatIsDroppedIsSaidWhenItBeginsAndCountedAtTheEnd() {
		EventDispatcher events = dispatcher(this.recorder);
		for (int round = 0; round < 2; round++) {
			fill(events, 0);
			assertThat(this.log.list).isEmpty();
			IntStream.range(0, 5).forEach((i) -> events.nodeUp("node" + i));
			assertThat(this.log.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
			runAll();
			assertThat(this.log.list).hasSize(2);
			assertThat(this.log.list.get(1).getLevel()).isEqualTo(Level.INFO);
			assertThat(this.log.list.get(1).getFormattedMessage()).contains("5 events", Recorder.class.getName());
			this.log.list.clear();
		}
	}

	@Test
	void nothingIsQueuedForAListenerThatDoesNothingWithIt() {
		LockHandle lock = lock();
		EventDispatcher events = dispatcher(new RedlockListener() {

			@Override
			public void lost(LockHandle lost, LockLostException error) {
				EventDispatcherTests.this.recorder.lost(lost, error);
			}

		});
		events.acquired(lock);
		events.acquireFailed(List.of("a"), () -> {
			throw new AssertionError("nobody wants the exception");
		});
		events.nodeDown("node0", loss());
		assertThat(this.tasks).isEmpty();
		events.lost(lock, loss());
		runAll();
		assertThat(this.recorder.events()).containsExactly("lost [a]");
	}

	@Test
	void methodsAreFoundWhereverTheyAreDeclared() {
		assertThat(EventKind.heardBy(new Recorder())).isEqualTo(EVERYTHING);
		assertThat(EventKind.heardBy(new Recorder() {
		})).as("in a superclass").isEqualTo(EVERYTHING);
		assertThat(EventKind.heardBy(new Alarm() {
		})).as("in another interface").containsExactly(EventKind.LOST);
	}

	@Test
	void standInsHearEverything() {
		assertThat(EventKind.heardBy(Mockito.mock(RedlockListener.class))).isEqualTo(EVERYTHING);
		Object proxy = Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { RedlockListener.class },
				(self, method, arguments) -> null);
		assertThat(EventKind.heardBy((RedlockListener) proxy)).isEqualTo(EVERYTHING);
		assertThat(EventKind.heardBy(new RedlockListener() {
		})).as("nobody registers a listener for nothing").isEqualTo(EVERYTHING);
	}

	/** A kind whose method is not found would be delivered to everybody. */
	@Test
	void everyMethodHasItsKind() {
		assertThat(RedlockListener.class.getMethods()).hasSameSizeAs(EventKind.values());
		assertThat(EventKind.heardBy(new Alarm() {
		})).as("all others are found by their names").hasSize(1);
	}

	private interface Alarm extends RedlockListener {

		@Override
		default void lost(LockHandle lock, LockLostException error) {
			throw new IllegalStateException("as intended");
		}

	}

}
