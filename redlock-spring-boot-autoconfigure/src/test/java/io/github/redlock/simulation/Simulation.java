package io.github.redlock.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;

import io.github.redlock.LockHandle;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockOptions;
import io.github.redlock.LockReleaseException;
import io.github.redlock.Redlock;
import io.github.redlock.RedlockException;
import io.github.redlock.aop.CurrentLock;
import io.github.redlock.aop.DistributedLockAdvisor;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.simulation.Oracle.Call;
import io.github.redlock.simulation.Oracle.Holder;

/**
 * One run: processes with the production code in them compete for locks on servers that
 * run the production scripts, while things go wrong. One thread at a time, virtual time,
 * every choice drawn from the seed. Afterwards everything is well again, and it is looked
 * at what is left.
 */
final class Simulation {

	private static final Duration PATIENCE = Duration.ofMinutes(5);

	/**
	 * An attempt may be repeated that often at once with a larger token, and follow a
	 * hand-over that failed.
	 */
	private static final int ROUNDS_PER_ATTEMPT = 7;

	private static final long WALL_CLOCK_MICROS = 1_700_000_000_000_000L;

	private final Scenario scenario;

	private final Set<Integer> skipped;

	private final World world;

	private final Statistics statistics = new Statistics();

	private final List<SimulatedServer> servers = new ArrayList<>();

	private final List<SimulatedProcess> processes = new ArrayList<>();

	private final List<SimulatedProcess> everyProcess = new ArrayList<>();

	private final List<Caller> callers = new ArrayList<>();

	private final Map<CompletableFuture<?>, SimulatedProcess> futures = new LinkedHashMap<>();

	private final List<Holder> working = new ArrayList<>();

	private final Oracle oracle;

	private int processNumber;

	private Simulation(Scenario scenario, Set<Integer> skipped, boolean tracing) {
		this.scenario = scenario;
		this.skipped = skipped;
		this.world = new World(tracing);
		for (int i = 0; i < scenario.nodes(); i++) {
			Random random = Scenario.random(scenario.seed(), "server", i);
			this.servers.add(new SimulatedServer(this.world, "node" + i, random, rate(random)));
		}
		this.oracle = new Oracle(this.world, scenario, this.servers, this.statistics);
		this.servers.forEach((server) -> server.setOracle(this.oracle));
		this.world.afterStep(this.oracle::check);
	}

	/** Run what the seed says. */
	static Result run(long seed) {
		return new Simulation(Scenario.of(seed), Set.of(), false).run();
	}

	/** Run it once more, without some of the actions, and write down what happens. */
	static Result run(long seed, Set<Integer> skipped) {
		return new Simulation(Scenario.of(seed), skipped, true).run();
	}

	/**
	 * How a run went.
	 *
	 * @param failure what went wrong, {@code null} if nothing did
	 * @param trace what happened last, if it was written down
	 * @param statistics what was seen
	 */
	record Result(Scenario scenario, String failure, List<String> trace, Statistics statistics) {
	}

	private Result run() {
		try {
			for (int i = 0; i < this.scenario.processes(); i++) {
				this.processes.add(startProcess());
			}
			// Processes may have stood still while they started.
			long at = this.world.now();
			for (int i = 0; i < this.scenario.actions(); i++) {
				Random random = Scenario.random(this.scenario.seed(), "action", i);
				at += gap(random);
				if (!this.skipped.contains(i)) {
					int number = i;
					this.world.schedule(at - this.world.now(), () -> act(number, random));
				}
			}
			this.world.runUntil(at);
			recover();
		}
		finally {
			this.callers.forEach(Caller::kill);
		}
		this.statistics.ran(this.world.steps());
		return new Result(this.scenario, this.world.failure(), this.world.trace(), this.statistics);
	}

	private static long gap(Random random) {
		int kind = random.nextInt(100);
		return millis(random, (kind < 80) ? 30 : (kind < 95) ? 500 : 3000);
	}

	private static long millis(Random random, int bound) {
		return (long) (random.nextDouble() * bound * 1_000_000);
	}

	private double rate(Random random) {
		double share = random.nextDouble() - 0.5;
		// Two clocks differ by at most 0.9 %, less than the drift factor of 1 %.
		return this.scenario.has(Fault.CLOCK_DRIFT_BEYOND_BOUND) ? 1 + 0.1 * share
				: this.scenario.has(Fault.CLOCK_DRIFT) ? 1 + 0.0089 * share : 1;
	}

	private SimulatedProcess startProcess() {
		int number = this.processNumber++;
		Random random = Scenario.random(this.scenario.seed(), "process", number);
		long skew = this.scenario.fencesMayBeLost() ? random.nextInt(40_000)
				: random.nextInt(3) * random.nextInt(1_000_000_000);
		SimulatedProcess process = new SimulatedProcess(this.world, "p" + number, random, rate(random),
				WALL_CLOCK_MICROS + skew, this.scenario.pauseChance(), this.scenario.threadDelay(), (nanos) -> {
					this.oracle.trouble(nanos);
					this.statistics.happened(Fault.PAUSE_ANYWHERE, 1);
				});
		double duplicates = this.scenario.has(Fault.DUPLICATE_DELIVERY) ? 0.3 : 0;
		double lateness = this.scenario.has(Fault.LATE_DELIVERY) ? 0.5 : 0;
		boolean pipelining = Scenario.random(this.scenario.seed(), "transport", number).nextBoolean();
		for (int i = 0; i < this.servers.size(); i++) {
			process.links()
				.add(new Link(this.world, this.oracle, process, this.servers.get(i),
						Scenario.random(this.scenario.seed(), "link" + i, number), this.scenario.latency().toNanos(),
						this.scenario.commandTimeout().multipliedBy(2), pipelining, duplicates, lateness,
						pipelining ? this.scenario.longestUnread() : Duration.ZERO));
		}
		int[] attempt = new int[1];
		process.setRedlock(new RedlockBuilder().nodes(process.links())
			.time(process)
			.callbackExecutor(process)
			.random(random)
			.values(() -> {
				String value = process + "-" + attempt[0]++;
				this.oracle.attempt(process, value);
				return value;
			})
			.listener(this.oracle.listener(process))
			.commandTimeout(this.scenario.commandTimeout())
			.defaultTtl(this.scenario.ttls().get(0))
			.fencing(this.scenario.fencing())
			.build());
		this.everyProcess.add(process);
		return process;
	}

	private void act(int number, Random random) {
		SimulatedProcess process = this.processes.get(random.nextInt(this.processes.size()));
		List<Fault> faults = this.scenario.faults().stream().filter(Fault::isEvent).toList();
		boolean useful = faults.isEmpty() || random.nextDouble() < this.scenario.useShare();
		if (useful) {
			use(number, process, random);
		}
		else {
			Fault fault = faults.get(random.nextInt(faults.size()));
			this.world.trace(() -> "action " + number + ": " + fault);
			long nanos = (random.nextInt(3) > 0) ? millis(random, 500) : millis(random, 5000);
			if (fault == Fault.PAUSE && random.nextInt(4) == 0) {
				// Longer than any ttl.
				nanos *= 10;
			}
			if (!fault.isHarmless()) {
				// Also for what is still on its way when it is over.
				this.oracle.trouble(nanos + TimeUnit.SECONDS.toNanos(1));
			}
			if (happen(fault, process, nanos, random)) {
				this.statistics.happened(fault, 1);
			}
		}
	}

	/** What users do. */
	private void use(int number, SimulatedProcess process, Random random) {
		int kind = this.scenario.anyUse(random);
		Ask ask = new Ask(random);
		this.world.trace(() -> "action " + number + ": use " + kind + " in " + process + " with " + ask);
		process.run(() -> {
			switch (kind) {
				case 0 -> acquireAsync(process, ask);
				case 1 -> tryAcquireAsync(process, ask);
				case 2 -> call(process, "acquire", (caller) -> acquire(caller, ask));
				case 3 -> call(process, "using", (caller) -> using(caller, ask));
				case 4 -> usingAsync(process, ask);
				case 5 -> call(process, "annotated", (caller) -> annotated(caller, ask));
				default -> extend(random, ask);
			}
		});
	}

	/** What somebody asks for. */
	private final class Ask {

		private final List<String> resources;

		private final Duration ttl;

		private final Duration otherTtl;

		private final boolean extendsByHand;

		private final boolean fails;

		private final boolean autoExtended;

		private final LockOptions options;

		private final Duration bound;

		private final long holdNanos;

		private Ask(Random random) {
			Scenario scenario = Simulation.this.scenario;
			List<String> all = scenario.resources();
			this.resources = (random.nextInt(4) == 0) ? all : List.of(all.get(random.nextInt(all.size())));
			this.ttl = scenario.ttls().get(random.nextInt(scenario.ttls().size()));
			this.otherTtl = scenario.ttls().get(random.nextInt(scenario.ttls().size()));
			this.extendsByHand = random.nextInt(3) == 0;
			this.fails = random.nextInt(6) == 0;
			Duration delay = Duration.ofMillis(random.nextInt(80));
			Duration jitter = Duration.ofMillis(random.nextInt(60));
			LockOptions.Builder options = LockOptions.builder().retryDelay(delay).retryJitter(jitter);
			Duration round = scenario.commandTimeout().multipliedBy(ROUNDS_PER_ATTEMPT);
			int patience = random.nextInt(16);
			if (patience == 15) {
				options.retryCount(-1);
				this.bound = PATIENCE;
			}
			else if (patience < 4) {
				int count = random.nextInt(5);
				options.retryCount(count);
				// A pause has a minimum of 1 ms.
				this.bound = round.plus(delay).plus(jitter).plusMillis(1).multipliedBy(count + 1);
			}
			else {
				Duration wait = Duration.ofMillis(random.nextInt(2500));
				options.waitTime(wait);
				this.bound = wait.plus(round);
			}
			this.autoExtended = random.nextInt(3) > 0;
			this.options = options.autoExtend(this.autoExtended).build();
			this.holdNanos = (random.nextDouble() < scenario.shortHoldShare())
					? millis(random, (int) scenario.shortHold().toMillis())
					: (long) (this.ttl.toNanos() * 2 * random.nextDouble());
		}

		@Override
		public String toString() {
			return this.resources + " for " + this.ttl + ", hold " + Duration.ofNanos(this.holdNanos);
		}

	}

	private Call waiting(SimulatedProcess process, String what, Duration bound) {
		this.statistics.called();
		// A slow clock makes a longer wait.
		return this.oracle.waiting(process, what, bound.multipliedBy(11).dividedBy(10));
	}

	private Call releasing(SimulatedProcess process) {
		return this.oracle.waiting(process, "release", this.scenario.commandTimeout().multipliedBy(11).dividedBy(10));
	}

	private void acquireAsync(SimulatedProcess process, Ask ask) {
		async(process, ask, (redlock) -> redlock.acquireAsync(ask.resources, ask.ttl, ask.options),
				(lock) -> hold(process, lock, ask));
	}

	private void tryAcquireAsync(SimulatedProcess process, Ask ask) {
		async(process, ask, (redlock) -> redlock.tryAcquireAsync(ask.resources, ask.ttl, ask.options),
				(lock) -> lock.ifPresent((handle) -> hold(process, handle, ask)));
	}

	private <T> void async(SimulatedProcess process, Ask ask, Function<Redlock, CompletableFuture<T>> request,
			Consumer<T> use) {
		if (process.isClosed()) {
			return;
		}
		Call call = waiting(process, "acquireAsync", ask.bound);
		CompletableFuture<T> future = request.apply(process.redlock());
		this.futures.put(future, process);
		future.whenComplete((result, error) -> {
			this.oracle.waited(call);
			if (error != null) {
				refused(process, error);
			}
			else {
				use.accept(result);
			}
		});
	}

	/** Hold a lock for a while, without a thread. */
	private void hold(SimulatedProcess process, LockHandle lock, Ask ask) {
		Holder holder = this.oracle.granted(process, null, lock, ask.autoExtended);
		this.working.add(holder);
		process.schedule(ask.holdNanos, () -> {
			this.working.remove(holder);
			release(process, holder);
		});
	}

	private void release(SimulatedProcess process, Holder holder) {
		boolean validBefore = this.oracle.isValid(holder);
		this.oracle.releasing(holder);
		Call call = releasing(process);
		holder.lock().releaseAsync().whenComplete((wasValid, error) -> {
			this.oracle.waited(call);
			if (error != null) {
				refused(process, error);
			}
			else {
				this.oracle.released(holder, wasValid, validBefore);
			}
		});
	}

	private void usingAsync(SimulatedProcess process, Ask ask) {
		if (process.isClosed()) {
			return;
		}
		Call call = waiting(process, "usingAsync", ask.bound);
		CompletableFuture<String> future = process.redlock()
			.usingAsync(ask.resources, ask.ttl, ask.options, (lock, signal) -> {
				this.oracle.waited(call);
				Holder holder = this.oracle.granted(process, null, lock, ask.autoExtended);
				CompletableFuture<String> work = new CompletableFuture<>();
				this.working.add(holder);
				process.schedule(ask.holdNanos, () -> {
					this.working.remove(holder);
					this.oracle.releasing(holder);
					work.complete("done");
				});
				work.whenComplete((result, error) -> this.oracle.releasing(holder));
				return work;
			});
		this.futures.put(future, process);
		future.whenComplete((result, error) -> {
			this.oracle.waited(call);
			if (error != null) {
				refused(process, error);
			}
		});
	}

	private void call(SimulatedProcess process, String what, Work work) {
		Caller caller = new Caller(this.world, process, what + " " + this.callers.size());
		this.callers.add(caller);
		caller.start(() -> {
			try {
				work.run(caller);
			}
			catch (RedlockException | IllegalStateException ex) {
				refused(process, ex);
			}
			catch (Failure ex) {
				this.world.trace(() -> caller + " failed, as it was to");
			}
			catch (InterruptedException ex) {
				this.world.trace(() -> caller + " was interrupted");
			}
		});
	}

	private void acquire(Caller caller, Ask ask) throws InterruptedException {
		SimulatedProcess process = caller.process();
		Call call = waiting(process, "acquire", ask.bound);
		LockHandle lock;
		try {
			lock = process.redlock().acquire(ask.resources, ask.ttl, ask.options);
		}
		finally {
			this.oracle.waited(call);
		}
		Holder holder = this.oracle.granted(process, caller, lock, ask.autoExtended);
		try {
			caller.work(ask.holdNanos / 2);
			if (ask.extendsByHand) {
				lock.extend(ask.otherTtl);
			}
			caller.work(ask.holdNanos / 2);
		}
		finally {
			boolean validBefore = this.oracle.isValid(holder);
			this.oracle.releasing(holder);
			Call releasing = releasing(process);
			try {
				this.oracle.released(holder, lock.release(), validBefore);
			}
			finally {
				this.oracle.waited(releasing);
			}
		}
	}

	private void using(Caller caller, Ask ask) throws InterruptedException {
		SimulatedProcess process = caller.process();
		Call call = waiting(process, "using", ask.bound);
		try {
			process.redlock().<Void, InterruptedException>using(ask.resources, ask.ttl, ask.options, (lock, signal) -> {
				this.oracle.waited(call);
				work(caller, lock, ask);
				return null;
			});
		}
		finally {
			this.oracle.waited(call);
		}
	}

	private void work(Caller caller, LockHandle lock, Ask ask) throws InterruptedException {
		Holder holder = this.oracle.granted(caller.process(), caller, lock, ask.autoExtended);
		try {
			caller.work(ask.holdNanos);
			if (ask.fails) {
				throw new Failure();
			}
		}
		finally {
			this.oracle.releasing(holder);
		}
	}

	private void annotated(Caller caller, Ask ask) throws InterruptedException {
		SimulatedProcess process = caller.process();
		String item = ask.resources.get(0);
		LockedShop shop = shop(process);
		Call call = waiting(process, "annotated method",
				Duration.ofMillis(900).plus(this.scenario.commandTimeout().multipliedBy(ROUNDS_PER_ATTEMPT)));
		try {
			shop.sell(item, () -> {
				this.oracle.waited(call);
				LockHandle lock = CurrentLock.get();
				// Called from inside: joins the lock of its caller.
				Call joining = this.oracle.waiting(process, "nested method", Duration.ZERO);
				try {
					if (ask.extendsByHand) {
						shop.sell(item, () -> checkJoined(lock));
					}
				}
				finally {
					this.oracle.waited(joining);
				}
				work(caller, lock, ask);
			});
		}
		finally {
			this.oracle.waited(call);
		}
	}

	private void checkJoined(LockHandle lock) {
		if (CurrentLock.get() != lock) {
			this.world.fail("a nested method runs under another lock than its caller's");
		}
	}

	private static LockedShop shop(SimulatedProcess process) {
		ProxyFactory factory = new ProxyFactory(new LockedShop.Implementation());
		factory.addAdvisor(new DistributedLockAdvisor(process::redlock, new DefaultListableBeanFactory()));
		return (LockedShop) factory.getProxy(LockedShop.class.getClassLoader());
	}

	private void extend(Random random, Ask ask) {
		anyHolder(random).ifPresent((holder) -> holder.process().run(() -> {
			CompletableFuture<LockHandle> extended = holder.lock().extendAsync(ask.ttl);
			this.futures.put(extended, holder.process());
			extended.whenComplete((lock, error) -> {
				if (error != null) {
					refused(holder.process(), error);
				}
			});
		}));
	}

	private Optional<Holder> anyHolder(Random random) {
		List<Holder> holders = this.oracle.holders();
		return holders.isEmpty() ? Optional.empty() : Optional.of(holders.get(random.nextInt(holders.size())));
	}

	/** A call did not give what was asked for: look at the reason. */
	private void refused(SimulatedProcess process, Throwable error) {
		Throwable cause = (error instanceof CompletionException) ? error.getCause() : error;
		this.world.trace(() -> process + " was told: " + cause.getMessage());
		boolean expected = cause instanceof RedlockException || cause instanceof CancellationException
				|| cause instanceof IllegalStateException;
		if (!expected) {
			this.world.fail("unexpected " + cause);
		}
		if (String.valueOf(cause.getMessage()).contains("unexpected error")) {
			this.world.fail("crash: " + cause.getMessage());
		}
		boolean outage = cause instanceof LockReleaseException || cause instanceof LockNotAcquiredException refusal
				&& refusal.getReason() == LockNotAcquiredException.Reason.NO_QUORUM;
		if (outage && this.scenario.isCalm() && !process.isClosed()) {
			this.world.fail("an outage was reported and there was none: " + cause.getMessage());
		}
	}

	/** What goes wrong. */
	private boolean happen(Fault fault, SimulatedProcess process, long nanos, Random random) {
		SimulatedServer server = this.servers.get(random.nextInt(this.servers.size()));
		Link link = process.links().get(this.servers.indexOf(server));
		switch (fault) {
			case SLOW_LINK -> link.slowDown(millis(random, 1000), nanos);
			case BROKEN_CONNECTION, LATE_DELIVERY, DUPLICATE_DELIVERY -> link.breakConnection();
			case PARTITION -> link.block(nanos);
			case CRASH -> server.crash(true, nanos);
			case FREEZE -> server.freeze(nanos);
			case SCRIPT_FLUSH -> server.redis().scriptFlush();
			case ERROR_REPLIES -> server.failFor(new IllegalStateException(errorReply(random)), nanos);
			case WALL_CLOCK_JUMP -> moveWallClock(process, random);
			case PAUSE -> process.pauseFor(nanos);
			case INTERRUPT -> {
				return anyOf(this.callers.stream().filter((caller) -> !caller.hasEnded()).toList(), random,
						Caller::interrupt);
			}
			case CANCEL -> {
				return anyOf(this.futures.keySet().stream().filter((future) -> !future.isDone()).toList(), random,
						(future) -> this.futures.get(future).run(() -> future.cancel(true)));
			}
			case FOREIGN_RELEASE -> {
				return anyHolder(random).map((holder) -> {
					holder.process().run(() -> {
						release(holder.process(), holder);
					});
					return true;
				}).orElse(false);
			}
			case CLOSE -> {
				process.run(() -> {
					process.markClosed();
					process.redlock().close();
				});
				replace(process);
			}
			case KILL -> {
				process.end();
				replace(process);
			}
			case DATA_LOSS -> server.crash(false, nanos);
			case SERVER_CLOCK_JUMP ->
				server.moveClock(Duration.ofMillis(random.nextInt(4) - 1L).multipliedBy(1 + random.nextInt(1500)));
			default -> {
				return false;
			}
		}
		return true;
	}

	private static <T> boolean anyOf(List<T> candidates, Random random, Consumer<T> action) {
		if (candidates.isEmpty()) {
			return false;
		}
		action.accept(candidates.get(random.nextInt(candidates.size())));
		return true;
	}

	private void moveWallClock(SimulatedProcess process, Random random) {
		if (!this.scenario.fencesMayBeLost()) {
			process.moveWallClock(Duration.ofMillis((random.nextInt(3) - 1L) * random.nextInt(3_600_000)));
		}
	}

	private static String errorReply(Random random) {
		List<String> errors = List.of("LOADING Redis is loading the dataset in memory",
				"READONLY You can't write against a read only replica.",
				"OOM command not allowed when used memory > 'maxmemory'.",
				"MISCONF Redis is configured to save RDB snapshots", "BUSY Redis is busy running a script.");
		return errors.get(random.nextInt(errors.size()));
	}

	private void replace(SimulatedProcess process) {
		int index = this.processes.indexOf(process);
		if (index >= 0) {
			this.processes.set(index, startProcess());
		}
	}

	/**
	 * Everything is well again; everybody ends what he does; then look at what is left.
	 */
	private void recover() {
		this.world.trace(() -> "all is well from now on");
		Random random = Scenario.random(this.scenario.seed(), "recovery", 0);
		List<SimulatedProcess> alive = this.everyProcess.stream().filter((process) -> !process.hasEnded()).toList();
		advance(Duration.ofSeconds(8));
		alive.forEach(SimulatedProcess::calmDown);
		long limit = this.world.now() + PATIENCE.toNanos();
		while (!isIdle() && this.world.now() < limit && !this.world.failed()) {
			advance(Duration.ofMillis(100));
		}
		if (!isIdle()) {
			this.world.fail("hang: " + unfinished());
		}
		advance(Duration.ofSeconds(6));
		this.oracle.checkNothingLeft();
		checkNoTimers(alive);
		advance(Scenario.LONGEST_TTL.plusSeconds(10));
		this.oracle.checkNoKeys();
		Set<SimulatedServer> down = new LinkedHashSet<>();
		while (down.size() < this.scenario.nodes() - this.scenario.quorum()) {
			down.add(this.servers.get(random.nextInt(this.servers.size())));
		}
		down.forEach((server) -> server.crash(true, Duration.ofMinutes(2).toNanos()));
		for (SimulatedProcess process : this.processes) {
			expect(process, null);
		}
		this.servers.stream()
			.filter((server) -> !down.contains(server))
			.findAny()
			.ifPresent((server) -> server.crash(true, Duration.ofMinutes(2).toNanos()));
		for (SimulatedProcess process : this.processes) {
			expect(process, LockNotAcquiredException.Reason.NO_QUORUM);
		}
		List<CompletionStage<Void>> idle = this.processes.stream()
			.filter((process) -> !process.isClosed())
			.map((process) -> process.redlock().whenIdle())
			.toList();
		advance(Duration.ofSeconds(1));
		if (!this.world.failed() && !idle.stream().allMatch((stage) -> stage.toCompletableFuture().isDone())) {
			this.world.fail("hang: a process that does nothing is not idle");
		}
		for (SimulatedProcess process : alive) {
			process.markClosed();
			process.redlock().close();
		}
		advance(Duration.ofSeconds(30));
		checkNoTimers(alive);
		this.oracle.checkEvents();
	}

	private void advance(Duration duration) {
		this.world.runUntil(this.world.now() + duration.toNanos());
	}

	private boolean isIdle() {
		return unfinished().isEmpty();
	}

	private List<Object> unfinished() {
		List<Object> unfinished = new ArrayList<>(this.oracle.holders());
		this.everyProcess.stream()
			.filter((process) -> !process.hasEnded() && process.isPaused())
			.forEach(unfinished::add);
		unfinished.addAll(this.working.stream().filter((holder) -> !holder.process().hasEnded()).toList());
		unfinished.addAll(this.oracle.calls());
		this.futures.forEach((future, process) -> {
			if (!future.isDone() && !process.hasEnded()) {
				unfinished.add("a future of " + process);
			}
		});
		unfinished.addAll(
				this.callers.stream().filter((caller) -> !caller.hasEnded() && !caller.process().hasEnded()).toList());
		return unfinished;
	}

	private void checkNoTimers(List<SimulatedProcess> alive) {
		for (SimulatedProcess process : alive) {
			if (process.scheduled() > 0) {
				this.world.fail("timers: " + process.scheduled() + " are still set in " + process
						+ (process.isPaused() ? ", which stands still" : ""));
			}
		}
	}

	/**
	 * Everything is free: with a quorum it can be had, without one the caller is told so.
	 */
	private void expect(SimulatedProcess process, LockNotAcquiredException.Reason refusal) {
		if (this.world.failed()) {
			return;
		}
		LockOptions options = LockOptions.builder().waitTime(Duration.ofMillis(500)).build();
		Call call = waiting(process, "acquire",
				Duration.ofMillis(500).plus(this.scenario.commandTimeout().multipliedBy(2)));
		CompletableFuture<LockHandle> future = process.redlock()
			.acquireAsync(this.scenario.resources(), Duration.ofSeconds(30), options);
		LockNotAcquiredException.Reason[] reason = new LockNotAcquiredException.Reason[1];
		future.whenComplete((lock, error) -> {
			this.oracle.waited(call);
			if (lock != null) {
				lock.releaseAsync();
			}
			else if (error instanceof LockNotAcquiredException refused) {
				reason[0] = refused.getReason();
			}
		});
		advance(Duration.ofSeconds(3));
		if (!this.world.failed() && (!future.isDone() || reason[0] != refusal)) {
			this.world.fail("liveness: " + process + " asked for what is free, expected " + refusal + ", but got "
					+ (future.isDone() ? reason[0] : "no answer"));
		}
	}

	/**
	 * What a body throws.
	 */
	@SuppressWarnings("serial")
	private static final class Failure extends RuntimeException {

	}

	/**
	 * What a caller does.
	 */
	@FunctionalInterface
	private interface Work {

		void run(Caller caller) throws InterruptedException;

	}

}
