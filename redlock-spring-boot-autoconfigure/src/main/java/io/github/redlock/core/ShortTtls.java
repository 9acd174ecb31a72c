package io.github.redlock.core;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of a ttl that leaves hardly any room for a slow node, once for each ttl.
 * Thread-safe.
 */
final class ShortTtls {

	private static final int MIN_TIMEOUTS_PER_TTL = 3;

	/** Where the ttl is computed, a warning for each value would be no help. */
	private static final int MAX_WARNINGS = 20;

	private static final Logger logger = LoggerFactory.getLogger(ShortTtls.class);

	private final Duration shortTtl;

	private final Set<Duration> warnedOf = ConcurrentHashMap.newKeySet();

	ShortTtls(Duration commandTimeout) {
		this.shortTtl = commandTimeout.multipliedBy(MIN_TIMEOUTS_PER_TTL);
	}

	void check(Duration ttl) {
		if (ttl.compareTo(this.shortTtl) < 0 && this.warnedOf.size() < MAX_WARNINGS && this.warnedOf.add(ttl)) {
			logger.warn(
					"A ttl of {} is less than {} command timeouts ({}): one slow node may cost the lock. "
							+ "Use a longer ttl or a shorter command timeout. This is said once for each ttl.",
					ttl, MIN_TIMEOUTS_PER_TTL, this.shortTtl);
		}
	}

}
