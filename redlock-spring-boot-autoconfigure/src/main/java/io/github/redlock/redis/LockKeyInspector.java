package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;

/**
 * Looks at the keys of a resource for an operator, or deletes them. Each node is asked on
 * a connection of its own, which is opened for that, and all of them at once. Values of
 * locks are never shown, except for their readable part.
 * <p>
 * Thread-safe. Blocks for as long as it may take to connect and to answer.
 */
final class LockKeyInspector {

	private final LockKeys keys;

	private final Map<String, Supplier<RedisConnection>> openers = new LinkedHashMap<>();

	private final Map<String, Duration> patience = new LinkedHashMap<>();

	LockKeyInspector(String keyPrefix) {
		this.keys = new LockKeys(keyPrefix);
	}

	/**
	 * Add a node. Not thread-safe, unlike the rest.
	 * @param patience how long it may take to connect to it and to get an answer
	 */
	void add(String node, Supplier<RedisConnection> opener, Duration patience) {
		this.openers.put(node, opener);
		this.patience.put(node, patience);
	}

	/**
	 * Ask what is there.
	 */
	List<LockKeyReport> inspect(String resource) {
		return onAll((node, connection) -> report(node, connection, resource));
	}

	/**
	 * Delete what is there, whosever it is, and tell those who wait.
	 * @return what was there before
	 */
	List<LockKeyReport> free(String resource) {
		return onAll((node, connection) -> {
			LockKeyReport before = report(node, connection, resource);
			connection.keyCommands().del(LockKeys.bytes(this.keys.lockKey(resource)));
			connection.publish(LockKeys.bytes(this.keys.channel(resource)), new byte[0]);
			return before;
		});
	}

	private LockKeyReport report(String node, RedisConnection connection, String resource) {
		byte[] key = LockKeys.bytes(this.keys.lockKey(resource));
		byte[] value = connection.stringCommands().get(key);
		if (value == null) {
			return LockKeyReport.free(node);
		}
		Long millis = connection.keyCommands().pTtl(key);
		return new LockKeyReport(node, LockKeyReport.State.HELD, owner(new String(value, StandardCharsets.UTF_8)),
				(millis != null && millis >= 0) ? Optional.of(Duration.ofMillis(millis)) : Optional.empty(),
				Optional.empty());
	}

	/**
	 * What stands before the random part.
	 */
	private static Optional<String> owner(String value) {
		int colon = value.lastIndexOf(':');
		return (colon > 0) ? Optional.of(value.substring(0, colon)) : Optional.empty();
	}

	private List<LockKeyReport> onAll(BiFunction<String, RedisConnection, LockKeyReport> question) {
		Map<String, CompletableFuture<LockKeyReport>> asked = new LinkedHashMap<>();
		this.openers
			.forEach((node, opener) -> asked.put(node, CompletableFuture.supplyAsync(() -> ask(node, opener, question),
					(task) -> IoThreads.daemon(task, "redlock-inspect-" + node).start())));
		List<LockKeyReport> reports = new ArrayList<>();
		asked.forEach((node, report) -> reports.add(await(node, report)));
		return reports;
	}

	private static LockKeyReport ask(String node, Supplier<RedisConnection> opener,
			BiFunction<String, RedisConnection, LockKeyReport> question) {
		try (RedisConnection connection = opener.get()) {
			return question.apply(node, connection);
		}
	}

	private LockKeyReport await(String node, CompletableFuture<LockKeyReport> report) {
		Duration patience = this.patience.getOrDefault(node, Duration.ZERO);
		Throwable problem;
		try {
			return report.get(patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			problem = new TimeoutException("no answer within " + patience.toMillis() + " ms");
		}
		catch (ExecutionException ex) {
			problem = cause(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			problem = ex;
		}
		return LockKeyReport.failed(node, problem);
	}

	private static Throwable cause(ExecutionException error) {
		@Nullable Throwable cause = error.getCause();
		return (cause != null) ? cause : error;
	}

}
