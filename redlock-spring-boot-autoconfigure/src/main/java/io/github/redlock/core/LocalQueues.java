package io.github.redlock.core;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

/**
 * The waiters of this process, first come, first served: only the first waiter for a
 * resource asks the nodes again, and a holder of this process hands its lock over to the
 * first waiter.
 * <p>
 * A caller that finds no waiter tries at once, and queues if that fails. A lock of
 * several resources has a queue of its own. Where sets overlap, such as [a, b] and [a, b,
 * c], a release of the one lets the first waiter for the other try first, if that has
 * waited for longer. It gets no more than that chance: nobody waits for a resource that
 * is free because somebody else waits for that and another one.
 * <p>
 * Thread-safe. Calls no waiter in its monitors.
 */
final class LocalQueues {

	private final NodeGroup nodes;

	private final DecidingNode decidingNode;

	private final ReleaseWatches notices;

	private final Map<List<String>, LocalQueue> queues = new ConcurrentHashMap<>();

	/** Queues for several resources, by each of these. */
	private final Map<String, Set<List<String>>> severalWith = new ConcurrentHashMap<>();

	/** Until when others go first. */
	private final Map<List<String>, Long> othersFirst = new ConcurrentHashMap<>();

	LocalQueues(NodeGroup nodes) {
		this.nodes = nodes;
		this.decidingNode = new DecidingNode(nodes.guards());
		this.notices = new ReleaseWatches(nodes, this.decidingNode, this.queues::containsKey, this::tellFirst);
	}

	/**
	 * The queue for resources: the same for any order of them.
	 */
	static List<String> key(List<String> resources) {
		return (resources.size() == 1) ? resources : resources.stream().sorted().toList();
	}

	DecidingNode decidingNode() {
		return this.decidingNode;
	}

	ReleaseWatches notices() {
		return this.notices;
	}

	/**
	 * Whether a new caller may find that it has to wait.
	 */
	boolean mayHaveToWait(List<String> key) {
		return (!this.queues.isEmpty() && this.queues.containsKey(key)) || !this.othersFirst.isEmpty();
	}

	/**
	 * Queue behind other waiters.
	 * @return {@code false} if there are none
	 */
	boolean joinOthers(Waiter waiter) {
		return this.queues.containsKey(waiter.queueKey())
				&& this.queues.computeIfPresent(waiter.queueKey(), (key, queue) -> queue.add(waiter)) != null;
	}

	/**
	 * Queue, behind other waiters if there are any.
	 */
	void join(Waiter waiter) {
		this.queues.compute(waiter.queueKey(), (key, queue) -> ((queue != null) ? queue : begin(key)).add(waiter));
		this.notices.listen(waiter.queueKey());
	}

	/**
	 * Leave the queue.
	 * @return the waiter that is the first now instead; {@code null} if there is none, or
	 * another one was the first all the time
	 */
	@Nullable Waiter leave(Waiter waiter) {
		AtomicReference<@Nullable Waiter> first = new AtomicReference<>();
		this.queues.computeIfPresent(waiter.queueKey(), (key, queue) -> {
			first.set(queue.remove(waiter));
			return (queue.head != null) ? queue : end(key);
		});
		if (first.get() == null && !this.queues.containsKey(waiter.queueKey())) {
			this.notices.nobodyWaits(waiter.queueKey());
		}
		return first.get();
	}

	private LocalQueue begin(List<String> key) {
		if (key.size() > 1) {
			key.forEach(
					(resource) -> this.severalWith.computeIfAbsent(resource, (first) -> ConcurrentHashMap.newKeySet())
						.add(key));
		}
		return new LocalQueue();
	}

	private @Nullable LocalQueue end(List<String> key) {
		if (key.size() > 1) {
			key.forEach((resource) -> this.severalWith.computeIfPresent(resource, (same, keys) -> {
				keys.remove(key);
				return keys.isEmpty() ? null : keys;
			}));
		}
		return null;
	}

	/**
	 * The waiter that is to try before others when these resources are released: the
	 * first one for another set that has some of them, if it has waited for longer than
	 * the first one for these, and has not had such a chance just now.
	 * @return {@code null} if there is none
	 */
	@Nullable Waiter elder(List<String> resources) {
		if (this.queues.isEmpty() || (this.severalWith.isEmpty() && resources.size() == 1)) {
			return null;
		}
		long now = this.nodes.time().nanoTime();
		Waiter own = first(resources);
		Waiter oldest = own;
		for (List<String> key : overlapping(resources)) {
			LocalQueue queue = this.queues.get(key);
			Waiter first = (queue != null && queue.mayHaveChance(now)) ? queue.head : null;
			if (first != null && (oldest == null || first.waitingSince() - oldest.waitingSince() < 0)) {
				oldest = first;
			}
		}
		return Objects.equals(oldest, own) ? null : oldest;
	}

	/**
	 * That waiter has its chance now.
	 */
	void hasChance(Waiter elder) {
		LocalQueue queue = this.queues.get(elder.queueKey());
		if (queue != null) {
			queue.chanceAt = this.nodes.time().nanoTime();
		}
	}

	private Set<List<String>> overlapping(List<String> resources) {
		List<String> own = key(resources);
		Set<List<String>> keys = new LinkedHashSet<>();
		for (String resource : own) {
			keys.addAll(this.severalWith.getOrDefault(resource, Set.of()));
			if (own.size() > 1) {
				keys.add(List.of(resource));
			}
		}
		keys.remove(own);
		return keys;
	}

	/**
	 * The first waiter for resources.
	 * @return {@code null} if there is none
	 */
	@Nullable Waiter first(List<String> resources) {
		LocalQueue queue = this.queues.isEmpty() ? null : this.queues.get(key(resources));
		return (queue != null) ? queue.head : null;
	}

	/**
	 * Whether no other waiter is in front.
	 */
	boolean isFirst(Waiter waiter) {
		LocalQueue queue = this.queues.get(waiter.queueKey());
		return queue == null || waiter.equals(queue.head);
	}

	private void tellFirst(List<String> key) {
		Waiter first = first(key);
		if (first != null) {
			first.noticed();
		}
	}

	/**
	 * Offer a lock to the first waiter, and to the next one if the first has left.
	 * @return whether a waiter has taken it; if not, it is to be released
	 */
	boolean handOver(Handover handover) {
		List<String> resources = handover.request().resources();
		Waiter next = first(resources);
		Waiter refused = null;
		while (next != null && !next.equals(refused)) {
			Waiter.TakeOver result = next.takeOver(handover);
			if (result != Waiter.TakeOver.REFUSED) {
				return result == Waiter.TakeOver.DONE;
			}
			refused = next;
			next = first(resources);
		}
		return false;
	}

	/**
	 * Others wait for what was released here, in other processes or for another set: let
	 * them try before any waiter of this process does.
	 */
	void letOthersTryFirst(List<String> resources, long nanos) {
		List<String> key = key(resources);
		Long until = this.nodes.time().nanoTime() + nanos;
		this.othersFirst.put(key, until);
		this.nodes.time().scheduleForWaiter(nanos, () -> this.othersFirst.remove(key, until));
	}

	/**
	 * How much longer to let others try first.
	 */
	long othersFirstNanos(List<String> key) {
		Long until = this.othersFirst.isEmpty() ? null : this.othersFirst.get(key);
		return (until != null) ? until - this.nodes.time().nanoTime() : 0;
	}

	/**
	 * Listen to no notices any more.
	 */
	void close() {
		this.notices.close();
	}

	/**
	 * One queue. Changed by one thread at a time, looked at by any.
	 */
	private static final class LocalQueue {

		/**
		 * In the order of their arrival. Any of them may leave. Most queues have none.
		 */
		private Set<Waiter> behind = Set.of();

		private volatile @Nullable Waiter head;

		/**
		 * When its first waiter had the chance to try before waiters for another set;
		 * {@code null} if it has not had one.
		 */
		private volatile @Nullable Long chanceAt;

		private boolean mayHaveChance(long now) {
			Long last = this.chanceAt;
			return last == null || now - last >= Streak.MAX_NANOS;
		}

		private LocalQueue add(Waiter waiter) {
			if (this.head == null) {
				this.head = waiter;
			}
			else {
				this.behind = this.behind.isEmpty() ? new LinkedHashSet<>() : this.behind;
				this.behind.add(waiter);
			}
			return this;
		}

		private @Nullable Waiter remove(Waiter waiter) {
			if (!waiter.equals(this.head)) {
				if (!this.behind.isEmpty()) {
					this.behind.remove(waiter);
				}
				return null;
			}
			this.chanceAt = null;
			Iterator<Waiter> rest = this.behind.iterator();
			Waiter next = null;
			if (rest.hasNext()) {
				next = rest.next();
				rest.remove();
			}
			this.head = next;
			return next;
		}

	}

}
