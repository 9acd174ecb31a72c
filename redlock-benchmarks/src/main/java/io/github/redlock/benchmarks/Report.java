package io.github.redlock.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Tables in Markdown, and a chart of what is in them.
 */
final class Report {

	private static final int ROW_HEIGHT = 22;

	private static final int LABEL_WIDTH = 260;

	private static final int BAR_WIDTH = 400;

	private static final int WIDTH = LABEL_WIDTH + BAR_WIDTH + 90;

	private final String head;

	private final List<Table> tables = new ArrayList<>();

	/**
	 * Begin.
	 * @param head where and with what it was measured
	 */
	Report(String head) {
		this.head = head;
	}

	/**
	 * Begin a table of contenders that are compared by a rate.
	 * @param rate what is counted
	 * @param columns what else is told of each
	 */
	Table table(String title, String rate, String... columns) {
		Table table = new Table(title, rate, List.of(columns));
		this.tables.add(table);
		return table;
	}

	static String number(double value) {
		return Double.isNaN(value) ? "-" : String.format(Locale.ROOT,
				(Math.abs(value) < 10) ? "%.2f" : (Math.abs(value) < 100) ? "%.1f" : "%.0f", value);
	}

	/**
	 * Median, least and most.
	 */
	static String spread(List<Double> values) {
		Samples samples = Samples.of(values);
		return number(samples.quantile(0.5)) + " [" + number(samples.quantile(0)) + ".." + number(samples.quantile(1))
				+ "]";
	}

	/**
	 * Where the median would lie in 95 of 100 repetitions.
	 */
	static String confidence(List<Double> values) {
		Samples samples = Samples.of(values);
		double distance = Math.min(0.98 / Math.sqrt(values.size()), 0.5);
		return number(samples.quantile(0.5 - distance)) + ".." + number(samples.quantile(0.5 + distance));
	}

	void write(Path directory) throws IOException {
		Files.createDirectories(directory);
		StringBuilder text = new StringBuilder(this.head).append('\n');
		this.tables.forEach((table) -> text.append('\n').append(table.markdown()));
		Files.writeString(directory.resolve("results.md"), text);
		Files.writeString(directory.resolve("chart.svg"), chart());
	}

	private String chart() {
		StringBuilder bars = new StringBuilder();
		int y = 10;
		for (Table table : this.tables) {
			if (table.rates.size() > 1) {
				y = chart(table, bars, y) + ROW_HEIGHT / 2;
			}
		}
		return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + WIDTH + "\" height=\"" + y
				+ "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
				+ bars + "</svg>\n";
	}

	private static int chart(Table table, StringBuilder bars, int top) {
		int y = top + ROW_HEIGHT;
		bars.append(text(10, y - 6, "bold", table.title + " (" + table.rate + ", first = 1)"));
		double most = table.rates.keySet().stream().mapToDouble((name) -> 1 / table.ratio(name)).max().orElse(1);
		for (String name : table.rates.keySet()) {
			double share = 1 / table.ratio(name);
			long width = Math.max(Math.round(share / most * BAR_WIDTH), 1);
			bars.append(text(20, y + 15, "normal", name));
			bars.append(String.format(Locale.ROOT, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>%n",
					LABEL_WIDTH, y + 3, width, ROW_HEIGHT - 6, name.equals(table.reference()) ? "#2a7f62" : "#9aa5b1"));
			bars.append(text(LABEL_WIDTH + width + 6, y + 15, "normal", number(share)));
			y += ROW_HEIGHT;
		}
		return y;
	}

	private static String text(long x, int y, String weight, String text) {
		return "<text x=\"" + x + "\" y=\"" + y + "\" font-weight=\"" + weight + "\">"
				+ text.replace("&", "&amp;").replace("<", "&lt;") + "</text>\n";
	}

	/**
	 * What was measured in one workload. The first one is what the others are compared
	 * with.
	 */
	static final class Table {

		private final String title;

		private final String rate;

		private final List<String> columns;

		private final Map<String, List<Double>> rates = new LinkedHashMap<>();

		private final Map<String, List<String>> others = new LinkedHashMap<>();

		private Table(String title, String rate, List<String> columns) {
			this.title = title;
			this.rate = rate;
			this.columns = columns;
		}

		/**
		 * Add a contender.
		 * @param rates one for each round
		 * @param others as many as there are further columns
		 */
		void add(String name, List<Double> rates, List<String> others) {
			this.rates.put(name, rates);
			this.others.put(name, others);
		}

		private String reference() {
			return this.rates.keySet().iterator().next();
		}

		/**
		 * How many times the rate of the first is that of another, round by round.
		 */
		private List<Double> ratios(String name) {
			List<Double> first = this.rates.getOrDefault(reference(), List.of());
			List<Double> own = this.rates.getOrDefault(name, List.of());
			List<Double> ratios = new ArrayList<>();
			for (int i = 0; i < own.size(); i++) {
				ratios.add(first.get(i) / own.get(i));
			}
			return ratios;
		}

		private double ratio(String name) {
			return Samples.of(ratios(name)).quantile(0.5);
		}

		private String markdown() {
			StringBuilder text = new StringBuilder("## ").append(this.title).append("\n\n");
			text.append("| | ").append(this.rate).append(" | ").append(reference()).append(" is so many times that |");
			this.columns.forEach((column) -> text.append(' ').append(column).append(" |"));
			text.append("\n| --- | --- | --- |").append(" --- |".repeat(this.columns.size())).append('\n');
			this.rates.forEach((name, rates) -> {
				text.append("| ").append(name).append(" | ").append(spread(rates)).append(" | ");
				text.append(spread(ratios(name))).append(" |");
				this.others.getOrDefault(name, List.of())
					.forEach((value) -> text.append(' ').append(value).append(" |"));
				text.append('\n');
			});
			return text.toString();
		}

	}

}
