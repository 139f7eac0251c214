//! The owner of the store and of every run: socket server, request handlers, run loop, timers, recovery.
