//! Connecting to the engine or starting it; typed calls; the subscription.
