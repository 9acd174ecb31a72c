package io.github.redlock.core;

import java.lang.ref.WeakReference;
import java.util.Objects;
import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;

/**
 * Where the code of users runs: on the callback executor, with the context class loader
 * of the thread that asked for it. The threads of the executor have none of their own,
 * and libraries such as XML parsers and the name service look for their parts there.
 * <p>
 * Thread-safe.
 */
final class UserCode {

	private final Executor executor;

	/** Most callers have the same one; weak, so that no class loader is kept alive. */
	private volatile @Nullable WeakReference<OfCaller> last;

	UserCode(Executor executor) {
		this.executor = executor;
	}

	/**
	 * For what is of the lock itself, whatever the class loader.
	 */
	Executor executor() {
		return this.executor;
	}

	/**
	 * For the code of the calling thread.
	 */
	Executor ofCaller() {
		ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
		WeakReference<OfCaller> last = this.last;
		OfCaller known = (last != null) ? last.get() : null;
		if (known == null || !Objects.equals(known.classLoader, classLoader)) {
			known = new OfCaller(this.executor, classLoader);
			this.last = new WeakReference<>(known);
		}
		return known;
	}

	private record OfCaller(Executor executor, @Nullable ClassLoader classLoader) implements Executor {

		@Override
		public void execute(Runnable task) {
			this.executor.execute(() -> run(task));
		}

		private void run(Runnable task) {
			Thread thread = Thread.currentThread();
			ClassLoader before = thread.getContextClassLoader();
			thread.setContextClassLoader(this.classLoader);
			try {
				task.run();
			}
			finally {
				thread.setContextClassLoader(before);
			}
		}

	}

}
