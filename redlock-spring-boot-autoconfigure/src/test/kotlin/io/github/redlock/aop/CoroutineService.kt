package io.github.redlock.aop

import io.github.redlock.LockHandle
import io.github.redlock.LockNotAcquiredException
import io.github.redlock.annotation.DistributedLock
import io.github.redlock.annotation.LockFailurePolicy
import io.github.redlock.annotation.LockLossPolicy
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.future.future
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull

/** What a Kotlin application annotates. */
open class CoroutineService {

	@DistributedLock(key = ["#id"], ttl = 9_000)
	open suspend fun suspending(id: String, work: Work): String {
		work.seen.add(ReactiveCurrentLock.get().awaitSingle())
		return "$id " + work.go.await()
	}

	@DistributedLock(key = ["a"], ttl = 9_000)
	open suspend fun nothing(work: Work) {
		work.go.await()
	}

	@DistributedLock(key = ["a"], ttl = 9_000)
	open fun flowing(work: Work): Flow<String> = flow {
		work.seen.add(ReactiveCurrentLock.get().awaitSingle())
		emit("first")
		emit(work.go.await())
	}

	@DistributedLock(key = ["#id"], waitTime = 0)
	open fun unlessBusy(id: String): Flow<String> = flow {
		emit("$id first")
		emit("$id second")
	}

	@DistributedLock(key = ["a"], ttl = 9_000)
	open suspend fun suspendingFlow(work: Work): Flow<String> = flow {
		emit("first")
		emit(work.go.await())
	}

	@DistributedLock(key = ["a"], ttl = 9_000)
	open fun deferred(work: Work): Deferred<String> = work.go

	@DistributedLock(key = ["a"], ttl = 9_000, onLost = LockLossPolicy.INTERRUPT)
	open suspend fun cancelledOnLoss(work: Work): String = try {
		work.go.await()
	} catch (ex: kotlinx.coroutines.CancellationException) {
		work.cancelled = true
		throw ex
	}

	@DistributedLock(key = ["a"], waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
	open suspend fun skipped(): String? = "ran"

	@DistributedLock(key = ["a"], waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK, fallback = "busy")
	open suspend fun withFallback(id: String): String = "ran $id"

	@DistributedLock(key = ["a"], waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
	open suspend fun skippedList(): List<String> = listOf("ran")

	@DistributedLock(key = ["a"], waitTime = 0, onUnavailable = LockFailurePolicy.SKIP)
	open suspend fun skippedUnit() {
	}

	@DistributedLock(key = ["#id"])
	open suspend fun asserting(id: String): String {
		ReactiveCurrentLock.assertLocked(id).awaitSingleOrNull()
		return "asserted"
	}

	private suspend fun busy(id: String, error: LockNotAcquiredException): String = "busy $id ${error.reason}"

}

/** A result that Kotlin takes for never null. */
open class SkippingNumber {

	@DistributedLock(onUnavailable = LockFailurePolicy.SKIP)
	open suspend fun run(): Int = 1

}

/** The same of a class. */
open class SkippingText {

	@DistributedLock(onUnavailable = LockFailurePolicy.SKIP)
	open fun run(): String = "ran"

}

/** What a method waits for, and what it saw of its lock. */
class Work {

	val go = CompletableDeferred<String>()

	val seen = mutableListOf<LockHandle>()

	@Volatile
	var cancelled = false

}

/** Calls itself through two proxies. */
open class OuterCoroutineService(private val inner: CoroutineService) {

	@DistributedLock(key = ["a"], ttl = 9_000)
	open suspend fun nested(work: Work): String = inner.suspending("a", work)

}

/** Lets a Java test call suspending functions. */
class Coroutines(private val bean: CoroutineService) {

	private val scope = CoroutineScope(Dispatchers.Unconfined)

	fun suspending(id: String, work: Work) = scope.future { bean.suspending(id, work) }

	fun nothing(work: Work) = scope.future { bean.nothing(work) }

	fun flowing(work: Work) = scope.future { bean.flowing(work).toList() }

	fun firstOfFlow(work: Work) = scope.future { bean.flowing(work).first() }

	fun firstOfFlowTwice(id: String) = scope.future { listOf(bean.unlessBusy(id).first(), bean.unlessBusy(id).first()) }

	fun suspendingFlow(work: Work) = scope.future { bean.suspendingFlow(work).toList() }

	fun deferred(work: Work) = scope.future { bean.deferred(work).await() }

	fun cancelledOnLoss(work: Work) = scope.future { bean.cancelledOnLoss(work) }

	fun skippedList() = scope.future { bean.skippedList() }

	fun skippedUnit() = scope.future { bean.skippedUnit() }

	fun asserting(id: String) = scope.future { bean.asserting(id) }

	fun skipped() = scope.future { bean.skipped() }

	fun withFallback(id: String) = scope.future { bean.withFallback(id) }

	fun nested(outer: OuterCoroutineService, work: Work) = scope.future { outer.nested(work) }

}
