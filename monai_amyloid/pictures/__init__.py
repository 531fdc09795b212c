"""Scans as pictures, and the paper that they are drawn on."""
