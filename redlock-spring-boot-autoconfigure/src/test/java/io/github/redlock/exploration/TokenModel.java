package io.github.redlock.exploration;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Fencing tokens over a quorum, as small as they can be and still be what they are: three
 * nodes, three clients, locks that expire at any moment, requests that arrive late,
 * blocks of tokens that are handed on inside a client, and the loss of one node's memory.
 * <p>
 * A client asks with a token and reserves a block that ends at {@code end}; a node that
 * is free grants it if its fence is below the token, and sets the fence to the end. Two
 * grants make a holder. What is checked is not mutual exclusion, which depends on time,
 * but what protects the resource when that has failed.
 */
final class TokenModel {

	static final int NODES = 3;

	static final int CLIENTS = 3;

	private static final int QUORUM = 2;

	/** By how much the clocks of two clients differ at the most. */
	private static final int SKEW = 1;

	/** Tokens per unit of time, more than there are retries. */
	private static final int TOKENS_PER_TICK = 10;

	private final Rules rules;

	TokenModel(Rules rules) {
		this.rules = rules;
	}

	State initial() {
		State state = new State();
		Arrays.fill(state.attemptsLeft, 1);
		state.attemptsLeft[CLIENTS - 1] = this.rules.attempts();
		return state;
	}

	/** Everything that can happen next. */
	void successors(State state, BiConsumer<Supplier<String>, State> next) {
		for (int i = 0; i < CLIENTS; i++) {
			int client = i;
			ask(state, client, next);
			handOver(state, client, next);
			for (int j = 0; j < NODES; j++) {
				int node = j;
				if (state.status[client][node] == Status.SENT) {
					next.accept(() -> "node " + node + " gets the request of client " + client,
							execute(state, client, node));
				}
				if (state.lateToken[client][node] > 0) {
					next.accept(() -> "node " + node + " gets an old request of client " + client,
							executeLate(state, client, node));
				}
			}
		}
		for (int i = 0; i < NODES; i++) {
			int node = i;
			if (state.holder[node] != State.NOBODY) {
				State expired = state.copy();
				expired.holder[node] = State.NOBODY;
				next.accept(() -> "the key on node " + node + " expires", expired);
			}
			if (this.rules.wipe() && !state.wiped && state.fence[node] > 0) {
				State wiped = state.copy();
				wiped.wiped = true;
				wiped.holder[node] = State.NOBODY;
				wiped.fence[node] = 0;
				next.accept(() -> "node " + node + " loses its memory", wiped);
			}
		}
		if (this.rules.clock() && state.now + 1 < State.TICKS) {
			State later = state.copy();
			later.now++;
			next.accept(() -> "time passes", later);
		}
	}

	/** A client begins an attempt. Whatever it had sent before may still arrive. */
	private void ask(State state, int client, BiConsumer<Supplier<String>, State> next) {
		if (state.attemptsLeft[client] == 0 || state.isAsking(client)) {
			return;
		}
		for (int ahead = 0; ahead <= this.rules.clocksAhead(); ahead++) {
			for (int i = 1; i <= this.rules.block(); i++) {
				int block = i;
				State asked = state.copy();
				int clock = this.rules.clock() ? TOKENS_PER_TICK * (state.now + ((client == 0) ? SKEW : 0))
						: state.seen[client] + 1 + ahead;
				asked.attemptsLeft[client]--;
				asked.token[client] = Math.max(state.seen[client] + 1, clock);
				asked.end[client] = asked.token[client] + block - 1;
				asked.seen[client] = asked.end[client];
				asked.next[client] = 0;
				asked.floor[client] = state.highest;
				asked.clockFloor[client] = (state.now > SKEW) ? state.highestAt[state.now - SKEW - 1] : 0;
				for (int node = 0; node < NODES; node++) {
					if (state.status[client][node] == Status.SENT) {
						asked.lateToken[client][node] = state.token[client];
						asked.lateEnd[client][node] = state.end[client];
					}
				}
				Arrays.fill(asked.status[client], Status.SENT);
				Arrays.fill(asked.counter[client], 0);
				next.accept(
						() -> "client " + client + " asks"
								+ (this.rules.countsPerNode() ? ""
										: " with token " + asked.token[client]
												+ ((block > 1) ? " for a block up to " + asked.end[client] : "")),
						asked);
			}
		}
	}

	private State execute(State state, int client, int node) {
		State done = state.copy();
		if (state.holder[node] != State.NOBODY) {
			done.status[client][node] = Status.REFUSED;
		}
		else if (!this.rules.countsPerNode() && state.fence[node] >= state.token[client]) {
			done.status[client][node] = Status.REFUSED;
			done.seen[client] = Math.max(state.seen[client], state.fence[node]);
		}
		else {
			done.status[client][node] = Status.GRANTED;
			done.holder[node] = client;
			if (this.rules.countsPerNode()) {
				done.fence[node]++;
				done.counter[client][node] = done.fence[node];
			}
			else if (this.rules.raisesFence()) {
				done.fence[node] = this.rules.storesEnd() ? state.end[client] : state.token[client];
			}
			decide(done, client);
		}
		return done;
	}

	/** Nobody waits for the answer any more. */
	private State executeLate(State state, int client, int node) {
		State done = state.copy();
		if (state.holder[node] == State.NOBODY && !this.rules.countsPerNode()
				&& state.fence[node] < state.lateToken[client][node]) {
			done.holder[node] = client;
			done.fence[node] = state.lateEnd[client][node];
		}
		done.lateToken[client][node] = 0;
		done.lateEnd[client][node] = 0;
		return done;
	}

	private void decide(State state, int client) {
		if (state.granted(client) != QUORUM) {
			return;
		}
		int token = state.token[client];
		int end = state.end[client];
		if (this.rules.countsPerNode()) {
			token = Arrays.stream(state.counter[client]).max().orElseThrow();
			end = token;
		}
		issue(state, client, token);
		// What clocks promise is looked at where clocks are.
		int floor = this.rules.clock() ? state.clockFloor[client] : state.floor[client];
		if (token <= floor) {
			state.violation = "client " + client + " holds token " + token + ", and somebody who had one up to " + floor
					+ " was there before it asked";
		}
		state.next[client] = (token < end) ? token + 1 : 0;
		if (!this.rules.clock()) {
			state.highest = Math.max(state.highest, end);
		}
		for (int i = state.now; i < State.TICKS - SKEW - 1; i++) {
			state.highestAt[i] = Math.max(state.highestAt[i], end);
		}
	}

	private void issue(State state, int client, int token) {
		if (this.rules.clock()) {
			return;
		}
		if ((state.issued & (1L << token)) != 0) {
			state.violation = "client " + client + " holds token " + token + ", which was somebody's before";
		}
		state.issued |= 1L << token;
		state.lastIssued = token;
	}

	/**
	 * The next holder inside the client gets the next token of the block, while the lock
	 * is held.
	 */
	private void handOver(State state, int client, BiConsumer<Supplier<String>, State> next) {
		if (state.next[client] == 0 || state.holding(client) < QUORUM) {
			return;
		}
		State handed = state.copy();
		int token = state.next[client];
		issue(handed, client, token);
		if (!this.rules.clock() && token <= state.lastIssued) {
			handed.violation = "client " + client + " hands on token " + token + " after " + state.lastIssued;
		}
		handed.next[client] = (token < state.end[client]) ? token + 1 : 0;
		next.accept(() -> "client " + client + " hands the lock on with token " + token, handed);
	}

	/**
	 * What is explored.
	 *
	 * @param attempts how often one of the clients asks; the others ask once
	 * @param block the largest block
	 * @param clocksAhead by how much a token may lie above what the client must exceed
	 * @param clock whether tokens come from clocks that differ by at most one tick;
	 * otherwise from anywhere
	 * @param wipe whether a node may lose its memory, once
	 * @param raisesFence whether a node remembers what it granted
	 * @param storesEnd whether it remembers the end of the block
	 * @param countsPerNode the naive scheme: each node counts its grants, and the largest
	 * count is the token
	 */
	record Rules(int attempts, int block, int clocksAhead, boolean clock, boolean wipe, boolean raisesFence,
			boolean storesEnd, boolean countsPerNode) {
	}

	private enum Status {

		IDLE, SENT, GRANTED, REFUSED

	}

	/**
	 * One state of the world.
	 */
	static final class State {

		private static final int NOBODY = -1;

		private static final int TICKS = 3;

		private final int[] fence = new int[NODES];

		private final int[] holder = { NOBODY, NOBODY, NOBODY };

		private final int[] attemptsLeft = new int[CLIENTS];

		private final int[] token = new int[CLIENTS];

		private final int[] end = new int[CLIENTS];

		private final int[] seen = new int[CLIENTS];

		private final int[] next = new int[CLIENTS];

		private final int[] floor = new int[CLIENTS];

		private final int[] clockFloor = new int[CLIENTS];

		private final int[] highestAt = new int[TICKS];

		private final Status[][] status = new Status[CLIENTS][NODES];

		private final int[][] counter = new int[CLIENTS][NODES];

		private final int[][] lateToken = new int[CLIENTS][NODES];

		private final int[][] lateEnd = new int[CLIENTS][NODES];

		private int highest;

		private int lastIssued;

		private long issued;

		private int now;

		private boolean wiped;

		private String violation;

		private State() {
			for (Status[] row : this.status) {
				Arrays.fill(row, Status.IDLE);
			}
		}

		private State copy() {
			State copy = new State();
			System.arraycopy(this.fence, 0, copy.fence, 0, NODES);
			System.arraycopy(this.holder, 0, copy.holder, 0, NODES);
			System.arraycopy(this.attemptsLeft, 0, copy.attemptsLeft, 0, CLIENTS);
			System.arraycopy(this.token, 0, copy.token, 0, CLIENTS);
			System.arraycopy(this.end, 0, copy.end, 0, CLIENTS);
			System.arraycopy(this.seen, 0, copy.seen, 0, CLIENTS);
			System.arraycopy(this.next, 0, copy.next, 0, CLIENTS);
			System.arraycopy(this.floor, 0, copy.floor, 0, CLIENTS);
			System.arraycopy(this.clockFloor, 0, copy.clockFloor, 0, CLIENTS);
			System.arraycopy(this.highestAt, 0, copy.highestAt, 0, TICKS);
			for (int i = 0; i < CLIENTS; i++) {
				System.arraycopy(this.status[i], 0, copy.status[i], 0, NODES);
				System.arraycopy(this.counter[i], 0, copy.counter[i], 0, NODES);
				System.arraycopy(this.lateToken[i], 0, copy.lateToken[i], 0, NODES);
				System.arraycopy(this.lateEnd[i], 0, copy.lateEnd[i], 0, NODES);
			}
			copy.highest = this.highest;
			copy.lastIssued = this.lastIssued;
			copy.issued = this.issued;
			copy.now = this.now;
			copy.wiped = this.wiped;
			return copy;
		}

		String violation() {
			return this.violation;
		}

		private int granted(int client) {
			return (int) Arrays.stream(this.status[client]).filter(Status.GRANTED::equals).count();
		}

		/** Neither granted nor impossible yet. */
		private boolean isAsking(int client) {
			long refused = Arrays.stream(this.status[client]).filter(Status.REFUSED::equals).count();
			boolean sent = Arrays.asList(this.status[client]).contains(Status.SENT);
			return sent && granted(client) < QUORUM && refused <= NODES - QUORUM;
		}

		/** On how many nodes the client's key still is. */
		private int holding(int client) {
			int count = 0;
			for (int node = 0; node < NODES; node++) {
				if (this.holder[node] == client && this.status[client][node] == Status.GRANTED) {
					count++;
				}
			}
			return count;
		}

		/**
		 * All that matters for what can happen next; the same for states that differ only
		 * in the names of the nodes or, for the most part, of clients that are alike.
		 */
		Key key(boolean clientsAreAlike) {
			State state = copy();
			state.forgetThePast();
			return state.plainKey(clientsAreAlike);
		}

		/** Drop what cannot matter any more. */
		private void forgetThePast() {
			for (int client = 0; client < CLIENTS; client++) {
				boolean asking = isAsking(client);
				if (this.attemptsLeft[client] == 0 && !asking) {
					this.seen[client] = 0;
				}
				if (!asking) {
					this.floor[client] = 0;
					this.clockFloor[client] = 0;
				}
				if (!asking && this.next[client] == 0) {
					boolean sent = false;
					for (int node = 0; node < NODES; node++) {
						if (this.status[client][node] == Status.SENT) {
							sent = true;
						}
						else {
							this.status[client][node] = Status.REFUSED;
						}
					}
					if (!sent) {
						this.token[client] = 0;
						this.end[client] = 0;
					}
				}
			}
		}

		private Key plainKey(boolean clientsAreAlike) {
			Integer[] order = { 0, 1, 2 };
			// The clock of the first is ahead of the others.
			Arrays.sort(order, Comparator.comparingLong(
					(Integer client) -> (client == 0 && !clientsAreAlike) ? Long.MIN_VALUE : signature(client)));
			int[] rank = new int[CLIENTS];
			for (int i = 0; i < CLIENTS; i++) {
				rank[order[i]] = i;
			}
			byte[][] columns = new byte[NODES][2 + 4 * CLIENTS];
			for (int node = 0; node < NODES; node++) {
				columns[node][0] = (byte) this.fence[node];
				columns[node][1] = (byte) ((this.holder[node] == NOBODY) ? NOBODY : rank[this.holder[node]]);
				for (int client = 0; client < CLIENTS; client++) {
					int at = 2 + 4 * rank[client];
					columns[node][at] = (byte) this.status[client][node].ordinal();
					columns[node][at + 1] = (byte) this.counter[client][node];
					columns[node][at + 2] = (byte) this.lateToken[client][node];
					columns[node][at + 3] = (byte) this.lateEnd[client][node];
				}
			}
			Arrays.sort(columns, Arrays::compare);
			byte[] bytes = new byte[NODES * columns[0].length + 7 * CLIENTS + TICKS + 12];
			int at = 0;
			for (byte[] column : columns) {
				System.arraycopy(column, 0, bytes, at, column.length);
				at += column.length;
			}
			for (int[] row : new int[][] { this.attemptsLeft, this.token, this.end, this.seen, this.next, this.floor,
					this.clockFloor }) {
				for (int client : order) {
					bytes[at++] = (byte) row[client];
				}
			}
			for (int number : this.highestAt) {
				bytes[at++] = (byte) number;
			}
			bytes[at++] = (byte) this.highest;
			bytes[at++] = (byte) this.lastIssued;
			bytes[at++] = (byte) this.now;
			bytes[at++] = (byte) (this.wiped ? 1 : 0);
			for (int shift = 0; shift < 64; shift += 8) {
				bytes[at++] = (byte) (this.issued >>> shift);
			}
			return new Key(bytes);
		}

		private long signature(int client) {
			long signature = 0;
			for (int number : new int[] { this.token[client], this.end[client], this.seen[client], this.next[client],
					this.floor[client], this.attemptsLeft[client], granted(client) }) {
				signature = 64 * signature + number;
			}
			long refused = Arrays.stream(this.status[client]).filter(Status.REFUSED::equals).count();
			return 4 * signature + refused;
		}

	}

	/**
	 * A state as a key.
	 *
	 * @param bytes what distinguishes it
	 */
	record Key(byte[] bytes) {

		@Override
		public boolean equals(Object other) {
			return other instanceof Key key && Arrays.equals(this.bytes, key.bytes);
		}

		@Override
		public int hashCode() {
			return Arrays.hashCode(this.bytes);
		}

	}

}
