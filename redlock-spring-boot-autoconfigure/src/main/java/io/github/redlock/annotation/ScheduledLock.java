package io.github.redlock.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.core.annotation.AliasFor;

/**
 * Lets one instance of an application run a scheduled job at each tick; the others skip
 * it. <pre class="code">
 * &#64;Scheduled(cron = "0 0 3 * * *")
 * &#64;ScheduledLock(name = "nightly-report", holdAtLeast = "1m")
 * public void report() { ... }
 * </pre>
 * <p>
 * A {@link DistributedLock} that skips the method while somebody else holds the lock, and
 * keeps the lock for a while after it. It waits for {@value #WAIT_MILLIS} ms: instances
 * that come at the same moment may split the votes of the nodes, so that nobody has a
 * quorum, and one of them has to try again. An outage of the nodes does not count as the
 * turn of another instance: it throws.
 *
 * @since 0.1.0
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@DistributedLock(waitTime = ScheduledLock.WAIT_MILLIS, onUnavailable = LockFailurePolicy.SKIP)
public @interface ScheduledLock {

	/** How long an instance tries, in milliseconds. */
	long WAIT_MILLIS = 500;

	/**
	 * The name of the job, the same on all instances.
	 * @return the name
	 */
	@AliasFor(annotation = DistributedLock.class)
	String name();

	/**
	 * Longer than the clocks of the instances may differ plus {@value #WAIT_MILLIS} ms,
	 * shorter than the time between two ticks. For the forms see
	 * {@link DistributedLock#ttlString()}.
	 * @return how long the job counts as run
	 */
	@AliasFor(annotation = DistributedLock.class, attribute = "holdAtLeastString")
	String holdAtLeast();

	/**
	 * When a job that is stuck loses its lock.
	 * @return the maximum, empty for {@code redlock.max-hold}
	 */
	@AliasFor(annotation = DistributedLock.class, attribute = "maxHoldString")
	String maxHold() default "";

	/**
	 * How long the nodes keep the lock between two extensions, and so how soon another
	 * instance may run the job if this one dies.
	 * @return the ttl, empty for {@code redlock.ttl}
	 */
	@AliasFor(annotation = DistributedLock.class, attribute = "ttlString")
	String ttl() default "";

	/**
	 * What happens when the lock is lost while the job runs.
	 * @return the reaction
	 */
	@AliasFor(annotation = DistributedLock.class)
	LockLossPolicy onLost() default LockLossPolicy.FAIL;

}
