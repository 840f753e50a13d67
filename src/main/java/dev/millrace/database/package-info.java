/**
 * Where everything is kept: connections, transactions, and what it takes to be on disk. {@link dev.millrace.database.BinaryArrays} is
 * public for the driver, which finds it as a service.
 */
@NullMarked
package dev.millrace.database;

import org.jspecify.annotations.NullMarked;
