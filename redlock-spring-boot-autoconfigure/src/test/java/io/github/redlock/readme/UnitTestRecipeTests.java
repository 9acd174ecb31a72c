package io.github.redlock.readme;

import java.time.Duration;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.github.redlock.LockLostException;
import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.LockNotAcquiredException.Reason;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.core.RedlockBuilder;
import io.github.redlock.memory.InMemoryLocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The recipe of docs/cookbook.md for tests without Spring and without Redis.
 */
class UnitTestRecipeTests {

	private final InMemoryLocks locks = new InMemoryLocks(System::nanoTime);

	private final DefaultRedlock redlock = new RedlockBuilder().nodes(this.locks.newNodes()).build();

	@BeforeEach
	void register() {
		this.locks.register(this.redlock);
	}

	@AfterEach
	void close() {
		this.redlock.close();
	}

	@Test
	void whoComesSecondSkips() {
		this.locks.hold("report", Duration.ofMinutes(1));
		assertThat(this.redlock.tryAcquire("report")).isEmpty();
	}

	@Test
	void outageIsNoContention() {
		this.locks.fail();
		assertThatExceptionOfType(LockNotAcquiredException.class).isThrownBy(() -> this.redlock.tryAcquire("report"))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NO_QUORUM));
	}

	@Test
	void lockThatIsLostStopsTheWork() {
		assertThatExceptionOfType(LockLostException.class)
			.isThrownBy(() -> this.redlock.using("report", Duration.ofSeconds(10), (lock, signal) -> {
				this.locks.lose("report");
				signal.throwIfAborted();
				return "not reached";
			}));
	}

}
