package io.github.redlock.redis;

import java.util.ArrayList;
import java.util.List;

import io.github.redlock.spi.Vote;

/**
 * Commands that travel to a node together, and what their answers mean. Not thread-safe.
 */
final class ScriptBatch {

	private final List<ScriptCall> calls;

	private final List<ScriptCall> again = new ArrayList<>();

	ScriptBatch(List<ScriptCall> calls) {
		this.calls = List.copyOf(calls);
	}

	/**
	 * What to send, by digest.
	 */
	List<ScriptCall> calls() {
		return this.calls;
	}

	/**
	 * Complete what was answered, and find what has to be sent again because the node did
	 * not know a script. Releases behind the first such command are sent again too, even
	 * if they were carried out: the acquisition they belong to may be among the commands
	 * that are repeated, and must not come after its release.
	 * @param answers one for each of {@link #calls()}
	 * @return what to send again, by text; empty if there is nothing
	 */
	List<ScriptCall> settle(List<?> answers) {
		for (int i = 0; i < this.calls.size(); i++) {
			ScriptCall call = this.calls.get(i);
			Object answer = answers.get(i);
			if (answer != null && NodeErrors.isNoScript(answer)) {
				this.again.add(call);
			}
			else if (!this.again.isEmpty() && call.isRelease()) {
				call.keep(answer);
				this.again.add(call);
			}
			else {
				call.complete(answer);
			}
		}
		return this.again;
	}

	/**
	 * Complete what was sent again.
	 * @param answers one for each of the commands that {@link #settle} returned
	 */
	void settleAgain(List<?> answers) {
		for (int i = 0; i < this.again.size(); i++) {
			this.again.get(i).complete(answers.get(i));
		}
	}

	/**
	 * Whether the driver reported, command by command, that the connection is gone.
	 */
	boolean isConnectionLost() {
		return this.calls.stream().anyMatch(ScriptCall::isConnectionLost);
	}

	/**
	 * Fail what has no answer: the connection is gone.
	 */
	void fail(Throwable error) {
		this.calls.forEach((call) -> call.fail(Vote.Failed.Reason.UNREACHABLE, error));
	}

}
