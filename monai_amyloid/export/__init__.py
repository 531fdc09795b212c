"""Trained weights and their configs become a MONAI Bundle, and a bundle is checked."""
