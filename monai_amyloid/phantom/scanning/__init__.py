"""Simulated scanners, and what goes wrong in them."""
