package io.github.redlock.redis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;

import org.springframework.data.redis.connection.RedisConnection;

import io.github.redlock.spi.LockRequest;
import io.github.redlock.spi.Vote;

/**
 * What {@link RedisLockNode} does, without its thread and its blocking connection:
 * requests gather while a batch is on its way. Or what {@link ChannelLockNode} does:
 * every request is on its way at once. Answers are read by the rules of
 * {@link ScriptPipeline}. How they travel is left to a simulation.
 */
public abstract class BatchingLockNode extends ScriptLockNode {

	private List<ScriptCall> gathered = new ArrayList<>();

	private Flight flight;

	private final boolean pipelining;

	private Pipe pipe = new Pipe();

	protected BatchingLockNode(String name, String keyPrefix, boolean pipelining) {
		super(name, new ScriptCommands(keyPrefix), true, null);
		this.pipelining = pipelining;
	}

	@Override
	boolean canBeHeard() {
		return true;
	}

	/** What is sent from now on travels on another connection. */
	protected void connectionOpened() {
		this.pipe = new Pipe();
	}

	/**
	 * Send a batch over the connection there is, or open one. Answer by
	 * {@link Flight#arrived} or {@link Flight#lost}.
	 */
	protected abstract void send(Flight flight);

	@Override
	CompletionStage<Vote> send(ScriptCall call) {
		if (this.pipelining) {
			write(call, true);
		}
		else {
			this.gathered.add(call);
			sendNext();
		}
		return call.vote();
	}

	private void sendNext() {
		if (this.flight == null && !this.gathered.isEmpty()) {
			this.flight = new Batch(this.gathered);
			this.gathered = new ArrayList<>();
			send(this.flight);
		}
	}

	@Override
	public CompletionStage<Vote> acquireFree(LockRequest request) {
		if (!this.pipelining) {
			return acquire(request);
		}
		ScriptCall call = ScriptCall.ofFree(acquisition(request), request.token());
		call.encodedFor(false);
		send(new Single(call, new Message(List.of(call), true, request)));
		return call.vote();
	}

	private void write(ScriptCall call, boolean bySha) {
		if (!bySha) {
			call.encodedWithText();
		}
		send(new Single(call, new Message(List.of(call), bySha, null)));
	}

	/**
	 * The commands on one connection.
	 */
	private static final class Pipe {

		private final ScriptPipeline pipeline = new ScriptPipeline();

		private final Queue<Flight> written = new ArrayDeque<>();

	}

	/**
	 * Commands on their way.
	 */
	public abstract static class Flight {

		private Message message;

		Flight(Message message) {
			this.message = message;
		}

		/** What to send now. */
		public Message message() {
			return this.message;
		}

		/** It travels on the connection that was opened last. */
		public abstract void written();

		/** Whether answers are still waited for. */
		public abstract boolean isWaiting();

		/** The answers to a message are there. */
		public abstract void arrived(Message answered, List<Object> answers);

		/** The connection is gone. */
		public abstract void lost(RuntimeException error);

	}

	/**
	 * One command of many on their way.
	 */
	private final class Single extends Flight {

		private final ScriptCall call;

		private Pipe pipe;

		private Single(ScriptCall call, Message message) {
			super(message);
			this.call = call;
		}

		@Override
		public void written() {
			this.pipe = BatchingLockNode.this.pipe;
			this.pipe.pipeline.sent(this.call);
			this.pipe.written.add(this);
		}

		@Override
		public boolean isWaiting() {
			return this.pipe == null || this.pipe.written.contains(this);
		}

		@Override
		public void arrived(Message answered, List<Object> answers) {
			if (!isWaiting()) {
				return;
			}
			if (this.pipe.written.remove() != this) {
				throw new IllegalStateException("answers in another order");
			}
			Queue<ScriptCall> done = new ArrayDeque<>();
			for (Object answer : answers) {
				ScriptCall again = this.pipe.pipeline.answered((answer != null) ? answer : ReplyReader.NULL, done);
				if (again != null) {
					write(again, false);
				}
			}
			done.forEach(ScriptCall::deliver);
		}

		@Override
		public void lost(RuntimeException error) {
			if (this.pipe == null) {
				written();
			}
			Queue<ScriptCall> done = new ArrayDeque<>();
			this.pipe.written.clear();
			this.pipe.pipeline.lost(error, done);
			done.forEach(ScriptCall::deliver);
		}

	}

	/**
	 * A batch on its way.
	 */
	private final class Batch extends Flight {

		private final ScriptPipeline sent = new ScriptPipeline();

		private final Queue<ScriptCall> answered = new ArrayDeque<>();

		private Batch(List<ScriptCall> calls) {
			super(new Message(calls, true, null));
			calls.forEach(this.sent::sent);
		}

		@Override
		public void written() {
		}

		@Override
		public boolean isWaiting() {
			return BatchingLockNode.this.flight == this;
		}

		@Override
		public void arrived(Message answered, List<Object> answers) {
			if (!isWaiting() || answered != message()) {
				return;
			}
			List<ScriptCall> again = RedisLockNode.settle(this.sent, answers, this.answered);
			if (again.isEmpty()) {
				end();
				return;
			}
			again.forEach(this.sent::sent);
			super.message = new Message(again, false, null);
			send(this);
		}

		@Override
		public void lost(RuntimeException error) {
			if (isWaiting()) {
				this.sent.lost(error, this.answered);
				end();
			}
		}

		private void end() {
			this.answered.forEach(ScriptCall::deliver);
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

		/** What is asked for without a script. */
		private final LockRequest free;

		private Message(List<ScriptCall> calls, boolean bySha, LockRequest free) {
			this.calls = calls;
			this.bySha = bySha;
			this.free = free;
		}

		/** Whether it is two commands, between which others may be carried out. */
		public boolean isTwoCommands() {
			return this.free != null && this.free.isFenced();
		}

		/** The second of two commands arrives. */
		public Object raiseFence(ScriptedRedis server) {
			return server.raiseFence(ImmediateLockNode.fenceKey(this.free.resources().get(0)), this.free.token());
		}

		/** The commands arrive at a server; of two, the first one. */
		public List<Object> executeOn(ScriptedRedis server) {
			if (this.free != null) {
				return List
					.of(server.setIfFree(this.free.resources().get(0), this.free.value(), this.free.ttl().toMillis()));
			}
			RedisConnection connection = ImmediateLockNode.connectionTo(server);
			List<Object> answers = new ArrayList<>();
			this.calls.forEach((call) -> answers.add(ImmediateLockNode.answer(call, connection, this.bySha)));
			return answers;
		}

	}

}
