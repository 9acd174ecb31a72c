/**
 * The lock beside others, on real Redis servers of its own, in one run: only ratios of
 * the same run mean anything. {@code Benchmarks} runs everything and writes the report.
 */
@NullMarked
package io.github.redlock.benchmarks;

import org.jspecify.annotations.NullMarked;
