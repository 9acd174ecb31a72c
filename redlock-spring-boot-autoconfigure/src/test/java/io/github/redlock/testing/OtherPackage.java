package io.github.redlock.testing;

import io.github.redlock.annotation.DistributedLock;

/** A class whose methods are seen here only. */
public final class OtherPackage {

	private OtherPackage() {
	}

	public static class Base {

		@DistributedLock
		void hidden() {
		}

	}

}
