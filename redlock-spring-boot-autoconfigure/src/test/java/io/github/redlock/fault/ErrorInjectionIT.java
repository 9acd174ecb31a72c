package io.github.redlock.fault;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.redlock.testing.RedisServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An {@link Error} thrown in one caller, before each call that its thread makes in the
 * transport, on real servers. Nobody else loses more than a vote, nothing is granted that
 * a quorum did not grant, and nothing stops for good. [83]
 * <p>
 * The normal build takes some of the call sites; {@code -Dfault.sites=all} takes all.
 */
class ErrorInjectionIT {

	private static final Set<String> TRANSPORT = Set.of("IoLoop", "Leadership", "NodeChannel", "OutgoingBytes",
			"ScriptPipeline", "ReplyReader", "ScriptCall", "ChannelLockNode", "ScriptLockNode", "Connectors");

	/** A prime, so that each run of calls is met somewhere. */
	private static final int STEP = 7;

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
			Set<Integer> sites = new TreeSet<>();
			for (int i = 0; i < 3; i++) {
				((List<?>) run(loader, servers, -1)).forEach((site) -> sites.add((Integer) site));
			}
			assertThat(sites).as("call sites that a caller passes").hasSizeGreaterThan(100);
			boolean all = "all".equals(System.getProperty("fault.sites"));
			List<String> violations = new ArrayList<>();
			int number = 0;
			for (int site : sites) {
				if (all || number++ % STEP == 0) {
					Object result = run(loader, servers, site);
					if (!"".equals(result)) {
						violations.add(loader.describe(site) + ": " + result);
					}
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
