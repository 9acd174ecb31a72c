package io.github.redlock.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.springframework.data.redis.connection.RedisConnection;

import io.github.redlock.spi.Vote;

/**
 * What {@link RedisLockNode} does, without its thread and its blocking connection:
 * requests gather while a batch is on its way, and answers are read by the rules of
 * {@link ScriptBatch}. How a batch travels is left to a simulation.
 */
public abstract class BatchingLockNode extends ScriptLockNode {

	private List<ScriptCall> gathered = new ArrayList<>();

	private Flight flight;

	protected BatchingLockNode(String name, String keyPrefix, Duration fenceRetention) {
		super(name, keyPrefix, fenceRetention);
	}

	/**
	 * Send a batch over the connection there is, or open one. Answer by
	 * {@link Flight#arrived} or {@link Flight#lost}.
	 */
	protected abstract void send(Flight flight);

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		this.gathered.add(call);
		sendNext();
		return call.vote();
	}

	private void sendNext() {
		if (this.flight == null && !this.gathered.isEmpty()) {
			this.flight = new Flight(new ScriptBatch(this.gathered));
			this.gathered = new ArrayList<>();
			send(this.flight);
		}
	}

	/**
	 * A batch on its way.
	 */
	public final class Flight {

		private final ScriptBatch batch;

		private Message message;

		private Flight(ScriptBatch batch) {
			this.batch = batch;
			this.message = new Message(batch.calls(), true);
		}

		/** What to send now. */
		public Message message() {
			return this.message;
		}

		/** Whether answers are still waited for. */
		public boolean isWaiting() {
			return BatchingLockNode.this.flight == this;
		}

		/** The answers to a message are there. */
		public void arrived(Message answered, List<Object> answers) {
			if (!isWaiting() || answered != this.message) {
				return;
			}
			if (this.message.bySha) {
				List<ScriptCall> again = this.batch.settle(answers);
				if (!again.isEmpty()) {
					this.message = new Message(List.copyOf(again), false);
					if (isWaiting()) {
						send(this);
					}
					return;
				}
			}
			else {
				this.batch.settleAgain(answers);
			}
			end();
		}

		/** The connection is gone. */
		public void lost(RuntimeException error) {
			if (isWaiting()) {
				this.batch.fail(error);
				end();
			}
		}

		private void end() {
			if (isWaiting()) {
				BatchingLockNode.this.flight = null;
				sendNext();
			}
		}

	}

	/**
	 * Commands as they were written to a connection.
	 */
	public static final class Message {

		private final List<ScriptCall> calls;

		private final boolean bySha;

		private Message(List<ScriptCall> calls, boolean bySha) {
			this.calls = calls;
			this.bySha = bySha;
		}

		/** The commands arrive at a server. */
		public List<Object> executeOn(ScriptedRedis server) {
			RedisConnection connection = ImmediateLockNode.connectionTo(server);
			List<Object> answers = new ArrayList<>();
			this.calls.forEach((call) -> answers.add(ImmediateLockNode.answer(call, connection, this.bySha)));
			return answers;
		}

	}

}
