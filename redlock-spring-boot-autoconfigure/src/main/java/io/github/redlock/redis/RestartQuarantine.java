package io.github.redlock.redis;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * How long a server must have been running before its votes count. A server that has lost
 * its memory in a restart could otherwise grant what another client still holds; after
 * the longest ttl in use, nothing of what it forgot can be valid any more.
 *
 * @see <a href=
 * "https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/">"Distributed
 * Locks with Redis", section "Performance, Crash Recovery and fsync"</a>
 */
final class RestartQuarantine {

	private static final Pattern UPTIME = Pattern.compile("(?m)^uptime_in_seconds:(\\d+)\\s*$");

	private final long seconds;

	/**
	 * A quarantine.
	 * @param quarantine zero for none; rounded up to seconds, the unit in which a server
	 * tells its age
	 */
	RestartQuarantine(Duration quarantine) {
		this.seconds = quarantine.plusSeconds(1).minusNanos(1).toSeconds();
	}

	/**
	 * Look how long the server behind a new connection has been running.
	 * @param info what it says in the section "server" of INFO
	 * @param refusal why it says nothing, {@code null} if it does
	 * @return why it does not vote, {@code null} if it does
	 */
	@Nullable Throwable check(String info, @Nullable Throwable refusal) {
		if (this.seconds == 0) {
			return null;
		}
		if (refusal != null) {
			return new IllegalStateException("it does not tell how long it has been running, and"
					+ " redlock.restart-quarantine is set; grant its user the right to INFO", refusal);
		}
		Matcher uptime = UPTIME.matcher(info);
		if (!uptime.find()) {
			return new IllegalStateException("it does not tell how long it has been running, and"
					+ " redlock.restart-quarantine is set; set it to 0 if this server is to vote");
		}
		// Both ends of the uptime are rounded down: it may be a second less.
		long left = this.seconds + 1 - Long.parseLong(uptime.group(1));
		return (left <= 0) ? null
				: new IllegalStateException(
						"it was restarted recently and may have forgotten locks; it votes when it has been running for "
								+ this.seconds + " s (redlock.restart-quarantine)",
						new IllegalStateException("now for " + uptime.group(1) + " s"));
	}

}
