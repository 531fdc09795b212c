# Commands for people: `make demo`, `make quick`, `make test`. All make the environment they need.
# `MONAI_AMYLOID_EXAMPLES=2000 make test` tries twenty times as many random examples.
# `make coverage` prints what the tests reach, and names the files of which it is under 90 %.
# `make elsewhere` tests node and cluster, the built wheel, the README's whole walk, and the bundle in
# other programs, each in its own environment.
# `make release` builds wheel and sdist and tries them with each Python.
# `make docs` builds the site into build/site, offline and without a warning; `make gallery` draws its
# simulated scans anew.
# `make weights` makes the weights of bundles/.

PYTHON ?= python3
BIN := .venv/bin

# Status 1: some scans were refused, each with its reason, and the others are there.
REFUSED_IS_FINE := || test $$? -eq 1

# Of `make weights`: the share of ResNet-50's width of the 3D network.
WIDTH ?= 0.5
WEIGHTS := runs/weights_$(WIDTH)
PRETRAINING := --dataset_dir runs/pretraining_prepared --targets runs/pretraining/truth.tsv \
	--folds 20 --early_stop_patience 0 --log_images 0 --resume true
HELD_OUT := --dataset-dir runs/clinic_prepared --readings runs/clinic/truth.tsv \
	--ceiling runs/clinic/ceiling.tsv
TRAINED_ON := "2,386 simulated 18F-florbetaben scans (clinic-pretraining-2400); no patient's scan"
ELSEWHERE := .elsewhere

.PHONY: install demo quick test coverage lint docs gallery elsewhere release tutorials weights clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs,report,explore,runtimes,cluster,node]"
	@touch $@

# A first report within seconds, then a cohort, a network and a bundle.
demo: install
	$(BIN)/python scripts/demo.py

# A file at a time to each of two processes of one thread, slow files first: as fast as two cores are.
# Byte code is kept: without it every process of a test compiles the package and the tests anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Tests of a mark, and lint beside them: one waits where the other computes.
define BESIDE_LINT
@$(MAKE) --no-print-directory lint > .lint 2>&1 & lint=$$!; \
	$(PYTEST) -m "$(1)"; tests=$$?; \
	wait $$lint; lint=$$?; cat .lint; rm -f .lint; exit $$((tests | lint))
endef

# Before each commit: all but the tests that are marked slow.
quick: install
	$(call BESIDE_LINT,not slow and not elsewhere)

# What takes a minute and stands for itself is a part of `make elsewhere`, which CI runs, too.
test: install
	$(call BESIDE_LINT,not elsewhere)

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
	$(BIN)/codespell

# -W: a warning, such as a dead link, is an error.
docs: install
	$(BIN)/sphinx-build --builder html --conf-dir docs --fail-on-warning --keep-going --quiet . build/site
	@echo "The site: build/site/index.html"

gallery: install
	$(BIN)/python scripts/development/make_gallery.py

# MONAI Label and MONAI Deploy pin other versions than this package: --no-deps, and their own lists.
$(ELSEWHERE)/monai_label $(ELSEWHERE)/monai_deploy: $(ELSEWHERE)/%: tests/elsewhere/%.txt
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<

$(ELSEWHERE)/federated $(ELSEWHERE)/bids: $(ELSEWHERE)/%: tests/elsewhere/%.txt
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -r $<

elsewhere: install $(ELSEWHERE)/monai_label $(ELSEWHERE)/monai_deploy $(ELSEWHERE)/federated $(ELSEWHERE)/bids
	$(PYTEST) -m "elsewhere and not tutorial"
	$(BIN)/pytest tests/elsewhere

# The tutorials that train, typed from their beginning to their end: many minutes, before a release.
tutorials: install
	$(PYTEST) -m tutorial

# Wheel and sdist in dist/, tried in clean environments of each Python that is here; of pyenv's, those that
# PYENV_VERSION names (3.11.7:3.12.1).
release: install
	$(BIN)/python scripts/development/release.py

# About six hours on two cores. Nobody of the pretraining is in clinic-603, which calibrates.
weights: install
	$(BIN)/monai-amyloid simulate runs/pretraining --cohort clinic-pretraining-2400
	$(BIN)/monai-amyloid simulate runs/clinic --cohort clinic-603
	$(BIN)/monai-amyloid ceiling runs/clinic
	$(BIN)/monai-amyloid prepare runs/pretraining --output runs/pretraining_prepared $(REFUSED_IS_FINE)
	$(BIN)/monai-amyloid prepare runs/clinic --output runs/clinic_prepared $(REFUSED_IS_FINE)
	$(BIN)/python -W ignore -m monai.bundle run training \
		--config_file "['configs/train.json','configs/pretrain.json']" $(PRETRAINING) \
		--output_dir $(WEIGHTS)/pretraining_2d_first --slices 8 --learning_rate 0.0003 --max_epochs 6
	$(BIN)/python -W ignore -m monai.bundle run training \
		--config_file "['configs/train.json','configs/pretrain.json']" $(PRETRAINING) \
		--output_dir $(WEIGHTS)/pretraining_2d --slices 8 --batch_size 4 --learning_rate 0.00015 \
		--max_epochs 6 --pretrained $(WEIGHTS)/pretraining_2d_first/fold0/model.pt
	$(BIN)/python -W ignore -m monai.bundle run training \
		--config_file "['configs/train.json','configs/resnet50_3d.json','configs/pretrain.json']" \
		$(PRETRAINING) --output_dir $(WEIGHTS)/pretraining_3d --widen_factor $(WIDTH) \
		--learning_rate 0.001 --max_epochs 10
	$(BIN)/python scripts/development/hold_out_cohort.py $(WEIGHTS)/pretraining_2d/fold0 \
		runs/clinic_prepared $(WEIGHTS)/2d --learnt-from runs/pretraining_prepared \
		--config-file configs/train.json
	$(BIN)/python scripts/development/hold_out_cohort.py $(WEIGHTS)/pretraining_3d/fold0 \
		runs/clinic_prepared $(WEIGHTS)/3d --learnt-from runs/pretraining_prepared \
		--config-file configs/train.json --config-file configs/resnet50_3d.json
	$(BIN)/monai-amyloid evaluate $(WEIGHTS)/2d $(HELD_OUT)
	$(BIN)/monai-amyloid evaluate $(WEIGHTS)/3d $(HELD_OUT)
	$(BIN)/monai-amyloid export $(WEIGHTS)/2d --half-precision --trained-on $(TRAINED_ON) \
		--output bundles/amyloid_pet_bapl_classification_2d --config-file configs/train.json
	$(BIN)/monai-amyloid export $(WEIGHTS)/3d --half-precision --trained-on $(TRAINED_ON) \
		--output bundles/amyloid_pet_bapl_classification --config-file configs/train.json \
		--config-file configs/resnet50_3d.json

clean:
	rm -rf demo
