package dev.millrace.shared;

import io.netty.handler.timeout.WriteTimeoutHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Drops the connection of a client that does not read its answer. Until the answer is written the request is under way, and
 * holds one of the places that {@link Admission} gives out; what it asked for is done.
 */
@Component
class UnreadAnswers implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

    private final long patience;

    UnreadAnswers(@Value("${millrace.admission.write-timeout}") Duration patience) {
        this.patience = patience.toMillis();
    }

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        factory.addServerCustomizers(server -> server.doOnChannelInit((observer, channel, address) ->
                channel.pipeline().addFirst(new WriteTimeoutHandler(patience, TimeUnit.MILLISECONDS))));
    }
}
