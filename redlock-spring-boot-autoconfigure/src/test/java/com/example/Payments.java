package com.example;

import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.aop.CurrentLock;

import org.springframework.stereotype.Service;

@Service
public class Payments {

	@DistributedLock(key = "'order:' + #orderId", ttl = 10_000)
	public void pay(String orderId) throws InterruptedException {
		System.out.println("paying order " + orderId + ", fencing token " + CurrentLock.get().fencingToken());
		Thread.sleep(60_000);
		System.out.println("paid order " + orderId);
	}

}
