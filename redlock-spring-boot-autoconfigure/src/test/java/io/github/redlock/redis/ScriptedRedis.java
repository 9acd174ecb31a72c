package io.github.redlock.redis;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

import org.luaj.vm2.Globals;
import org.luaj.vm2.LoadState;
import org.luaj.vm2.LuaClosure;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Prototype;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.compiler.LuaC;
import org.luaj.vm2.lib.BaseLib;
import org.luaj.vm2.lib.MathLib;
import org.luaj.vm2.lib.OneArgFunction;
import org.luaj.vm2.lib.TwoArgFunction;
import org.luaj.vm2.lib.VarArgFunction;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.redis.connection.RedisScriptingCommands;
import org.springframework.data.redis.connection.ReturnType;

/**
 * Just enough of a Redis server to run the scripts of this project, the very texts that
 * real servers run, in simulated time: strings, expiry to the millisecond, sorted sets
 * with one member, a script cache. Not thread-safe. Held to the behaviour of a real
 * server by {@code LockNodeContract}.
 */
public final class ScriptedRedis implements RedisScriptingCommands {

	private static final Map<String, Prototype> COMPILED = new ConcurrentHashMap<>();

	private static final Map<String, LockScript> SCRIPTS = new HashMap<>();

	static {
		for (LockScript script : LockScript.values()) {
			SCRIPTS.put(new String(script.sha(), StandardCharsets.US_ASCII), script);
		}
	}

	private final LongSupplier clock;

	private final Globals lua = new Globals();

	private final Map<String, LuaClosure> closures = new HashMap<>();

	private final Set<String> loaded = new HashSet<>();

	private final Map<String, Entry> data = new HashMap<>();

	private Witness witness = new Witness() {
	};

	private RuntimeException error;

	private String caller = "";

	/**
	 * By key, where a command names keys of several owners: more than one for the same
	 * key where a process believes that it holds it twice, because servers forgot it.
	 */
	private final Map<String, List<String>> callers = new HashMap<>();

	private long now;

	/**
	 * Start a server.
	 * @param clock its wall clock, in milliseconds
	 */
	public ScriptedRedis(LongSupplier clock) {
		this.clock = clock;
		this.lua.load(new BaseLib());
		this.lua.load(new PackageTable());
		this.lua.load(new MathLib());
		LoadState.install(this.lua);
		LuaC.install(this.lua);
		LuaTable redis = new LuaTable();
		redis.set("call", new VarArgFunction() {

			@Override
			public Varargs invoke(Varargs args) {
				return execute(args);
			}

		});
		// Nothing that the scripts protect themselves against happens here.
		redis.set("pcall", redis.get("call"));
		redis.set("error_reply", new OneArgFunction() {

			@Override
			public LuaValue call(LuaValue message) {
				LuaTable reply = new LuaTable();
				reply.set("err", message);
				return reply;
			}

		});
		this.lua.set("redis", redis);
	}

	/** Hears about every write to a key that somebody else's value is in. */
	public void setWitness(Witness witness) {
		this.witness = witness;
	}

	/** Every command is answered with this error, {@code null} for none. */
	public void setError(RuntimeException error) {
		this.error = error;
	}

	/** All data is lost. */
	public void wipe() {
		this.data.clear();
	}

	/** The value of a live key, or {@code null}. */
	public String get(String key) {
		this.now = this.clock.getAsLong();
		Entry entry = live(key);
		return (entry != null) ? entry.value : null;
	}

	/** The time to live of a live key in milliseconds, or a negative number. */
	public long pttl(String key) {
		this.now = this.clock.getAsLong();
		Entry entry = live(key);
		return (entry == null) ? -2 : entry.when - this.now;
	}

	/** Somebody sets a key. */
	public void set(String key, String value, long ttlMillis) {
		this.data.put(key, new Entry(value, this.clock.getAsLong() + ttlMillis));
	}

	/** Somebody has stored a fence. */
	public void setFence(String key, long token) {
		this.data.put(key, new Entry(Long.toString(token), Long.MAX_VALUE));
	}

	/** SET with NX, by itself. */
	Object setIfFree(String key, String value, long ttlMillis) {
		if (this.error != null) {
			return this.error;
		}
		this.now = this.clock.getAsLong();
		boolean free = live(key) == null;
		if (free) {
			this.witness.written(key, null, value, ttlMillis);
			this.data.put(key, new Entry(value, this.now + ttlMillis));
		}
		Object answer = free ? "OK" : ReplyReader.NULL;
		this.witness.ran("SET NX", new byte[][] { LockKeys.bytes(key), LockKeys.bytes(value) }, answer);
		return answer;
	}

	/** ZADD with GT and CH, by itself. */
	Object raiseFence(String key, long token) {
		if (this.error != null) {
			return this.error;
		}
		Entry fence = this.data.get(key);
		boolean raised = fence == null || Long.parseLong(fence.value) < token;
		if (raised) {
			setFence(key, token);
		}
		this.witness.ran("ZADD GT", new byte[][] { Arguments.number(token) }, raised);
		return raised ? 1L : 0L;
	}

	/** Somebody deletes a key. */
	public void delete(String key) {
		this.data.remove(key);
	}

	/** The keys that are live. */
	public List<String> keys() {
		return List.copyOf(this.data.keySet()).stream().filter((key) -> get(key) != null).sorted().toList();
	}

	@Override
	public void scriptFlush() {
		this.loaded.clear();
	}

	@Override
	public void scriptKill() {
		throw new UnsupportedOperationException();
	}

	@Override
	public String scriptLoad(byte[] script) {
		throw new UnsupportedOperationException();
	}

	@Override
	public List<Boolean> scriptExists(String... scriptShas) {
		throw new UnsupportedOperationException();
	}

	@Override
	public <T> T evalSha(byte[] scriptSha, ReturnType returnType, int numKeys, byte[]... keysAndArgs) {
		return evalSha(new String(scriptSha, StandardCharsets.US_ASCII), returnType, numKeys, keysAndArgs);
	}

	@Override
	public <T> T evalSha(String scriptSha, ReturnType returnType, int numKeys, byte[]... keysAndArgs) {
		checkError();
		if (!this.loaded.contains(scriptSha)) {
			throw new InvalidDataAccessApiUsageException("NOSCRIPT No matching script. Please use EVAL.");
		}
		return run(scriptSha, numKeys, keysAndArgs);
	}

	@Override
	public <T> T eval(byte[] script, ReturnType returnType, int numKeys, byte[]... keysAndArgs) {
		checkError();
		String sha = SCRIPTS.keySet()
			.stream()
			.filter((known) -> Arrays.equals(SCRIPTS.get(known).text(), script))
			.findAny()
			.orElseThrow(() -> new IllegalArgumentException("not a script of this project"));
		this.loaded.add(sha);
		return run(sha, numKeys, keysAndArgs);
	}

	private void checkError() {
		if (this.error != null) {
			throw this.error;
		}
	}

	@SuppressWarnings("unchecked")
	private <T> T run(String sha, int numKeys, byte[]... keysAndArgs) {
		LuaTable keys = new LuaTable();
		LuaTable args = new LuaTable();
		for (int i = 0; i < keysAndArgs.length; i++) {
			LuaString text = LuaString.valueOf(keysAndArgs[i]);
			if (i < numKeys) {
				keys.set(i + 1, text);
			}
			else {
				args.set(i - numKeys + 1, text);
			}
		}
		this.lua.set("KEYS", keys);
		this.lua.set("ARGV", args);
		this.caller = (keysAndArgs.length > numKeys) ? text(args.get(1)) : "";
		this.callers.clear();
		if (SCRIPTS.get(sha) == LockScript.EXTEND_ALL) {
			int locks = args.get(2).toint();
			for (int i = 1; i <= numKeys; i++) {
				this.callers.computeIfAbsent(text(keys.get(i)), (key) -> new ArrayList<>())
					.add(text(args.get(3 + (i - 1) % locks)));
			}
		}
		// Time stands still while a script runs.
		this.now = this.clock.getAsLong();
		LuaValue result = this.closures.computeIfAbsent(sha, this::compile).call();
		Object answer = answer(result);
		this.witness.ran(SCRIPTS.get(sha).name(), keysAndArgs, answer);
		if (answer instanceof RuntimeException refused) {
			throw refused;
		}
		return (T) answer;
	}

	/** As Redis converts: a number becomes an integer, false and nil become nil. */
	private static Object answer(LuaValue result) {
		if (!result.istable()) {
			return result.isnumber() ? (Long) (long) result.todouble() : null;
		}
		if (!result.get("err").isnil()) {
			return new InvalidDataAccessApiUsageException(result.get("err").tojstring());
		}
		List<Object> list = new ArrayList<>();
		for (int i = 1; i <= result.length(); i++) {
			list.add(answer(result.get(i)));
		}
		return list;
	}

	private LuaClosure compile(String sha) {
		return new LuaClosure(COMPILED.computeIfAbsent(sha, (key) -> {
			try {
				return this.lua.compilePrototype(new ByteArrayInputStream(SCRIPTS.get(key).text()), key);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}), this.lua);
	}

	private Entry live(String key) {
		Entry entry = this.data.get(key);
		if (entry != null && this.now > entry.when) {
			this.data.remove(key);
			return null;
		}
		return entry;
	}

	private LuaValue execute(Varargs args) {
		String key = text(args.arg(2));
		Entry entry = live(key);
		String command = args.arg1().tojstring();
		return switch (command) {
			case "GET" ->
				(entry != null) ? LuaString.valueOf(entry.value.getBytes(StandardCharsets.UTF_8)) : LuaValue.FALSE;
			case "PTTL" -> LuaValue.valueOf((entry != null) ? entry.when - this.now : -2);
			case "DEL" -> {
				written(key, entry, 0);
				yield LuaValue.valueOf((this.data.remove(key) != null) ? 1 : 0);
			}
			case "PEXPIRE" -> {
				if (entry == null) {
					yield LuaValue.ZERO;
				}
				written(key, entry, args.arg(3).tolong());
				this.data.put(key, new Entry(entry.value, this.now + args.arg(3).tolong()));
				yield LuaValue.ONE;
			}
			case "SET" -> set(key, entry, args);
			case "ZSCORE" -> (entry != null) ? LuaString.valueOf(entry.value) : LuaValue.FALSE;
			case "ZADD" -> {
				written(key, entry, 0);
				this.data.put(key, new Entry(text(args.arg(3)), Long.MAX_VALUE));
				yield LuaValue.ONE;
			}
			case "PUBLISH" -> LuaValue.valueOf(this.witness.published(key));
			default -> throw new IllegalArgumentException("not simulated: " + command);
		};
	}

	private static String text(LuaValue value) {
		LuaString bytes = value.checkstring();
		return new String(bytes.m_bytes, bytes.m_offset, bytes.m_length, StandardCharsets.UTF_8);
	}

	private LuaValue set(String key, Entry entry, Varargs args) {
		long ttl = -1;
		for (int i = 4; i <= args.narg(); i++) {
			switch (args.arg(i).tojstring().toUpperCase(Locale.ROOT)) {
				case "PX" -> ttl = args.arg(++i).tolong();
				case "NX" -> {
					if (entry != null) {
						return LuaValue.FALSE;
					}
				}
				default -> throw new IllegalArgumentException("not simulated: SET " + args.arg(i));
			}
		}
		if (ttl <= 0) {
			throw new InvalidDataAccessApiUsageException("ERR invalid expire time in 'set' command");
		}
		written(key, entry, ttl);
		this.data.put(key, new Entry(text(args.arg(3)), this.now + ttl));
		return LuaValue.TRUE;
	}

	private void written(String key, Entry before, long ttl) {
		List<String> callers = this.callers.getOrDefault(key, List.of(this.caller));
		String value = (before != null) ? before.value : null;
		this.witness.written(key, value, (value != null && callers.contains(value)) ? value : callers.get(0), ttl);
	}

	/**
	 * Sees what scripts do.
	 */
	public interface Witness {

		/**
		 * A script has run.
		 * @param script its name
		 * @param arguments its KEYS and ARGV
		 * @param result its result
		 */
		default void ran(String script, byte[][] arguments, Object result) {
		}

		/**
		 * A script writes to a key.
		 * @param key the key
		 * @param before what was in it, {@code null} if nothing
		 * @param by the owner value of the request
		 * @param ttlMillis how long it lives from now, zero if it is deleted
		 */
		default void written(String key, String before, String by, long ttlMillis) {
		}

		/**
		 * A script tells of something.
		 * @param channel where
		 * @return how many heard it
		 */
		default int published(String channel) {
			return 0;
		}

	}

	private record Entry(String value, long when) {
	}

	/**
	 * Libraries register themselves here; the scripts see none of it.
	 */
	private static final class PackageTable extends TwoArgFunction {

		@Override
		public LuaValue call(LuaValue name, LuaValue env) {
			LuaTable loaded = new LuaTable();
			LuaTable table = new LuaTable();
			table.set("loaded", loaded);
			env.set("package", table);
			return table;
		}

	}

}
