package io.github.redlock.sample.demo;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Keeps other sites away from the buttons, and the page from other sites.
 */
@Configuration(proxyBeanMethods = false)
@OnDemo
class DemoWeb implements WebMvcConfigurer {

	private static final String POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
			+ " form-action 'self'; frame-ancestors 'none'";

	@Override
	public void addInterceptors(InterceptorRegistry registry) {
		registry.addInterceptor(new SameOriginInterceptor()).addPathPatterns("/demo/**");
		registry.addInterceptor(new HandlerInterceptor() {

			@Override
			public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
				response.setHeader("Content-Security-Policy", POLICY);
				return true;
			}

		});
	}

}
