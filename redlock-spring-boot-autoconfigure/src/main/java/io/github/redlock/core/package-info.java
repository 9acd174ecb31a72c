/**
 * The algorithm. It knows no Spring and no Redis: nodes and time come in through
 * {@link io.github.redlock.spi}. Start reading at
 * {@link io.github.redlock.core.DefaultRedlock}, which says how the lock works; this is
 * the map of the rooms. Each room calls those below it; what has to be told upwards is an
 * interface of the lower room. No two types call each other in a circle.
 * <p>
 * Applications use {@link io.github.redlock.core.RedlockBuilder}, which is not
 * thread-safe, and what it builds, which is; {@link io.github.redlock.core.SystemTime} is
 * for one that builds several. All other types are package-private.
 *
 * <h2>Enter</h2>
 * <p>
 * A call comes in through {@code DefaultRedlock}, which {@code RedlockBuilder} has put
 * together. {@code Resources} checks the names, {@code LockSettings} the options and the
 * ttl, {@code ShortTtls} warns. {@code Waiting} is how a synchronous call waits,
 * {@code CallbackFuture} what an asynchronous one returns. {@code ActiveLocks} knows what
 * waits and what is held, for the closing. A new option, a new check or another form of a
 * call belongs here.
 *
 * <h2>Wait</h2>
 * <p>
 * {@code Acquisition} goes from the first {@code Attempt} to an {@code AcquireOutcome};
 * {@code Patience} computes when it ends and how long it pauses ({@code RetrySchedule}),
 * {@code AttemptHistory} is what its caller sees of it. {@code Admission} holds an
 * attempt up while the nodes have enough to do. Where other clients compete,
 * {@code HeadStart} asks the {@code DecidingNode} alone at first. A caller that has to
 * wait gets a {@code Turn}: it is a {@code Waiter} in the {@code LocalQueues} of this
 * process, and {@code ReleaseWatches} wakes it. A holder of this process offers its lock
 * to the first waiter as a {@code Handover}, in a {@code Streak} of holders, without
 * asking a node or by a {@code Transfer}. Who is next, and when it tries, belongs here.
 *
 * <h2>Hold</h2>
 * <p>
 * {@code DefaultLockHandle} is one lock: its state, its deadline ({@code Validity}) and
 * what it rests on ({@code Grant}). {@code Renewal} sets its timer, and extends it by an
 * {@code Extension} of its own or together with others ({@code KeepAlive},
 * {@code ExtensionBatch}); they see it as an {@code ExtendableLock}. {@code Release} ends
 * it, and {@code ReleaseOutcome} is what its caller is told. What happens to a lock
 * between its grant and its end belongs here.
 *
 * <h2>Vote</h2>
 * <p>
 * {@code Requests} makes a request, with a value ({@code LockValues}) and a token
 * ({@code FencingTokens}). {@code NodeGroup} sends a {@code LockCommand} to all nodes and
 * a {@code VotingRound} counts the votes against the {@code Quorum}. It knows neither
 * locks nor waiters; they are its observers. What is counted, and when it is decided,
 * belongs here.
 *
 * <h2>Nodes</h2>
 * <p>
 * {@code NodeGuard} stands before each node. {@code RequestTimeouts} gives up what is not
 * answered, {@code NodeHealth} decides whether the node votes and says so with the number
 * of {@code VotingNodes}, {@code KeptReleases} sends again what was not confirmed.
 * Whatever concerns one node alone belongs here.
 *
 * <h2>Time and threads</h2>
 * <p>
 * {@code SystemTime} is the clock and the timer, on two {@code TimerThread}s,
 * {@code Nanos} the unit. {@code CallbackExecutor} runs user code, also what the user's
 * own executor does not take ({@code GivenExecutor}). {@code EventDispatcher} tells
 * listeners, each of which has a {@code ListenerQueue} for each {@code EventKind} it
 * hears. {@code DaemonThreads} makes threads, {@code StackReserve} looks whether a
 * caller's has room. They are used by all rooms and use none.
 */
@NullMarked
package io.github.redlock.core;

import org.jspecify.annotations.NullMarked;
