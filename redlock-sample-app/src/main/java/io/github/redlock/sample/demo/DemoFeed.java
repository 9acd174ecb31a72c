package io.github.redlock.sample.demo;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

import io.github.redlock.RedlockStatus;
import io.github.redlock.core.DefaultRedlock;
import io.github.redlock.sample.RedisProcess;
import io.github.redlock.sample.RedisServers;

/**
 * Five times a second, tells the other instances what this one knows, reads what they
 * know, and makes of both what the pages show.
 */
@Component
@OnDemo
class DemoFeed {

	private static final int PERIOD_MILLIS = 200;

	private static final int SHOWN_EVENTS = 60;

	private static final Logger logger = LoggerFactory.getLogger(DemoFeed.class);

	private final DefaultRedlock redlock;

	private final NodeWatch nodes;

	private final SaleBoard board;

	private final Zombie zombie;

	private final EventLog log;

	private final DemoRepository repository;

	private final DemoThreads threads;

	private final Instance instance;

	private final JsonMapper json;

	private final @Nullable RedisServers servers;

	private long lastEvent = -1;

	private String events = "[]";

	private boolean failing;

	private @Nullable ScheduledFuture<?> ticking;

	private @Nullable Frame frame;

	DemoFeed(DefaultRedlock redlock, NodeWatch nodes, SaleBoard board, Zombie zombie, EventLog log,
			DemoRepository repository, DemoThreads threads, Instance instance, JsonMapper json,
			ObjectProvider<RedisServers> servers) {
		this.redlock = redlock;
		this.nodes = nodes;
		this.board = board;
		this.zombie = zombie;
		this.log = log;
		this.repository = repository;
		this.threads = threads;
		this.instance = instance;
		this.json = json;
		this.servers = servers.getIfAvailable();
	}

	@EventListener(ApplicationReadyEvent.class)
	void start() {
		this.ticking = this.threads.clock().scheduleWithFixedDelay(this::tick, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
	}

	@EventListener(ContextClosedEvent.class)
	@Order(Ordered.HIGHEST_PRECEDENCE)
	void leave() {
		if (this.ticking == null) {
			return;
		}
		this.ticking.cancel(false);
		try {
			this.repository.leave(this.instance.id());
		}
		catch (DataAccessException ex) {
			logger.debug("The other instances will find out by themselves", ex);
		}
	}

	private void tick() {
		try {
			this.nodes.probe(this.redlock);
			String own = this.json.writeValueAsString(view());
			show(own);
		}
		catch (RuntimeException ex) {
			logger.warn("The page is not up to date: {}", ex.toString());
		}
	}

	private InstanceView view() {
		RedlockStatus status = this.redlock.status();
		return new InstanceView(this.instance.id(), this.instance.name(), this.instance.port(), status.quorum(),
				this.nodes.nodes(status), serverStates(), NodeWatch.locks(status, this.redlock.held()),
				NodeWatch.waiting(status), this.zombie.story());
	}

	private Map<String, String> serverStates() {
		return (this.servers != null) ? this.servers.all()
			.stream()
			.collect(Collectors.toMap(RedisProcess::name, (server) -> server.state().name())) : Map.of();
	}

	private void show(String own) {
		String id = this.instance.id();
		List<String> instances = List.of(own);
		Map<String, SaleView> sales = Map.of();
		boolean database = true;
		try {
			this.repository.report(id, own);
			this.log.flush(this.repository, this.instance.name());
			sales = this.board.look();
			instances = this.repository.reports();
			readEvents();
			this.failing = false;
		}
		catch (DataAccessException ex) {
			database = false;
			if (!this.failing) {
				logger.warn("The database cannot be reached: {}", ex.getMessage());
			}
			this.failing = true;
		}
		publish("{\"id\":" + this.json.writeValueAsString(id) + ",\"database\":" + database + ",\"sales\":"
				+ this.json.writeValueAsString(sales) + ",\"instances\":[" + String.join(",", instances) + "]}");
	}

	private void readEvents() {
		long last = this.repository.lastEvent();
		if (last != this.lastEvent) {
			this.events = this.json.writeValueAsString(this.repository.events(SHOWN_EVENTS));
			this.lastEvent = last;
		}
	}

	private synchronized void publish(String state) {
		long number = (this.frame != null) ? this.frame.number() + 1 : 0;
		this.frame = new Frame(number, state, this.lastEvent, this.events);
		notifyAll();
	}

	/**
	 * Wait for the next frame.
	 * @param after the number of the last one, -1 for none
	 */
	synchronized Frame await(long after) throws InterruptedException {
		while (this.frame == null || this.frame.number() <= after) {
			wait();
		}
		return this.frame;
	}

	/**
	 * What a page shows.
	 *
	 * @param number grows
	 * @param state everything but the log, as JSON
	 * @param lastEvent the number of the last event of the log
	 * @param events the log, as JSON
	 */
	record Frame(long number, String state, long lastEvent, String events) {
	}

}
