package io.github.redlock.simulation;

import io.github.redlock.annotation.DistributedLock;

/**
 * A service with locked methods, as users write them.
 */
interface LockedShop {

	void sell(String item, Work work) throws InterruptedException;

	/**
	 * What a locked method does.
	 */
	interface Work {

		void run() throws InterruptedException;

	}

	/**
	 * The service.
	 */
	class Implementation implements LockedShop {

		@Override
		@DistributedLock(key = "#item", waitTime = 900)
		public void sell(String item, Work work) throws InterruptedException {
			work.run();
		}

	}

}
