package dev.millrace.export;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An external platform that answers as a test wants it to, or not at all, and remembers what it was sent. */
final class PlatformStandIn implements AutoCloseable {

    /** One request, as it came. */
    record Call(HttpHeaders headers, byte[] body, SocketAddress sender) {

        String header(String name) {
            return headers.get(name);
        }

        JsonNode json() {
            return JsonMapper.shared().readTree(body);
        }

        OrderPayload order() {
            return JsonMapper.shared().treeToValue(json().path("data"), OrderPayload.class);
        }
    }

    /** What the platform does with a request. */
    interface Answer {
        Publisher<Void> to(HttpServerResponse response);
    }

    final AtomicLong bytesSent = new AtomicLong();

    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final Map<String, OrderPayload> accepted = new LinkedHashMap<>();
    private final AtomicLong openConnections = new AtomicLong();
    private final DisposableServer server;
    private volatile Answer answer = status(200);

    PlatformStandIn() {
        this.server = HttpServer.create()
                .host("localhost")
                .doOnChannelInit((observer, channel, remote) -> count(channel))
                .route(routes -> routes.post("/orders", this::take).get("/**", this::take))
                .bindNow();
    }

    URI url() {
        return URI.create("http://localhost:" + server.port() + "/orders");
    }

    void answers(Answer answer) {
        this.answer = answer;
    }

    List<Call> calls() {
        return calls;
    }

    /** What was answered with 200, each key once, in the order of their first coming. */
    List<OrderPayload> accepted() {
        synchronized (accepted) {
            return List.copyOf(accepted.values());
        }
    }

    Collection<String> acceptedKeys() {
        synchronized (accepted) {
            return List.copyOf(accepted.keySet());
        }
    }

    long connections() {
        return calls.stream().map(Call::sender).distinct().count();
    }

    long openConnections() {
        return openConnections.get();
    }

    @Override
    public void close() {
        server.disposeNow(Duration.ofSeconds(1));
    }

    static Answer status(int status) {
        return response -> response.status(status).send();
    }

    static Answer status(int status, String header, String value) {
        return response -> response.status(status).header(header, value).send();
    }

    static Answer body(int status, String body) {
        return response -> response.status(status).sendString(Mono.just(body));
    }

    static Answer later(Duration delay, Answer answer) {
        return response -> Mono.delay(delay).thenMany(Flux.defer(() -> answer.to(response)));
    }

    static Answer silence() {
        return response -> Mono.never();
    }

    static Answer hangUp() {
        return response -> Mono.fromRunnable(() -> response.withConnection(connection -> connection.dispose()));
    }

    /** Writes just this to the connection, and hangs up. */
    static Answer raw(String bytes) {
        return response -> Mono.<Void>fromRunnable(() -> response.withConnection(connection -> connection
                        .channel()
                        .pipeline()
                        .firstContext()
                        .writeAndFlush(Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1))
                        .addListener(written -> connection.dispose())))
                .then(Mono.never());
    }

    /** A body without an end, as fast as it is read. */
    Answer endless(int status) {
        return response -> response.status(status).send(Flux.<ByteBuf>generate(sink -> {
            bytesSent.addAndGet(8 * 1024);
            sink.next(Unpooled.wrappedBuffer(new byte[8 * 1024]));
        }));
    }

    /** A body without an end, a byte at a time. */
    static Answer trickle(int status) {
        return response -> response.status(status)
                .send(
                        Flux.interval(Duration.ofMillis(20)).map(tick -> Unpooled.wrappedBuffer(new byte[1])),
                        written -> true);
    }

    private void count(Channel channel) {
        openConnections.incrementAndGet();
        channel.closeFuture().addListener(closed -> openConnections.decrementAndGet());
    }

    private Publisher<Void> take(HttpServerRequest request, HttpServerResponse response) {
        return request.receive()
                .aggregate()
                .asByteArray()
                .defaultIfEmpty(new byte[0])
                .map(body -> new Call(request.requestHeaders().copy(), body, request.remoteAddress()))
                .doOnNext(calls::add)
                .flatMap(call -> Mono.from(answer(call, response)));
    }

    private Publisher<Void> answer(Call call, HttpServerResponse response) {
        Publisher<Void> answering = answer.to(response);
        noteAccepted(call, response);
        return answering;
    }

    /** Before the answer is sent, so that whoever has it finds the order here. */
    private void noteAccepted(Call call, HttpServerResponse response) {
        if (response.status().code() == 200) {
            synchronized (accepted) {
                accepted.putIfAbsent(call.header("Idempotency-Key"), call.order());
            }
        }
    }
}
