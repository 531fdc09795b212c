"""Scans of several sites made comparable: one resolution, and what each camera adds taken away."""
