/** Where everything is kept: connections, transactions, and what it takes to be on disk. */
@NullMarked
package dev.millrace.database;

import org.jspecify.annotations.NullMarked;
