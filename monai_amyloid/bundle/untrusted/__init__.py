"""A bundle from elsewhere, understood without running anything of it."""
