package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.reactive.TransactionalOperator;

/** Has events travel through Kafka. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = "millrace.bus.transport", havingValue = "kafka")
class KafkaConfiguration {

    @Bean
    KafkaRecordSender kafkaRecordSender(BusProperties properties) {
        return new KafkaRecordSender(properties.kafka());
    }

    @Bean
    KafkaRelay kafkaRelay(
            DeliveryQueue queue,
            DeliveryRepository deliveries,
            AttemptRepository attempts,
            KafkaRecordSender sender,
            TransactionalOperator tx,
            BusProperties properties,
            Clock clock) {
        return new KafkaRelay(queue, deliveries, attempts, sender, tx, properties, clock);
    }

    @Bean
    EventTransport kafkaEventTransport(KafkaRelay relay, BusProperties properties, NoArgGenerator uuids, Clock clock) {
        return new KafkaEventTransport(relay, properties, uuids, clock);
    }

    @Bean
    KafkaUnreadableEventHandler kafkaUnreadableEventHandler() {
        return new KafkaUnreadableEventHandler();
    }

    @Bean
    KafkaInbox kafkaInbox(
            EventRepository events,
            DeliveryQueue queue,
            EventTransport transport,
            DeliverySweeper sweeper,
            Subscribers subscribers,
            EventCodec codec,
            TransactionalOperator tx,
            BusProperties properties,
            NoArgGenerator uuids,
            Clock clock) {
        return new KafkaInbox(events, queue, transport, sweeper, subscribers, codec, tx, properties, uuids, clock);
    }

    @Bean
    KafkaDelivery kafkaDelivery(
            KafkaRelay relay,
            KafkaInbox inbox,
            KafkaRecordSender sender,
            Subscribers subscribers,
            BusProperties properties,
            @Value("${millrace.shutdown.drain-timeout}") Duration drainTimeout) {
        return new KafkaDelivery(new KafkaTopics(properties.kafka()), relay, inbox, sender, subscribers, drainTimeout);
    }
}
