"""Grade amyloid brain PET into BAPL 1, 2, 3. Research software, not a medical device."""

__version__ = "0.1.0"
