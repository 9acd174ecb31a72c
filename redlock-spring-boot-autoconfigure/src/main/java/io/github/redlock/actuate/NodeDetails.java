package io.github.redlock.actuate;

import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

import io.github.redlock.RedlockStatus.NodeStatus;

/**
 * One node, as health and endpoint show it.
 */
final class NodeDetails {

	private static final double NANOS_PER_MILLI = 1_000_000;

	private NodeDetails() {
	}

	static Map<String, Object> of(NodeStatus node) {
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("voting", node.isVoting());
		details.put("unchangedFor", node.unchangedFor().truncatedTo(ChronoUnit.SECONDS).toString());
		node.server().ifPresent((server) -> details.put("server", server));
		node.roundTrip().ifPresent((time) -> details.put("roundTripMillis", time.toNanos() / NANOS_PER_MILLI));
		node.reason().ifPresent((reason) -> details.put("lastFailure", reason.name()));
		node.error().ifPresent((error) -> details.put("lastError", error));
		return details;
	}

}
