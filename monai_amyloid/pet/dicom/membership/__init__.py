"""Which files make up one image, and what else lies among them."""
