package io.github.redlock.aop;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.github.redlock.Redlock;
import io.github.redlock.RedlockConfigurationException;
import io.github.redlock.annotation.DistributedLock;
import io.github.redlock.autoconfigure.DistributedLockAutoConfiguration;
import io.github.redlock.testing.FakeCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Which values are names of resources, how each is written, and whose parameters an
 * expression speaks of.
 */
class LockKeyTests {

	private final FakeCluster cluster = new FakeCluster(3);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DistributedLockAutoConfiguration.class, AopAutoConfiguration.class))
		.withBean(Redlock.class, this.cluster::client);

	private interface BeanTest<T> {

		void accept(T bean) throws Exception;

	}

	private <T> void with(Class<T> type, BeanTest<T> test) {
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context.getBean(type));
		});
	}

	private List<String> result(CompletableFuture<List<String>> future) {
		this.cluster.time().advance(Duration.ofMillis(1));
		return future.getNow(null);
	}

	/** An order without a text of its own. */
	static class Order {

		private final String id;

		Order(String id) {
			this.id = id;
		}

		public String getId() {
			return this.id;
		}

		public List<Order> getParts() {
			return List.of();
		}

	}

	record Line(int number, Order order) {
	}

	enum Colour {

		RED {
			@Override
			public String toString() {
				return "red, in the language of the user";
			}
		}

	}

	static class Keys {

		@DistributedLock(key = "#key")
		public List<String> alone(Object key) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "'a' + #key")
		public List<String> inText(Object key) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "a#{#key}")
		public List<String> inTemplate(Object key) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "#two ? {'a' + #key, 'b' + #key} : (#key ?: 'none')")
		public List<String> composed(boolean two, Object key) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "('A' + #key).toLowerCase()")
		public List<String> inside(Object key) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "#first + #second")
		public List<String> sum(Object first, Object second) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "#key")
		public CompletableFuture<List<String>> future(Object key) {
			return CompletableFuture.completedFuture(CurrentLock.get().resources());
		}

		@DistributedLock(key = "#key")
		public Mono<List<String>> mono(Object key) {
			return Mono.just(CurrentLock.get().resources());
		}

	}

	static Stream<Arguments> names() {
		UUID uuid = UUID.fromString("123e4567-e89b-12d3-a456-426614174000");
		return Stream.of(arguments("text", "text"), arguments(new StringBuilder("text"), "text"), arguments('c', "c"),
				arguments(true, "true"), arguments(42, "42"), arguments(42L, "42"), arguments((byte) 7, "7"),
				arguments(new BigInteger("42"), "42"), arguments(new BigDecimal("1.00"), "1"), arguments(1.0, "1"),
				arguments(1.5f, "1.5"), arguments(-0.0, "0"), arguments(new BigDecimal("1E+3"), "1000"),
				arguments(Colour.RED, "RED"), arguments(uuid, uuid.toString()),
				arguments(LocalDate.of(2026, 1, 2), "2026-01-02"), arguments(Instant.EPOCH, "1970-01-01T00:00:00Z"),
				arguments(Duration.ofSeconds(90), "PT1M30S"), arguments(ZoneOffset.UTC, "Z"));
	}

	@ParameterizedTest
	@MethodSource("names")
	void nameIsWrittenInOneWayOnly(Object value, String name) {
		with(Keys.class, (bean) -> {
			assertThat(bean.alone(value)).containsExactly(name);
			assertThat(bean.inText(value)).containsExactly("a" + name);
			assertThat(bean.inTemplate(value)).containsExactly("a" + name);
			assertThat(bean.inside(value)).containsExactly("a" + name.toLowerCase());
			assertThat(bean.composed(true, value)).containsExactly("a" + name, "b" + name);
			assertThat(bean.composed(false, value)).containsExactly(name);
			assertThat(result(bean.future(value))).containsExactly(name);
			assertThat(result(bean.mono(value).toFuture())).containsExactly(name);
		});
	}

	static Stream<Object> noNames() {
		Supplier<String> lambda = () -> "text";
		return Stream.of(new Order("1"), new Line(1, new Order("1")), List.of(new Order("1")), List.of(new byte[1]),
				List.of(List.of("a")), new byte[] { 1, 2 }, "ab".toCharArray(), Map.of("a", "b"), Stream.of("a"),
				List.of("a").iterator(), lambda, Optional.of("a"), new Object(), new Date(0), Double.NaN,
				URI.create("http://Host/"), Path.of("a"), new BigDecimal("1E+2000000000"),
				new Object[] { new Order("1") });
	}

	@ParameterizedTest
	@MethodSource("noNames")
	void anythingElseIsAnErrorThatNamesTheMethodTheExpressionAndTheType(Object value) {
		with(Keys.class, (bean) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> bean.alone(value))
				.withMessageContainingAll("Keys.alone(Object)", "\"#key\"", "which is no name", "such as #order.id");
			for (String method : List.of("inText", "inTemplate", "inside")) {
				assertThatIllegalArgumentException().isThrownBy(() -> call(bean, method, value))
					.withMessageContainingAll("Keys." + method + "(Object)", value.getClass().getTypeName());
			}
			assertThat(bean.future(value)).isCompletedExceptionally();
			assertThat(bean.mono(value).toFuture()).isCompletedExceptionally();
		});
	}

	private static List<String> call(Keys bean, String method, Object value) {
		return switch (method) {
			case "inText" -> bean.inText(value);
			case "inTemplate" -> bean.inTemplate(value);
			default -> bean.inside(value);
		};
	}

	@Test
	void listIsNoPartOfAText() {
		with(Keys.class, (bean) -> {
			assertThat(bean.alone(List.of("a", 1))).containsExactly("a", "1");
			assertThat(bean.alone(new int[] { 1, 2 })).containsExactly("1", "2");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.inText(List.of("a")));
			assertThatIllegalArgumentException().isThrownBy(() -> bean.inTemplate(new int[] { 1 }));
		});
	}

	@Test
	void nullIsNoPartOfAText() {
		with(Keys.class, (bean) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> bean.inText(null))
				.withMessageContaining("null as a part of a text");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.inTemplate(null));
			assertThatIllegalArgumentException().isThrownBy(() -> bean.composed(true, null));
			assertThat(bean.composed(false, null)).containsExactly("none");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.inside(null))
				.withMessageContaining("\"anull\", which most likely has null as a part of it");
		});
	}

	static class AddedInside {

		@DistributedLock(key = "('Order-' + #id).toUpperCase()")
		public List<String> upper(String id) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "T(java.util.List).of('a', ('x/' + #id + '/y').trim())")
		public List<String> list(String id) {
			return CurrentLock.get().resources();
		}

		@DistributedLock(key = "#urgent ? 'now' : 'later'")
		public List<String> condition(Boolean urgent) {
			return CurrentLock.get().resources();
		}

	}

	@Test
	void missingPartIsFoundInAnyCaseAndInLists() {
		with(AddedInside.class, (bean) -> {
			assertThatIllegalArgumentException().isThrownBy(() -> bean.upper(null))
				.withMessageContaining("\"ORDER-NULL\", which most likely has null as a part of it");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.list(null))
				.withMessageContaining("\"x/null/y\"");
			assertThat(bean.upper("annulled")).containsExactly("ORDER-ANNULLED");
			assertThat(bean.upper("Nullarbor")).containsExactly("ORDER-NULLARBOR");
			assertThat(bean.list("annulled")).containsExactly("a", "x/annulled/y");
		});
	}

	@Test
	void conditionIsTrueOrFalse() {
		with(AddedInside.class, (bean) -> {
			assertThat(bean.condition(true)).containsExactly("now");
			assertThat(bean.condition(false)).containsExactly("later");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.condition(null))
				.withMessageContaining("the condition #urgent is null");
		});
	}

	@Test
	void numbersAreAdded() {
		with(Keys.class, (bean) -> {
			assertThat(bean.sum(1, 2)).containsExactly("3");
			assertThat(bean.sum("1", 2)).containsExactly("12");
			assertThatIllegalArgumentException().isThrownBy(() -> bean.sum(1, null));
			assertThatIllegalArgumentException().isThrownBy(() -> bean.sum(new Order("1"), "a"));
		});
	}

	static class DeclaredOrder {

		@DistributedLock(key = "#order")
		public void run(Order order) {
		}

	}

	static class DeclaredOrderInText {

		@DistributedLock(key = "'order:' + #p0")
		public void run(Order order) {
		}

	}

	static class DeclaredList {

		@DistributedLock(key = "#orders")
		public void run(List<Order> orders) {
		}

	}

	static class DeclaredListInText {

		@DistributedLock(key = "orders-#{#orders}")
		public void run(ArrayList<String> orders) {
		}

	}

	static class DeclaredBytes {

		@DistributedLock(key = "#content")
		public void run(byte[] content) {
		}

	}

	static class DeclaredProperty {

		@DistributedLock(key = "#line.order")
		public void run(Line line) {
		}

	}

	static class DeclaredOptional {

		@DistributedLock(key = "#order ?: 'none'")
		public void run(Optional<Order> order) {
		}

	}

	static class DeclaredGeneric extends GenericBase<Order> {

	}

	static class GenericBase<T> {

		@DistributedLock(key = "#value")
		public void run(T value) {
		}

	}

	@ParameterizedTest
	@ValueSource(
			classes = { DeclaredOrder.class, DeclaredOrderInText.class, DeclaredList.class, DeclaredListInText.class,
					DeclaredBytes.class, DeclaredProperty.class, DeclaredOptional.class, DeclaredGeneric.class })
	void declaredTypeThatCanBeNoNameIsRefusedAtStartUp(Class<?> type) {
		this.runner.withBean(type).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).isInstanceOf(RedlockConfigurationException.class)
				.hasMessageContainingAll(".run(", "which is no name");
		});
	}

	static class DeclaredNames {

		@DistributedLock(key = { "#id", "#ids", "#line.order.id", "#line.number() + '/' + #colour", "#any", "#number" })
		public List<String> run(long id, List<? extends CharSequence> ids, Line line, Colour colour, Comparable<?> any,
				Number number) {
			return CurrentLock.get().resources();
		}

	}

	@Test
	void declaredTypeThatMayBeANameIsNotRefused() {
		with(DeclaredNames.class,
				(bean) -> assertThat(
						bean.run(1, List.of("a", "b"), new Line(2, new Order("c")), Colour.RED, "any", 3.0))
					.containsExactly("1", "a", "b", "c", "2/RED", "any", "3"));
	}

	interface Transfers {

		@DistributedLock(key = "#from + '>' + #to", condition = "#from != 'nobody'")
		List<String> move(String from, String to);

	}

	static class SwappedTransfers implements Transfers {

		@Override
		public List<String> move(String to, String from) {
			return CurrentLock.find().map((lock) -> lock.resources()).orElse(List.of());
		}

	}

	abstract static class Base<T> {

		@DistributedLock(key = "#accountId")
		public List<String> book(T accountId) {
			return List.of();
		}

	}

	static class Accounts extends Base<String> {

		@Override
		public List<String> book(String id) {
			return CurrentLock.get().resources();
		}

	}

	@DistributedLock(key = "#accountId")
	interface LockedInterface {

		List<String> close(String accountId);

	}

	static class LockedImplementation implements LockedInterface {

		@Override
		public List<String> close(String id) {
			return CurrentLock.get().resources();
		}

	}

	@Test
	void expressionSpeaksOfTheMethodNextToIt() {
		with(SwappedTransfers.class, (bean) -> {
			assertThat(bean.move("a", "b")).containsExactly("a>b");
			assertThat(bean.move("nobody", "b")).isEmpty();
			assertThat(bean.move("a", "nobody")).containsExactly("a>nobody");
		});
		with(Accounts.class, (bean) -> assertThat(bean.book("1")).containsExactly("1"));
		with(LockedImplementation.class, (bean) -> assertThat(bean.close("1")).containsExactly("1"));
	}

	@Test
	void expressionSpeaksOfTheMethodNextToItAlsoThroughJdkProxies() {
		this.runner.withPropertyValues("spring.aop.proxy-target-class=false")
			.withBean(SwappedTransfers.class)
			.run((context) -> assertThat(context.getBean(Transfers.class).move("a", "b")).containsExactly("a>b"));
	}

	@Test
	void expressionSpeaksOfTheMethodNextToItAlsoForLambdas() {
		this.runner
			.withBean("lambda", Transfers.class,
					() -> (to, from) -> CurrentLock.find().map((lock) -> lock.resources()).orElse(List.of()))
			.run((context) -> assertThat(context.getBean(Transfers.class).move("a", "b")).containsExactly("a>b"));
	}

	interface GenericTransfers<T> {

		@DistributedLock(key = "#what")
		List<String> take(T what);

	}

	static class PlainTransfers {

		public List<String> take(String item) {
			return CurrentLock.find().map((lock) -> lock.resources()).orElse(List.of());
		}

	}

	static class InheritedTransfers extends PlainTransfers implements GenericTransfers<String> {

	}

	@Test
	void superclassWithoutTheGenericInterfaceProvidesTheLockedMethod() {
		with(InheritedTransfers.class, (bean) -> {
			assertThat(bean.take("1")).containsExactly("1");
			assertThat(((GenericTransfers<String>) bean).take("1")).containsExactly("1");
			assertThat(((PlainTransfers) bean).take("1")).containsExactly("1");
		});
	}

	@Test
	void iteratorsAreNeverConsumed() {
		Iterator<String> iterator = Arrays.asList("a", "b").iterator();
		with(Keys.class, (bean) -> assertThatIllegalArgumentException().isThrownBy(() -> bean.alone(iterator)));
		assertThat(iterator.next()).isEqualTo("a");
	}

}
