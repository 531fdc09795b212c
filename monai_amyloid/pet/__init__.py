"""A PET study: from DICOM or NIfTI to one volume with its geometry, tracer and provenance."""
