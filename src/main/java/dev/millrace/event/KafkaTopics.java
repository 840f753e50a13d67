package dev.millrace.event;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/** The topics that events travel through. */
@Slf4j
@RequiredArgsConstructor
final class KafkaTopics {

    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    private final BusProperties.Kafka kafka;

    /** Creates those that are missing; tries until a broker is there that does it, however long that takes. */
    Mono<Void> create() {
        return Mono.usingWhen(connect(), this::createMissing, KafkaTopics::disconnect)
                .doOnError(error -> log.warn("Kafka is not there yet: {}", error.toString()))
                .retryWhen(Retry.backoff(Long.MAX_VALUE, FIRST_WAIT).maxBackoff(LONGEST_WAIT));
    }

    private Mono<Admin> connect() {
        return Mono.fromCallable(() -> Admin.create(KafkaSettings.forAdministration(kafka)))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static Mono<Void> disconnect(Admin admin) {
        return Mono.<Void>fromRunnable(() -> admin.close(KafkaSettings.CLOSE_TIMEOUT))
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** Asks first: who may use the topics need not be allowed to create any. */
    private Mono<Void> createMissing(Admin admin) {
        return Mono.fromCompletionStage(() -> admin.listTopics().names().toCompletionStage())
                .map(this::missing)
                .filter(missing -> !missing.isEmpty())
                .flatMap(missing -> create(admin, missing));
    }

    private Mono<Void> create(Admin admin, List<NewTopic> missing) {
        log.info("Creating {}", missing);
        return Mono.fromCompletionStage(() -> admin.createTopics(missing).all().toCompletionStage())
                .onErrorComplete(TopicExistsException.class);
    }

    private List<NewTopic> missing(Set<String> existing) {
        return List.of(kafka.topic(), kafka.deadLetterTopic()).stream()
                .filter(name -> !existing.contains(name))
                .map(this::described)
                .toList();
    }

    private NewTopic described(String name) {
        return new NewTopic(name, kafka.partitions(), kafka.replicationFactor())
                .configs(Map.of(
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(kafka.retention().toMillis())));
    }
}
