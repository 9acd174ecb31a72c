package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodClassKey;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

import io.github.redlock.LockOptions;
import io.github.redlock.Redlock;
import io.github.redlock.annotation.DistributedLock;

/**
 * Finds and parses {@link DistributedLock}. Each method is parsed once.
 */
final class DistributedLockAttributeSource {

	private final UnaryOperator<String> placeholders;

	private final Map<MethodClassKey, DistributedLockAttributes> parsed = new ConcurrentHashMap<>();

	/**
	 * Create a source.
	 * @param placeholders resolves placeholders, throwing
	 * {@link IllegalArgumentException} for what it does not know
	 */
	DistributedLockAttributeSource(UnaryOperator<String> placeholders) {
		this.placeholders = placeholders;
	}

	/**
	 * The annotation that applies to a method: its own, also inherited or composed, or,
	 * for a public method, that of its class.
	 */
	static @Nullable MergedAnnotation<DistributedLock> find(Method method, Class<?> targetClass) {
		Method specific = specific(method, targetClass);
		MergedAnnotation<DistributedLock> own = findOwn(specific);
		if (own.isPresent()) {
			return own;
		}
		if (!Modifier.isPublic(specific.getModifiers()) || Modifier.isStatic(specific.getModifiers())
				|| specific.isSynthetic() || ReflectionUtils.isObjectMethod(specific)) {
			return null;
		}
		MergedAnnotation<DistributedLock> ofClass = MergedAnnotations.from(targetClass, SearchStrategy.TYPE_HIERARCHY)
			.get(DistributedLock.class);
		return (ofClass.isPresent() && isMeant(ofClass, specific)) ? ofClass : null;
	}

	/**
	 * An annotated class speaks for its own methods and those of its subclasses, not for
	 * what it inherits from a framework.
	 */
	private static boolean isMeant(MergedAnnotation<DistributedLock> ofClass, Method method) {
		return ofClass.getSource() instanceof Class<?> annotated
				&& annotated.isAssignableFrom(method.getDeclaringClass());
	}

	/**
	 * The method as somebody wrote it, with the names of its parameters; a proxy class
	 * has only copies.
	 */
	private static Method specific(Method method, Class<?> targetClass) {
		return Proxy.isProxyClass(targetClass) ? method : AopUtils.getMostSpecificMethod(method, targetClass);
	}

	static MergedAnnotation<DistributedLock> findOwn(Method method) {
		return MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY).get(DistributedLock.class);
	}

	/**
	 * The attributes of a method.
	 * @return the attributes, {@code null} if the method is not locked
	 * @throws io.github.redlock.RedlockConfigurationException if they cannot work
	 */
	@Nullable DistributedLockAttributes get(Method method, Class<?> targetClass) {
		// Not the method that was called: through another proxy that may be an
		// interface's.
		MethodClassKey key = new MethodClassKey(specific(method, targetClass), targetClass);
		DistributedLockAttributes attributes = this.parsed.get(key);
		if (attributes == null) {
			MergedAnnotation<DistributedLock> annotation = find(method, targetClass);
			if (annotation == null) {
				return null;
			}
			attributes = parse(annotation, specific(method, targetClass));
			this.parsed.put(key, attributes);
		}
		return attributes;
	}

	private DistributedLockAttributes parse(MergedAnnotation<DistributedLock> annotation, Method method) {
		LockedMethod locked = new LockedMethod(method);
		AsyncReturnTypes.refuse(method);
		List<LockKeyExpression> keys = Arrays.stream(annotation.getStringArray("key"))
			.map((key) -> LockKeyExpression.parse(resolve(locked, "key", key), method))
			.toList();
		String name = name(annotation, locked);
		if (keys.isEmpty() && name.isEmpty()) {
			name = locked.qualifiedName();
		}
		Duration ttl = duration(annotation, locked, "ttl");
		checkTtl(locked, ttl);
		LockOptions.Builder options = LockOptions.builder();
		if (!annotation.getBoolean("autoExtend")) {
			options.autoExtend(false);
		}
		Duration waitTime = duration(annotation, locked, "waitTime");
		if (waitTime != null) {
			if (waitTime.isNegative()) {
				throw locked.invalid("waitTime", waitTime, "is negative",
						"Use zero for a single attempt, or leave it out for the default");
			}
			options.waitTime(waitTime);
		}
		return new DistributedLockAttributes(keys, name, ttl, options.build());
	}

	private String name(MergedAnnotation<DistributedLock> annotation, LockedMethod locked) {
		String written = annotation.getString("name");
		String name = resolve(locked, "name", written);
		if (!written.isEmpty() && name.isBlank()) {
			throw locked.invalid("name", written, "is blank", "Name what to lock, or leave name out");
		}
		return name;
	}

	private static void checkTtl(LockedMethod locked, @Nullable Duration ttl) {
		if (ttl == null) {
			return;
		}
		if (ttl.isNegative() || ttl.isZero()) {
			throw locked.invalid("ttl", ttl, "is not positive", "Use a ttl of some seconds");
		}
		if (ttl.toNanosPart() % 1_000_000 != 0) {
			throw locked.invalid("ttl", ttl, "is not a whole number of milliseconds",
					"Redis counts in milliseconds; round it");
		}
		if (ttl.compareTo(Redlock.MAX_TTL) > 0) {
			throw locked.invalid("ttl", ttl, "is longer than " + Redlock.MAX_TTL, "Use a ttl of some seconds");
		}
	}

	/**
	 * A number attribute or its text twin.
	 */
	private @Nullable Duration duration(MergedAnnotation<DistributedLock> annotation, LockedMethod locked,
			String attribute) {
		TimeUnit unit = annotation.getEnum("timeUnit", TimeUnit.class);
		long number = annotation.getLong(attribute);
		String written = annotation.getString(attribute + "String");
		if (!StringUtils.hasLength(written)) {
			return (number != DistributedLock.UNSET) ? Duration.of(number, unit.toChronoUnit()) : null;
		}
		if (number != DistributedLock.UNSET) {
			throw locked.invalid(attribute + "String", written, "is set together with " + attribute + " = " + number,
					"Keep one of them");
		}
		String text = resolve(locked, attribute + "String", written);
		try {
			return DurationFormatterUtils.detectAndParse(text, DurationFormat.Unit.fromChronoUnit(unit.toChronoUnit()));
		}
		catch (IllegalArgumentException ex) {
			throw locked.invalid(attribute + "String", written,
					text.equals(written) ? "is not a duration"
							: "resolves to \"" + text + "\", which is not a duration",
					"Write 10s, 500ms, PT10S, or a number in " + unit, ex);
		}
	}

	private String resolve(LockedMethod locked, String attribute, String text) {
		try {
			return this.placeholders.apply(text);
		}
		catch (IllegalArgumentException ex) {
			throw locked.invalid(attribute, text, "cannot be resolved: " + ex.getMessage(),
					"Define the property, or give a default, as in ${some.property:value}", ex);
		}
	}

}
