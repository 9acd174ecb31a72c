package com.example;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockNodeContract;
import io.github.redlock.spi.Vote;

class MapLockNodeTests extends LockNodeContract {

	private final MapLockNode node = new MapLockNode("map");

	@Override
	protected LockNode node() {
		return this.node;
	}

	@Override
	protected Vote await(CompletionStage<Vote> vote) {
		return vote.toCompletableFuture().join();
	}

	@Override
	protected String valueOf(String resource) {
		return this.node.valueOf(resource);
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
