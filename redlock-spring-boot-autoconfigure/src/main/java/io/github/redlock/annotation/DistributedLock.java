package io.github.redlock.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;

import org.springframework.aot.hint.annotation.Reflective;

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
 * {@link io.github.redlock.LockNotAcquiredException} is thrown, unless
 * {@link #onUnavailable()} says otherwise. If the lock was lost while the method ran, a
 * normal return becomes a {@link io.github.redlock.LockLostException}, and to an
 * exception the loss is attached as suppressed, unless {@link #onLost()} says otherwise.
 * A release that too few nodes confirmed is reported to listeners and attached to an
 * exception of the method, but never hides a result.
 * <p>
 * <b>Methods that finish later.</b> Where the method returns a
 * {@link java.util.concurrent.CompletableFuture}, {@code CompletionStage} or
 * {@code Future}, the lock is held until that completes; the caller gets its future at
 * once and is not blocked, and the method is called on a thread of the lock's executor as
 * soon as the lock is held. (With {@code @Async} it is called on the thread of that.) A
 * publisher, such as {@code Mono}, {@code Flux}, a type of RxJava, or a Kotlin
 * {@code Flow}, and a Kotlin {@code suspend} function take the lock anew with each
 * subscription, call the method then, and release on completion, error or cancellation;
 * these need Reactor on the class path. Cancelling what the caller got gives up waiting
 * or cancels the work, and the lock is released.
 * <p>
 * <b>Nesting.</b> A locked method called from others that hold all its resources, on the
 * same thread or in the same reactive chain, joins their locks, whatever its own
 * attributes, and does not wait for itself. (A blocking method somewhere inside a
 * reactive chain does not see the locks of that.) If it needs some of the held resources
 * and others besides, that is an {@link IllegalStateException}: lock them together in the
 * outer method. Inside the method, {@link io.github.redlock.aop.CurrentLock} gives the
 * lock and its fencing token.
 * <p>
 * <b>Transactions.</b> The lock lies around a transaction of the same method: the release
 * comes after the commit or rollback. Where the caller has a transaction already, the
 * release waits for the end of that one; see {@link #releaseAfterTransaction()}.
 * <p>
 * <b>Where it works.</b> On methods of Spring beans, called through the bean's proxy, and
 * on classes, where it stands for every public method that has no annotation of its own;
 * also on interfaces, superclasses, and as a meta-annotation, whose attributes
 * {@code @AliasFor} may rename or fix. On a private, static or final method the
 * application does not start, unless {@code redlock.annotation.on-unadvisable=warn}. A
 * call from within the same object does not pass through the proxy and takes no lock;
 * {@link io.github.redlock.aop.CurrentLock#assertLocked(String...)} finds that out.
 * <p>
 * {@code ${...}} placeholders work in every string. Everything that can be checked is
 * checked at start-up.
 *
 * @since 0.1.0
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ ElementType.METHOD, ElementType.TYPE })
@Reflective
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
	 * Parameter names are those of the declaration that has the annotation, also where a
	 * class that implements it uses others. Evaluated once, before the method runs.
	 * <p>
	 * A key has to be a name: text, a character, a number, a boolean, an enum constant, a
	 * UUID, or a date or time of {@code java.time}. Numbers are written without zeros at
	 * the end of a fraction, so that 1, 1.0 and 1.00 are one resource. A collection or
	 * array gives one key per element. Anything else, also as a part of a text, and null,
	 * blank and empty results are an {@link IllegalArgumentException}, or refused at
	 * start-up where the declared types show it.
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
	 * attempt; callers who come at the same moment may then split the votes of the nodes
	 * and all be refused. By default {@code redlock.wait-time} holds, or, where that is
	 * not set, the retry settings. Excludes {@link #waitTimeString()}.
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

	/**
	 * How long the resource stays locked even if the method ends sooner, in
	 * {@link #timeUnit()}, counted from the acquisition. The caller does not wait for it.
	 * For scheduled jobs: one that is done in 5 ms must not start again on a machine
	 * whose clock is behind. Not longer than the ttl unless the lock is extended.
	 * Excludes {@link #holdAtLeastString()}.
	 * @return the minimum, none by default
	 */
	long holdAtLeast() default UNSET;

	/**
	 * The minimum as text; see {@link #ttlString()} for the forms. Excludes
	 * {@link #holdAtLeast()}.
	 * @return the minimum, empty for none
	 */
	String holdAtLeastString() default "";

	/**
	 * The longest that the lock is held, in {@link #timeUnit()}, counted from the
	 * acquisition: auto-extension ends there, and the lock is lost, so that a holder that
	 * is stuck does not keep it for ever. Positive, and not less than
	 * {@link #holdAtLeast()}. By default {@code redlock.max-hold} holds. Excludes
	 * {@link #maxHoldString()}.
	 * @return the maximum
	 */
	long maxHold() default UNSET;

	/**
	 * The maximum as text; see {@link #ttlString()} for the forms. Excludes
	 * {@link #maxHold()}.
	 * @return the maximum, empty for none
	 */
	String maxHoldString() default "";

	/**
	 * What happens when somebody else holds the lock and the waiting is over.
	 * @return the reaction, an exception by default
	 */
	LockFailurePolicy onUnavailable() default LockFailurePolicy.THROW;

	/**
	 * What happens when the nodes cannot say: too few of them answered, or they answered
	 * too late. An outage is not contention: if every instance skipped the method, nobody
	 * would do its work. An interrupted wait always throws.
	 * @return the reaction, an exception by default
	 */
	LockFailurePolicy onNoQuorum() default LockFailurePolicy.THROW;

	/**
	 * The method called instead where a reaction is {@link LockFailurePolicy#FALLBACK}:
	 * its name, of the same bean, with the same parameters and optionally a
	 * {@link io.github.redlock.LockNotAcquiredException} (or a type above it) after them,
	 * and a result that fits. It may be private. Checked at start-up.
	 * @return the name, empty for none
	 */
	String fallback() default "";

	/**
	 * What happens when the lock is lost while the method runs.
	 * @return the reaction, an exception after the method by default
	 */
	LockLossPolicy onLost() default LockLossPolicy.FAIL;

	/**
	 * Whether the release waits for the end of a transaction that the caller had begun.
	 * Otherwise it comes when the method ends, and the next holder may read what is not
	 * committed yet. The lock is extended until then; if it is lost before the commit,
	 * the transaction is rolled back with a {@link io.github.redlock.LockLostException}.
	 * Only transactions that are bound to a thread are waited for, not those of a
	 * reactive chain. A method with a transaction of its own ({@code REQUIRES_NEW}), or
	 * with none ({@code NOT_SUPPORTED}), does not wait: what it did is committed when it
	 * ends.
	 * @return {@code true} by default
	 */
	boolean releaseAfterTransaction() default true;

	/**
	 * A SpEL expression, with the same variables as {@link #key()}; where it is false,
	 * the method runs without a lock.
	 * @return the condition, empty for always
	 */
	String condition() default "";

	/**
	 * The name of the {@link io.github.redlock.Redlock} bean that takes the lock, or a
	 * qualifier of it; for nodes under {@code redlock.sets.<name>} that name.
	 * @return the name, empty for the primary or only one
	 */
	String redlock() default "";

}
