"""Shapes: the heads that are scanned, how they differ, and where in them each tissue is."""
