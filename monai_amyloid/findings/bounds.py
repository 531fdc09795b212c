"""The bounds that a study is judged by, each stated once; texts and pages read them here."""

# Correlation with the template. Simulated scans match at 0.72 to 0.97, half of them above 0.90, a
# real noisy and atrophied scan at 0.83; noise and heads turned over reach 0.65 at most. Smooth
# ellipsoids reach 0.78: the pons tells them.
MINIMUM_MATCH = 0.70
# Amyloid tracers are held in the pons: 1.39 to 1.65 of the cerebellum in real and simulated PET.
# T1-weighted MRI and FDG match at 0.91 and 0.92, but have 1.11 and 0.88; ellipsoids 1.17.
MINIMUM_PONS_SUVR = 1.25
# Shares in the field of view. What is not seen is replaced by the fitted template. With 77 % of the
# cerebellum Centiloid is then off by 1.5, with 67 % by 2.7; with 88 % of the cortex by 0.8 (RMS of
# six simulated scans, cut). But with 90 % of the cortex a quarter of the parietal lobe, which is
# graded, is not seen.
MINIMUM_CEREBELLUM_COVERED = 0.80
MINIMUM_CORTEX_COVERED = 0.90
# A cut of less moves Centiloid by about 0.5.
WHOLE = 0.97
# Edge length of an adult's brain against the template's.
LEAST_HEAD_SCALE, MOST_HEAD_SCALE = 0.75, 1.30
# Growth of volume where the deformation stretches most over where it does least: at most 1.5 on
# simulated and real scans.
MOST_UNEVEN_GROWTH = 2.5

# What was tried on simulated scans; a scan is warned of beyond it and twice the measure's error.
TRIED_FWHM_MM, MOST_FWHM_MM = 8.5, 9.4
TRIED_NOISE_CV, MOST_NOISE_CV = 0.15, 0.17
# Left-right difference over the mean. Good simulated scans reach 0.09, with motion or a shifted CT
# 0.12; a template turned by 8 degrees or shifted by 8 mm gives 0.10 and more.
MOST_ASYMMETRY = 0.12
# Centiloid by the template's weights against the cortex: on simulated scans it is 3 higher on
# average, with an SD of 4.4, and at most 16 away.
MOST_LOAD_DIFFERENCE = 20.0
# Thin cortex is warned of where it seems to take as many Centiloid: real group means, of which
# none is thin, seem to lack 7 to 8.
MOST_THINNING_EFFECT = 10.0

# Centiloid below which amyloid is excluded, and above which it is certain (AMYPAD, Collij et al.
# 2024, doi:10.1002/alz.14336): a measurement beyond them contradicts the grade.
CENTILOID_EXCLUDED, CENTILOID_CERTAIN = 10.0, 30.0

# What living brains are within, with a wide margin. 300 simulated scans of every site reach a
# Centiloid of -13 to 116, 17 apart by the two ways to measure it, a noise of 0.16, and a SUVR of
# 0.38 to 2.02 in any region (benchmarks.studies.normalization.normalization_good). Patients of
# treatment trials have a Centiloid of 104 to 108 on average, a real noisy scan a noise of 0.15.
# Maps of binding potential reach a Centiloid of hundreds and thousands.
LEAST_CENTILOID, MOST_CENTILOID = -60.0, 250.0
MOST_LOAD_APART = 60.0
MOST_POSSIBLE_NOISE_CV = 0.5
LEAST_REGION_SUVR, MOST_REGION_SUVR = 0.2, 6.0

# A grade as probable as this is never left out of the set of likely grades.
MOST_LEFT_OUT = 0.20

# What two scans of one person may differ in without a word. SUVR drifts with the time after the
# injection; ten minutes are half of the usual window of 20 min.
MOST_START_DIFFERENCE_MIN = 10.0
# Acquisitions of 10 and 20 min are both usual; the longer one has less noise, which is measured.
MOST_DURATION_DIFFERENCE_MIN = 5.0
# The measure of the resolution is off by 0.4 mm (SD) on simulated scans: two of one scanner are
# more than 1 mm apart in one pair of thirteen.
MOST_FWHM_DIFFERENCE_MM = 1.0
MOST_ZOOM_DIFFERENCE_MM = 0.5
# The measure of the noise is off by 0.009 (SD), so that this is three times what chance gives.
MOST_NOISE_DIFFERENCE_CV = 0.04
# What realigns a frame, see monai_amyloid.pet.frames.motion.
MOST_MOTION_DIFFERENCE_MM = 2.0
# A share of a region in view, see WHOLE.
MOST_COVERAGE_DIFFERENCE = 0.03
