package dev.millrace.event;

import dev.millrace.event.AttemptRepository.Outcome;
import java.time.Instant;

/** One line of a delivery's history: an attempt that failed, or what an operator did and why. */
record PastAttempt(int attempt, Outcome outcome, String reason, Instant at) {}
