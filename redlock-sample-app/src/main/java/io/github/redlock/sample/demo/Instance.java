package io.github.redlock.sample.demo;

import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Who this instance is, known once the web server listens.
 */
@Component
@OnDemo
class Instance {

	private volatile int port;

	@EventListener
	void on(WebServerInitializedEvent event) {
		if (event.getApplicationContext().getServerNamespace() == null) {
			this.port = event.getWebServer().getPort();
		}
	}

	int port() {
		return this.port;
	}

	String name() {
		return "port " + this.port;
	}

	/** The process number tells apart instances on several machines. */
	String id() {
		return this.port + "-" + ProcessHandle.current().pid();
	}

}
