"""Many things at once: an engine makes them, a crash or an interrupt ends no more than it must."""
