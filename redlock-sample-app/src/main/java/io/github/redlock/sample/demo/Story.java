package io.github.redlock.sample.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * The story of the zombie, as far as it is told.
 *
 * @param started when, in milliseconds since 1970; 0 if it never was
 * @param running whether it goes on
 * @param steps all of it, in order
 */
record Story(long started, boolean running, List<Step> steps) {

	static Story untold(List<String> titles) {
		return new Story(0, false, titles.stream().map((title) -> new Step(title, "", StepState.TODO)).toList());
	}

	Story begun(long now) {
		return new Story(now, true, this.steps);
	}

	Story with(int index, String text, StepState state) {
		List<Step> changed = new ArrayList<>(this.steps);
		changed.set(index, new Step(this.steps.get(index).title(), text, state));
		return new Story(this.started, this.running, List.copyOf(changed));
	}

	/**
	 * It goes no further; the step in hand has failed.
	 */
	Story failed(String text) {
		Story story = this;
		for (int i = 0; i < this.steps.size(); i++) {
			if (this.steps.get(i).state() == StepState.NOW) {
				story = story.with(i, text, StepState.FAILED);
			}
		}
		return story.ended();
	}

	Story ended() {
		return new Story(this.started, false, this.steps);
	}

	/**
	 * One step.
	 *
	 * @param title what happens
	 * @param text what was seen, empty before
	 * @param state how far it is
	 */
	record Step(String title, String text, StepState state) {
	}

	/** How far a step is. */
	enum StepState {

		/** It comes later. */
		TODO,

		/** It happens. */
		NOW,

		/** It has happened. */
		DONE,

		/** The database has refused the write, as it should. */
		REFUSED,

		/** It could not be told, for instance because too few nodes vote. */
		FAILED

	}

}
