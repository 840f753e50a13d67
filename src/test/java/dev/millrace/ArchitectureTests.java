package dev.millrace;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.function.Predicate.not;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;

/** The features know only those they may know, show only what they must, and never hold a thread up. */
class ArchitectureTests {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.millrace");

    /** What a feature shows to others; everything else in it is its own affair. */
    private static final Set<String> PUBLIC = Set.of(
            "dev.millrace.Millrace",
            "dev.millrace.balance.BalanceService",
            "dev.millrace.balance.InsufficientBalance",
            "dev.millrace.database.BinaryArrays",
            "dev.millrace.event.AggregateRoot",
            "dev.millrace.event.DomainEvent",
            "dev.millrace.event.EventHandler",
            "dev.millrace.event.EventPublisher",
            "dev.millrace.event.EventType",
            "dev.millrace.event.RemoteEventHandler",
            "dev.millrace.event.Subscriber",
            "dev.millrace.export.ExternalPlatformClient",
            "dev.millrace.export.OrderPayload",
            "dev.millrace.export.OrderPayload$Item",
            "dev.millrace.idempotency.Idempotency",
            "dev.millrace.idempotency.Idempotency$Success",
            "dev.millrace.order.IllegalTransition",
            "dev.millrace.order.Order",
            "dev.millrace.order.OrderConfirmationFailedEvent",
            "dev.millrace.order.OrderConfirmedEvent",
            "dev.millrace.order.OrderExportRequestedEvent",
            "dev.millrace.order.OrderExportRequestedEvent$Item",
            "dev.millrace.order.OrderItem",
            "dev.millrace.order.OrderStatus",
            "dev.millrace.order.OrderToPay",
            "dev.millrace.order.OrderUseCase",
            "dev.millrace.order.PaymentRefundedEvent",
            "dev.millrace.order.UndoneSale",
            "dev.millrace.event.Attempt",
            "dev.millrace.event.Failure",
            "dev.millrace.event.Faults",
            "dev.millrace.event.PermanentFailure",
            "dev.millrace.event.Suspended",
            "dev.millrace.event.TransientFailure",
            "dev.millrace.export.RefundPayload",
            "dev.millrace.order.ProductSalesRankRecordedEvent",
            "dev.millrace.order.ProductSalesRankRecordedEvent$Sale",
            "dev.millrace.payment.PaymentStatus",
            "dev.millrace.product.Product",
            "dev.millrace.product.ProductService",
            "dev.millrace.transaction.DeferredChange",
            "dev.millrace.transaction.DeferredChange$Part",
            "dev.millrace.transaction.JointStatement",
            "dev.millrace.transaction.Lane");

    /** Those with a life of their own, and two that hand their work to somebody who waits for it. */
    private static final Set<String> SUBSCRIBERS = Set.of(
            "dev.millrace.database.Checkpoints",
            "dev.millrace.event.EventDelivery",
            "dev.millrace.event.KafkaDelivery",
            "dev.millrace.shared.Drain",
            "dev.millrace.shared.InFlight",
            "dev.millrace.shared.Recurring",
            "dev.millrace.transaction.PipelinedConnection",
            "dev.millrace.transaction.SpanStatement",
            "dev.millrace.transaction.TransactionLane");

    private static final Set<String> MAY_WAIT = Set.of("dev.millrace.database.Checkpoints.closeDatabase()");

    @Test
    void hasNoCycleBetweenFeatures() {
        slices().matching("dev.millrace.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @ParameterizedTest
    @CsvSource({
        "payment,     balance order event idempotency transaction shared",
        "balance,     idempotency transaction shared",
        "order,       product event transaction shared",
        "export,      order event shared",
        "ranking,     order product event transaction shared",
        "event,       transaction shared",
        "idempotency, transaction shared",
        "product,     transaction shared",
        "transaction, shared",
        "database,    shared",
        "invariant,   shared",
        "shared,      ''"
    })
    void letsAFeatureKnowOnlyThese(String feature, String known) {
        String[] allowed = Stream.concat(Stream.of(feature), Arrays.stream(known.split(" ")))
                .filter(not(String::isEmpty))
                .map(name -> "dev.millrace." + name + "..")
                .toArray(String[]::new);
        DescribedPredicate<JavaClass> another = resideInAPackage("dev.millrace..")
                .and(DescribedPredicate.not(resideInAnyPackage(allowed)))
                .as("another feature");

        noClasses()
                .that()
                .resideInAPackage("dev.millrace." + feature + "..")
                .should()
                .dependOnClassesThat(another)
                .check(CLASSES);
    }

    @Test
    void hasNoFeatureThatTheRulesDoNotName() {
        classes()
                .should()
                .resideInAnyPackage(Stream.of(
                                "",
                                ".payment",
                                ".balance",
                                ".order",
                                ".export",
                                ".ranking",
                                ".event",
                                ".idempotency",
                                ".product",
                                ".transaction",
                                ".database",
                                ".invariant",
                                ".shared")
                        .map(name -> "dev.millrace" + name)
                        .toArray(String[]::new))
                .check(CLASSES);
    }

    @Test
    void letsNobodyDependOnPaymentsOrTheDatabase() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.millrace.payment..", "dev.millrace.database..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.payment..", "dev.millrace.database..")
                .check(CLASSES);
    }

    @Test
    void showsOnlyWhatOthersNeed() {
        classes()
                .that()
                .resideOutsideOfPackage("dev.millrace.shared..")
                .and(are("not named as public", type -> !PUBLIC.contains(type.getName())))
                .and(are("not nested in one that is hidden", ArchitectureTests::isReachable))
                .should()
                .notBePublic()
                .check(CLASSES);
    }

    @Test
    void blocksNowhere() {
        noClasses()
                .should()
                .callMethodWhere(call(
                                "a call that waits",
                                access ->
                                        isPublisher(access) && access.getName().startsWith("block"))
                        .or(call(
                                "a sleep",
                                access -> isOwnedBy(access, Thread.class)
                                        && access.getName().equals("sleep")))
                        .or(call(
                                "a wait for a future",
                                access -> isOwnedBy(access, CompletableFuture.class)
                                        && Set.of("join", "get").contains(access.getName())
                                        && !MAY_WAIT.contains(nameOf(access)))))
                .check(CLASSES);
    }

    @Test
    void subscribesOnlyWhereALifeBegins() {
        noClasses()
                .that(are("not named as subscribers", type -> !SUBSCRIBERS.contains(type.getName())))
                .should()
                .callMethodWhere(call(
                        "a subscription",
                        access -> isPublisher(access)
                                && (access.getName().equals("subscribe")
                                        || access.getName().equals("toFuture"))))
                .check(CLASSES);
    }

    @Test
    void asksTheClockForTheTime() {
        noClasses()
                .should()
                .callMethodWhere(call(
                                "a look at the time past the Clock",
                                access -> access.getName().equals("now")
                                        && access.getTargetOwner()
                                                .getPackageName()
                                                .equals(Instant.class.getPackageName()))
                        .or(call(
                                "the system's time",
                                access -> isOwnedBy(access, System.class)
                                        && Set.of("currentTimeMillis", "nanoTime")
                                                .contains(access.getName())))
                        .or(call(
                                "a clock of its own",
                                access -> isOwnedBy(access, Clock.class)
                                        && access.getName().startsWith("system")
                                        && !nameOf(access).startsWith("dev.millrace.database.DatabaseConfiguration."))))
                .check(CLASSES);
    }

    @Test
    void injectsThroughConstructors() {
        ArchRule rule = fields().should()
                .notBeAnnotatedWith(Autowired.class)
                .andShould()
                .notBeAnnotatedWith(Value.class)
                .andShould()
                .notBeAnnotatedWith("jakarta.inject.Inject")
                .andShould()
                .notBeAnnotatedWith("jakarta.annotation.Resource");

        rule.check(CLASSES);
    }

    private static boolean isReachable(JavaClass type) {
        return type.getEnclosingClass()
                .map(outer -> outer.getModifiers().contains(JavaModifier.PUBLIC))
                .orElse(true);
    }

    private static boolean isPublisher(JavaAccess<?> access) {
        return access.getTargetOwner().isAssignableTo(Publisher.class);
    }

    private static boolean isOwnedBy(JavaAccess<?> access, Class<?> type) {
        return access.getTargetOwner().isAssignableTo(type);
    }

    private static String nameOf(JavaAccess<?> access) {
        return access.getOrigin().getFullName();
    }

    private static DescribedPredicate<JavaClass> are(String description, Predicate<JavaClass> rule) {
        return describe(description, rule);
    }

    private static DescribedPredicate<JavaMethodCall> call(String description, Predicate<JavaMethodCall> rule) {
        return describe(description, rule);
    }
}
