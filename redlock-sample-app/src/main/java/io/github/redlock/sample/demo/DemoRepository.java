package io.github.redlock.sample.demo;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/**
 * What the instances tell each other, by the database that they share anyway.
 */
@Repository
@OnDemo
class DemoRepository {

	private static final int KEPT_EVENTS = 500;

	private static final int MAX_TEXT = 500;

	/** An instance that has said nothing for that long is gone. */
	private static final String PRESENT = "seen > DATEADD(SECOND, -3, CURRENT_TIMESTAMP)";

	private final JdbcClient jdbc;

	DemoRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	void report(String instance, String state) {
		this.jdbc
			.sql("MERGE INTO demo_instance (id, seen, state) KEY (id) VALUES (:instance, CURRENT_TIMESTAMP, :state)")
			.param("instance", instance)
			.param("state", state)
			.update();
	}

	void leave(String instance) {
		this.jdbc.sql("DELETE FROM demo_instance WHERE id = :instance").param("instance", instance).update();
	}

	/**
	 * What the instances have said last, in the order of their names.
	 */
	List<String> reports() {
		return this.jdbc.sql("SELECT state FROM demo_instance WHERE " + PRESENT + " ORDER BY id")
			.query((row, number) -> row.getString("state"))
			.list();
	}

	List<String> instances() {
		return this.jdbc.sql("SELECT id FROM demo_instance WHERE " + PRESENT + " ORDER BY id")
			.query((row, number) -> row.getString("id"))
			.list();
	}

	void log(String instance, String kind, String text) {
		this.jdbc.sql("INSERT INTO demo_event (instance, kind, text) VALUES (:instance, :kind, :text)")
			.param("instance", instance)
			.param("kind", kind)
			.param("text", (text.length() > MAX_TEXT) ? text.substring(0, MAX_TEXT - 1) + "…" : text)
			.update();
	}

	void prune() {
		this.jdbc.sql("DELETE FROM demo_event WHERE id <= (SELECT MAX(id) FROM demo_event) - :kept")
			.param("kept", KEPT_EVENTS)
			.update();
	}

	/**
	 * The last events, the newest first.
	 */
	List<Event> events(int count) {
		return this.jdbc.sql("SELECT id, at, instance, kind, text FROM demo_event ORDER BY id DESC LIMIT :count")
			.param("count", count)
			.query((row, number) -> new Event(row.getLong("id"),
					toMillis(row.getObject("at", OffsetDateTime.class).toInstant()), row.getString("instance"),
					row.getString("kind"), row.getString("text")))
			.list();
	}

	private static long toMillis(Instant instant) {
		return instant.toEpochMilli();
	}

	long lastEvent() {
		return this.jdbc.sql("SELECT COALESCE(MAX(id), 0) FROM demo_event").query(Long.class).single();
	}

	/**
	 * Begin a sale.
	 * @return its number
	 */
	@Transactional
	public long addSale(boolean locked, List<Share> shares) {
		long id = this.jdbc.sql("SELECT COALESCE(MAX(id), 0) + 1 FROM demo_sale").query(Long.class).single();
		this.jdbc.sql("INSERT INTO demo_sale (id, locked) VALUES (:id, :locked)")
			.param("id", id)
			.param("locked", locked)
			.update();
		for (Share share : shares) {
			this.jdbc.sql("INSERT INTO demo_share (sale, instance, buyers) VALUES (:sale, :instance, :buyers)")
				.param("sale", id)
				.param("instance", share.instance())
				.param("buyers", share.buyers())
				.update();
		}
		return id;
	}

	Optional<Sale> lastSale() {
		return this.jdbc.sql("SELECT id, locked FROM demo_sale ORDER BY id DESC LIMIT 1")
			.query(DataClassRowMapper.newInstance(Sale.class))
			.optional();
	}

	List<Share> shares(long sale) {
		return this.jdbc
			.sql("SELECT instance, buyers, late, refused, failed, ended FROM demo_share WHERE sale = :sale"
					+ " ORDER BY instance")
			.param("sale", sale)
			.query(DataClassRowMapper.newInstance(Share.class))
			.list();
	}

	void update(long sale, Share share) {
		this.jdbc.sql("""
				UPDATE demo_share SET late = :late, refused = :refused, failed = :failed, ended = :ended
				WHERE sale = :sale AND instance = :instance""")
			.param("late", share.late())
			.param("refused", share.refused())
			.param("failed", share.failed())
			.param("ended", share.ended())
			.param("sale", sale)
			.param("instance", share.instance())
			.update();
	}

	/**
	 * Put all seats of a show on sale again.
	 */
	@Transactional
	public void reset(String show) {
		this.jdbc.sql("DELETE FROM ticket WHERE show_name = :show").param("show", show).update();
		this.jdbc.sql("UPDATE show SET available = capacity WHERE name = :show").param("show", show).update();
	}

	/**
	 * What an application without lock and fence does.
	 */
	void setAvailableWhateverTheFence(String show, int available) {
		this.jdbc.sql("UPDATE show SET available = :available WHERE name = :show")
			.param("available", available)
			.param("show", show)
			.update();
	}

	/**
	 * Something that happened.
	 *
	 * @param id grows
	 * @param at milliseconds since 1970
	 * @param instance who says it
	 * @param kind good, bad, warning or plain
	 * @param text what
	 */
	record Event(long id, long at, String instance, String kind, String text) {
	}

	/**
	 * A sale.
	 *
	 * @param id grows
	 * @param locked with the lock, or without
	 */
	record Sale(long id, boolean locked) {
	}

	/**
	 * The buyers at one instance.
	 *
	 * @param instance which one
	 * @param buyers how many
	 * @param late how many came too late
	 * @param refused how many writes were refused by the fence
	 * @param failed how many got no lock
	 * @param ended whether none is left
	 */
	record Share(String instance, int buyers, int late, int refused, int failed, boolean ended) {
	}

}
