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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,report]"
	@touch $@

test: install lint
	$(BIN)/pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(DEMO)
