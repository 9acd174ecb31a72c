package io.github.redlock.readme

import io.github.redlock.Redlock
import io.github.redlock.annotation.DistributedLock
import io.github.redlock.aop.ReactiveCurrentLock
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.future.await
import kotlinx.coroutines.future.future
import kotlinx.coroutines.reactor.awaitSingle
import java.time.Duration

/** What the recipe protects. */
interface CoroutineSeatStore {

	suspend fun reserve(seat: String, token: Long): Int

}

/** The recipe of docs/cookbook.md for coroutines, word for word. */
open class CoroutineSeats(private val store: CoroutineSeatStore, private val redlock: Redlock) {

	@DistributedLock(name = "seat", key = ["#seat"], waitTime = 2_000)
	open suspend fun reserve(seat: String): Int {
		val lock = ReactiveCurrentLock.get().awaitSingle()
		return store.reserve(seat, lock.fencingToken())
	}

	open suspend fun reserveByHand(seat: String): Int = coroutineScope {
		redlock.usingAsync("seat:$seat", Duration.ofSeconds(10)) { lock, _ ->
			future { store.reserve(seat, lock.fencingToken()) }
		}.await()
	}

}

/** Lets a Java test call the suspending functions. */
class CoroutineRecipe(private val bean: CoroutineSeats) {

	private val scope = CoroutineScope(Dispatchers.Unconfined)

	fun reserve(seat: String) = scope.future { bean.reserve(seat) }

	fun reserveByHand(seat: String) = scope.future { bean.reserveByHand(seat) }

}

/** Remembers the token of the last reservation. */
class RecordingSeatStore : CoroutineSeatStore {

	@Volatile
	var token = 0L

	var waiting = kotlinx.coroutines.CompletableDeferred<Unit>()

	override suspend fun reserve(seat: String, token: Long): Int {
		this.token = token
		waiting.await()
		return 1
	}

}
