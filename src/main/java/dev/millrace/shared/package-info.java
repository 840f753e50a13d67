/** Words that every feature uses: money, problems, requests, pages. */
@NullMarked
package dev.millrace.shared;

import org.jspecify.annotations.NullMarked;
