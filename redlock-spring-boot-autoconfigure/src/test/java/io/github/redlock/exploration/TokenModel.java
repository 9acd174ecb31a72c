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
 * <p>
 * One of the clients may lock another resource that shares the fence. Instead of the
 * script a client may send two commands, one that takes the key and one that raises the
 * fence; anything can happen between the two.
 */
final class TokenModel {

	static final int NODES = 3;

	static final int CLIENTS = 3;

	private static final int RESOURCES = 2;

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
							this.rules.twoCommands() ? takeKey(state, client, node) : execute(state, client, node));
				}
				if (state.status[client][node].isHalfDone()) {
					next.accept(() -> "node " + node + " raises the fence for client " + client,
							raiseFence(state, client, node));
				}
				if (state.lateToken[client][node] > 0) {
					next.accept(() -> "node " + node + " gets an old request of client " + client,
							executeLate(state, client, node));
				}
			}
		}
		for (int i = 0; i < NODES; i++) {
			int node = i;
			for (int resource = 0; resource < RESOURCES; resource++) {
				if (state.holder[resource][node] != State.NOBODY) {
					State expired = state.copy();
					expired.holder[resource][node] = State.NOBODY;
					next.accept(() -> "the key on node " + node + " expires", expired);
				}
			}
			if (this.rules.wipe() && !state.wiped && state.fence[node] > 0) {
				State wiped = state.copy();
				wiped.wiped = true;
				for (int[] holder : wiped.holder) {
					holder[node] = State.NOBODY;
				}
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
				int resource = resourceOf(client);
				asked.floor[client] = state.highest[resource];
				asked.clockFloor[client] = (state.now > SKEW) ? state.highestAt[resource][state.now - SKEW - 1] : 0;
				for (int node = 0; node < NODES; node++) {
					Status status = state.status[client][node];
					if (status == Status.SENT || status.isHalfDone()) {
						asked.lateToken[client][node] = state.token[client];
						asked.lateEnd[client][node] = state.end[client];
						asked.lateKeyTaken[client][node] = status.isHalfDone();
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

	/** Which of the two resources the client locks. */
	private int resourceOf(int client) {
		return (this.rules.sharedFence() && client == CLIENTS - 1) ? 1 : 0;
	}

	private State takeKey(State state, int client, int node) {
		State done = state.copy();
		int[] holder = done.holder[resourceOf(client)];
		boolean free = holder[node] == State.NOBODY;
		if (free) {
			holder[node] = client;
		}
		done.status[client][node] = free ? Status.KEY_TAKEN : Status.KEY_HELD;
		return done;
	}

	/** The second of two commands; it does not know how the first one ended. */
	private State raiseFence(State state, int client, int node) {
		State done = state.copy();
		boolean raised = state.fence[node] < state.token[client];
		if (raised) {
			done.fence[node] = state.token[client];
		}
		boolean counts = raised || !this.rules.raisedCounts();
		boolean taken = counts && state.status[client][node] == Status.KEY_TAKEN;
		done.status[client][node] = taken ? Status.GRANTED : Status.REFUSED;
		if (taken) {
			decide(done, client);
		}
		return done;
	}

	private State execute(State state, int client, int node) {
		State done = state.copy();
		int[] holder = done.holder[resourceOf(client)];
		if (holder[node] != State.NOBODY) {
			done.status[client][node] = Status.REFUSED;
		}
		else if (!this.rules.countsPerNode() && state.fence[node] >= state.token[client]) {
			done.status[client][node] = Status.REFUSED;
			done.seen[client] = Math.max(state.seen[client], state.fence[node]);
		}
		else {
			done.status[client][node] = Status.GRANTED;
			holder[node] = client;
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
		int[] holder = done.holder[resourceOf(client)];
		boolean above = state.fence[node] < state.lateToken[client][node];
		if (this.rules.twoCommands() && !state.lateKeyTaken[client][node]) {
			holder[node] = (holder[node] == State.NOBODY) ? client : holder[node];
			done.lateKeyTaken[client][node] = true;
			return done;
		}
		if (this.rules.twoCommands()) {
			done.fence[node] = above ? state.lateEnd[client][node] : state.fence[node];
		}
		else if (holder[node] == State.NOBODY && !this.rules.countsPerNode() && above) {
			holder[node] = client;
			done.fence[node] = state.lateEnd[client][node];
		}
		done.lateToken[client][node] = 0;
		done.lateEnd[client][node] = 0;
		done.lateKeyTaken[client][node] = false;
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
		int resource = resourceOf(client);
		if (!this.rules.clock()) {
			state.highest[resource] = Math.max(state.highest[resource], end);
		}
		for (int i = state.now; i < State.TICKS - SKEW - 1; i++) {
			state.highestAt[resource][i] = Math.max(state.highestAt[resource][i], end);
		}
	}

	private void issue(State state, int client, int token) {
		if (this.rules.clock()) {
			return;
		}
		int resource = resourceOf(client);
		if ((state.issued[resource] & (1L << token)) != 0) {
			state.violation = "client " + client + " holds token " + token + ", which was somebody's before";
		}
		state.issued[resource] |= 1L << token;
		state.lastIssued[resource] = token;
	}

	/**
	 * The next holder inside the client gets the next token of the block, while the lock
	 * is held.
	 */
	private void handOver(State state, int client, BiConsumer<Supplier<String>, State> next) {
		int resource = resourceOf(client);
		if (state.next[client] == 0 || state.holding(client, resource) < QUORUM) {
			return;
		}
		State handed = state.copy();
		int token = state.next[client];
		issue(handed, client, token);
		if (!this.rules.clock() && token <= state.lastIssued[resource]) {
			handed.violation = "client " + client + " hands on token " + token + " after " + state.lastIssued[resource];
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
	 * @param sharedFence whether the last client locks another resource with the same
	 * fence
	 * @param twoCommands whether the key is taken and the fence is raised one after the
	 * other
	 * @param raisedCounts whether a fence that was too high for the second command
	 * refuses the vote
	 */
	record Rules(int attempts, int block, int clocksAhead, boolean clock, boolean wipe, boolean raisesFence,
			boolean storesEnd, boolean countsPerNode, boolean sharedFence, boolean twoCommands, boolean raisedCounts) {

		Rules(int attempts, int block, int clocksAhead, boolean clock, boolean wipe, boolean raisesFence,
				boolean storesEnd, boolean countsPerNode) {
			this(attempts, block, clocksAhead, clock, wipe, raisesFence, storesEnd, countsPerNode, false, false, true);
		}

		/**
		 * The same, where one of the clients locks something else with the same fence.
		 */
		Rules withSharedFence() {
			return new Rules(this.attempts, this.block, this.clocksAhead, this.clock, this.wipe, this.raisesFence,
					this.storesEnd, this.countsPerNode, true, this.twoCommands, this.raisedCounts);
		}

		/** The same with two commands instead of a script. */
		Rules withTwoCommands(boolean raisedCounts) {
			return new Rules(this.attempts, this.block, this.clocksAhead, this.clock, this.wipe, this.raisesFence,
					this.storesEnd, this.countsPerNode, this.sharedFence, true, raisedCounts);
		}

	}

	private enum Status {

		IDLE, SENT, GRANTED, REFUSED,

		/** The first of two commands has taken the key; the second is on its way. */
		KEY_TAKEN,

		/** The key was somebody else's; the second command is on its way all the same. */
		KEY_HELD;

		private boolean isHalfDone() {
			return this == KEY_TAKEN || this == KEY_HELD;
		}

	}

	/**
	 * One state of the world.
	 */
	static final class State {

		private static final int NOBODY = -1;

		private static final int TICKS = 3;

		private final int[] fence = new int[NODES];

		private final int[][] holder = { { NOBODY, NOBODY, NOBODY }, { NOBODY, NOBODY, NOBODY } };

		private final int[] attemptsLeft = new int[CLIENTS];

		private final int[] token = new int[CLIENTS];

		private final int[] end = new int[CLIENTS];

		private final int[] seen = new int[CLIENTS];

		private final int[] next = new int[CLIENTS];

		private final int[] floor = new int[CLIENTS];

		private final int[] clockFloor = new int[CLIENTS];

		private final int[][] highestAt = new int[RESOURCES][TICKS];

		private final Status[][] status = new Status[CLIENTS][NODES];

		private final int[][] counter = new int[CLIENTS][NODES];

		private final int[][] lateToken = new int[CLIENTS][NODES];

		private final int[][] lateEnd = new int[CLIENTS][NODES];

		private final boolean[][] lateKeyTaken = new boolean[CLIENTS][NODES];

		private final int[] highest = new int[RESOURCES];

		private final int[] lastIssued = new int[RESOURCES];

		private final long[] issued = new long[RESOURCES];

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
			System.arraycopy(this.attemptsLeft, 0, copy.attemptsLeft, 0, CLIENTS);
			System.arraycopy(this.token, 0, copy.token, 0, CLIENTS);
			System.arraycopy(this.end, 0, copy.end, 0, CLIENTS);
			System.arraycopy(this.seen, 0, copy.seen, 0, CLIENTS);
			System.arraycopy(this.next, 0, copy.next, 0, CLIENTS);
			System.arraycopy(this.floor, 0, copy.floor, 0, CLIENTS);
			System.arraycopy(this.clockFloor, 0, copy.clockFloor, 0, CLIENTS);
			for (int i = 0; i < RESOURCES; i++) {
				System.arraycopy(this.holder[i], 0, copy.holder[i], 0, NODES);
				System.arraycopy(this.highestAt[i], 0, copy.highestAt[i], 0, TICKS);
				copy.highest[i] = this.highest[i];
				copy.lastIssued[i] = this.lastIssued[i];
				copy.issued[i] = this.issued[i];
			}
			for (int i = 0; i < CLIENTS; i++) {
				System.arraycopy(this.status[i], 0, copy.status[i], 0, NODES);
				System.arraycopy(this.counter[i], 0, copy.counter[i], 0, NODES);
				System.arraycopy(this.lateToken[i], 0, copy.lateToken[i], 0, NODES);
				System.arraycopy(this.lateEnd[i], 0, copy.lateEnd[i], 0, NODES);
				System.arraycopy(this.lateKeyTaken[i], 0, copy.lateKeyTaken[i], 0, NODES);
			}
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
			boolean sent = Arrays.stream(this.status[client])
				.anyMatch((status) -> status == Status.SENT || status.isHalfDone());
			return sent && granted(client) < QUORUM && refused <= NODES - QUORUM;
		}

		/** On how many nodes the client's key still is. */
		private int holding(int client, int resource) {
			int count = 0;
			for (int node = 0; node < NODES; node++) {
				if (this.holder[resource][node] == client && this.status[client][node] == Status.GRANTED) {
					count++;
				}
			}
			return count;
		}

		/**
		 * All that matters for what can happen next; the same for states that differ only
		 * in the names of the nodes or, for the most part, of clients that are alike.
		 */
		Key key(Rules rules) {
			State state = copy();
			state.forgetThePast();
			return state.plainKey(rules);
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
						Status status = this.status[client][node];
						if (status == Status.SENT || status.isHalfDone()) {
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

		private Key plainKey(Rules rules) {
			Integer[] order = { 0, 1, 2 };
			// The clock of the first is ahead of the others, and the last may lock
			// something
			// else.
			Arrays.sort(order,
					Comparator.comparingLong((Integer client) -> (client == 0 && rules.clock()) ? Long.MIN_VALUE
							: (client == CLIENTS - 1 && rules.sharedFence()) ? Long.MAX_VALUE : signature(client)));
			int[] rank = new int[CLIENTS];
			for (int i = 0; i < CLIENTS; i++) {
				rank[order[i]] = i;
			}
			byte[][] columns = new byte[NODES][1 + RESOURCES + 5 * CLIENTS];
			for (int node = 0; node < NODES; node++) {
				columns[node][0] = (byte) this.fence[node];
				for (int resource = 0; resource < RESOURCES; resource++) {
					int holder = this.holder[resource][node];
					columns[node][1 + resource] = (byte) ((holder == NOBODY) ? NOBODY : rank[holder]);
				}
				for (int client = 0; client < CLIENTS; client++) {
					int at = 1 + RESOURCES + 5 * rank[client];
					columns[node][at] = (byte) this.status[client][node].ordinal();
					columns[node][at + 1] = (byte) this.counter[client][node];
					columns[node][at + 2] = (byte) this.lateToken[client][node];
					columns[node][at + 3] = (byte) this.lateEnd[client][node];
					columns[node][at + 4] = (byte) (this.lateKeyTaken[client][node] ? 1 : 0);
				}
			}
			Arrays.sort(columns, Arrays::compare);
			byte[] bytes = new byte[NODES * columns[0].length + 7 * CLIENTS + RESOURCES * (TICKS + 10) + 2];
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
			for (int resource = 0; resource < RESOURCES; resource++) {
				for (int number : this.highestAt[resource]) {
					bytes[at++] = (byte) number;
				}
				bytes[at++] = (byte) this.highest[resource];
				bytes[at++] = (byte) this.lastIssued[resource];
				for (int shift = 0; shift < 64; shift += 8) {
					bytes[at++] = (byte) (this.issued[resource] >>> shift);
				}
			}
			bytes[at++] = (byte) this.now;
			bytes[at++] = (byte) (this.wiped ? 1 : 0);
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
