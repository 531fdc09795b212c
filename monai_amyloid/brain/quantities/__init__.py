"""What is measured: SUVR, Centiloid, and how far from others they are."""
