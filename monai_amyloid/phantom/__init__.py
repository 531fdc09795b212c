"""Simulated amyloid PET: anatomy, disease, scanner and reader, each with its truth."""
