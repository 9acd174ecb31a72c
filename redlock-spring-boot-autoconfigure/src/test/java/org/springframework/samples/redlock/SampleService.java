package org.springframework.samples.redlock;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;

/**
 * Of an application whose package lies below that of the framework.
 */
public class SampleService {

	@DistributedLock(name = "sample")
	public boolean isLocked() {
		return CurrentLock.find().isPresent();
	}

}
