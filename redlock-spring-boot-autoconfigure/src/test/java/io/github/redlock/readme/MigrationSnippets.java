package io.github.redlock.readme;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.springframework.context.event.EventListener;

import io.github.redlock.ExecutionStats;
import io.github.redlock.LockHandle;
import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.LockOptions;
import io.github.redlock.NodeVote;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockListener;
import io.github.redlock.event.NodeErrorEvent;
import io.github.redlock.spi.Vote;

/**
 * The snippets of docs/migration.md, word for word; {@link MigrationTests} runs them.
 */
class MigrationSnippets {

	private final Redlock redlock;

	private final List<String> done = new ArrayList<>();

	MigrationSnippets(Redlock redlock) {
		this.redlock = redlock;
	}

	List<String> done() {
		return this.done;
	}

	private void something(String what) {
		this.done.add(what);
	}

	void acquireExtendRelease() {
		try (LockHandle lock = this.redlock.acquire("a", Duration.ofMillis(5000))) {
			something("first");
			lock.extend(Duration.ofMillis(5000));
			something("second");
		}
	}

	String using() {
		return this.redlock.using(List.of("foo", "bar"), Duration.ofMillis(5000), LockOptions.defaults(),
				(lock, signal) -> {
					something("foo");
					signal.throwIfAborted();
					something("bar");
					return "done";
				});
	}

	LockOptions asInNodeRedlock() {
		LockOptions asInNodeRedlock = LockOptions.builder()
			.retryCount(10)
			.retryDelay(Duration.ofMillis(200))
			.retryJitter(Duration.ofMillis(100))
			.driftFactor(0.01)
			.build();
		return asInNodeRedlock;
	}

	CompletableFuture<Boolean> promise() {
		return this.redlock.acquireAsync("a", Duration.ofMillis(5000)).thenCompose((lock) -> {
			something("async");
			return lock.releaseAsync();
		});
	}

	String outcomes() {
		try {
			return this.redlock.using("a", Duration.ofMillis(5000), (lock, signal) -> "done");
		}
		catch (LockNotAcquiredException ex) {
			return (ex.getReason() == Reason.HELD) ? "somebody else has it" : "too few nodes answered";
		}
		catch (LockLostException ex) {
			return "done, but perhaps not alone";
		}
	}

	static boolean isHeldElsewhere(ExecutionStats attempt) {
		return attempt.votes().stream().map(NodeVote::vote).anyMatch(Vote.Held.class::isInstance);
	}

	static class NodeErrors {

		private final List<String> seen = new ArrayList<>();

		List<String> seen() {
			return this.seen;
		}

		@EventListener
		void on(NodeErrorEvent event) {
			this.seen.add(event.node() + ": " + event.error());
		}

	}

	static class NodeErrorListener implements RedlockListener {

		private final List<String> seen = new ArrayList<>();

		List<String> seen() {
			return this.seen;
		}

		@Override
		public void nodeError(String node, Throwable error) {
			this.seen.add(node + ": " + error);
		}

	}

}
