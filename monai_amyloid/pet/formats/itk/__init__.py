"""Formats that are read through SimpleITK."""
