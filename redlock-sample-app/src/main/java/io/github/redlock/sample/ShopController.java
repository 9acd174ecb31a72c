package io.github.redlock.sample;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

import io.github.redlock.LockNotAcquiredException;
import io.github.redlock.RedlockException;

/**
 * The shop over HTTP.
 */
@RestController
class ShopController {

	private static final int CLERKS = 16;

	private final TicketService tickets;

	private final SeatExchange exchange;

	private final ShowRepository shows;

	ShopController(TicketService tickets, SeatExchange exchange, ShowRepository shows) {
		this.tickets = tickets;
		this.exchange = exchange;
		this.shows = shows;
	}

	@GetMapping("/shows")
	List<Show> shows() {
		return this.shows.findAll();
	}

	@GetMapping("/shows/{show}")
	Show show(@PathVariable String show) {
		return this.shows.find(show);
	}

	@PostMapping("/shows/{show}/tickets")
	Map<String, Object> buy(@PathVariable String show, @RequestParam(defaultValue = "walk-in") String buyer) {
		return Map.of("show", show, "buyer", buyer, "seat", this.tickets.buy(show, buyer));
	}

	/**
	 * Many buyers at once, as when the box office opens.
	 */
	@PostMapping("/shows/{show}/rush")
	Map<String, Long> rush(@PathVariable String show, @RequestParam(defaultValue = "300") int buyers)
			throws InterruptedException, ExecutionException {
		ExecutorService clerks = Executors.newFixedThreadPool(CLERKS);
		try {
			List<Callable<String>> queue = IntStream.range(0, buyers)
				.mapToObj((i) -> (Callable<String>) () -> sell(show, "buyer " + i))
				.toList();
			Map<String, Long> results = new TreeMap<>(Map.of("sold", 0L));
			for (Future<String> sale : clerks.invokeAll(queue)) {
				results.merge(sale.get(), 1L, Long::sum);
			}
			return results;
		}
		finally {
			clerks.shutdown();
		}
	}

	private String sell(String show, String buyer) {
		try {
			this.tickets.buy(show, buyer);
			return "sold";
		}
		catch (TicketService.SoldOutException ex) {
			return "too late";
		}
		catch (RedlockException | ShowRepository.StaleTokenException | DuplicateKeyException
				| ConcurrencyFailureException ex) {
			return "failed";
		}
	}

	@PostMapping("/shows/{from}/seats")
	Map<String, Object> move(@PathVariable String from, @RequestParam String to, @RequestParam int count) {
		return Map.of("from", from, "to", to, "moved", this.exchange.move(from, to, count));
	}

	@ExceptionHandler
	ProblemDetail soldOut(TicketService.SoldOutException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, String.valueOf(ex.getMessage()));
	}

	@ExceptionHandler
	ProblemDetail unknown(ShowRepository.UnknownShowException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.NOT_FOUND, String.valueOf(ex.getMessage()));
	}

	@ExceptionHandler
	ProblemDetail nonsense(IllegalArgumentException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, String.valueOf(ex.getMessage()));
	}

	/**
	 * Nothing was done; the buyer may try again.
	 */
	@ExceptionHandler({ LockNotAcquiredException.class, ShowRepository.StaleTokenException.class,
			DuplicateKeyException.class, ConcurrencyFailureException.class })
	ProblemDetail busy(RuntimeException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, "Not now: " + ex.getMessage());
	}

}
