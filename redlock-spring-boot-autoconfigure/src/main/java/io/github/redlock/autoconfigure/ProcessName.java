package io.github.redlock.autoconfigure;

import java.net.InetAddress;
import java.net.UnknownHostException;

import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * The name of this process for people who look at a node: the application, or its host,
 * and the process number.
 */
final class ProcessName {

	private ProcessName() {
	}

	static String of(Environment environment) {
		String application = environment.getProperty("spring.application.name");
		return (StringUtils.hasText(application) ? application : host()) + ":" + ProcessHandle.current().pid();
	}

	private static String host() {
		String host = System.getenv("HOSTNAME");
		if (StringUtils.hasText(host)) {
			return host;
		}
		try {
			return InetAddress.getLocalHost().getHostName();
		}
		catch (UnknownHostException ex) {
			return "unknown";
		}
	}

}
