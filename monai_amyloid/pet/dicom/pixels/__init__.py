"""The voxels of a DICOM file, whatever they are packed in."""
