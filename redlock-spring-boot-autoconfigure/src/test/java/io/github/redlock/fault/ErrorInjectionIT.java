package io.github.redlock.fault;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An {@link Error} thrown in one caller, before each call that its thread makes in the
 * transport, on real servers. Nobody else loses more than a vote, nothing is granted that
 * a quorum did not grant, and nothing stops for good. [83]
 */
class ErrorInjectionIT {

	private static final Set<String> TRANSPORT = Set.of("IoLoop", "Leadership", "NodeChannel", "OutgoingBytes",
			"ScriptPipeline", "ReplyReader", "ScriptCall", "ChannelLockNode", "ScriptLockNode", "Connectors");

	/** A caller passes other call sites where it leads than where another one does. */
	private static final int RUNS_WITHOUT_ANOTHER_SITE = 5;

	private static boolean isTransport(String className) {
		String name = className.substring(className.lastIndexOf('.') + 1);
		int nested = name.indexOf('$');
		return className.startsWith("io.github.redlock.redis.")
				&& TRANSPORT.contains((nested < 0) ? name : name.substring(0, nested));
	}

	@Test
	@Timeout(600)
	void errorInOneCallerReachesNobodyElse() throws Exception {
		FaultClassLoader loader = new FaultClassLoader(ErrorInjectionIT::isTransport);
		try (RedisServers servers = new RedisServers(3)) {
			Set<Object> sites = new LinkedHashSet<>();
			for (int i = 0; i < RUNS_WITHOUT_ANOTHER_SITE; i++) {
				if (sites.addAll((List<?>) run(loader, servers, -1))) {
					i = 0;
				}
			}
			assertThat(sites).as("call sites that a caller passes").hasSizeGreaterThan(100);
			List<String> violations = new ArrayList<>();
			for (Object site : sites) {
				Object result = run(loader, servers, (Integer) site);
				if (!"".equals(result)) {
					violations.add(loader.describe((Integer) site) + ": " + result);
				}
			}
			assertThat(violations).isEmpty();
		}
	}

	@SuppressWarnings("unchecked")
	private static Object run(FaultClassLoader loader, RedisServers servers, int site) throws Exception {
		List<Integer> arguments = new ArrayList<>();
		servers.servers().forEach((server) -> arguments.add(server.port()));
		arguments.add(site);
		return ((Function<List<Integer>, Object>) loader.loadClass("io.github.redlock.fault.FaultScenario")
			.getConstructor()
			.newInstance()).apply(arguments);
	}

}
