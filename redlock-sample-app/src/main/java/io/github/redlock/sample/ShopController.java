package io.github.redlock.sample;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

import io.github.redlock.LockNotAcquiredException;

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
			throws InterruptedException {
		ExecutorService clerks = Executors.newFixedThreadPool(CLERKS);
		try {
			List<Callable<Boolean>> queue = IntStream.range(0, buyers)
				.mapToObj((i) -> (Callable<Boolean>) () -> sell(show, "buyer " + i))
				.toList();
			long sold = clerks.invokeAll(queue).stream().filter(ShopController::isSold).count();
			return Map.of("buyers", (long) buyers, "sold", sold);
		}
		finally {
			clerks.shutdown();
		}
	}

	private boolean sell(String show, String buyer) {
		try {
			this.tickets.buy(show, buyer);
			return true;
		}
		catch (TicketService.SoldOutException ex) {
			return false;
		}
	}

	private static boolean isSold(Future<Boolean> sale) {
		try {
			return sale.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex.getCause());
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

	/**
	 * Nothing was done; the buyer may try again.
	 */
	@ExceptionHandler
	ProblemDetail busy(LockNotAcquiredException ex) {
		return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, "Not now: " + ex.getReason());
	}

}
