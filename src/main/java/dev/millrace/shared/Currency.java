package dev.millrace.shared;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The one currency of the service, by its ISO 4217 code; {@link Money} counts its minor unit. */
@Component
public final class Currency {

    private final String code;

    public Currency(@Value("${millrace.currency}") String code) {
        this.code = java.util.Currency.getInstance(code).getCurrencyCode();
    }

    public String code() {
        return code;
    }
}
