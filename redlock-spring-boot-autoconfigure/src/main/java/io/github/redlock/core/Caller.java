package io.github.redlock.core;

import java.util.concurrent.Executor;

/**
 * Who asks for a lock.
 *
 * @param userCode where its code runs
 * @param thread the name of the thread that asks
 */
record Caller(Executor userCode, String thread) {
}
