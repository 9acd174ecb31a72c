package io.github.redlock.redis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;

import org.jspecify.annotations.Nullable;

/**
 * The commands on their way over one connection, which answers them in their order, and
 * what the answers mean. Not thread-safe.
 */
final class ScriptPipeline {

	private final Deque<ScriptCall> unanswered = new ArrayDeque<>();

	/**
	 * A command was written to the connection.
	 */
	void sent(ScriptCall call) {
		this.unanswered.add(call);
	}

	int size() {
		return this.unanswered.size();
	}

	/**
	 * The next answer has arrived.
	 * <p>
	 * A command whose script the node does not know is sent again by its text. Releases
	 * that were written since are sent again behind it, even if they were carried out:
	 * the acquisition they belong to may be the command that is repeated, and must not
	 * come after its release.
	 * @param answer what the node said
	 * @param answered collects what is to be completed
	 * @return the command to send again now, by text; {@code null} if there is none, or
	 * another answer belongs to this one
	 * @throws IllegalStateException if nothing was asked
	 */
	@Nullable ScriptCall answered(Object answer, Queue<ScriptCall> answered) {
		ScriptCall call = this.unanswered.peek();
		if (call == null) {
			throw new IllegalStateException("the node answers without having been asked: " + answer);
		}
		if (call.takeFirstOfTwo(answer)) {
			return null;
		}
		this.unanswered.remove();
		boolean repeated = call.takeRepeat();
		if (NodeErrors.isNoScript(answer) && !call.isSentWithText()) {
			this.unanswered.stream().filter(ScriptCall::isRelease).forEach(ScriptCall::repeat);
			return call;
		}
		if (repeated) {
			call.keep(answer);
			return call;
		}
		call.take(answer);
		answered.add(call);
		return null;
	}

	/**
	 * The connection is gone, and with it what was not answered.
	 */
	void lost(Throwable error, Queue<ScriptCall> answered) {
		while (!this.unanswered.isEmpty()) {
			ScriptCall call = this.unanswered.remove();
			call.take(NodeErrors.unreachable(error));
			answered.add(call);
		}
	}

}
