package io.github.redlock.core;

import java.lang.reflect.Method;
import java.util.EnumSet;
import java.util.Set;

import io.github.redlock.RedlockListener;

/**
 * What a {@link RedlockListener} can hear, one constant for each of its methods.
 */
enum EventKind {

	/** See {@link RedlockListener#acquired}. */
	ACQUIRED(Importance.ROUTINE, "acquired"),

	/** See {@link RedlockListener#acquireFailed}. */
	ACQUIRE_FAILED(Importance.FAILURE, "acquireFailed"),

	/** See {@link RedlockListener#extended}. */
	EXTENDED(Importance.ROUTINE, "extended"),

	/** See {@link RedlockListener#lost}. */
	LOST(Importance.ALARM, "lost"),

	/** See {@link RedlockListener#released}. */
	RELEASED(Importance.ROUTINE, "released"),

	/** See {@link RedlockListener#releaseFailed}. */
	RELEASE_FAILED(Importance.ALARM, "releaseFailed"),

	/** See {@link RedlockListener#nodeError}. */
	NODE_ERROR(Importance.FAILURE, "nodeError"),

	/** See {@link RedlockListener#nodeDown}. */
	NODE_DOWN(Importance.ALARM, "nodeDown"),

	/** See {@link RedlockListener#nodeUp}. */
	NODE_UP(Importance.ALARM, "nodeUp"),

	/** See {@link RedlockListener#quorumLost}. */
	QUORUM_LOST(Importance.ALARM, "quorumLost"),

	/** See {@link RedlockListener#quorumRegained}. */
	QUORUM_REGAINED(Importance.ALARM, "quorumRegained");

	private final Importance importance;

	private final String method;

	EventKind(Importance importance, String method) {
		this.importance = importance;
		this.method = method;
	}

	Importance importance() {
		return this.importance;
	}

	/**
	 * What a listener does anything with: the kinds for which it has a method of its own
	 * instead of the empty one of the interface.
	 * <p>
	 * When in doubt that is everything: a native image finds no method by its name unless
	 * it was told to, and a listener without any method of its own must be a stand-in,
	 * such as a mock, that works in another way.
	 */
	static Set<EventKind> heardBy(RedlockListener listener) {
		Set<EventKind> heard = EnumSet.noneOf(EventKind.class);
		for (EventKind kind : values()) {
			if (kind.isOverriddenBy(listener.getClass())) {
				heard.add(kind);
			}
		}
		return heard.isEmpty() ? EnumSet.allOf(EventKind.class) : heard;
	}

	private boolean isOverriddenBy(Class<?> type) {
		try {
			for (Method empty : RedlockListener.class.getMethods()) {
				if (empty.getName().equals(this.method)) {
					Method called = type.getMethod(this.method, empty.getParameterTypes());
					return !called.getDeclaringClass().equals(RedlockListener.class);
				}
			}
			return true;
		}
		catch (ReflectiveOperationException | RuntimeException | Error ex) {
			return true;
		}
	}

	/**
	 * What is dropped first where a listener does not keep up, in this order.
	 */
	enum Importance {

		/** All is well. */
		ROUTINE,

		/** The caller hears of it anyway, or a quorum made it harmless. */
		FAILURE,

		/** Somebody has to know. */
		ALARM

	}

}
