package io.github.redlock.core;

import io.github.redlock.spi.LockRequest;

/**
 * What a lock that was just won rests on.
 *
 * @param request what a quorum of nodes has granted
 * @param confirmedAt when the round began that granted it; validity counts from here
 * @param heldSince when the lock became this holder's
 * @param token the fencing token of this holder, one of the block of the request
 * @param streak the holders before, in this process
 */
record Grant(LockRequest request, long confirmedAt, long heldSince, long token, Streak streak) {
}
