package dev.millrace;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the payment service. */
@SpringBootApplication
public class Millrace {

    public static void main(String[] args) {
        SpringApplication.run(Millrace.class, args);
    }
}
