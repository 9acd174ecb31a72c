package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

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
		String hashed = (this.prefix.indexOf('{') >= 0) ? resource : lockKey(resource);
		int tag = TAGS[ClusterSlotHashUtil.calculateSlot(hashed)];
		return this.prefix + "fence:{" + tag + "}";
	}

	/**
	 * The KEYS of a script call: all lock keys, then, if wanted, their fence keys, each
	 * of them once.
	 */
	byte[][] of(List<String> resources, boolean withFences) {
		List<byte[]> keys = new ArrayList<>(2 * resources.size());
		resources.forEach((resource) -> keys.add(bytes(lockKey(resource))));
		if (withFences) {
			if (resources.size() == 1) {
				keys.add(bytes(fenceKey(resources.get(0))));
			}
			else {
				Set<String> fences = new LinkedHashSet<>();
				resources.forEach((resource) -> fences.add(fenceKey(resource)));
				fences.forEach((fence) -> keys.add(bytes(fence)));
			}
		}
		return keys.toArray(byte[][]::new);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
