"""The settings of a training: what each may be, and what it changes."""
