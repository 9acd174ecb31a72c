package io.github.redlock.simulation;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a run is made of, all of it drawn from the seed.
 *
 * @param seed repeats the run
 * @param nodes how many servers
 * @param processes how many processes at a time
 * @param resources what they compete for
 * @param ttls the ttls they use
 * @param fencing whether locks carry tokens
 * @param faults what goes wrong
 * @param latency the longest that a message takes when all is well
 * @param commandTimeout how long an answer is waited for
 * @param threadDelay the longest that a task waits for a thread
 * @param actions how many things are done
 * @param useWeights how often each kind of use occurs
 * @param useShare the share of uses among the actions
 * @param shortHoldShare the share of locks that are held for a moment only
 * @param shortHold the longest such moment
 * @param pauseChance how probable a pause is where one is possible
 */
record Scenario(long seed, int nodes, int processes, List<String> resources, List<Duration> ttls, boolean fencing,
		Set<Fault> faults, Duration latency, Duration commandTimeout, Duration threadDelay, int actions,
		int[] useWeights, double useShare, double shortHoldShare, Duration shortHold, double pauseChance) {

	private static final int USES = 7;

	private static final int TIMEOUTS_PER_LONG_TTL = 10;

	private static final Duration MOMENT = Duration.ofMillis(100);

	static final Duration LONGEST_TTL = Duration.ofSeconds(30);

	private static final int[] NODES = { 1, 3, 3, 3, 4, 5, 5 };

	static Scenario of(long seed) {
		Random random = random(seed, "scenario", 0);
		return switch (random.nextInt(10)) {
			case 0 -> forgetfulServers(seed, random);
			case 1 -> changingTtls(seed, random);
			case 2 -> flushedScripts(seed, random);
			case 3 -> withdrawnRequests(seed, random);
			case 4 -> extendedTogether(seed, random);
			case 5 -> crowded(seed, random);
			default -> anything(seed, random);
		};
	}

	private static Scenario anything(long seed, Random random) {
		Set<Fault> faults = EnumSet.noneOf(Fault.class);
		boolean assumptionsHold = random.nextInt(4) > 0;
		double density = random.nextDouble();
		for (Fault fault : Fault.values()) {
			if (random.nextDouble() < density && !(assumptionsHold && fault.isAssumedAway())) {
				faults.add(fault);
			}
		}
		Duration shortTtl = Duration.ofMillis(List.of(250, 400, 1000).get(random.nextInt(3)));
		Duration longTtl = Duration.ofSeconds(List.of(2, 5, 30).get(random.nextInt(3)));
		List<Duration> ttls = switch (random.nextInt(3)) {
			case 0 -> List.of(shortTtl);
			case 1 -> List.of(longTtl);
			default -> List.of(shortTtl, longTtl, Duration.ofSeconds(1));
		};
		// Ten messages one after the other are in time, when all is well.
		int latency = 1 + random.nextInt(20);
		int commandTimeout = (latency <= 6 && random.nextBoolean()) ? 60 : 200;
		return new Scenario(seed, NODES[random.nextInt(NODES.length)], 1 + random.nextInt(4),
				random.nextBoolean() ? List.of("a") : List.of("{x}a", "{x}b"), ttls, random.nextInt(8) > 0, faults,
				Duration.ofMillis(latency), Duration.ofMillis(commandTimeout),
				Duration.ofNanos(List.of(20_000, 5_000_000, 40_000_000).get(random.nextInt(3))),
				20 + random.nextInt(60), useWeights(random), 0.4 + 0.4 * random.nextDouble(), random.nextDouble(),
				MOMENT, faults.contains(Fault.PAUSE_ANYWHERE) ? 0.02 * Math.pow(random.nextDouble(), 3) : 0);
	}

	/** Keys vanish under locks that are extended, while others ask for them. */
	private static Scenario forgetfulServers(long seed, Random random) {
		return new Scenario(seed, 3, 3, List.of("a"), List.of(Duration.ofSeconds(1), Duration.ofSeconds(3)), true,
				EnumSet.of(Fault.DATA_LOSS, Fault.PARTITION), Duration.ofMillis(5), Duration.ofMillis(60),
				Duration.ofMillis(1), 80, new int[] { 4, 1, 1, 1, 0, 0, 0 }, 0.5, 0.7, MOMENT, 0);
	}

	/** Long and short ttls by turns, on connections that break. */
	private static Scenario changingTtls(long seed, Random random) {
		Set<Fault> faults = EnumSet.of(Fault.LATE_DELIVERY,
				random.nextBoolean() ? Fault.FREEZE : Fault.BROKEN_CONNECTION,
				random.nextBoolean() ? Fault.DUPLICATE_DELIVERY : Fault.SLOW_LINK);
		if (random.nextBoolean()) {
			faults.add(Fault.CRASH);
		}
		return new Scenario(seed, random.nextBoolean() ? 1 : 3, 1 + random.nextInt(2), List.of("a"),
				List.of(Duration.ofMillis(300), Duration.ofSeconds(3)), true, faults, Duration.ofMillis(40),
				Duration.ofMillis(200), Duration.ofMillis(1), 80, new int[] { 2, 0, 1, 0, 0, 0, 6 }, 0.7, 0, MOMENT, 0);
	}

	/** Servers forget the scripts while requests queue for slow links. */
	private static Scenario flushedScripts(long seed, Random random) {
		return new Scenario(seed, 3, 2, List.of("a"), List.of(Duration.ofSeconds(30)), random.nextBoolean(),
				EnumSet.of(Fault.SCRIPT_FLUSH, Fault.SLOW_LINK, Fault.CANCEL), Duration.ofMillis(20),
				Duration.ofMillis(200), Duration.ofMillis(1), 60, new int[] { 4, 4, 1, 1, 0, 0, 0 }, 0.5, 1, MOMENT, 0);
	}

	/** Callers lose interest at every moment. */
	private static Scenario withdrawnRequests(long seed, Random random) {
		return new Scenario(seed, 3, 2, List.of("a", "b"), List.of(Duration.ofSeconds(30)), random.nextBoolean(),
				EnumSet.of(Fault.CANCEL, Fault.INTERRUPT), Duration.ofMillis(20), Duration.ofMillis(200),
				Duration.ofMillis(40), 80, new int[] { 5, 1, 2, 1, 2, 1, 0 }, 0.5, 1, MOMENT, 0);
	}

	/** Many locks are extended at once while keys vanish and messages are late. */
	private static Scenario extendedTogether(long seed, Random random) {
		return new Scenario(seed, 3, 2, List.of("a", "b", "{x}c", "{x}d", "{x}e", "{x}f"),
				List.of(Duration.ofSeconds(30)), random.nextInt(4) > 0,
				EnumSet.of(Fault.DATA_LOSS, random.nextBoolean() ? Fault.PARTITION : Fault.SLOW_LINK),
				Duration.ofMillis(20), Duration.ofMillis(200), Duration.ofMillis(1), 160,
				new int[] { 6, 1, 1, 1, 0, 0, 0 }, 0.8, 0.2, MOMENT, 0);
	}

	/** Many want the same thing, for a moment each. */
	private static Scenario crowded(long seed, Random random) {
		Set<Fault> faults = switch (random.nextInt(5)) {
			case 0 -> EnumSet.of(Fault.BROKEN_CONNECTION, Fault.LATE_DELIVERY, Fault.CANCEL);
			case 1 -> EnumSet.of(Fault.PARTITION, Fault.SLOW_LINK, Fault.SCRIPT_FLUSH);
			case 2 -> EnumSet.of(Fault.DATA_LOSS, Fault.CANCEL, Fault.INTERRUPT);
			case 3 -> EnumSet.of(Fault.PAUSE, Fault.PAUSE_ANYWHERE, Fault.CLOCK_DRIFT, Fault.FREEZE);
			default -> EnumSet.of(Fault.CANCEL, Fault.INTERRUPT);
		};
		return new Scenario(seed, 3 + 2 * random.nextInt(2), 1 + random.nextInt(3), List.of("a"),
				List.of(Duration.ofMillis(List.of(400, 3000).get(random.nextInt(2)))), random.nextInt(4) > 0, faults,
				Duration.ofMillis(1 + random.nextInt(10)), Duration.ofMillis(60), Duration.ofMillis(1), 100,
				new int[] { 6, 1, 3, 2, 2, 2, random.nextInt(2) }, 0.9, 0.9,
				Duration.ofMillis(random.nextBoolean() ? 10 : 100),
				faults.contains(Fault.PAUSE_ANYWHERE) ? 0.01 * random.nextDouble() : 0);
	}

	private static int[] useWeights(Random random) {
		int[] weights = new int[USES];
		for (int i = 0; i < USES; i++) {
			weights[i] = (random.nextInt(3) > 0) ? 1 + random.nextInt(10) : 0;
		}
		// Something has to be locked.
		weights[0]++;
		return weights;
	}

	int anyUse(Random random) {
		int number = random.nextInt(IntStream.of(this.useWeights).sum());
		int kind = 0;
		while (number >= this.useWeights[kind]) {
			number -= this.useWeights[kind++];
		}
		return kind;
	}

	/**
	 * An independent source for one purpose, so that leaving out one thing changes no
	 * other.
	 */
	static Random random(long seed, String purpose, int number) {
		long mixed = (seed * 0x9E3779B97F4A7C15L) ^ (purpose.hashCode() * 0xC2B2AE3D27D4EB4FL)
				^ (number * 0x165667B19E3779F9L);
		mixed = (mixed ^ (mixed >>> 32)) * 0xD6E8FEB86659FD93L;
		return new Random(mixed ^ (mixed >>> 32));
	}

	boolean has(Fault fault) {
		return this.faults.contains(fault);
	}

	/** Whether clocks and memory are as the algorithm assumes. */
	boolean assumptionsHold() {
		return this.faults.stream().noneMatch(Fault::isAssumedAway);
	}

	/** Whether a node can forget a fence before its time. */
	boolean fencesMayBeLost() {
		return has(Fault.DATA_LOSS) || has(Fault.SERVER_CLOCK_JUMP);
	}

	/** Whether nothing happens that could make a lock fail. */
	boolean isCalm() {
		return this.faults.stream().allMatch(Fault::isHarmless);
	}

	/**
	 * How long an answer may have arrived before somebody reads it. Longer than it is
	 * waited for, and no reason for anything to fail where the ttl allows for it.
	 */
	Duration longestUnread() {
		boolean allowed = this.ttls.stream()
			.allMatch((ttl) -> ttl.compareTo(this.commandTimeout.multipliedBy(TIMEOUTS_PER_LONG_TTL)) >= 0);
		return (isCalm() && allowed && random(this.seed, "reading", 0).nextBoolean())
				? this.commandTimeout.multipliedBy(3).dividedBy(2) : Duration.ZERO;
	}

	int quorum() {
		return this.nodes / 2 + 1;
	}

	@Override
	public String toString() {
		return "seed " + this.seed + ": " + this.nodes + " nodes, " + this.processes + " processes, resources "
				+ this.resources + ", ttls " + this.ttls + ", fencing " + this.fencing + ", latency " + this.latency
				+ ", command timeout " + this.commandTimeout + ", faults " + this.faults;
	}

}
