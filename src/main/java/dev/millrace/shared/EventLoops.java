package dev.millrace.shared;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.resources.LoopResources;

/**
 * The threads that read and write: about one for each core, for clients and the database alike. Left to themselves,
 * each has four at least, which on few cores do nothing but take turns.
 *
 * <p>An odd number: threads are given out in turn, and a connection that is opened takes two turns, one to look up the name. Of an
 * even number, half would never get a connection to the database.
 */
@Configuration(proxyBeanMethods = false)
class EventLoops {

    @Bean
    LoopResources loopResources() {
        int loops = Runtime.getRuntime().availableProcessors() | 1;
        return LoopResources.create("io", loops, loops, true, false);
    }

    @Bean
    ReactorResourceFactory reactorResourceFactory(LoopResources eventLoops) {
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setLoopResources(eventLoops);
        return resources;
    }
}
