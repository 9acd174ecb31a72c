package io.github.redlock.autoconfigure;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

import io.github.redlock.RedlockConfigurationException;

/**
 * A node's address in one line: {@code redis://user:password@host:port/database}. User
 * and password may be percent-encoded. No part of them is ever shown.
 */
record RedisUrl(boolean tls, String host, int portOrMinusOne, @Nullable String username, @Nullable String password,
		@Nullable Integer database) {

	private static final Pattern SCHEME = Pattern.compile("[A-Za-z]{1,10}://");

	/** A comma in the host or behind it, or a second URL. One in a password is none. */
	private static final Pattern SEVERAL = Pattern.compile(",[^@]*$|,\\s*rediss?://");

	private static final Pattern PORT = Pattern.compile(":\\d{1,5}(/|$)");

	static RedisUrl parse(String property, String text) {
		if (SEVERAL.matcher(text).find()) {
			throw new RedlockConfigurationException(
					property + " = \"" + withoutUserInfo(text) + "\" is more than one URL.",
					"Write an entry of its own for each node, or list them all in redlock.nodes, with commas between.");
		}
		URI uri;
		try {
			uri = new URI(text.trim());
		}
		catch (URISyntaxException ex) {
			// Neither the exception nor its message goes on: both repeat the password.
			throw invalid(property, text, "cannot be read as a URL (at character " + ex.getIndex() + ")");
		}
		String scheme = (uri.getScheme() != null) ? uri.getScheme().toLowerCase(Locale.ROOT) : "";
		if (!scheme.equals("redis") && !scheme.equals("rediss")) {
			throw invalid(property, text, "begins with neither redis:// nor rediss://");
		}
		if (!StringUtils.hasText(uri.getHost())) {
			throw invalid(property, text,
					"has no host, or one that a URL cannot hold (an underscore, for instance; use host and port then)");
		}
		if (uri.getQuery() != null || uri.getFragment() != null) {
			throw invalid(property, text, "has a query or a fragment, which mean nothing here");
		}
		String host = uri.getHost();
		if (host.startsWith("[")) {
			host = host.substring(1, host.length() - 1);
		}
		String userInfo = uri.getRawUserInfo();
		int colon = (userInfo != null) ? userInfo.indexOf(':') : -1;
		String username = (colon > 0) ? decode(String.valueOf(userInfo).substring(0, colon)) : null;
		String password = StringUtils.hasLength(userInfo) ? decode(userInfo.substring(colon + 1)) : null;
		return new RedisUrl(scheme.equals("rediss"), host, uri.getPort(), username,
				StringUtils.hasLength(password) ? password : null, database(property, text, uri.getPath()));
	}

	private static @Nullable Integer database(String property, String text, @Nullable String path) {
		if (path == null || path.isEmpty() || path.equals("/")) {
			return null;
		}
		try {
			return Integer.valueOf(path.substring(1));
		}
		catch (NumberFormatException ex) {
			throw invalid(property, text, "has a path that is not a database number");
		}
	}

	private static String decode(String text) {
		return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
	}

	private static RedlockConfigurationException invalid(String property, String text, String why) {
		return new RedlockConfigurationException(property + " = \"" + withoutUserInfo(text) + "\" " + why + ".",
				"Write redis://user:password@host:port/database, or rediss:// for TLS; percent-encode special"
						+ " characters of the password.");
	}

	/**
	 * What can be shown of a text that may hold a password, wherever it stands in it.
	 */
	private static String withoutUserInfo(String text) {
		Matcher scheme = SCHEME.matcher(text);
		String begin = scheme.lookingAt() ? scheme.group() : "";
		String rest = text.substring(begin.length());
		int at = rest.lastIndexOf('@');
		if (at >= 0) {
			return begin + "***" + rest.substring(at);
		}
		// Perhaps the host was forgotten, and this is user and password.
		int colon = rest.indexOf(':');
		return (colon < 0 || PORT.matcher(rest.substring(colon)).lookingAt()) ? text
				: begin + rest.substring(0, colon + 1) + "***";
	}

	int port(int fallback) {
		return (this.portOrMinusOne >= 0) ? this.portOrMinusOne : fallback;
	}

	/**
	 * Leaves the password out.
	 */
	@Override
	public String toString() {
		return "RedisUrl[host=" + this.host + ", port=" + this.portOrMinusOne + "]";
	}

}
