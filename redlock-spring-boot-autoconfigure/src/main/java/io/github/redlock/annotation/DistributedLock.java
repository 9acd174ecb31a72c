package io.github.redlock.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;

/**
 * Runs a method while a distributed lock is held: acquires it before the method, extends
 * it while the method runs, releases it afterwards. <pre class="code">
 * &#64;DistributedLock(key = "'order:' + #order.id", ttl = 10_000)
 * public Receipt pay(Order order) { ... }
 * </pre>
 * <p>
 * <b>What is locked.</b> The resource is the evaluated {@link #key()}; with a
 * {@link #name()} it is {@code name:key}; with a name alone, the name; with neither, the
 * method's fully qualified name. Several keys are locked together or not at all.
 * <p>
 * <b>What the caller sees.</b> The method's result or exception, unchanged. If there is
 * no lock to be had, the method does not run and a
 * {@link io.github.redlock.LockNotAcquiredException} is thrown. If the lock was lost
 * while the method ran, a normal return becomes a
 * {@link io.github.redlock.LockLostException}; to an exception, the loss is attached as
 * suppressed. A release that too few nodes confirmed is reported to listeners and
 * attached to an exception of the method, but never hides a result.
 * <p>
 * <b>Nesting.</b> A locked method called on the same thread from others that hold all its
 * resources joins their locks, whatever its own ttl; it never waits for itself. If it
 * needs some of the held resources and others besides, that is an
 * {@link IllegalStateException}: lock them together in the outer method. Inside the
 * method, {@link io.github.redlock.aop.CurrentLock} gives the lock and its fencing token.
 * <p>
 * <b>Transactions.</b> The lock lies around a transaction of the same method: the release
 * comes after the commit or rollback. A method that joins the transaction of its caller
 * releases before that one ends; put the annotation where the transaction begins.
 * <p>
 * <b>Where it works.</b> On methods of Spring beans, called through the bean's proxy, and
 * on classes, where it stands for every public method that has no annotation of its own;
 * also on interfaces, superclasses, and as a meta-annotation. On a private, static or
 * final method, and on one whose result completes later (a future or a reactive type),
 * the application does not start. A call from within the same object does not pass
 * through the proxy and takes no lock.
 * <p>
 * {@code ${...}} placeholders work in every string. Everything that can be checked is
 * checked at start-up.
 *
 * @since 0.1.0
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ ElementType.METHOD, ElementType.TYPE })
public @interface DistributedLock {

	/** The value of a number that is not set. */
	long UNSET = Long.MIN_VALUE;

	/**
	 * What to lock. One of
	 * <ul>
	 * <li>a SpEL expression over parameters by name ({@code #order.id}) or position
	 * ({@code #p0}, {@code #a0}), {@code #root.method}, {@code #root.target},
	 * {@code #root.targetClass}, {@code #root.args}, and beans ({@code @bean});</li>
	 * <li>a template, if it contains <code>#{</code>: <code>user-#{#id}</code>;</li>
	 * <li>literal text, if it contains none of <code>#'"@()[]{}</code>:
	 * {@code nightly-report}. Text that is the name of a parameter, or begins with it and
	 * a dot, such as {@code order.id}, is refused: it is most likely meant as
	 * {@code #order.id}.</li>
	 * </ul>
	 * Evaluated once, before the method runs. The result's {@code toString()} is the key;
	 * a collection or array gives one key per element. Null, blank and empty results are
	 * an {@link IllegalArgumentException}.
	 * @return the expressions, none by default
	 */
	String[] key() default {};

	/**
	 * A name put in front of every key, with a colon between.
	 * @return the name, empty for none
	 */
	String name() default "";

	/**
	 * How long the nodes keep the lock between two extensions, in {@link #timeUnit()}.
	 * Positive; at least 3 ms with the default drift factor. By default
	 * {@code redlock.ttl} holds. Excludes {@link #ttlString()}.
	 * @return the ttl
	 */
	long ttl() default UNSET;

	/**
	 * The ttl as text: {@code 10s}, {@code PT10S}, a number in {@link #timeUnit()}, or a
	 * placeholder for one of these. Excludes {@link #ttl()}.
	 * @return the ttl, empty for none
	 */
	String ttlString() default "";

	/**
	 * How long to wait for the lock, in {@link #timeUnit()}. Zero makes exactly one
	 * attempt. By default {@code redlock.wait-time} holds, or, where that is not set, the
	 * retry settings. Excludes {@link #waitTimeString()}.
	 * @return the wait time
	 */
	long waitTime() default UNSET;

	/**
	 * The wait time as text; see {@link #ttlString()} for the forms. Excludes
	 * {@link #waitTime()}.
	 * @return the wait time, empty for none
	 */
	String waitTimeString() default "";

	/**
	 * The unit of {@link #ttl()}, {@link #waitTime()} and of plain numbers in their text
	 * forms.
	 * @return the unit, milliseconds by default
	 */
	TimeUnit timeUnit() default TimeUnit.MILLISECONDS;

	/**
	 * Whether the lock is extended for as long as the method runs, unless
	 * {@code redlock.auto-extend.enabled} switches that off for all. Where it is not
	 * extended, the lock is lost when the ttl is over, and so reported.
	 * @return {@code true} by default
	 */
	boolean autoExtend() default true;

}
