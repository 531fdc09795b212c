"""Scans as pictures: slices, outlines, small ones of thousands."""
