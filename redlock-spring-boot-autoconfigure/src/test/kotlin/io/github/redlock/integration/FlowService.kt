package io.github.redlock.integration

import io.github.redlock.annotation.DistributedLock
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.any
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** Locked flows. */
open class FlowService {

	@DistributedLock(key = ["numbers"], waitTime = 0)
	open fun numbers(): Flow<Int> = (1..5).asFlow()

	@DistributedLock(key = ["numbers"], waitTime = 0)
	open fun numbersOfAnotherThread(): Flow<Int> = (1..5).asFlow().flowOn(Dispatchers.Default)

}

/** How a coroutine ends a flow. */
enum class FlowEnd {

	COMPLETION {
		override suspend fun end(numbers: Flow<Int>) {
			numbers.collect()
		}
	},

	FIRST {
		override suspend fun end(numbers: Flow<Int>) {
			numbers.first()
		}
	},

	TAKE {
		override suspend fun end(numbers: Flow<Int>) {
			numbers.take(5).toList()
		}
	},

	ANY {
		override suspend fun end(numbers: Flow<Int>) {
			numbers.any { it == 2 }
		}
	};

	abstract suspend fun end(numbers: Flow<Int>)

	/** For a Java test. */
	fun read(numbers: Flow<Int>) = runBlocking { end(numbers) }

}
