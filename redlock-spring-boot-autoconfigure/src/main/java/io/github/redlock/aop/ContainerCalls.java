package io.github.redlock.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.Aware;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.util.ClassUtils;
import org.springframework.util.ObjectUtils;

/**
 * Knows the methods that the container calls on the object itself, before its proxy is
 * there or past it, so that a lock would not be taken.
 */
final class ContainerCalls {

	private static final List<String> ANNOTATIONS = List.of("jakarta.annotation.PostConstruct",
			"jakarta.annotation.PreDestroy", "javax.annotation.PostConstruct", "javax.annotation.PreDestroy",
			"org.springframework.beans.factory.annotation.Autowired",
			"org.springframework.beans.factory.annotation.Value", "jakarta.inject.Inject", "javax.inject.Inject",
			"jakarta.annotation.Resource", "javax.annotation.Resource");

	private ContainerCalls() {
	}

	/**
	 * Why the container calls a method.
	 * @param type the class of the bean
	 * @param definition the merged definition of the bean, {@code null} if there is none
	 * @return the reason, {@code null} if it does not call the method
	 */
	static @Nullable String reason(Method method, Class<?> type, @Nullable BeanDefinition definition) {
		MergedAnnotations annotations = MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY);
		for (String annotation : ANNOTATIONS) {
			if (annotations.isPresent(annotation)) {
				return "it has @" + ClassUtils.getShortName(annotation);
			}
		}
		if (method.getParameterCount() == 0) {
			return reasonWithoutParameters(method.getName(), type, definition);
		}
		boolean aware = Aware.class.isAssignableFrom(type) && Arrays.stream(ClassUtils.getAllInterfacesForClass(type))
			.filter((each) -> Aware.class.isAssignableFrom(each) && each != Aware.class)
			.anyMatch((each) -> ClassUtils.hasMethod(each, method.getName(), method.getParameterTypes()));
		return aware ? "it hands over a part of the container" : null;
	}

	private static @Nullable String reasonWithoutParameters(String name, Class<?> type,
			@Nullable BeanDefinition definition) {
		if (name.equals("afterPropertiesSet") && InitializingBean.class.isAssignableFrom(type)) {
			return "the bean is an InitializingBean";
		}
		if (name.equals("destroy") && DisposableBean.class.isAssignableFrom(type)) {
			return "the bean is a DisposableBean";
		}
		if (name.equals("stop") && SmartLifecycle.class.isAssignableFrom(type)) {
			Method stop = ClassUtils.getMethodIfAvailable(type, "stop", Runnable.class);
			return (stop != null && stop.getDeclaringClass() == SmartLifecycle.class)
					? "stop(Runnable) of SmartLifecycle calls it" : null;
		}
		if (!(definition instanceof AbstractBeanDefinition known)) {
			return null;
		}
		if (ObjectUtils.containsElement(known.getInitMethodNames(), name)) {
			return "it is the init method of the bean";
		}
		return isDestroyMethod(name, type, known) ? "it is the destroy method of the bean" : null;
	}

	/**
	 * Whether it is named as the destroy method, or found by its name as one.
	 */
	private static boolean isDestroyMethod(String name, Class<?> type, AbstractBeanDefinition definition) {
		String[] names = definition.getDestroyMethodNames();
		if (ObjectUtils.containsElement(names, name)) {
			return true;
		}
		boolean closeable = AutoCloseable.class.isAssignableFrom(type);
		boolean inferred = ObjectUtils.containsElement(names, AbstractBeanDefinition.INFER_METHOD)
				|| (names == null && closeable);
		if (!inferred || DisposableBean.class.isAssignableFrom(type)) {
			return false;
		}
		String found = (closeable || ClassUtils.hasMethod(type, "close")) ? "close" : "shutdown";
		return name.equals(found);
	}

}
