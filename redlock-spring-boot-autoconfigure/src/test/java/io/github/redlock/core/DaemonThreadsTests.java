package io.github.redlock.core;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.testing.VirtualTime;

import static org.assertj.core.api.Assertions.assertThat;

/** What the threads of the core have from the thread that needed one first: nothing. */
@Timeout(60)
class DaemonThreadsTests {

	private static final InheritableThreadLocal<String> USER = new InheritableThreadLocal<>();

	/** What a thread looks like from inside. */
	private record Seen(Thread thread, ClassLoader loader, ThreadGroup group, String user) {

		private static Seen here() {
			Thread thread = Thread.currentThread();
			return new Seen(thread, thread.getContextClassLoader(), thread.getThreadGroup(), USER.get());
		}

	}

	/** A request of an application that was deployed into a server. */
	private static Seen startedByAStranger(Consumer<CompletableFuture<Seen>> action) throws Exception {
		CompletableFuture<Seen> seen = new CompletableFuture<>();
		CompletableFuture<Void> over = new CompletableFuture<>();
		try (URLClassLoader application = new URLClassLoader(new URL[0])) {
			Thread stranger = new Thread(new ThreadGroup("application"), () -> {
				USER.set("alice");
				Thread.currentThread().setContextClassLoader(application);
				try {
					action.accept(seen);
					over.complete(null);
				}
				catch (Throwable ex) {
					over.completeExceptionally(ex);
				}
			});
			stranger.start();
			over.get(20, TimeUnit.SECONDS);
			return seen.get(20, TimeUnit.SECONDS);
		}
	}

	private static void checkInheritsNothing(Seen seen) {
		assertThat(seen.user()).isNull();
		assertThat(seen.loader()).isSameAs(DefaultRedlock.class.getClassLoader());
		assertThat(seen.group().getParent()).isNull();
		assertThat(seen.thread().isDaemon()).isTrue();
	}

	@Test
	void threadOfCallbacksInheritsNothing() throws Exception {
		CallbackExecutor executor = new CallbackExecutor(new VirtualTime());
		Seen seen = startedByAStranger((result) -> executor.execute(() -> result.complete(Seen.here())));
		checkInheritsNothing(seen);
		assertThat(seen.thread().getName()).isEqualTo("redlock-callback-1");
	}

	@Test
	void timerInheritsNothing() throws Exception {
		CompletableFuture<SystemTime> made = new CompletableFuture<>();
		Seen seen = startedByAStranger((result) -> {
			SystemTime time = new SystemTime();
			made.complete(time);
			time.schedule(Duration.ZERO.toNanos(), () -> result.complete(Seen.here()));
		});
		made.join().close();
		checkInheritsNothing(seen);
		assertThat(seen.thread().getName()).isEqualTo("redlock-timer");
	}

	@Test
	void everyThreadInheritsNothing() throws Exception {
		checkInheritsNothing(startedByAStranger(
				(result) -> DaemonThreads.create("redlock-test", () -> result.complete(Seen.here())).start()));
	}

}
