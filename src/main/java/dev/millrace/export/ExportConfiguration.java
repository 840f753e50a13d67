package dev.millrace.export;

import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ExportProperties.class)
class ExportConfiguration {

    @Bean
    ExternalPlatformClient externalPlatformClient(ExportProperties properties, Clock clock) {
        return properties.url() == null
                ? new FakeExternalPlatformClient(properties)
                : new HttpExternalPlatformClient(properties, clock);
    }
}
