package io.github.redlock.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How the arguments of a command travel.
 */
final class Arguments {

	static final byte[] CR_LF = { '\r', '\n' };

	private static final byte[][] SMALL_NUMBERS = new byte[32][];

	static {
		for (int i = 0; i < SMALL_NUMBERS.length; i++) {
			SMALL_NUMBERS[i] = digits((long) i);
		}
	}

	private Arguments() {
	}

	/**
	 * How much room {@link #append} needs.
	 */
	static int sizeOf(byte[]... arguments) {
		int size = 0;
		for (byte[] argument : arguments) {
			size += 1 + countDigits(argument.length) + CR_LF.length + argument.length + CR_LF.length;
		}
		return size;
	}

	private static int countDigits(int number) {
		int digits = 1;
		for (int rest = number; rest >= 10; rest /= 10) {
			digits++;
		}
		return digits;
	}

	/**
	 * How many arguments a command has.
	 */
	static void appendCount(ByteBuffer buffer, int count) {
		buffer.put((byte) '*').put(number(count)).put(CR_LF);
	}

	/**
	 * Arguments of a command: of each its length and itself.
	 */
	static void append(ByteBuffer buffer, byte[]... arguments) {
		for (byte[] argument : arguments) {
			appendOne(buffer, argument);
		}
	}

	private static void appendOne(ByteBuffer buffer, byte[] argument) {
		buffer.put((byte) '$');
		int divisor = 1;
		for (int i = countDigits(argument.length); i > 1; i--) {
			divisor *= 10;
		}
		for (; divisor > 0; divisor /= 10) {
			buffer.put((byte) ('0' + argument.length / divisor % 10));
		}
		buffer.put(CR_LF).put(argument).put(CR_LF);
	}

	/**
	 * Whole commands as they travel.
	 */
	static byte[] commands(byte[][]... commands) {
		int size = 0;
		for (byte[][] command : commands) {
			size += 1 + countDigits(command.length) + CR_LF.length + sizeOf(command);
		}
		ByteBuffer buffer = ByteBuffer.allocate(size);
		for (byte[][] command : commands) {
			appendCount(buffer, command.length);
			append(buffer, command);
		}
		return buffer.array();
	}

	/**
	 * A number in decimal. Not to be written to.
	 */
	static byte[] number(long number) {
		return (number >= 0 && number < SMALL_NUMBERS.length) ? SMALL_NUMBERS[(int) number] : digits(number);
	}

	private static byte[] digits(long number) {
		return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
	}

}
