"""DICOM PET: from the headers of a series to its time frames, and back into files."""
