/** What the tests stand on: the service started once, a client for it, and the rules every reactive test obeys. */
package dev.millrace.harness;
