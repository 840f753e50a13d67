package dev.millrace.shared;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;

/** A connection serves one request after the other, however soon the next one comes. */
@RunningService
@RequiredArgsConstructor
class KeepAliveTests {

    private static final String SLOW = "GET /products?limit=1 HTTP/1.1\r\nHost: millrace\r\n\r\n";
    private static final String AT_ONCE = "GET /nowhere HTTP/1.1\r\nHost: millrace\r\n\r\n";
    private static final int PATIENCE_MILLIS = 5_000;

    private final Shop shop;

    /** See reactor-netty#4361: what waited for an earlier request and was answered at once was the last to be read. */
    @Test
    void readsOnAfterARequestThatWaitedForItsTurn() throws IOException {
        URI address = shop.rawUri("/");
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));

            send(socket, SLOW + AT_ONCE);
            assertThat(nextStatus(answers)).contains(" 200 ");
            assertThat(nextStatus(answers)).contains(" 404 ");

            send(socket, SLOW);
            assertThat(nextStatus(answers)).contains(" 200 ");
        }
    }

    private static void send(Socket socket, String requests) throws IOException {
        socket.getOutputStream().write(requests.getBytes(US_ASCII));
    }

    /** The next line that a status begins; headers and bodies are passed over. */
    private static String nextStatus(BufferedReader answers) throws IOException {
        String line = answers.readLine();
        while (!line.contains("HTTP/1.1 ")) {
            line = answers.readLine();
        }
        return line;
    }
}
