package io.github.redlock.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The names of keys on a node: the wire format shared with every other implementation of
 * Redlock, and the fence keys that are ours.
 *
 * @param prefix put in front of every resource; empty to share keys with node-redlock
 */
record LockKeys(String prefix) {

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
	 * The fence key lies in the same Redis Cluster slot as its lock key: it carries the
	 * same hash tag, or the whole lock key as its hash tag.
	 */
	String fenceKey(String resource) {
		String lockKey = lockKey(resource);
		return hasHashTag(lockKey) ? lockKey.concat(":fence") : "{".concat(lockKey).concat("}:fence");
	}

	/**
	 * As Redis Cluster reads it: the text between the first opening brace and the first
	 * closing brace after it, if it is not empty.
	 */
	private static boolean hasHashTag(String key) {
		int open = key.indexOf('{');
		return open >= 0 && key.indexOf('}', open) > open + 1;
	}

	/**
	 * The KEYS of a script call: all lock keys, then, if wanted, their fence keys.
	 */
	byte[][] of(List<String> resources, boolean withFences) {
		int n = resources.size();
		byte[][] keys = new byte[withFences ? 2 * n : n][];
		for (int i = 0; i < n; i++) {
			keys[i] = bytes(lockKey(resources.get(i)));
			if (withFences) {
				keys[n + i] = bytes(fenceKey(resources.get(i)));
			}
		}
		return keys;
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
