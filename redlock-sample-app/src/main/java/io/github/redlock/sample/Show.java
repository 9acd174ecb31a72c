package io.github.redlock.sample;

/**
 * A show and its seats.
 *
 * @param name the show
 * @param capacity seats in all
 * @param available seats not sold yet
 * @param sold tickets in the database
 * @param fence the fencing token of the last holder
 */
public record Show(String name, int capacity, int available, int sold, long fence) {

	/**
	 * Whether the books balance.
	 */
	public boolean isConsistent() {
		return this.available >= 0 && this.available + this.sold == this.capacity;
	}

}
