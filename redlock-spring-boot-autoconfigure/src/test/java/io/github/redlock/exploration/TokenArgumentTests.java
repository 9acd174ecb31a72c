package io.github.redlock.exploration;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.redlock.exploration.TokenModel.Key;
import io.github.redlock.exploration.TokenModel.Rules;
import io.github.redlock.exploration.TokenModel.State;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every state that {@link TokenModel} can reach, not a sample of them.
 */
@Tag("exhaustive")
class TokenArgumentTests {

	private static final Logger logger = LoggerFactory.getLogger(TokenArgumentTests.class);

	/**
	 * Tokens from clocks that show anything, locks that expire at any moment, requests
	 * that arrive late, blocks: whoever asks after a grant gets more than its block, and
	 * no two holders share a token.
	 */
	@Test
	void tokensGrowWhileNodesRemember() {
		assertHolds("fences kept, any clocks, blocks", new Rules(1, 2, 1, false, false, true, true, false));
		assertHolds("fences kept, late requests", new Rules(2, 1, 0, false, false, true, true, false));
	}

	/**
	 * The fence of a resource is raised by the holders of another one too: that refuses
	 * tokens, and lets none pass.
	 */
	@Test
	void tokensGrowWhereResourcesShareAFence() {
		assertHolds("shared fence, any clocks", new Rules(1, 1, 1, false, false, true, true, false).withSharedFence());
	}

	/**
	 * Key and fence by two commands, between which anything happens: somebody else takes
	 * or loses the key, raises the fence, or asks again. Many states, about a minute.
	 */
	@Test
	@EnabledIfSystemProperty(named = "exploration.large", matches = "true")
	void tokensGrowWhereKeyAndFenceAreTwoCommands() {
		assertHolds("two commands", new Rules(1, 1, 0, false, false, true, true, false).withTwoCommands(true));
	}

	/** A key alone is no vote: its fence has to be raised by the same request. */
	@Test
	void keyWithoutItsFenceIsFoundOut() {
		assertThat(counterExample(new Rules(1, 1, 0, false, false, true, true, false).withTwoCommands(false)))
			.isNotEmpty();
	}

	/**
	 * One node loses its memory: the wall clocks still order those who are further apart
	 * than the clocks.
	 */
	@Test
	void tokensGrowWithTheClockWhenANodeForgets() {
		assertHolds("one wipe, clocks that differ by less than the time between holders",
				new Rules(1, 1, 0, true, true, true, true, false));
	}

	/** The same with more of everything: about a minute, and some gigabytes. */
	@Test
	@EnabledIfSystemProperty(named = "exploration.large", matches = "true")
	void largerWorld() {
		assertHolds("late requests and blocks", new Rules(2, 2, 0, false, false, true, true, false));
	}

	@Test
	void lossOfMemoryWithAnyClocksBreaksTheOrder() {
		assertThat(counterExample(new Rules(1, 1, 1, false, true, true, true, false))).isNotEmpty();
	}

	/** Each node counts its grants, the largest count of the quorum is the token. */
	@Test
	void countersPerNodeAreNoTokens() {
		List<String> example = counterExample(new Rules(1, 1, 0, false, false, true, true, true));
		logger.info("the shortest counter-example to counters per node:\n{}", String.join("\n", example));
		assertThat(example).isNotEmpty();
		assertThat(example.get(example.size() - 1)).contains("which was somebody's before");
	}

	@Test
	void nodeThatDoesNotRaiseTheFenceIsFoundOut() {
		assertThat(counterExample(new Rules(1, 1, 1, false, false, false, true, false))).isNotEmpty();
	}

	@Test
	void nodeThatStoresTheBeginningOfABlockIsFoundOut() {
		assertThat(counterExample(new Rules(1, 2, 1, false, false, true, false, false))).isNotEmpty();
	}

	private static void assertHolds(String what, Rules rules) {
		assertThat(counterExample(rules)).as(what).isEmpty();
	}

	/** The shortest way to a violation, or nothing if there is none. */
	private static List<String> counterExample(Rules rules) {
		TokenModel model = new TokenModel(rules);
		Map<Key, Key> reachedFrom = new HashMap<>();
		Deque<State> open = new ArrayDeque<>();
		State initial = model.initial();
		open.add(initial);
		reachedFrom.put(initial.key(rules), null);
		while (!open.isEmpty()) {
			State state = open.remove();
			Key key = state.key(rules);
			List<State> violations = new ArrayList<>();
			model.successors(state, (label, next) -> {
				if (next.violation() != null) {
					violations.add(next);
				}
				else if (reachedFrom.putIfAbsent(next.key(rules), key) == null) {
					open.add(next);
				}
			});
			if (!violations.isEmpty()) {
				return path(model, rules, reachedFrom, key);
			}
		}
		logger.info("{} states: {}", reachedFrom.size(), rules);
		return List.of();
	}

	/** Go the same way once more, and say what happens. */
	private static List<String> path(TokenModel model, Rules rules, Map<Key, Key> reachedFrom, Key last) {
		Deque<Key> keys = new ArrayDeque<>();
		for (Key key = last; key != null; key = reachedFrom.get(key)) {
			keys.push(key);
		}
		keys.remove();
		List<String> path = new ArrayList<>();
		State[] state = { model.initial() };
		while (state[0].violation() == null) {
			Key wanted = keys.poll();
			State[] found = new State[1];
			model.successors(state[0], (label, next) -> {
				if (found[0] == null && ((wanted != null) ? next.violation() == null && next.key(rules).equals(wanted)
						: next.violation() != null)) {
					found[0] = next;
					path.add(label.get());
				}
			});
			state[0] = found[0];
		}
		path.add(state[0].violation());
		return path;
	}

}
