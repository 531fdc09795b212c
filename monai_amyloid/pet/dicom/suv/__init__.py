"""Standardized uptake values, where the header allows them."""
