"""How far a normalised scan can be trusted."""
