package io.github.redlock.redis;

/**
 * Makes the threads of this package. They live for longer than the call that happens to
 * start them, so they inherit nothing from its thread: neither inheritable thread-locals
 * nor the class loader nor the thread group.
 */
final class IoThreads {

	private static final ThreadGroup GROUP = topmostGroup();

	private IoThreads() {
	}

	private static ThreadGroup topmostGroup() {
		ThreadGroup group = Thread.currentThread().getThreadGroup();
		while (group.getParent() != null) {
			group = group.getParent();
		}
		return group;
	}

	/**
	 * A daemon thread that is not started.
	 */
	static Thread daemon(Runnable task, String name) {
		Thread thread = new Thread(GROUP, task, name, 0, false);
		thread.setDaemon(true);
		thread.setContextClassLoader(IoThreads.class.getClassLoader());
		return thread;
	}

}
