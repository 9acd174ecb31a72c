package io.github.redlock.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/**
 * An address that leads to a server, like a load balancer or a name that follows a
 * failover: new connections lead to where it points now, old ones stay where they are.
 */
public final class Proxy implements AutoCloseable {

	private final ServerSocket listener;

	private final Queue<Link> links = new ConcurrentLinkedQueue<>();

	private volatile int target;

	private volatile CountDownLatch held = new CountDownLatch(0);

	public Proxy(int target) {
		this.target = target;
		try {
			this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		start(this::accept);
	}

	public int port() {
		return this.listener.getLocalPort();
	}

	/** New connections lead to this port. */
	public void pointTo(int port) {
		this.target = port;
	}

	/**
	 * New connections are accepted, and nothing passes on them until they are let
	 * through.
	 */
	public void hold() {
		this.held = new CountDownLatch(1);
	}

	/** What was held passes. */
	public void letThrough() {
		this.held.countDown();
	}

	/** Nothing passes on the connections there are, and nobody is told. */
	public void swallow() {
		this.links.forEach((link) -> link.swallowing = true);
	}

	private static void start(Runnable work) {
		Thread thread = new Thread(work, "test-proxy");
		thread.setDaemon(true);
		thread.start();
	}

	private void accept() {
		try {
			while (true) {
				Socket client = this.listener.accept();
				Socket server = new Socket(InetAddress.getLoopbackAddress(), this.target);
				server.setTcpNoDelay(true);
				client.setTcpNoDelay(true);
				Link link = new Link(client, server);
				this.links.add(link);
				CountDownLatch held = this.held;
				start(() -> link.copyAfter(held, client, server));
				start(() -> link.copy(server, client));
			}
		}
		catch (IOException ex) {
			// Closed.
		}
	}

	@Override
	public void close() {
		try {
			this.listener.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.links.forEach(Link::close);
	}

	private static final class Link {

		private final Socket client;

		private final Socket server;

		private volatile boolean swallowing;

		private Link(Socket client, Socket server) {
			this.client = client;
			this.server = server;
		}

		private void copyAfter(CountDownLatch held, Socket from, Socket to) {
			try {
				held.await();
				copy(from, to);
			}
			catch (InterruptedException ex) {
				close();
			}
		}

		private void copy(Socket from, Socket to) {
			byte[] buffer = new byte[8192];
			try {
				InputStream in = from.getInputStream();
				OutputStream out = to.getOutputStream();
				for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
					if (!this.swallowing) {
						out.write(buffer, 0, n);
					}
				}
			}
			catch (IOException ex) {
				// One of them has had enough.
			}
			close();
		}

		private void close() {
			try {
				this.client.close();
				this.server.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
