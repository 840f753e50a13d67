package dev.millrace.shared;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.resources.LoopResources;

/**
 * The threads that read and write: one for each core, for clients, the database and the platform alike. Left to itself, each of
 * them has four at least, who on few cores do nothing but take turns.
 */
@Configuration(proxyBeanMethods = false)
class EventLoops {

    @Bean
    LoopResources loopResources() {
        int cores = Runtime.getRuntime().availableProcessors();
        return LoopResources.create("io", cores, cores, true, false);
    }

    @Bean
    ReactorResourceFactory reactorResourceFactory(LoopResources eventLoops) {
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setLoopResources(eventLoops);
        return resources;
    }
}
