package dev.millrace.shared;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServer;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Whoever asks and does not read the answer is not waited for without end. */
class UnreadAnswersTests {

    private static final byte[] PART = new byte[64 * 1024];

    private final CountDownLatch ended = new CountDownLatch(1);
    private final WebServer server = start(new NettyReactiveWebServerFactory(0));

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void anAnswerThatIsNotReadComesToAnEnd() throws IOException, InterruptedException {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.getPort())) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));

            assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private WebServer start(NettyReactiveWebServerFactory factory) {
        new UnreadAnswers(Duration.ofMillis(200)).customize(factory);
        WebServer started = factory.getWebServer(this::answer);
        started.start();
        return started;
    }

    private Mono<Void> answer(ServerHttpRequest request, ServerHttpResponse response) {
        return response.writeWith(Flux.<DataBuffer>generate(
                        parts -> parts.next(response.bufferFactory().wrap(PART))))
                .onErrorComplete()
                .doFinally(signal -> ended.countDown());
    }
}
