package io.github.redlock.core;

import java.util.concurrent.CompletionStage;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * The requests a node understands.
 */
enum LockCommand {

	ACQUIRE, EXTEND, HEAL, RELEASE, PING;

	CompletionStage<Vote> send(LockNode node, LockRequest request) {
		return switch (this) {
			case ACQUIRE -> node.acquire(request);
			case EXTEND -> node.extend(request);
			case HEAL -> node.heal(request);
			case RELEASE -> node.release(request);
			case PING -> node.ping();
		};
	}

	/**
	 * Whether a key may live as long as the request says.
	 */
	boolean prolongsKeys() {
		return this == EXTEND || this == HEAL;
	}

	/**
	 * Whether a key may be left on the node that only a release takes away.
	 */
	boolean createsKeys() {
		return this == ACQUIRE || this == HEAL;
	}

}
