"""Simulated people: their heads, their disease, what their tissues hold."""
