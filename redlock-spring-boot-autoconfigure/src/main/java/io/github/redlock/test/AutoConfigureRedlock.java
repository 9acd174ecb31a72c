package io.github.redlock.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;

import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockAutoConfiguration;
import io.github.redlock.autoconfigure.RedlockWebAutoConfiguration;

/**
 * Locks the methods with {@code @DistributedLock} in a test of a slice of the
 * application, such as {@code @WebMvcTest} or {@code @DataJpaTest}, which leaves most
 * auto-configuration out and would run them without a lock. The locks are in memory; no
 * Redis is needed. <pre class="code">
 * &#64;WebMvcTest(OrderController.class)
 * &#64;AutoConfigureRedlock
 * class OrderControllerTests { ... }
 * </pre>
 * <p>
 * With {@code @SpringBootTest} it switches to locks in memory, like
 * {@code redlock.mode=in-memory}. {@link io.github.redlock.memory.InMemoryLocks} can be
 * injected.
 *
 * @since 0.1.0
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ImportAutoConfiguration({ RedlockAutoConfiguration.class, DistributedLockAutoConfiguration.class,
		RedlockWebAutoConfiguration.class })
public @interface AutoConfigureRedlock {

}
