package io.github.redlock.actuate;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.Selector.Match;

import io.github.redlock.RedlockStatus;
import io.github.redlock.RedlockStatus.LockStatus;
import io.github.redlock.RedlockStatus.WaiterStatus;
import io.github.redlock.redis.LockKeyReport;
import io.github.redlock.redis.RedisLockNodes;

/**
 * The endpoint {@code redlock}: nodes, locks and waiters of this application, and who has
 * a resource according to the nodes. Values of locks are never shown. To free a resource
 * by order of an operator is switched off unless
 * {@code management.endpoint.redlock.access} is {@code unrestricted}.
 *
 * @since 0.1.0
 */
@Endpoint(id = "redlock", defaultAccess = Access.READ_ONLY)
public final class RedlockEndpoint {

	private static final Logger logger = LoggerFactory.getLogger(RedlockEndpoint.class);

	private final Supplier<? extends Collection<RedlockSet>> sets;

	/**
	 * Create the endpoint.
	 * @param sets the lock clients of the application
	 */
	public RedlockEndpoint(Supplier<? extends Collection<RedlockSet>> sets) {
		this.sets = sets;
	}

	/**
	 * What this application knows.
	 * @return a description of each set, by name
	 */
	@ReadOperation
	public Map<String, SetDescription> sets() {
		Map<String, SetDescription> sets = new LinkedHashMap<>();
		this.sets.get().forEach((set) -> sets.put(set.name(), SetDescription.of(set.redlock().status())));
		return sets;
	}

	/**
	 * What the nodes say of a resource.
	 * @param set the name of the set of nodes
	 * @param resource the name of the resource; the parts between slashes
	 * @return what each node says; {@code null}, which is "not found", if there is no
	 * such set of Redis nodes
	 */
	@ReadOperation
	public @Nullable List<KeyDescription> resource(@Selector String set,
			@Selector(match = Match.ALL_REMAINING) String... resource) {
		return nodes(set).map((nodes) -> describe(nodes.inspect(String.join("/", resource)))).orElse(null);
	}

	/**
	 * Free a resource, whoever has it.
	 * @param set the name of the set of nodes
	 * @param resource the name of the resource; the parts between slashes
	 * @return what was on each node before; {@code null}, which is "not found", if there
	 * is no such set of Redis nodes
	 */
	@DeleteOperation
	public @Nullable List<KeyDescription> free(@Selector String set,
			@Selector(match = Match.ALL_REMAINING) String... resource) {
		String name = String.join("/", resource);
		return nodes(set).map((nodes) -> {
			logger.warn("{}: the resource {} is freed by order of an operator, whoever has it", set, name);
			return describe(nodes.free(name));
		}).orElse(null);
	}

	private Optional<RedisLockNodes> nodes(String set) {
		return this.sets.get()
			.stream()
			.filter((each) -> each.name().equals(set))
			.map(RedlockSet::nodes)
			.flatMap(java.util.stream.Stream::ofNullable)
			.findFirst();
	}

	private static List<KeyDescription> describe(List<LockKeyReport> reports) {
		return reports.stream().map(KeyDescription::of).toList();
	}

	private static long millis(Duration duration) {
		return duration.toMillis();
	}

	/**
	 * One set of nodes.
	 *
	 * @param quorum how many nodes have to vote
	 * @param voting how many do
	 * @param nodes details of each node, by name
	 * @param held the locks of this application
	 * @param waiting its callers that have no lock yet
	 */
	public record SetDescription(int quorum, int voting, Map<String, Object> nodes, List<LockDescription> held,
			List<WaiterDescription> waiting) {

		static SetDescription of(RedlockStatus status) {
			Map<String, Object> nodes = new LinkedHashMap<>();
			status.nodes().forEach((node) -> nodes.put(node.name(), NodeDetails.of(node)));
			return new SetDescription(status.quorum(), status.voting(), nodes,
					status.held().stream().map(LockDescription::of).toList(),
					status.waiting().stream().map(WaiterDescription::of).toList());
		}

	}

	/**
	 * One lock that is held.
	 *
	 * @param resources what is locked
	 * @param name the name of the section, empty for none
	 * @param heldForMillis since the round that won it began
	 * @param remainingMillis how much longer it is valid unless it is extended
	 * @param extensions how often it was extended
	 * @param token its fencing token, {@code null} for none
	 * @param thread the thread that asked for it
	 */
	public record LockDescription(List<String> resources, String name, long heldForMillis, long remainingMillis,
			int extensions, @Nullable Long token, String thread) {

		static LockDescription of(LockStatus lock) {
			return new LockDescription(lock.resources(), lock.name(), millis(lock.heldFor()),
					millis(lock.remainingValidity()), lock.extensions(),
					lock.token().isPresent() ? lock.token().getAsLong() : null, lock.thread());
		}

	}

	/**
	 * One caller that has no lock yet.
	 *
	 * @param resources what it wants to lock
	 * @param name the name of the section, empty for none
	 * @param waitingForMillis since its call
	 * @param thread the thread that asked
	 */
	public record WaiterDescription(List<String> resources, String name, long waitingForMillis, String thread) {

		static WaiterDescription of(WaiterStatus waiter) {
			return new WaiterDescription(waiter.resources(), waiter.name(), millis(waiter.waitingFor()),
					waiter.thread());
		}

	}

	/**
	 * What one node says of a resource.
	 *
	 * @param node the name of the node
	 * @param state {@code FREE}, {@code HELD} or {@code UNKNOWN}
	 * @param owner the readable part of the value, {@code null} if it has none
	 * @param remainingMillis until it is free, {@code null} if it does not end by itself
	 * @param error why the node said nothing, {@code null} if it did
	 */
	public record KeyDescription(String node, LockKeyReport.State state, @Nullable String owner,
			@Nullable Long remainingMillis, @Nullable String error) {

		static KeyDescription of(LockKeyReport report) {
			return new KeyDescription(report.node(), report.state(), report.owner().orElse(null),
					report.remaining().map(Duration::toMillis).orElse(null), report.error().orElse(null));
		}

	}

}
