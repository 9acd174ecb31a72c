package io.github.redlock.sample.demo;

import java.util.Map;
import java.util.function.Consumer;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

import io.github.redlock.sample.RedisProcess;
import io.github.redlock.sample.RedisServers;

/**
 * Breaks the servers that this instance has started.
 */
@RestController
@OnDemo
@ConditionalOnBooleanProperty(name = "sample.embedded.enabled", matchIfMissing = true)
class NodeController {

	private static final Map<String, Consumer<RedisProcess>> ACTIONS = Map.of("freeze", RedisProcess::freeze, "thaw",
			RedisProcess::thaw, "kill", RedisProcess::kill, "restart", RedisProcess::restart, "wipe",
			RedisProcess::wipe);

	private static final Map<String, String> SAID = Map.of("freeze", "is frozen", "thaw", "is thawed", "kill",
			"is killed", "restart", "is started again, with its keys", "wipe", "has lost all its keys");

	private final RedisServers servers;

	private final EventLog log;

	NodeController(RedisServers servers, EventLog log) {
		this.servers = servers;
		this.log = log;
	}

	@PostMapping("/demo/nodes/{node}/{action}")
	@ResponseStatus(HttpStatus.NO_CONTENT)
	void change(@PathVariable String node, @PathVariable String action) {
		Consumer<RedisProcess> change = ACTIONS.get(action);
		if (change == null) {
			throw new IllegalArgumentException("'" + action + "' is nothing that can be done to a node. Choose one of "
					+ String.join(", ", ACTIONS.keySet().stream().sorted().toList()) + ".");
		}
		RedisProcess server = this.servers.find(node)
			.orElseThrow(() -> new IllegalArgumentException("'" + node + "' is no node of this instance. Its nodes are "
					+ String.join(", ", this.servers.all().stream().map(RedisProcess::name).toList()) + "."));
		try {
			change.accept(server);
		}
		catch (IllegalStateException ex) {
			throw new DemoConflictException(String.valueOf(ex.getMessage()));
		}
		this.log.say(EventLog.PLAIN, "By order of the page, " + node + " " + SAID.get(action));
	}

}
