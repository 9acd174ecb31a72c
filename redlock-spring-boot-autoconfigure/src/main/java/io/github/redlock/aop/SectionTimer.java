package io.github.redlock.aop;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.observation.MeterObservationHandler;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * Times locked sections, in the place of Micrometer's handler for all observations. That
 * one looks for three meters by their names and tags in each section, and keeps a sorted
 * set of the sections under way; this one keeps its timers. Who waits and what is held is
 * told by the meters of the client.
 * <p>
 * Thread-safe.
 *
 * @since 0.1.0
 */
public final class SectionTimer implements MeterObservationHandler<Observation.Context> {

	private final MeterRegistry registry;

	private final Map<Key, Timer> timers = new ConcurrentHashMap<>();

	/**
	 * Create it.
	 * @param registry where timers are registered
	 */
	public SectionTimer(MeterRegistry registry) {
		this.registry = Objects.requireNonNull(registry, "registry must not be null");
	}

	/**
	 * Locked sections alone.
	 */
	@Override
	public boolean supportsContext(Observation.Context context) {
		return context instanceof SectionContext;
	}

	@Override
	public void onStart(Observation.Context context) {
		((SectionContext) context).setStartedAt(now());
	}

	@Override
	public void onStop(Observation.Context context) {
		Long startedAt = ((SectionContext) context).startedAt();
		if (startedAt == null) {
			return;
		}
		long took = now() - startedAt;
		Throwable error = context.getError();
		Key key = new Key(context.getName(), context.getLowCardinalityKeyValues(),
				(error != null) ? error.getClass().getSimpleName() : KeyValue.NONE_VALUE);
		Timer timer = this.timers.get(key);
		if (timer == null) {
			timer = this.timers.computeIfAbsent(key, this::register);
		}
		timer.record(took, TimeUnit.NANOSECONDS);
	}

	private long now() {
		return this.registry.config().clock().monotonicTime();
	}

	private Timer register(Key key) {
		Timer.Builder timer = Timer.builder(Objects.requireNonNullElse(key.name(), SectionObservation.NAME))
			.tag("error", key.error());
		key.keyValues().forEach((keyValue) -> timer.tag(keyValue.getKey(), keyValue.getValue()));
		return timer.register(this.registry);
	}

	/**
	 * What a timer is found by.
	 */
	private record Key(@Nullable String name, KeyValues keyValues, String error) {
	}

}
