package io.github.redlock.sample.demo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.github.redlock.RedlockStatus;
import io.github.redlock.RedlockStatus.NodeStatus;
import io.github.redlock.sample.demo.InstanceView.NodeState;
import io.github.redlock.sample.demo.InstanceView.NodeView;
import io.github.redlock.spi.Vote;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What makes a node up, degraded or down on the page.
 */
class NodeWatchTests {

	private final NodeWatch watch = new NodeWatch();

	private NodeView view(boolean voting, Duration roundTrip) {
		NodeStatus node = new NodeStatus("a:1", voting, Duration.ofSeconds(7), Optional.empty(),
				Optional.of("connection refused"), Optional.of(roundTrip), Optional.of("Redis 7.0.15"));
		return this.watch.nodes(new RedlockStatus("redlock", 1, List.of(node), List.of(), List.of())).get(0);
	}

	@Test
	void nodeThatVotesIsUpAndItsOldErrorIsNotShown() {
		assertThat(view(true, Duration.ofMillis(2)))
			.isEqualTo(new NodeView("a:1", NodeState.UP, 7000, 2000L, "Redis 7.0.15", null));
	}

	@Test
	void nodeThatDoesNotVoteIsDown() {
		NodeView view = view(false, Duration.ofMillis(2));
		assertThat(view.state()).isEqualTo(NodeState.DOWN);
		assertThat(view.error()).isEqualTo("connection refused");
	}

	@Test
	void nodeThatVotesAndIsSlowIsDegraded() {
		assertThat(view(true, Duration.ofMillis(100)).state()).isEqualTo(NodeState.UP);
		assertThat(view(true, Duration.ofMillis(101)).state()).isEqualTo(NodeState.DEGRADED);
	}

	@Test
	void nodeThatVotesAndHasJustFailedIsDegraded() {
		this.watch.nodeFailed("b:1", Vote.Failed.Reason.TIMEOUT);
		assertThat(view(true, Duration.ofMillis(2)).state()).isEqualTo(NodeState.UP);
		this.watch.nodeFailed("a:1", Vote.Failed.Reason.TIMEOUT);
		assertThat(view(true, Duration.ofMillis(2)).state()).isEqualTo(NodeState.DEGRADED);
	}

}
