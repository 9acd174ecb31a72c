package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import org.springframework.data.redis.connection.ClusterSlotHashUtil;

/**
 * The names of keys on a node: the wire format shared with every other implementation of
 * Redlock, and the fence keys that are ours.
 * <p>
 * Lock keys share a fence if they share a hash slot of Redis Cluster, so a node has at
 * most {@value ClusterSlotHashUtil#SLOT_COUNT} of them for a prefix, however many
 * resources there are. Where the prefix has a hash tag, all lock keys lie in one slot;
 * the name of the resource alone then decides.
 *
 * @param prefix put in front of every resource; empty to share keys with node-redlock
 */
record LockKeys(String prefix) {

	/** For each slot the smallest number that, as a hash tag, leads to it. */
	private static final int[] TAGS = tags();

	private static int[] tags() {
		int[] tags = new int[ClusterSlotHashUtil.SLOT_COUNT];
		int missing = tags.length;
		for (int number = 1; missing > 0; number++) {
			int slot = ClusterSlotHashUtil.calculateSlot(Integer.toString(number));
			if (tags[slot] == 0) {
				tags[slot] = number;
				missing--;
			}
		}
		return tags;
	}

	String lockKey(String resource) {
		return this.prefix.concat(resource);
	}

	/**
	 * Where releases of the resource are told of.
	 */
	String channel(String resource) {
		return this.prefix.concat("released:").concat(resource);
	}

	/**
	 * The key by which a probe finds out whether the node can be written to. Should
	 * somebody lock a resource of that name, the probe leaves it alone.
	 */
	String probeKey() {
		return this.prefix.concat("redlock-probe");
	}

	/**
	 * The key of the fence that the resource shares with others. It lies in the same
	 * Redis Cluster slot as the lock key.
	 */
	String fenceKey(String resource) {
		return fenceKey(resource, bytes(lockKey(resource)));
	}

	private String fenceKey(String resource, byte[] lockKey) {
		byte[] hashed = (this.prefix.indexOf('{') >= 0) ? bytes(resource) : lockKey;
		return this.prefix + "fence:{" + TAGS[ClusterSlotHashUtil.calculateSlot(hashed)] + "}";
	}

	/**
	 * The KEYS of a script call: all lock keys, then, if wanted, their fence keys, each
	 * of them once.
	 */
	byte[][] of(List<String> resources, boolean withFences) {
		if (resources.size() == 1) {
			String resource = resources.get(0);
			byte[] lockKey = bytes(lockKey(resource));
			return withFences ? new byte[][] { lockKey, bytes(fenceKey(resource, lockKey)) } : new byte[][] { lockKey };
		}
		Stream<String> locks = resources.stream().map(this::lockKey);
		Stream<String> fences = withFences ? resources.stream().map(this::fenceKey).distinct() : Stream.empty();
		return Stream.concat(locks, fences).map(LockKeys::bytes).toArray(byte[][]::new);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
