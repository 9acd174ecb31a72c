package io.github.redlock.core;

import java.util.Arrays;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LockCommandTests {

	@Test
	void acquisitionAndHealingLeaveKeys() {
		assertThat(Arrays.stream(LockCommand.values()).filter(LockCommand::createsKeys))
			.containsExactly(LockCommand.ACQUIRE, LockCommand.ACQUIRE_FREE, LockCommand.HEAL);
	}

	@Test
	void extensionAndHealingProlongKeys() {
		assertThat(Arrays.stream(LockCommand.values()).filter(LockCommand::prolongsKeys))
			.containsExactly(LockCommand.EXTEND, LockCommand.HEAL);
	}

}
