#!/usr/bin/env bash
# A thread that parks and is never woken, under a model checker.
#
# Expected: Lincheck finds the deadlock, as it does where the thread waits at a monitor that nobody notifies: both programs
#           stand still on a plain JVM.
# Happens:  the one that parks passes, however often it is run. Its model checker lets LockSupport.park return at once,
#           which the specification of park allows, so that a thread that looks again in a loop needs no wake-up.
#           A lost LockSupport.unpark has to be looked for by other means.
# Seen on:  org.jetbrains.lincheck:lincheck:3.7, from Maven Central, on Java 17.
# Source:   the Javadoc of LockSupport.park ("spuriously") and the output below.
#
# Needs bash and a JDK 17 or later.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >pom.xml <<'POM'
<project>
	<modelVersion>4.0.0</modelVersion>
	<groupId>example</groupId>
	<artifactId>example</artifactId>
	<version>1</version>
	<dependencies>
		<dependency>
			<groupId>org.jetbrains.lincheck</groupId>
			<artifactId>lincheck</artifactId>
			<version>3.7</version>
		</dependency>
	</dependencies>
</project>
POM
"$project/mvnw" -q -f pom.xml -Dmaven.repo.local="$folder/repository" \
	org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$folder/lib"

cat >LostWakeUp.java <<'JAVA'
import java.util.concurrent.locks.LockSupport;

import org.jetbrains.lincheck.Lincheck;

public class LostWakeUp {

	interface Gate {

		void pass() throws InterruptedException;

		void open();

	}

	static class ParkingGate implements Gate {

		private volatile boolean open;

		public void pass() {
			while (!this.open) {
				LockSupport.park(this);
			}
		}

		/** Wakes nobody. */
		public void open() {
			this.open = true;
		}

	}

	static class MonitorGate implements Gate {

		private boolean open;

		public synchronized void pass() throws InterruptedException {
			while (!this.open) {
				wait();
			}
		}

		/** Wakes nobody. */
		public synchronized void open() {
			this.open = true;
		}

	}

	static Thread guest(Gate gate) {
		Thread guest = new Thread(() -> {
			try {
				gate.pass();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		guest.setDaemon(true);
		guest.start();
		return guest;
	}

	static void openTo(Gate gate) {
		Thread guest = guest(gate);
		gate.open();
		try {
			guest.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static String plainJvm(Gate gate) throws InterruptedException {
		Thread guest = guest(gate);
		while (guest.getState() != Thread.State.WAITING) {
			Thread.onSpinWait();
		}
		gate.open();
		guest.join(3000);
		return guest.isAlive() ? "stands still" : "goes on";
	}

	static String lincheck(Runnable test) {
		try {
			Lincheck.runConcurrentTest(5000, test);
			return "passes";
		}
		catch (Throwable ex) {
			return ex.getMessage().lines().filter((line) -> line.contains("deadlock")).findFirst().orElse(ex.toString());
		}
	}

	public static void main(String[] args) throws Exception {
		System.out.println("monitor, plain JVM: " + plainJvm(new MonitorGate()));
		System.out.println("monitor, Lincheck:  " + lincheck(() -> openTo(new MonitorGate())));
		System.out.println("park, plain JVM:    " + plainJvm(new ParkingGate()));
		System.out.println("park, Lincheck:     " + lincheck(() -> openTo(new ParkingGate())));
		System.exit(0);
	}

}
JAVA
javac -cp 'lib/*' LostWakeUp.java
seen=$(java -cp 'lib/*:.' LostWakeUp 2>errors) || { cat errors; exit 1; }
echo "$seen"
diff <(echo "$seen") - <<'OUTPUT'
monitor, plain JVM: stands still
monitor, Lincheck:  All unfinished threads are in deadlock
park, plain JVM:    stands still
park, Lincheck:     passes
OUTPUT
