"""Every fold of a cross-validation, each training in a process of its own."""
