package io.github.redlock.sample.demo;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * The threads of the demonstration. All but the clock are interrupted when the context
 * begins to close, before it waits for requests and locks in use.
 */
@Component
@OnDemo
class DemoThreads {

	private final ExecutorService workers = Executors.newCachedThreadPool(named("demo-"));

	private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(named("demo-clock-"));

	private static ThreadFactory named(String prefix) {
		AtomicInteger count = new AtomicInteger();
		return (task) -> {
			Thread thread = new Thread(task, prefix + count.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		};
	}

	/**
	 * Run something on a thread with a name, by which the page shows it.
	 */
	void run(String name, Runnable task) {
		this.workers.execute(() -> {
			Thread thread = Thread.currentThread();
			String before = thread.getName();
			thread.setName(name);
			try {
				task.run();
			}
			finally {
				thread.setName(before);
			}
		});
	}

	ScheduledExecutorService clock() {
		return this.clock;
	}

	@EventListener(ContextClosedEvent.class)
	void stop() {
		this.clock.shutdown();
		this.workers.shutdownNow();
	}

}
