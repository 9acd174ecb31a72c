package io.github.redlock.core;

import org.jspecify.annotations.Nullable;

import io.github.redlock.spi.LockRequest;

/**
 * A lock as seen by those that keep it alive: {@link Renewal} and {@link Extension}. Its
 * monitor guards their state, and they call it in its monitor.
 */
interface ExtendableLock {

	/**
	 * Whether it is neither lost nor released. The time may be over nevertheless.
	 */
	boolean isHeld();

	/**
	 * Read the clock.
	 * @return {@code true} if the time is over; the lock is lost then
	 */
	boolean endIfExpired();

	long remainingNanos();

	/**
	 * Whether the time that the lock may be held at most is what ends it next.
	 */
	boolean endsByMaxHold();

	/**
	 * What the nodes were last asked to keep.
	 */
	LockRequest request();

	/**
	 * What it is for, empty for nothing in particular.
	 */
	String name();

	/**
	 * A quorum has extended it.
	 * @param start when the round began
	 * @return {@code false} if that came too late
	 */
	boolean extended(long start, LockRequest request);

	/**
	 * The extension is over, however it ended.
	 */
	void extensionEnded();

	/**
	 * It is known to be lost.
	 */
	void lose(String how, @Nullable Throwable cause);

}
