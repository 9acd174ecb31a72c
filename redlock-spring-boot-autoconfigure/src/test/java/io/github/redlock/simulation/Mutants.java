package io.github.redlock.simulation;

import java.util.List;

/**
 * Mistakes that a Redlock can make, each of them as a change to this one. Those that
 * other lock libraries have made are among them.
 */
final class Mutants {

	private static final String ACQUISITION = "core/Acquisition.java";

	private static final String ATTEMPT = "core/Attempt.java";

	private static final String BATCH = "core/ExtensionBatch.java";

	private static final String EXTENSION = "core/Extension.java";

	private static final String GUARD = "core/NodeGuard.java";

	private static final String HEALTH = "core/NodeHealth.java";

	private static final String RELEASES = "core/KeptReleases.java";

	private static final String TIMEOUTS = "core/RequestTimeouts.java";

	private static final String HANDLE = "core/DefaultLockHandle.java";

	private static final String REDLOCK = "core/DefaultRedlock.java";

	private static final String PATIENCE = "core/Patience.java";

	private static final String RENEWAL = "core/Renewal.java";

	private static final String ROUND = "core/VotingRound.java";

	private static final String GROUP = "core/NodeGroup.java";

	private static final String TURN = "core/Turn.java";

	private static final String LUA_ACQUIRE = "redis/acquire.lua";

	private static final String LUA_EXTEND = "redis/extend.lua";

	private static final String LUA_RELEASE = "redis/release.lua";

	private static final String LUA_TRANSFER = "redis/transfer.lua";

	private static final String HANDOVER = "core/Handover.java";

	private static final String TOKENS = "core/FencingTokens.java";

	/** What otherwise keeps tokens of one client far apart. */
	private static final String LEARN_CLOCK = "this.behind.accumulateAndGet(token - this.wallClockMicros.getAsLong(), Math::max);";

	private static final String STALE = "if fence >= first and not (fence == tonumber(token) and mine == n) then";

	private static final String RELEASE_FAILED_ATTEMPT = """
			attempt.withdrawn();
					withdraw(attempt, (granted || deciding == null) && last);
			""".indent(0).stripTrailing();

	private Mutants() {
	}

	static final List<Mutant> ALL = List.of(
			// Validity
			Mutant.of("validity counts from the last request instead of the first")
				.likelyFoundBy(253)
				.edit(ROUND, "private final long start;", "private long start;")
				.edit(ROUND, "	void sent() {\n",
						"	void sent() {\n		sent(this.start);\n	}\n\n	void sent(long now) {\n		synchronized (this) {\n			this.start = now;\n		}\n")
				.edit(GROUP, "			sendTo(i, command, request, round);\n		}\n		round.sent();",
						"			sendTo(i, command, request, round);\n		}\n		round.sent(this.time.nanoTime());"),
			Mutant.of("validity counts from the decision")
				.likelyFoundBy(5)
				.edit(ACQUISITION, "acquired(attempt.grant());",
						"Grant grant = attempt.grant();\n			acquired(new Grant(grant.request(), now, now, grant.token(), grant.streak()));"),
			Mutant.of("an extension counts from its decision")
				.edit(EXTENSION, "this.lock.extended(round.start()", "this.lock.extended(this.nodes.time().nanoTime()"),
			Mutant.of("success is not checked for the validity left")
				.likelyFoundBy(1)
				.edit(ACQUISITION, "round.isWon() && deadline - now > 0", "round.isWon()"),
			Mutant.of("no drift")
				.edit("core/Validity.java", "return (long) Math.ceil(ttl.toNanos() * driftFactor) + FIXED_DRIFT_NANOS;",
						"return 0;"),
			Mutant.of("the wall clock instead of the monotonic one").edit(GROUP, "Awaiter awaiter) {", """
					Awaiter awaiter) {

						NodeGroup {
							TimeSource real = time;
							time = new TimeSource() {
								@Override
								public long nanoTime() {
									return real.wallClockMicros() * 1000;
								}
								@Override
								public long wallClockMicros() {
									return real.wallClockMicros();
								}
								@Override
								public Cancellable schedule(long delayNanos, Runnable task) {
									return real.schedule(delayNanos, task);
								}
								@Override
								public <T> T await(java.util.concurrent.CompletionStage<T> stage)
										throws InterruptedException, java.util.concurrent.ExecutionException {
									return real.await(stage);
								}
							};
						}
					"""),
			Mutant.of("isValid does not read the clock")
				.likelyFoundBy(1)
				.edit(HANDLE, "return this.state == State.HELD && remainingNanos() > 0;",
						"return this.state == State.HELD;"),
			Mutant.of("an extension that comes late shortens the ttl")
				.likelyFoundBy(6)
				.edit(LUA_EXTEND, "if rest < tonumber(ttl) then", "if true then"),
			// Quorum
			Mutant.of("a quorum of N / 2")
				.edit("core/Quorum.java", "return this.membership / 2 + 1;",
						"return Math.max(this.membership / 2, 1);"),
			Mutant.of("a tie decides")
				.likelyFoundBy(18)
				.edit("core/Quorum.java", "return this.membership / 2 + 1;", "return (this.membership + 1) / 2;"),
			Mutant.of("answers count instead of grants")
				.edit(ROUND, "return this.quorum.isReachedBy(this.granted);",
						"return this.quorum.isReachedBy(this.answered);"),
			// Clean-up after an attempt
			Mutant.of("release only where granted")
				.likelyFoundBy(1)
				.edit(ACQUISITION, RELEASE_FAILED_ATTEMPT,
						"""
								attempt.withdrawn();
								for (int i = 0; i < this.shared.nodes.guards().size(); i++) {
									if (round.voteOf(i) instanceof Vote.Granted) {
										this.shared.nodes.guards().get(i).send(LockCommand.RELEASE, attempt.request(), (vote) -> { });
									}
								}"""),
			Mutant.of("no release where the request failed")
				.likelyFoundBy(54)
				.edit(ACQUISITION, RELEASE_FAILED_ATTEMPT,
						"""
								attempt.withdrawn();
								for (int i = 0; i < this.shared.nodes.guards().size(); i++) {
									if (!(round.voteOf(i) instanceof Vote.Failed)) {
										this.shared.nodes.guards().get(i).send(LockCommand.RELEASE, attempt.request(), (vote) -> { });
									}
								}"""),
			Mutant.of("late votes are ignored for the clean-up")
				.likelyFoundBy(1)
				.edit(ACQUISITION, RELEASE_FAILED_ATTEMPT,
						"""
								attempt.withdrawn();
								for (int i = 0; i < this.shared.nodes.guards().size(); i++) {
									if (round.voteOf(i) != null) {
										this.shared.nodes.guards().get(i).send(LockCommand.RELEASE, attempt.request(), (vote) -> { });
									}
								}"""),
			Mutant.of("a retry keeps its own leftovers")
				.likelyFoundBy(1)
				.edit(ACQUISITION, RELEASE_FAILED_ATTEMPT, "attempt.withdrawn();"),
			Mutant.of("an attempt is released before it is sent to every node")
				.edit(ROUND, "tellDecided = this.sent && !", "tellDecided = !"),
			Mutant.of("an aborted acquisition keeps its keys").likelyFoundBy(3).edit(ACQUISITION, """
					if (request != null) {
								this.shared.nodes.releaseInBackground(request);
							}
							end(reason, why, null);""", "end(reason, why, null);"),
			Mutant.of("a lock that nobody takes is not released")
				.likelyFoundBy(3)
				.edit(REDLOCK, "if (!taken && outcome instanceof Acquired acquired) {",
						"if (false && outcome instanceof Acquired acquired) {"),
			Mutant.of("one value for all attempts")
				.edit(ACQUISITION, "private @Nullable Attempt attempt;", """
						private @Nullable Attempt attempt;

						private @Nullable String oneValue;
						""")
				.edit(ACQUISITION,
						"return this.shared.requests.next(this.resources, this.ttl, (this.turn != null) ? Streak.MAX_LENGTH : 1);",
						"""
								LockRequest next = this.shared.requests.next(this.resources, this.ttl, (this.turn != null) ? Streak.MAX_LENGTH : 1);
								if (this.oneValue == null) {
									this.oneValue = next.value();
								}
								return new LockRequest(this.resources, this.oneValue, this.ttl, next.token(), next.block());
								"""),
			// Waiting
			Mutant.of("the wait time does not end the waiting")
				.edit(PATIENCE, "return now - this.startedAt >= this.settings.patienceNanos();", "return false;"),
			Mutant.of("an interrupt does not end the acquisition")
				.edit(REDLOCK, "acquisition.abort(Reason.INTERRUPTED, \"the waiting thread was interrupted\");", ""),
			Mutant.of("an outage is taken for a held lock")
				.edit(ACQUISITION, "round.isUnreachable() ? Reason.NO_QUORUM : Reason.HELD", "Reason.HELD"),
			Mutant.of("nobody follows the first of a queue")
				.likelyFoundBy(17)
				.edit(TURN, "first.becomeFirst(free);", ""),
			Mutant.of("who waits behind others does not end")
				.likelyFoundBy(4)
				.edit(TURN, "this.owner.waitedInVain();", ""),
			Mutant.of("who gives up stays in the queue")
				.edit(ACQUISITION, "				this.turn.leave(released);\n", ""),
			Mutant.of("who is not the first waits for ever")
				.likelyFoundBy(4)
				.edit(TURN, "if (!this.patience.isEndless()) {", "if (false) {"),
			Mutant.of("who is woken for nothing asks again at once")
				.likelyFoundBy(6)
				.edit(TURN, "this.queues.notices().count(this.queueKey) != noticesBefore;", "true;"),
			Mutant.of("the others are asked for somebody who has given up")
				.likelyFoundBy(7)
				.edit(ATTEMPT, "			this.headStart.cancel();\n", "			this.headStart.hashCode();\n"),
			Mutant.of("the first node decides alone")
				.edit(ROUND, "return this.quorum.isReachedBy(this.granted);",
						"return this.refused || this.quorum.isReachedBy(this.granted);"),
			// Hand-over
			Mutant.of("a lock is handed over while an attempt is under way")
				.likelyFoundBy(167)
				.edit(TURN, "return isPause() ? this.owner.takeOver(handover) : TakeOver.REFUSED;",
						"return this.owner.takeOver(handover);"),
			Mutant.of("a lock that was handed over is valid for its holder before")
				.edit(HANDLE,
						"			this.state = State.RELEASED;\n			this.renewal.cancel();\n			if (handover",
						"			this.state = (handover != null) ? State.HELD : State.RELEASED;\n			this.renewal.cancel();\n			if (handover"),
			Mutant.of("the validity of a lock begins anew when it is handed over")
				.likelyFoundBy(118)
				.edit(HANDOVER, "return new Grant(same, confirmedAt, now,", "return new Grant(same, now, now,"),
			Mutant.of("a lock is handed over with its token")
				.likelyFoundBy(3)
				.edit(HANDOVER, "? this.grant.token() + 1 :", "? this.grant.token() :"),
			Mutant.of("more tokens are given out than were reserved")
				.likelyFoundBy(1235)
				.edit(HANDOVER, "this.grant.token() >= request.token()", "false"),
			Mutant.of("a lock with a shorter ttl is handed over for a longer one")
				.likelyFoundBy(146)
				.edit(HANDOVER, "request.ttl().equals(ttl)", "true")
				.edit(HANDOVER, "return new Grant(same, confirmedAt,",
						"return new Grant(same.withTtl(ttl), confirmedAt,"),
			Mutant.of("a transfer that fails is forgotten")
				.likelyFoundBy(9)
				.edit(ACQUISITION,
						"			// What could not be taken over was released.\n			attempt(false);", ""),
			Mutant.of("what a transfer leaves behind is not released")
				.likelyFoundBy(196)
				.edit("core/Transfer.java", "this.nodes.sendInBackground(index, LockCommand.RELEASE, this.before);",
						""),
			Mutant.of("a fence that forbids a transfer counts as a loss")
				.likelyFoundBy(77)
				.edit(ROUND, " - count(Vote.Stale.class)", ""),
			Mutant.of("a transfer replaces whatever is there")
				.likelyFoundBy(16)
				.edit(LUA_TRANSFER, "elseif current ~= value then", "elseif false then"),
			Mutant.of("a transfer does not raise the fence")
				.likelyFoundBy(0)
				.edit(LUA_TRANSFER, "		redis.call('ZADD', KEYS[i], token, 't')\n", ""),
			Mutant.of("the value of a transfer that fails is not released")
				.likelyFoundBy(196)
				.edit(ACQUISITION, RELEASE_FAILED_ATTEMPT,
						"attempt.withdrawn();\n		if (!attempt.isTransfer()) {\n			withdraw(attempt, false);\n		}"),
			// Tokens
			Mutant.of("the fence is not raised")
				.edit(LUA_ACQUIRE, "			redis.call('ZADD', KEYS[2], token, 't')\n", "")
				.edit(LUA_ACQUIRE, "	redis.call('ZADD', KEYS[i], token, 't')\n", ""),
			Mutant.of("the fence is not read").edit(LUA_ACQUIRE, STALE, "if false then"),
			Mutant.of("a token equal to the fence is accepted")
				.likelyFoundBy(16)
				.edit(LUA_ACQUIRE, STALE, "if fence > first then")
				.edit(TOKENS, LEARN_CLOCK, ""),
			Mutant.of("the token is not learnt from STALE")
				.edit(ACQUISITION, "this.shared.requests.learn(stale.highest());", ""),
			Mutant.of("a token does not exceed its predecessor")
				.edit(TOKENS, "Math.max(last + 1, now)", "now")
				.edit(TOKENS, LEARN_CLOCK, ""),
			Mutant.of("a block of tokens is not reserved")
				.likelyFoundBy(118)
				.edit(TOKENS, "now) + block - 1);", "now));")
				.edit(TOKENS, LEARN_CLOCK, ""),
			Mutant.of("the nodes look at the last token of a block")
				.likelyFoundBy(1218)
				.edit(LUA_ACQUIRE, "tonumber(ARGV[5] or token)", "tonumber(token)")
				.edit(TOKENS, LEARN_CLOCK, ""),
			Mutant.of("the nodes keep the first token of a block")
				.likelyFoundBy(35)
				.edit("redis/ScriptCommands.java", "byte[] token = Arguments.number(request.token());",
						"byte[] token = Arguments.number(request.firstToken());"),
			// Key and fence without a script
			Mutant.of("a key counts without its fence")
				.edit("redis/ScriptCall.java", "this.token == LockRequest.NO_TOKEN || Long.valueOf(1).equals(raised)",
						"Long.valueOf(1) != raised"),
			Mutant.of("a key that somebody else holds counts")
				.edit("redis/ScriptCall.java", "return Vote.Held.FOR_UNKNOWN_TIME;", "return Vote.Granted.INSTANCE;"),
			// Extension
			Mutant.of("healing inside the extension").likelyFoundBy(10).edit(LUA_EXTEND, "if missing then\n", """
					if missing then
						for i = 1, n do
							redis.call('SET', KEYS[i], value, 'PX', ttl)
						end
					"""),
			Mutant.of("healed keys are counted").likelyFoundBy(10).edit(LUA_EXTEND, "if missing then\n	return 1", """
					if missing then
						for i = 1, n do
							redis.call('SET', KEYS[i], value, 'PX', ttl)
						end
						return 0"""),
			Mutant.of("a missing key counts as extended")
				.likelyFoundBy(10)
				.edit(LUA_EXTEND, "if missing then\n	return 1", "if missing then\n	return 0"),
			Mutant.of("healing goes on after the release")
				.likelyFoundBy(104)
				.edit(EXTENSION, "!this.healed[index] && this.lock.isHeld()", "!this.healed[index]"),
			Mutant.of("an extension is decided after the deadline")
				.likelyFoundBy(1984)
				.edit(EXTENSION, "round != this.round || this.lock.endIfExpired()", "round != this.round"),
			Mutant.of("an extension begins after the deadline")
				.likelyFoundBy(10)
				.edit(EXTENSION, "if (this.outcome.isDone() || this.lock.endIfExpired()) {",
						"if (this.outcome.isDone()) {")
				.edit(RENEWAL,
						"if (!this.lock.isHeld() || this.lock.endIfExpired()) {\n				return;\n			}\n			if (extendsNext()",
						"if (!this.lock.isHeld()) {\n				return;\n			}\n			if (extendsNext()"),
			Mutant.of("an extension goes on while the lock is released")
				.likelyFoundBy(6)
				.edit(EXTENSION, "				this.pause.cancel();\n", "				this.pause.hashCode();\n")
				.edit(EXTENSION, "if (this.outcome.isDone() || this.lock.endIfExpired()) {",
						"if (this.request == null) {"),
			Mutant.of("an extension is not tried again")
				.likelyFoundBy(103)
				.edit(EXTENSION, "this.pause = this.nodes.time().schedule(pauseNanos(), this::attempt);", ""),
			Mutant.of("auto-extension never begins")
				.likelyFoundBy(31)
				.edit(RENEWAL, "this.timer = extendsNext()", "this.timer = false"),
			// Loss
			Mutant.of("the loss is reported twice")
				.edit(HANDLE, "this.shared.nodes.events().lost(this, error);",
						"for (int i = 0; i < 2; i++) { this.shared.nodes.events().lost(this, error); }"),
			Mutant.of("the loss is not reported").edit(HANDLE, "this.shared.nodes.events().lost(this, error);", ""),
			Mutant.of("what is left of a lost lock is not released")
				.likelyFoundBy(913)
				.edit(HANDLE, "		if (release) {", "		if (false) {"),
			Mutant.of("the deadline is not watched")
				.likelyFoundBy(10)
				.edit(RENEWAL, ": this.nodes.time().schedule(this.lock.remainingNanos(), this::timerFired);",
						": null;"),
			// Release
			Mutant.of("the lock is valid until its release is confirmed")
				.edit(HANDLE, "return this.state == State.HELD && remainingNanos() > 0;",
						"return this.state != State.LOST && !this.released.isDone() && remainingNanos() > 0;"),
			Mutant.of("a release always says that the lock was valid")
				.likelyFoundBy(6)
				.edit(HANDLE, "this.released.complete(new ReleaseOutcome(false, null));",
						"this.released.complete(new ReleaseOutcome(true, null));"),
			Mutant.of("a key lives longer than was asked for")
				.edit(LUA_EXTEND, "local value, ttl, token = ARGV[1], ARGV[2],",
						"local value, ttl, token = ARGV[1], math.floor(ARGV[2] * 1.3),"),
			Mutant.of("an asynchronous block never completes")
				.likelyFoundBy(2)
				.edit(REDLOCK, "			future.complete(result);\n", ""),
			Mutant.of("the stage of the loss never completes")
				.edit(HANDLE, "this.caller.userCode().execute(() -> this.lost.complete(error));", ""),
			Mutant.of("a crash of the core is passed off as an outage")
				.likelyFoundBy(1)
				.edit(ACQUISITION, "		if (attempt.isTransfer() && !(",
						"		if (round.isUnreachable()) {\n			throw new NullPointerException();\n		}\n		if (attempt.isTransfer() && !("),
			Mutant.of("a lost lock stays in use for ever")
				.edit("core/ActiveLocks.java", "		this.held.remove(lock);\n", ""),
			Mutant.of("the timer survives the release")
				.likelyFoundBy(2)
				.edit(RENEWAL,
						"	void cancel() {\n		synchronized (this.lock) {\n			if (this.timer != null) {",
						"	void cancel() {\n		synchronized (this.lock) {\n			if (false) {"),
			Mutant.of("a release deletes whatever is there")
				.edit(LUA_RELEASE, "if current == ARGV[1] then", "if current then"),
			Mutant.of("an exception of the body keeps the lock")
				.likelyFoundBy(2)
				.edit(REDLOCK, "attach(lock.settle(), ex);", "ex.getClass();"),
			Mutant.of("a key that holds another value is extended")
				.likelyFoundBy(10)
				.edit(LUA_EXTEND, "elseif current ~= value then", "elseif false then"),
			Mutant.of("a key that is held is taken").edit(LUA_ACQUIRE, "elseif current then", "elseif false then"),
			// Nodes
			Mutant.of("a release that was not confirmed is forgotten")
				.likelyFoundBy(44)
				.edit(RELEASES, "			this.kept.put(request.value(), debt);\n", ""),
			Mutant.of("a node that is silent is waited for")
				.likelyFoundBy(6)
				.edit(TIMEOUTS, "if (this.watching.compareAndSet(false, true)) {", "if (false) {"),
			Mutant.of("what has arrived is given up unread")
				.likelyFoundBy(106)
				.edit(GUARD, "return (this.node instanceof CatchingUp own) ? own.catchUp() :", "return"),
			Mutant.of("a node that is down stays down")
				.likelyFoundBy(1)
				.edit(HEALTH, "if (this.voting.compareAndSet(false, true)) {", "if (false) {"),
			Mutant.of("releases behind an unknown script are not sent again, one by one")
				.likelyFoundBy(44)
				.edit("redis/ScriptPipeline.java",
						"this.unanswered.stream().filter(ScriptCall::isRelease).forEach(ScriptCall::repeat);", ""),
			Mutant.of("a free resource is granted whatever the token")
				.edit(LUA_ACQUIRE, "number < first then", "number < 2 ^ 53 then"),
			Mutant.of("a release overtakes an acquisition that is sent again")
				.likelyFoundBy(44)
				.edit("redis/ScriptPipeline.java", "if (repeated) {", "if (false) {"),
			// Extensions that travel together
			Mutant.of("a batch counts from its decision")
				.likelyFoundBy(186)
				.edit(BATCH, "won ? locks.get(i).request : null, start);",
						"won ? locks.get(i).request : null, this.nodes.time().nanoTime());"),
			Mutant.of("a batch needs no quorum")
				.likelyFoundBy(186)
				.edit(BATCH, "boolean won = this.nodes.quorum().isReachedBy(granted);", "boolean won = granted > 0;"),
			Mutant.of("a batch confirms everything or nothing")
				.likelyFoundBy(186)
				.edit(BATCH, "answer.stream().allMatch(Vote.Granted.class::isInstance)",
						"answer.stream().anyMatch(Vote.Granted.class::isInstance)")
				.edit(BATCH, "answer.get(i) instanceof Vote.Granted) ? 1 : 0",
						"answer.stream().anyMatch(Vote.Granted.class::isInstance)) ? 1 : 0"),
			Mutant.of("a batch extends foreign keys")
				.likelyFoundBy(160)
				.edit("redis/extend-all.lua", "elseif current ~= ARGV[2 + i] then", "elseif false then"),
			// Annotation
			Mutant.of("re-entry counts across threads").edit("aop/CurrentLock.java", "HELD = new ThreadLocal<>();", """
					HELD = new ThreadLocal<>() {
						private Deque<HeldLock> shared;
						@Override
						public Deque<HeldLock> get() {
							return this.shared;
						}
						@Override
						public void set(Deque<HeldLock> value) {
							this.shared = value;
						}
						@Override
						public void remove() {
							this.shared = null;
						}
					};"""), Mutant.of("a nested call waits for its own lock")
				.edit("aop/LockedCall.java", "if (outer.isEmpty()) {", "if (true) {"));

}
