"""What the codes mean, in every language: those of this program, and those that it borrows."""

from collections.abc import Mapping

from pydicom.sr.coding import Code

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.pacs.concepts import OWN_MEANINGS

# Codes of PS3.16 and SNOMED CT that the objects hold.
_BORROWED = {
    ("DCM", "109102"): phrase("dicom_m_equipment", "Processing Equipment"),
    ("DCM", "111000"): phrase("dicom_m_algorithm_family", "Algorithm Family"),
    ("DCM", "111001"): phrase("dicom_m_algorithm_name", "Algorithm Name"),
    ("DCM", "111002"): phrase("dicom_m_algorithm_parameters", "Algorithm Parameters"),
    ("DCM", "111003"): phrase("dicom_m_algorithm_version", "Algorithm Version"),
    ("DCM", "122405"): phrase("dicom_m_algorithm_manufacturer", "Algorithm Manufacturer"),
    ("DCM", "123110"): phrase("dicom_m_ai", "Artificial Intelligence"),
    ("DCM", "111028"): phrase("dicom_m_library", "Image Library"),
    ("DCM", "126200"): phrase("dicom_m_library_group", "Image Library Group"),
    ("DCM", "111030"): phrase("dicom_m_image_region", "Image Region"),
    ("DCM", "112039"): phrase("dicom_m_tracking", "Tracking Identifier"),
    ("DCM", "112040"): phrase("dicom_m_tracking_uid", "Tracking Unique Identifier"),
    ("DCM", "112227"): phrase("dicom_m_frame_of_reference", "Frame of Reference UID"),
    ("DCM", "113000"): phrase("dicom_m_of_interest", "Of Interest"),
    ("DCM", "113012"): phrase("dicom_m_key_description", "Key Object Description"),
    ("DCM", "121005"): phrase("dicom_m_observer_type", "Observer Type"),
    ("DCM", "121007"): phrase("dicom_m_device", "Device"),
    ("DCM", "121012"): phrase("dicom_m_device_uid", "Device Observer UID"),
    ("DCM", "121013"): phrase("dicom_m_device_name", "Device Observer Name"),
    ("DCM", "121014"): phrase("dicom_m_device_manufacturer", "Device Observer Manufacturer"),
    ("DCM", "121015"): phrase("dicom_m_device_model", "Device Observer Model Name"),
    ("DCM", "121016"): phrase("dicom_m_device_serial", "Device Observer Serial Number"),
    ("DCM", "121049"): phrase("dicom_m_language", "Language of Content Item and Descendants"),
    ("DCM", "121058"): phrase("dicom_m_procedure", "Procedure reported"),
    ("DCM", "121071"): phrase("dicom_m_finding", "Finding"),
    ("DCM", "121106"): phrase("dicom_m_comment", "Comment"),
    ("DCM", "121139"): phrase("dicom_m_modality", "Modality"),
    ("DCM", "121191"): phrase("dicom_m_segment", "Referenced Segment"),
    ("DCM", "121232"): phrase("dicom_m_source_series", "Source Series for Segmentation"),
    ("DCM", "121401"): phrase("dicom_m_derivation", "Derivation"),
    ("DCM", "121405"): phrase("dicom_m_population", "Population Description"),
    ("DCM", "121416"): phrase("dicom_m_z", "Z-Score of measurement"),
    ("DCM", "125007"): phrase("dicom_m_group", "Measurement Group"),
    ("DCM", "126003"): phrase("dicom_m_report", "PET Measurement Report"),
    ("DCM", "126010"): phrase("dicom_m_measurements", "Imaging Measurements"),
    ("DCM", "PT"): phrase("dicom_m_pet", "Positron emission tomography"),
    ("DCM", "111060"): phrase("dicom_m_study_date", "Study Date"),
    ("LN", "44136-0"): phrase("dicom_m_pet_procedure", "PET unspecified body region"),
    ("SCT", "10828004"): phrase("dicom_m_positive", "Positive"),
    ("SCT", "260385009"): phrase("dicom_m_negative", "Negative"),
    ("SCT", "113305005"): phrase("dicom_m_cerebellum", "Cerebellum"),
    ("SCT", "12738006"): phrase("dicom_m_brain", "Brain"),
    ("SCT", "40146001"): phrase("dicom_m_cortex", "Cerebral cortex"),
    ("SCT", "83251001"): phrase("dicom_m_frontal", "Frontal lobe"),
    ("SCT", "16630005"): phrase("dicom_m_parietal", "Parietal lobe"),
    ("SCT", "78277001"): phrase("dicom_m_temporal", "Temporal lobe"),
    ("SCT", "7771000"): phrase("dicom_m_left", "Left"),
    ("SCT", "24028007"): phrase("dicom_m_right", "Right"),
    ("SCT", "272741003"): phrase("dicom_m_side", "Laterality"),
    ("SCT", "363698007"): phrase("dicom_m_site", "Finding Site"),
    ("SCT", "260753009"): phrase("dicom_m_source", "Source (attribute)"),
    ("SCT", "246205007"): phrase("dicom_m_quantity", "Quantity"),
    ("SCT", "373098007"): phrase("dicom_m_mean", "Mean"),
    ("SCT", "371885007"): phrase("dicom_m_lower", "-, range of lower measurement uncertainty"),
    ("SCT", "371886008"): phrase("dicom_m_upper", "+, range of upper measurement uncertainty"),
    ("SCT", "309825002"): phrase("dicom_m_spatial", "Spatial and Relational Concept"),
    ("SCT", "91723000"): phrase("dicom_m_anatomy", "Anatomical Structure"),
}
MEANINGS: Mapping[tuple[str, str], Phrase] = OWN_MEANINGS | _BORROWED


def meaning_of(code: Code) -> Phrase:
    """What a code means, as a phrase; in English where no other text is known.

    Args:
        code: Code of a scheme.
    """
    known = MEANINGS.get((code.scheme_designator, code.value))
    return known or Phrase("meaning", "{meaning}", {"meaning": code.meaning})
