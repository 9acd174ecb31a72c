package io.github.redlock.testing;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockNodeContract;
import io.github.redlock.spi.Vote;

/** The fake node keeps the contract. */
class FakeLockNodeTests extends LockNodeContract {

	private final VirtualTime time = new VirtualTime();

	private final FakeLockNode node = new FakeLockNode("fake", this.time);

	@Override
	protected LockNode node() {
		return this.node;
	}

	@Override
	protected Vote await(CompletionStage<Vote> vote) {
		try {
			return this.time.await(vote);
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	protected void hold(String resource, String value, Duration ttl) {
		this.node.hold(resource, value, ttl);
	}

	@Override
	protected void delete(String resource) {
		this.node.delete(resource);
	}

	@Override
	protected String valueOf(String resource) {
		return this.node.valueOf(resource);
	}

	@Override
	protected Duration ttlOf(String resource) {
		return this.node.ttlOf(resource);
	}

	@Override
	protected long fenceOf(String resource) {
		return this.node.fenceOf(resource);
	}

	@Override
	protected void deleteFence(String resource) {
		this.node.deleteFence(resource);
	}

}
