"""PET images written as files: NIfTI with its BIDS sidecar, and DICOM."""
