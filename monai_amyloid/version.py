"""The version of the program, stated here alone."""

__version__ = "1.0.0rc1"
