package io.github.redlock.core;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes the threads of this package: daemons that inherit nothing from the thread that
 * happens to need one first.
 * <p>
 * That may be a request of a web application. With its inheritable thread-locals, its
 * context class loader or its thread group, a thread that outlives the request would keep
 * the user of that request, or a whole application that was undeployed since.
 */
final class DaemonThreads {

	private static final ThreadGroup GROUP = topmostGroup();

	private DaemonThreads() {
	}

	private static ThreadGroup topmostGroup() {
		ThreadGroup group = Thread.currentThread().getThreadGroup();
		for (ThreadGroup parent = group.getParent(); parent != null; parent = group.getParent()) {
			group = parent;
		}
		return group;
	}

	/**
	 * A thread that is not started yet.
	 */
	static Thread create(String name, Runnable task) {
		Thread thread = new Thread(GROUP, task, name, 0, false);
		thread.setDaemon(true);
		thread.setContextClassLoader(DaemonThreads.class.getClassLoader());
		return thread;
	}

	/**
	 * Makes threads whose names end with their number, counted from 1.
	 */
	static ThreadFactory numbered(String prefix) {
		AtomicInteger number = new AtomicInteger();
		return (task) -> create(prefix + number.incrementAndGet(), task);
	}

}
