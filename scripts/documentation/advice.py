"""What to do about a finding whose own text does not say it after a semicolon."""

_EXPORT = "Export the study again, from the archive of the hospital if possible."
_ORIGINAL = "Pass the series as the scanner sent it, or ask who made the file."
_LOOK = "Read the scan yourself, as if there were no grade: the report shows it."
_AGAIN = (
    "Run the same command again, alone with this study. If it comes back, report it as a fault "
    "([how](../../SECURITY.md)) with the text and without the study."
)
_PICTURE = "See [which pictures are read](../original_study.md#pictures), and export it so."
_TIMES = (
    "The frames are averaged as they are. If you know the time, write it into a BIDS sidecar "
    "([times](../reading.md#times-that-are-wrong))."
)
_COMPARED = (
    "Nothing is wrong with either scan. Take the interval of the change for too narrow, and scan "
    "the next visit as the first one ([what to keep alike](../following.md#warnings))."
)
_CHECK_PICTURE = (
    "Look at the picture in the report: the outlines must fit. Where they do, the numbers hold "
    "with the interval that stands beside them ([quality](../normalization.md))."
)

ADVICE = {
    **dict.fromkeys(
        ("unforeseen_error", "report_failed", "follow_failed", "could_not_be_prepared",
         "preparing_process_ended", "node_process_ended", "picture_process_ended"), _AGAIN
    ),
    **dict.fromkeys(
        ("picture_name", "slice_number", "picture_size", "picture_mode", "slice_twice",
         "picture_could_not_be_read"), _PICTURE
    ),
    **dict.fromkeys(
        ("several_grades_likely", "grade_not_calibrated", "grade_never_alone", "grade_too_unsure",
         "centiloid_unusual_of_grade"), _LOOK
    ),
    **dict.fromkeys(
        ("negative_with_high_centiloid", "positive_with_low_centiloid"),
        f"{_LOOK} See that the outlines fit and that the tracer is the one that was injected: a "
        "wrong one of either shifts the Centiloid.",
    ),
    **dict.fromkeys(
        ("unlike_others_above", "unlike_others_below"),
        f"{_LOOK} If all your scans are so, fit the bundle to them with "
        "[`adapt`](../adapting.md).",
    ),
    **dict.fromkeys(
        ("tracer_differs", "scanner_differs", "time_of_flight_differs",
         "reconstruction_filter_differs", "attenuation_correction_differs",
         "scatter_correction_differs", "reconstruction_differs", "reconstruction_settings_differ",
         "scanner_of_another_machine", "voxels_differ", "resolution_differs", "motion_differs",
         "scan_start_differs", "coverage_differs"), _COMPARED
    ),
    **dict.fromkeys(
        ("dicom_injection_time", "dicom_injection_times_differ", "dicom_time_zone_unknown",
         "dicom_time_missing", "dicom_times_midnight", "ecat_injection_time_unknown",
         "uptake_doubtful", "injection_at_scan", "uptake_impossible", "dicom_injection_differs",
         "late_frames_left_out", "frames_outside_usual_window"), _TIMES
    ),
    **dict.fromkeys(
        ("cerebellum_partly_seen", "cortex_partly_seen", "coarse_resolution", "noisy", "asymmetric",
         "second_centiloid_differs", "thin_cortex", "scan_cut_to_head"), _CHECK_PICTURE
    ),
    **dict.fromkeys(
        ("ecat_data_type", "ecat_frame_times", "too_many_frames", "frames_decay"), _EXPORT
    ),
    **dict.fromkeys(
        ("ecat_no_emission_scan", "voxels_not_scalar", "nrrd_voxels_not_scalar", "mgh_type",
         "image_not_3d", "volume_too_small", "dicom_projection", "no_body", "no_suvr"), _ORIGINAL
    ),
    **dict.fromkeys(
        ("file_missing", "dicom_no_files", "folder_empty", "no_ecat", "no_nifti",
         "list_line_without_path"), "Correct the path ([what is read](../reading.md)).",
    ),
    **dict.fromkeys(
        ("dicom_copies", "dicom_stray_left_out", "dicom_time_frames_missing",
         "dicom_time_frames_counted_otherwise"),
        "If the number of slices is right, nothing. Else pass the folder of one series alone.",
    ),
    "path_unreadable": "Allow this user to read it.",
    "tracers_contradict": "Find out which was injected, and name it with `--tracer` and "
    "`--tracer-is-really`.",
    "memory_full": "Use fewer `--workers`, or a machine with more memory.",
    "node_not_compared": "The reason says why. The scan is graded all the same; compare both "
    "studies with [`follow`](../following.md) once that is put right.",
    "no_dicom_objects": "The reason says what the PACS would need ([objects](../pacs.md)).",
    "no_negatives_of_tracer": "Nothing: the grade and the Centiloid do not need them.",
    "only_a_picture": "Grade the study itself where you have it: a picture proves little.",
    "partly_saturated": "Export the series with a scale that holds the whole range.",
    "eight_bit": "Grade the original where you have it; else take the Centiloid for doubtful.",
    "same_scan_twice": "Remove one of them from the list.",
}  # fmt: skip
