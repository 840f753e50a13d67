package dev.millrace.idempotency;

import dev.millrace.shared.Purge;
import dev.millrace.shared.Recurring;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(IdempotencyProperties.class)
class IdempotencyConfiguration {

    @Bean
    Recurring answerPurge(AnswerRepository answers, Purge purge, IdempotencyProperties properties) {
        return new Recurring(
                "Purging answers", properties.purgeInterval(), purge.olderThan(properties.retention(), answers::purge));
    }
}
