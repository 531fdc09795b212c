"""Positions and Centiloid after normalisation, beside other programs."""
