"""Words of the viewer of one scan."""

from monai_amyloid.findings.finding import phrase
from monai_amyloid.pictures.window import USUAL_SHARE
from monai_amyloid.report.words import by_name

VIEWER_WORDS = by_name(
    phrase("viewer_view", "View"),
    phrase("viewer_mosaic", "Axial slices"),
    phrase("viewer_planes", "Three planes"),
    phrase("viewer_projection", "Maximum projection"),
    phrase("viewer_map", "What drove the grade"),
    phrase("viewer_map_off", "hidden"),
    phrase("viewer_map_on", "on the scan"),
    phrase("viewer_map_beside", "beside it"),
    phrase("viewer_strongest", "Go to its maximum"),
    phrase("viewer_opacity", "Opacity of what drove the grade"),
    phrase("viewer_compare", "Compare with simulated scans"),
    phrase("viewer_patient", "This scan"),
    phrase("viewer_with_map", "What drove the grade"),
    phrase("viewer_negative", "Negative (simulated)"),
    phrase("viewer_positive", "Positive (simulated)"),
    phrase("viewer_darkest", "Window"),
    phrase("viewer_white_matter", "# of white matter"),
    phrase("viewer_widest", "Reset"),
    phrase("viewer_colours", "Colours"),
    phrase("viewer_inverse", "Inverse grey"),
    phrase("viewer_grey", "Grey"),
    phrase("viewer_spectrum", "Spectrum"),
    phrase("viewer_hot", "Hot metal"),
    phrase("viewer_steps", "Spectrum in 20 steps"),
    phrase("viewer_sides", "Sides"),
    phrase("viewer_radiological", "Radiological (left on the right)"),
    phrase("viewer_neurological", "Neurological (left on the left)"),
    phrase("viewer_zoom", "Zoom"),
    phrase("viewer_closer", "Zoom in"),
    phrase("viewer_farther", "Zoom out"),
    phrase("viewer_lines", "Lines on the scan"),
    phrase(
        "viewer_scale_note",
        "The scale begins at SUVR 0 and ends at a share of this scan's own deep white matter. It "
        "opens so wide that nothing in the brain is clipped: {share:.0%} of white matter, or more "
        "where the brain's highest uptake needs it.",
        share=USUAL_SHARE,
    ),
    phrase(
        "viewer_compare_note",
        "The scans beside it are simulated, not of patients: florbetaben without noise, Centiloid "
        "0 and 80, at the same places and with the same share of their own white matter.",
    ),
    phrase(
        "viewer_scan_note",
        "The normalised scan in template space, cut to the brain; SUVR over the whole cerebellum. "
        "L and R: the patient's left and right. Axial slices begin at the cerebellum. The lines "
        "belong to the template and must match the scan; cortex is the Centiloid region.",
    ),
    phrase("viewer_controls", "Mouse, keys and touch"),
    phrase(
        "viewer_keys_mosaic",
        "Axial slices: click one, or choose it with the arrow keys and press Enter, to see the "
        "three planes there.",
    ),
    phrase(
        "viewer_keys_scroll",
        "Three planes: scroll with the wheel, the slider, a drag to the side with one finger, or "
        "the arrow keys, Page Up, Page Down, Home and End. Click or tap a point to see it in every "
        "plane.",
    ),
    phrase(
        "viewer_keys_zoom",
        "Zoom: plus and minus, 0 for the whole brain, Ctrl and the wheel, or two fingers. Window: "
        "the comma and the full stop. M: what drove the grade. S: change sides.",
    ),
)
