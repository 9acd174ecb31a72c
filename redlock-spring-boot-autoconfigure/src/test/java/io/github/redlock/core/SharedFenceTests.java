package io.github.redlock.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How often a node refuses a token because another resource of the slot was locked with a
 * larger one: clients whose clocks differ, on ways of different length, at a node that
 * does nothing but compare tokens. The figures in docs/correctness.md are from here.
 */
class SharedFenceTests {

	private static final Logger logger = LoggerFactory.getLogger(SharedFenceTests.class);

	private static final int CLIENTS = 20;

	private static final int SLOTS = 16_384;

	private static final int SKEW_MICROS = 1_000_000;

	@Tag("scale")
	@Test
	void fewTokensAreRefusedWhereNamesAreSpread() {
		assertThat(shareOfRefused(10_000, SLOTS, 10)).isLessThan(0.001);
		assertThat(shareOfRefused(100_000, SLOTS, 4)).isLessThan(0.005);
	}

	/** Where all names have the same hash tag, learning takes longer. */
	@Test
	void skewIsLearntOnASingleSlot() {
		assertThat(shareOfRefused(100, 1, 200)).isLessThan(0.15);
	}

	private static double shareOfRefused(int perSecond, int slots, int seconds) {
		Random random = new Random(1);
		long[] clock = { 1_700_000_000_000_000L };
		List<FencingTokens> clients = new ArrayList<>();
		for (int i = 0; i < CLIENTS; i++) {
			long skew = random.nextInt(SKEW_MICROS);
			clients.add(new FencingTokens(() -> clock[0] + skew));
		}
		long[] fences = new long[slots];
		Queue<Request> onTheWay = new PriorityQueue<>(Comparator.comparingLong(Request::arrival));
		int refused = 0;
		int total = seconds * perSecond;
		for (int i = 0; i < total; i++) {
			long now = i * 1_000_000L / perSecond;
			clock[0] = 1_700_000_000_000_000L + now;
			while (!onTheWay.isEmpty() && onTheWay.element().arrival <= now) {
				Request request = onTheWay.remove();
				if (fences[request.slot] >= request.token) {
					request.client.learn(fences[request.slot]);
					// The first half is the time in which clients learn.
					refused += (i > total / 2) ? 1 : 0;
				}
				else {
					fences[request.slot] = request.token;
				}
			}
			FencingTokens client = clients.get(random.nextInt(CLIENTS));
			onTheWay.add(new Request(client, client.next(), random.nextInt(slots), now + 100 + random.nextInt(900)));
		}
		double share = 2.0 * refused / total;
		logger.warn("{} locks a second on {} slots: {} % refused", perSecond, slots, 100 * share);
		return share;
	}

	private record Request(FencingTokens client, long token, int slot, long arrival) {
	}

}
