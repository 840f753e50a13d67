package dev.millrace.export;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what is sent, once with each secret, so that the receiver can tell that it comes from here, unchanged and just now.
 *
 * @see <a href="https://www.standardwebhooks.com/">Standard Webhooks</a>
 */
final class WebhookSignature {

    private static final String ALGORITHM = "HmacSHA256";
    private static final String PREFIX = "whsec_";
    private static final int SHORTEST = 24;
    private static final int LONGEST = 64;

    private final List<SecretKeySpec> keys;

    /** Refuses secrets that are none, without repeating them. */
    WebhookSignature(List<String> secrets) {
        this.keys = secrets.stream().map(WebhookSignature::toKey).toList();
    }

    boolean isConfigured() {
        return !keys.isEmpty();
    }

    /** The signatures of exactly these bytes, with a space between them. */
    String sign(String id, Instant timestamp, byte[] body) {
        byte[] head = (id + "." + timestamp.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8);
        return keys.stream()
                .map(key -> "v1," + Base64.getEncoder().encodeToString(hash(key, head, body)))
                .collect(Collectors.joining(" "));
    }

    private static SecretKeySpec toKey(String secret) {
        byte[] key = secret.startsWith(PREFIX) ? decode(secret.substring(PREFIX.length())) : new byte[0];
        if (key.length < SHORTEST || key.length > LONGEST) {
            throw new IllegalArgumentException(
                    "millrace.export.secrets: each is whsec_ and then 24 to 64 random bytes in base64");
        }
        return new SecretKeySpec(key, ALGORITHM);
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static byte[] hash(SecretKeySpec key, byte[] head, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(head);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
