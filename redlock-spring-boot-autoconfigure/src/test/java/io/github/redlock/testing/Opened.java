package io.github.redlock.testing;

import java.util.ArrayDeque;
import java.util.Deque;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What a test has opened, closed after it: the last one first.
 */
public final class Opened implements AfterEachCallback {

	private final Deque<AutoCloseable> opened = new ArrayDeque<>();

	public <T extends AutoCloseable> T add(T each) {
		this.opened.push(each);
		return each;
	}

	@Override
	public void afterEach(ExtensionContext context) throws Exception {
		while (!this.opened.isEmpty()) {
			this.opened.pop().close();
		}
	}

}
