package io.github.redlock.sample.demo;

import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses what the page of another site sends. A browser says where a request comes from;
 * a client that says nothing, such as curl, acts for whoever started it. The name of a
 * host can be pointed at this machine by anybody, so the page is reached by
 * {@code localhost} or an address.
 */
final class SameOriginInterceptor implements HandlerInterceptor {

	private static final Pattern OWN_HOST = Pattern.compile("localhost|[0-9.]+|\\[[0-9a-f:.]+]");

	@Override
	public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
		String host = request.getServerName().toLowerCase(Locale.ROOT);
		if (!OWN_HOST.matcher(host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host).matches()) {
			throw new ForeignRequestException("The demonstration answers to localhost or an address, not to " + host);
		}
		if (!HttpMethod.GET.matches(request.getMethod()) && isForeign(request)) {
			throw new ForeignRequestException("The demonstration takes orders from its own page only");
		}
		return true;
	}

	private static boolean isForeign(HttpServletRequest request) {
		String site = request.getHeader("Sec-Fetch-Site");
		if (site != null && !site.equals("same-origin")) {
			return true;
		}
		String origin = request.getHeader(HttpHeaders.ORIGIN);
		return origin != null && !authorityOf(origin).equalsIgnoreCase(request.getHeader(HttpHeaders.HOST));
	}

	private static String authorityOf(String origin) {
		try {
			@Nullable String authority = URI.create(origin).getAuthority();
			return (authority != null) ? authority : "";
		}
		catch (IllegalArgumentException ex) {
			return "";
		}
	}

	/** Not from the page. */
	static final class ForeignRequestException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		ForeignRequestException(String message) {
			super(message);
		}

	}

}
