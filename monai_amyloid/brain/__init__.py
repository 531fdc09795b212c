"""Where things are in an amyloid PET: registration, SUVR, Centiloid and quality."""
