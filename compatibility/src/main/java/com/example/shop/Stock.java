package com.example.shop;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import org.springframework.stereotype.Service;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.annotation.LockFailurePolicy;
import io.github.redlock.aop.CurrentLock;

/**
 * Locks in each way that has code of its own.
 */
@Service
public class Stock {

	@DistributedLock(name = "stock", key = "#item", waitTime = 20_000)
	public <T> T take(String item, Supplier<T> work) {
		CurrentLock.assertLocked("stock:" + item);
		return work.get();
	}

	@DistributedLock(name = "stock", key = "#item", waitTime = 0, onUnavailable = LockFailurePolicy.FALLBACK,
			fallback = "sold")
	public String reserve(String item) {
		return "reserved";
	}

	private String sold(String item) {
		return "held by somebody else";
	}

	@DistributedLock(name = "stock", key = "#item", waitTime = 0)
	public CompletableFuture<String> order(String item, CompletableFuture<String> delivery) {
		return delivery;
	}

}
