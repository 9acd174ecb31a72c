package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodClassKey;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

import io.github.redlock.LockOptions;
import io.github.redlock.LockRules;
import io.github.redlock.LockRules.Violation;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.annotation.LockLossPolicy;
import io.github.redlock.aop.DistributedLockAttributes.Reactions;

/**
 * Finds and parses {@link DistributedLock}. Each method is parsed once.
 */
final class DistributedLockAttributeSource {

	private static final List<String> FRAMEWORK = Stream
		.of("aop", "beans", "boot", "context", "core", "data", "http", "scheduling", "security", "transaction", "web")
		.map((name) -> "org.springframework." + name + ".")
		.toList();

	private final UnaryOperator<String> placeholders;

	private final BiPredicate<Method, Class<?>> ownTransaction;

	private final Map<MethodClassKey, DistributedLockAttributes> parsed = new ConcurrentHashMap<>();

	/**
	 * Create a source.
	 * @param placeholders resolves placeholders, throwing
	 * {@link IllegalArgumentException} for what it does not know
	 * @param ownTransaction whether a method never takes part in the transaction of its
	 * caller
	 */
	DistributedLockAttributeSource(UnaryOperator<String> placeholders, BiPredicate<Method, Class<?>> ownTransaction) {
		this.placeholders = placeholders;
		this.ownTransaction = ownTransaction;
	}

	/**
	 * Whether a class may have the annotation. Classes of the framework do not, and most
	 * beans of a small application are such. The packages are named one by one, because
	 * an application may lie below {@code org.springframework}, too.
	 */
	static boolean isCandidate(Class<?> type) {
		return FRAMEWORK.stream().noneMatch(type.getName()::startsWith)
				&& AnnotationUtils.isCandidateClass(type, DistributedLock.class);
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
		MergedAnnotation<DistributedLock> declared = findOnInterfaces(specific, targetClass);
		if (declared != null) {
			return declared;
		}
		if (!Modifier.isPublic(specific.getModifiers()) || Modifier.isStatic(specific.getModifiers())
				|| specific.isSynthetic() || ReflectionUtils.isObjectMethod(specific)) {
			return null;
		}
		MergedAnnotation<DistributedLock> ofClass = MergedAnnotations.from(targetClass, SearchStrategy.TYPE_HIERARCHY)
			.get(DistributedLock.class);
		return (ofClass.isPresent() && appliesTo(ofClass, specific)) ? ofClass : null;
	}

	/**
	 * The annotation of a class holds for methods of that class and of its subclasses,
	 * but not for methods that it inherits.
	 */
	private static boolean appliesTo(MergedAnnotation<DistributedLock> ofClass, Method method) {
		return ofClass.getSource() instanceof Class<?> annotated
				&& (annotated.isAssignableFrom(method.getDeclaringClass()) || (annotated.isInterface()
						&& ClassUtils.hasMethod(annotated, method.getName(), method.getParameterTypes())));
	}

	/**
	 * The annotation on a method of an interface, where a superclass that does not have
	 * the interface provides the method.
	 */
	private static @Nullable MergedAnnotation<DistributedLock> findOnInterfaces(Method method, Class<?> targetClass) {
		for (Class<?> type : ClassUtils.getAllInterfacesForClassAsSet(targetClass)) {
			if (!type.isAssignableFrom(method.getDeclaringClass())) {
				for (Method declared : type.getMethods()) {
					if (AnnotatedMethod.isImplementedBy(declared, method, targetClass)
							&& findOwn(declared).isPresent()) {
						return findOwn(declared);
					}
				}
			}
		}
		return null;
	}

	/**
	 * The method of the source code, with the names of its parameters; a proxy class has
	 * only copies.
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
			attributes = parse(annotation, specific(method, targetClass), targetClass);
			this.parsed.put(key, attributes);
		}
		return attributes;
	}

	private DistributedLockAttributes parse(MergedAnnotation<DistributedLock> annotation, Method method,
			Class<?> targetClass) {
		LockedMethod locked = new LockedMethod(method);
		ResultKind kind = ResultKind.of(method, targetClass);
		AnnotatedMethod annotated = AnnotatedMethod.of(annotation, method, targetClass);
		List<LockKeyExpression> keys = Arrays.stream(annotation.getStringArray("key"))
			.map((key) -> LockKeyExpression.parse(resolve(locked, "key", key), annotated))
			.toList();
		String name = text(annotation, locked, "name", "Name what to lock, or leave name out");
		if (keys.isEmpty() && name.isEmpty()) {
			name = locked.qualifiedName();
		}
		if (keys.isEmpty()) {
			locked.require("name", name, LockRules::resource);
		}
		String section = name.isEmpty() ? locked.sectionName() : name;
		String condition = text(annotation, locked, "condition", "Write an expression, or leave condition out");
		Duration ttl = duration(annotation, locked, "ttl", LockRules::ttl);
		return new DistributedLockAttributes(method, kind, keys, name,
				condition.isEmpty() ? null : LockExpression.parse("condition", condition, annotated), ttl,
				options(annotation, locked, section), reactions(annotation, locked, kind, targetClass),
				annotation.getBoolean("releaseAfterTransaction") && !this.ownTransaction.test(method, targetClass),
				text(annotation, locked, "redlock", "Name a Redlock bean, or leave redlock out"));
	}

	private LockOptions options(MergedAnnotation<DistributedLock> annotation, LockedMethod locked, String section) {
		LockOptions.Builder options = LockOptions.builder()
			.name(section)
			.autoExtend(annotation.getBoolean("autoExtend"));
		Duration waitTime = duration(annotation, locked, "waitTime", LockRules::waitTime);
		if (waitTime != null) {
			options.waitTime(waitTime);
		}
		Duration holdAtLeast = duration(annotation, locked, "holdAtLeast", LockRules::holdAtLeast);
		if (holdAtLeast != null) {
			options.holdAtLeast(holdAtLeast);
		}
		Duration maxHold = duration(annotation, locked, "maxHold", LockRules::maxHold);
		if (maxHold != null) {
			if (holdAtLeast != null) {
				locked.require("maxHold", maxHold, (maximum) -> LockRules.maxHold(maximum, holdAtLeast));
			}
			options.maxHold(maxHold);
		}
		return options.build();
	}

	private Reactions reactions(MergedAnnotation<DistributedLock> annotation, LockedMethod locked, ResultKind kind,
			Class<?> targetClass) {
		SkippedResult skipped = null;
		boolean wantsFallback = false;
		for (String attribute : new String[] { "onUnavailable", "onNoQuorum" }) {
			LockFailurePolicy policy = annotation.getEnum(attribute, LockFailurePolicy.class);
			if (policy == LockFailurePolicy.SKIP) {
				skipped = SkippedResult.of(locked.method(), targetClass, kind, attribute);
			}
			wantsFallback |= policy == LockFailurePolicy.FALLBACK;
		}
		return new Reactions(annotation.getEnum("onUnavailable", LockFailurePolicy.class),
				annotation.getEnum("onNoQuorum", LockFailurePolicy.class), skipped,
				fallback(annotation, locked, targetClass, wantsFallback),
				annotation.getEnum("onLost", LockLossPolicy.class));
	}

	private @Nullable FallbackMethod fallback(MergedAnnotation<DistributedLock> annotation, LockedMethod locked,
			Class<?> targetClass, boolean wanted) {
		String name = text(annotation, locked, "fallback", "Name a method, or leave fallback out");
		if (wanted && name.isEmpty()) {
			throw locked.invalid("fallback", name, "names no method, but a reaction is FALLBACK",
					"Name a method of the same bean");
		}
		if (!wanted && !name.isEmpty()) {
			throw locked.invalid("fallback", name, "would never be called",
					"Set onUnavailable or onNoQuorum to FALLBACK, or leave fallback out");
		}
		if (!wanted) {
			return null;
		}
		FallbackMethod fallback = FallbackMethod.find(name, locked.method(), targetClass);
		if (findOwn(fallback.method()).isPresent()) {
			throw locked.invalid("fallback", name, "has the annotation too, but would run without its lock",
					"Take the annotation away from it, or let the fallback call another bean");
		}
		return fallback;
	}

	/**
	 * A text attribute, which may be left out but not be blank.
	 */
	private String text(MergedAnnotation<DistributedLock> annotation, LockedMethod locked, String attribute,
			String remedy) {
		String written = annotation.getString(attribute);
		String text = resolve(locked, attribute, written);
		if (!written.isEmpty() && text.isBlank()) {
			throw locked.invalid(attribute, written, "is blank", remedy);
		}
		return text;
	}

	private @Nullable Duration duration(MergedAnnotation<DistributedLock> annotation, LockedMethod locked,
			String attribute, Function<Duration, Optional<Violation>> rule) {
		Duration value = duration(annotation, locked, attribute);
		if (value != null) {
			locked.require(attribute, value, rule);
		}
		return value;
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
			return (number != DistributedLock.UNSET) ? duration(locked, attribute, number, unit) : null;
		}
		if (number != DistributedLock.UNSET) {
			throw locked.invalid(attribute + "String", written, "is set together with " + attribute + " = " + number,
					"Keep one of them");
		}
		String text = resolve(locked, attribute + "String", written);
		try {
			return DurationFormatterUtils.detectAndParse(text, DurationFormat.Unit.fromChronoUnit(unit.toChronoUnit()));
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw locked.invalid(attribute + "String", written,
					text.equals(written) ? "is not a duration"
							: "resolves to \"" + text + "\", which is not a duration",
					"Write 10s, 500ms, PT10S, or a number in " + unit, ex);
		}
	}

	private static Duration duration(LockedMethod locked, String attribute, long number, TimeUnit unit) {
		try {
			return Duration.of(number, unit.toChronoUnit());
		}
		catch (ArithmeticException ex) {
			throw locked.invalid(attribute, number, "is out of range in " + unit, "Use a smaller number", ex);
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
