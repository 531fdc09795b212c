"""The files of a result for a PACS, each an object in a series of its own."""

REPORT, FOLLOW_REPORT = "measurements_sr.dcm", "change_sr.dcm"
REFUSAL = "refusal_sr.dcm"
ACTIVATION_SEGMENTS, REGION_SEGMENTS = "activation_seg.dcm", "regions_seg.dcm"
ACTIVATION_MAP, SUVR_MAP = "activation_pm.dcm", "suvr_pm.dcm"
KEY_IMAGES = "key_images_ko.dcm"
PAGE, DOCUMENT = "page_sc.dcm", "report_pdf.dcm"

# Series numbers are a hint for people; these are far from those that scanners and their
# workstations derive from a series' own.
SERIES_NUMBERS = {
    REPORT: 901,
    ACTIVATION_SEGMENTS: 902,
    PAGE: 903,
    DOCUMENT: 904,
    FOLLOW_REPORT: 905,
    REGION_SEGMENTS: 906,
    ACTIVATION_MAP: 907,
    SUVR_MAP: 908,
    KEY_IMAGES: 909,
    REFUSAL: 910,
}
