"""When slices and frames of DICOM were measured."""
