# Commands for people: `make demo`, `make quick`, `make test`. All make the environment they need.
# `make coverage` prints what the tests reach, and names the files of which it is under 90 %.
# `make elsewhere` starts the other programs that take the bundle, each in its own environment.
# `make weights` makes the weights of bundles/, `make full-size-weights` those that are too large.

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo
# The demo trains the 3D network: README, "Two networks", says why.
DEMO_CONFIG := "['configs/train.json','configs/resnet50_3d.json']"
BUNDLE := $(DEMO)/bundles/amyloid_pet_bapl_classification

# Status 1: some scans were refused, each with its reason, and the others are there.
REFUSED_IS_FINE := || test $$? -eq 1

# Of `make weights`: the share of ResNet-50's width, and the passes over the simulated scans.
WIDTH ?= 0.5
PASSES ?= 8
WEIGHTS := runs/weights_$(WIDTH)
ELSEWHERE := .elsewhere

.PHONY: install demo quick test coverage lint elsewhere weights full-size-weights clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,report,explore,runtimes]"
	@touch $@

demo: install
	@echo "== 1/6 simulate a cohort and, in DICOM, three studies to grade"
	$(BIN)/monai-amyloid simulate $(DEMO)/cohort --participants 240 --seed 0
	$(BIN)/monai-amyloid simulate $(DEMO)/clinic --participants 5 --seed 1 --as dicom
	@echo "== 2/6 normalise every scan: registration, SUVR, Centiloid"
	$(BIN)/monai-amyloid prepare $(DEMO)/cohort --output $(DEMO)/prepared $(REFUSED_IS_FINE)
	@echo "== 3/6 train"
	$(BIN)/python -W ignore -m monai.bundle run training --config_file $(DEMO_CONFIG) \
		--dataset_dir $(DEMO)/prepared --output_dir $(DEMO)/run --max_epochs 16
	@echo "== 4/6 evaluate on the held-out fold"
	$(BIN)/python -W ignore -m monai.bundle run evaluating \
		--config_file "['configs/train.json','configs/resnet50_3d.json','configs/evaluate.json']" \
		--dataset_dir $(DEMO)/prepared --output_dir $(DEMO)/run
	@echo "== 5/6 export the bundle"
	$(BIN)/monai-amyloid export $(DEMO)/run/fold0 --output $(BUNDLE) \
		--config-file configs/train.json --config-file configs/resnet50_3d.json \
		--trained-on "192 simulated 18F-florbetaben scans; no patient's scan"
	@echo "== 6/6 grade DICOM studies"
	$(BIN)/python scripts/infer_bundle.py $(DEMO)/clinic/scans --bundle $(BUNDLE) \
		--output $(DEMO)/results $(REFUSED_IS_FINE)
	@echo
	@echo "Six BAPL 2 scans calibrated this bundle, too few to leave that grade out: most studies"
	@echo "need a reader. The bundle in bundles/ was calibrated on 603 scans."
	@echo "Results:      $(DEMO)/results/results.csv and $(DEMO)/results/<study>/result.json"
	@echo "Reports:      $(DEMO)/results/summary.html and $(DEMO)/results/<study>/report.html"
	@echo "Evaluation:   $(DEMO)/run/fold0/evaluation.tsv"
	@echo "Bundle:       $(BUNDLE)"
	@echo "TensorBoard:  $(BIN)/tensorboard --logdir $(DEMO)/run"

# A file at a time to each of two processes of one thread, slow files first: as fast as two cores are.
# Byte code is kept: without it every process of a test compiles the package and the tests anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Before each commit: all but the tests that are marked slow.
quick: install lint
	$(PYTEST) -m "not slow"

test: install lint
	$(PYTEST)

coverage: install
	$(PYTEST) --cov --cov-report= ; status=$$?; \
	$(BIN)/coverage json --quiet -o .coverage.json && $(BIN)/python -m benchmarks.coverage .coverage.json; \
	exit $$status

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/development/format_json.py --check

# MONAI Label and MONAI Deploy pin other versions than this package: --no-deps, and their own lists.
$(ELSEWHERE)/monai_label $(ELSEWHERE)/monai_deploy: $(ELSEWHERE)/%: tests/elsewhere/%.txt
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<

$(ELSEWHERE)/federated: tests/elsewhere/federated.txt
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -r $<

elsewhere: install $(ELSEWHERE)/monai_label $(ELSEWHERE)/monai_deploy $(ELSEWHERE)/federated
	$(BIN)/pytest tests/elsewhere

# About an hour and a half on two cores for half the width, two and a half for the whole.
weights: install
	$(BIN)/monai-amyloid simulate runs/pretraining --cohort clinic-pretraining-2400
	$(BIN)/monai-amyloid simulate runs/clinic --cohort clinic-603
	$(BIN)/monai-amyloid prepare runs/pretraining --output runs/pretraining_prepared $(REFUSED_IS_FINE)
	$(BIN)/monai-amyloid prepare runs/clinic --output runs/clinic_prepared $(REFUSED_IS_FINE)
	$(BIN)/python -W ignore -m monai.bundle run training --config_file \
		"['configs/train.json','configs/resnet50_3d.json','configs/pretrain.json']" \
		--dataset_dir runs/pretraining_prepared --targets runs/pretraining/truth.tsv \
		--output_dir $(WEIGHTS)/pretraining --widen_factor $(WIDTH) --affine 0.5 \
		--max_epochs $(PASSES) --log_images 0 --resume true
	$(BIN)/monai-amyloid crossval --config-file configs/train.json \
		--config-file configs/resnet50_3d.json --dataset-dir runs/clinic_prepared \
		--output-dir $(WEIGHTS)/folds --set widen_factor=$(WIDTH) --set affine=0.5 \
		--set pretrained=$(CURDIR)/$(WEIGHTS)/pretraining/fold0/model.pt \
		--set learning_rate=0.00003 --set balance=0 --set max_epochs=3

full-size-weights:
	$(MAKE) weights WIDTH=1.0 PASSES=7

clean:
	rm -rf $(DEMO)
