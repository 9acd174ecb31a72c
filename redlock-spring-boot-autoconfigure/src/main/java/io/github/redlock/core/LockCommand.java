package io.github.redlock.core;

import java.util.concurrent.CompletionStage;

import io.github.redlock.spi.LockNode;
import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * The requests a node understands.
 */
enum LockCommand {

	ACQUIRE, ACQUIRE_FREE, EXTEND, HEAL, RELEASE, RELEASE_LATER, WITHDRAW, PROBE;

	CompletionStage<Vote> send(LockNode node, LockRequest request) {
		return switch (this) {
			case ACQUIRE -> node.acquire(request);
			case ACQUIRE_FREE -> node.acquireFree(request);
			case EXTEND -> node.extend(request);
			case HEAL -> node.heal(request);
			case RELEASE -> node.release(request);
			case RELEASE_LATER -> node.releaseLater(request);
			case WITHDRAW -> node.withdraw(request);
			case PROBE -> node.probe();
		};
	}

	/**
	 * Whether a key may live as long as the request says.
	 */
	boolean prolongsKeys() {
		return this == EXTEND || this == HEAL;
	}

	/**
	 * Whether this is the last request of an owner, which has to arrive for certain.
	 */
	boolean isRelease() {
		return this == RELEASE || this == RELEASE_LATER || this == WITHDRAW;
	}

	/**
	 * Whether a key may be left on the node that only a release takes away.
	 */
	boolean createsKeys() {
		return this == ACQUIRE || this == ACQUIRE_FREE || this == HEAL;
	}

}
