package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.MergedAnnotation;

import io.github.redlock.annotation.DistributedLock;

/**
 * The method that an expression speaks of. Who wrote the expression saw the parameters of
 * the declaration next to it; a class that implements it may give them other names, or
 * the same names in another order.
 *
 * @param method the method of the target class, which runs
 * @param declaration the method next to the annotation, whose parameter names count
 * @param targetClass the class of the bean
 */
record AnnotatedMethod(Method method, Method declaration, Class<?> targetClass) {

	static final ParameterNameDiscoverer PARAMETER_NAMES = new DefaultParameterNameDiscoverer();

	static AnnotatedMethod of(MergedAnnotation<DistributedLock> annotation, Method method, Class<?> targetClass) {
		Object source = annotation.getSource();
		if (source instanceof Method declaration) {
			return new AnnotatedMethod(method, declaration, targetClass);
		}
		// The annotation of a class or an interface speaks of the methods that it
		// declares.
		Method declaration = (source instanceof Class<?> type) ? Stream.of(type.getDeclaredMethods())
			.filter((candidate) -> isImplementedBy(candidate, method, targetClass))
			.findFirst()
			.orElse(method) : method;
		return new AnnotatedMethod(method, declaration, targetClass);
	}

	/**
	 * Whether a call of one method runs the other one, also where the types of its
	 * parameters were generic.
	 */
	static boolean isImplementedBy(Method declared, Method method, Class<?> targetClass) {
		return declared.getName().equals(method.getName()) && declared.getParameterCount() == method.getParameterCount()
				&& !declared.isBridge() && (Arrays.equals(declared.getParameterTypes(), method.getParameterTypes())
						|| AopUtils.getMostSpecificMethod(declared, targetClass).equals(method));
	}

	/**
	 * The names of the parameters, empty if the class file does not have them.
	 */
	List<String> parameterNames() {
		@Nullable String[] names = PARAMETER_NAMES.getParameterNames(this.declaration);
		return (names != null) ? Arrays.stream(names).filter(Objects::nonNull).toList() : List.of();
	}

	ResolvableType parameterType(int index) {
		return ResolvableType.forMethodParameter(this.method, index, this.targetClass);
	}

	LockedMethod locked() {
		return new LockedMethod(this.method);
	}

}
