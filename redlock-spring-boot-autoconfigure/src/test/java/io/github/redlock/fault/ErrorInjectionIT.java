package io.github.redlock.fault;

import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.github.redlock.testing.RedisServer;
import io.github.redlock.testing.RedisServers;
import io.github.redlock.testing.TlsServers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An {@link Error} thrown in one caller, before each call that its thread makes in the
 * transport, on real servers. Nobody else loses more than a vote, nothing is granted that
 * a quorum did not grant, and nothing stops for good. [83]
 */
class ErrorInjectionIT {

	private static final Set<String> TRANSPORT = Set.of("IoLoop", "Leadership", "NodeChannel", "OutgoingBytes",
			"ScriptPipeline", "ReplyReader", "ScriptCall", "ChannelLockNode", "ScriptLockNode", "Connectors",
			"ByteTransport", "TlsTransport");

	/** A caller passes other call sites where it leads than where another one does. */
	private static final int RUNS_WITHOUT_ANOTHER_SITE = 5;

	/** One that only follows passes some seventy. */
	private static final int SITES_OF_A_LEADER = 100;

	private static boolean isTransport(String className) {
		String name = className.substring(className.lastIndexOf('.') + 1);
		int nested = name.indexOf('$');
		return className.startsWith("io.github.redlock.redis.")
				&& TRANSPORT.contains((nested < 0) ? name : name.substring(0, nested));
	}

	@Test
	@Timeout(600)
	void errorInOneCallerReachesNobodyElse() throws Exception {
		try (RedisServers servers = new RedisServers(3)) {
			injectErrors(servers.servers(), null);
		}
	}

	@Test
	@Timeout(600)
	void errorInOneCallerReachesNobodyElseOverTls(@TempDir Path directory) throws Exception {
		TlsServers tls = new TlsServers(directory);
		KeyStore keyStore = tls.certificateFor("ip:127.0.0.1");
		try (RedisServer first = tls.start(keyStore);
				RedisServer second = tls.start(keyStore);
				RedisServer third = tls.start(keyStore)) {
			injectErrors(List.of(first, second, third), TlsServers.trusting(keyStore));
		}
	}

	private static void injectErrors(List<RedisServer> servers, SSLContext tls) throws Exception {
		FaultClassLoader loader = new FaultClassLoader(ErrorInjectionIT::isTransport);
		Set<Object> sites = new LinkedHashSet<>();
		int runsWithoutAnother = 0;
		while (runsWithoutAnother < RUNS_WITHOUT_ANOTHER_SITE || sites.size() < SITES_OF_A_LEADER) {
			boolean another = sites.addAll((List<?>) run(loader, servers, tls, -1));
			runsWithoutAnother = another ? 0 : runsWithoutAnother + 1;
		}
		assertThat(sites.stream().anyMatch((site) -> loader.describe((Integer) site).contains("TlsTransport")))
			.isEqualTo(tls != null);
		List<String> violations = new ArrayList<>();
		for (Object site : sites) {
			Object result = run(loader, servers, tls, (Integer) site);
			if (!"".equals(result)) {
				violations.add(loader.describe((Integer) site) + ": " + result);
			}
		}
		assertThat(violations).isEmpty();
	}

	@SuppressWarnings("unchecked")
	private static Object run(FaultClassLoader loader, List<RedisServer> servers, SSLContext tls, int site)
			throws Exception {
		List<Integer> arguments = new ArrayList<>();
		servers.forEach((server) -> arguments.add(server.port()));
		arguments.add(site);
		return ((BiFunction<List<Integer>, SSLContext, Object>) loader
			.loadClass("io.github.redlock.fault.FaultScenario")
			.getConstructor()
			.newInstance()).apply(arguments, tls);
	}

}
