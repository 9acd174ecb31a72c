package io.github.redlock.actuate;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.github.redlock.RedlockStatus;

/**
 * The health of one set of nodes. UP as long as a quorum votes, with a detail
 * {@code degraded} where nodes are missing, and DOWN below a quorum. Each node that votes
 * is probed once; nothing is scanned.
 *
 * @since 0.1.0
 */
public final class RedlockHealthIndicator extends AbstractHealthIndicator {

	/** A node that does not answer fails after the command timeout. */
	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final RedlockSet set;

	/**
	 * Create an indicator.
	 * @param set what to look at
	 */
	public RedlockHealthIndicator(RedlockSet set) {
		super("The nodes of the lock could not be looked at");
		this.set = set;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		RedlockStatus status = probed(builder);
		builder.status((status.margin() >= 0) ? Status.UP : Status.DOWN);
		builder.withDetail("voting", status.voting() + " of " + status.nodes().size())
			.withDetail("quorum", status.quorum());
		if (status.margin() >= 0 && status.voting() < status.nodes().size()) {
			builder.withDetail("degraded", (status.margin() == 0) ? "one more failure, and nothing can be locked"
					: status.margin() + " more failures are survived");
		}
		Map<String, Object> nodes = new LinkedHashMap<>();
		status.nodes().forEach((node) -> nodes.put(node.name(), NodeDetails.of(node)));
		builder.withDetail("nodes", nodes);
	}

	private RedlockStatus probed(Health.Builder builder) {
		try {
			return this.set.redlock().probe().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			builder.withDetail("probe", String.valueOf(ex));
		}
		return this.set.redlock().status();
	}

}
