"""Simulated cohorts: who is in them, how readers grade them, and the truth."""
