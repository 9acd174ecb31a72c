package io.github.redlock.core;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockHandle;
import io.github.redlock.RedlockListener;
import io.github.redlock.memory.InMemoryLocks;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What threads of the lock inherit from the caller that happens to start them, and what
 * the code of a user finds there.
 */
class UserCodeTests {

	private static final Duration TTL = Duration.ofSeconds(20);

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final InheritableThreadLocal<String> USER = new InheritableThreadLocal<>();

	private final SystemTime time = new SystemTime();

	private final InMemoryLocks nodes = new InMemoryLocks(this.time::nanoTime);

	private final Map<String, ClassLoader> seen = new ConcurrentHashMap<>();

	private ClassLoader before;

	private DefaultRedlock redlock;

	@BeforeEach
	void build() {
		this.before = Thread.currentThread().getContextClassLoader();
		this.redlock = withLoader("owner",
				() -> new RedlockBuilder().nodes(this.nodes.newNodes()).listener(new RedlockListener() {

					@Override
					public void acquired(LockHandle lock) {
						see("listener");
					}

				}).build());
		this.nodes.register(this.redlock);
	}

	@AfterEach
	void close() {
		this.redlock.close();
		this.time.close();
		assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(this.before);
	}

	private void see(String what) {
		this.seen.put(what, Thread.currentThread().getContextClassLoader());
	}

	private static final class Named extends URLClassLoader {

		private final String loaderName;

		private Named(String name) {
			super(new URL[0]);
			this.loaderName = name;
		}

		@Override
		public String toString() {
			return this.loaderName;
		}

	}

	private <T> T withLoader(String name, Supplier<T> action) {
		Thread.currentThread().setContextClassLoader(new Named(name));
		try {
			return action.get();
		}
		finally {
			Thread.currentThread().setContextClassLoader(this.before);
		}
	}

	private static <T> T join(CompletableFuture<T> future) {
		return future.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
	}

	@Test
	void codeRunsWithTheClassLoaderOfWhoeverAskedForIt() {
		for (String name : new String[] { "first", "second" }) {
			this.seen.clear();
			LockHandle lock = withLoader(name, () -> {
				CompletableFuture<LockHandle> acquired = this.redlock.acquireAsync(name, TTL);
				acquired.thenRun(() -> see("dependent"));
				CompletableFuture<Void> later = acquired.thenRunAsync(() -> see("asynchronous dependent"));
				join(later);
				return join(acquired);
			});
			CompletableFuture<Void> lost = lock.lost().thenRun(() -> see("loss")).toCompletableFuture();
			this.nodes.lose(name);
			join(lost);
			withLoader(name, () -> join(this.redlock.usingAsync(name, TTL, (held, signal) -> {
				see("routine");
				return CompletableFuture.completedFuture(1);
			}).thenApply((one) -> {
				see("end of the routine");
				return one;
			})));
			assertThat(this.seen).containsKeys("asynchronous dependent", "loss", "routine", "end of the routine")
				.allSatisfy((what, loader) -> assertThat(loader).as(what)
					.hasToString(what.equals("listener") ? "owner" : name));
		}
	}

	/** All threads of the pool are started by the first user's calls. */
	@Test
	void threadsKeepNothingOfTheCallerThatStartedThem() {
		USER.set("first");
		try {
			for (int i = 0; i < 200; i++) {
				this.redlock.acquire("a", TTL).release();
				join(this.redlock.acquireAsync("b", TTL).thenCompose(LockHandle::releaseAsync));
			}
		}
		finally {
			USER.remove();
		}
		for (int i = 0; i < 200; i++) {
			String user = join(this.redlock.acquireAsync("c", TTL).thenApplyAsync((lock) -> {
				String inherited = String.valueOf(USER.get());
				lock.release();
				return inherited;
			}));
			assertThat(user).isEqualTo("null");
		}
		assertThat(Thread.getAllStackTraces().keySet()).filteredOn((thread) -> thread.getName().startsWith("redlock-"))
			.isNotEmpty()
			.allSatisfy((thread) -> assertThat(thread.getContextClassLoader()).as(thread.getName())
				.isSameAs(DefaultRedlock.class.getClassLoader()));
	}

}
