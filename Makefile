# Two commands for people: `make demo` and `make test`. Both make the environment they need.

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo
# The demo trains the 3D network: README, "Two networks", says why.
DEMO_CONFIG := "['configs/train.json','configs/resnet50_3d.json']"
BUNDLE := $(DEMO)/bundles/amyloid_pet_bapl_classification

.PHONY: install demo test lint clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,report,runtimes]"
	@touch $@

demo: install
	@echo "== 1/6 simulate a cohort and, in DICOM, three studies to grade"
	$(BIN)/monai-amyloid simulate $(DEMO)/cohort --participants 240 --seed 0
	$(BIN)/monai-amyloid simulate $(DEMO)/clinic --participants 5 --seed 1 --as dicom
	@echo "== 2/6 normalise every scan: registration, SUVR, Centiloid"
	$(BIN)/monai-amyloid prepare $(DEMO)/cohort --output $(DEMO)/prepared
	@echo "== 3/6 train"
	$(BIN)/python -W ignore -m monai.bundle run training --config_file $(DEMO_CONFIG) \
		--dataset_dir $(DEMO)/prepared --output_dir $(DEMO)/run --max_epochs 16
	@echo "== 4/6 evaluate on the held-out fold"
	$(BIN)/python -W ignore -m monai.bundle run evaluating \
		--config_file "['configs/train.json','configs/resnet50_3d.json','configs/evaluate.json']" \
		--dataset_dir $(DEMO)/prepared --output_dir $(DEMO)/run
	@echo "== 5/6 export the bundle"
	$(BIN)/monai-amyloid export $(DEMO)/run/fold0 --output $(BUNDLE) \
		--config-file configs/train.json --config-file configs/resnet50_3d.json
	@echo "== 6/6 grade DICOM studies"
	$(BIN)/python scripts/infer_bundle.py $(DEMO)/clinic/scans/* --bundle $(BUNDLE) \
		--output $(DEMO)/results
	@echo
	@echo "Results:      $(DEMO)/results/results.csv and $(DEMO)/results/<study>/result.json"
	@echo "Pictures:     $(DEMO)/results/<study>/picture.png"
	@echo "Evaluation:   $(DEMO)/run/fold0/evaluation.tsv"
	@echo "Bundle:       $(BUNDLE)"
	@echo "TensorBoard:  $(BIN)/tensorboard --logdir $(DEMO)/run"

test: install lint
	$(BIN)/pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(DEMO)
