# The tools that the checks need are pinned here and live in .cache, out of git's sight.
GOLANGCI_LINT_VERSION := v2.15.0
CFN_LINT_VERSION      := 1.51.0
SAM_VERSION           := 1.161.1
SAM_FORM_VERSION      := 1.110.0
MOTO_VERSION          := 5.2.5

CACHE    := $(CURDIR)/.cache
LINT     := $(CACHE)/bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
VENV     := $(CACHE)/venv-$(CFN_LINT_VERSION)-$(SAM_VERSION)-$(SAM_FORM_VERSION)
MOTO     := $(CACHE)/venv-moto-$(MOTO_VERSION)
FUZZTIME ?= 30s

# What CloudFormation gets: SAM's own translation, with a place for code that nobody uploads.
define TRANSLATE
import json, logging, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
logging.disable(logging.WARNING)
with open("template.yaml") as file:
    sam = yaml_parse(file)
sam["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
json.dump(transform(sam, {}, type("ManagedPolicies", (), {"load": lambda self: {}})()), sys.stdout)
endef

.DEFAULT_GOAL := help
.PHONY: interfaces help run check test prove fuzz fuzz-short bench scale build format lint template moto fix clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Build and start the whole service on 127.0.0.1:3000 (PORT, LOCAL_DIR, LOG_LEVEL, DYNAMODB_ENDPOINT)
	@mkdir -p .build && go build -o .build/local ./pkg/cmd/local
	@exec .build/local

check: format lint test fuzz-short moto interfaces template ## What CI runs: format, vet, linters, tests with the race detector, fuzzing, other people's clients, template

format: $(LINT) ## Check the format of the code
	$(LINT) fmt --diff

lint: $(LINT) ## Vet and lint the code
	go vet ./...
	$(LINT) run

fix: $(LINT) ## Format the code
	$(LINT) fmt

test: ## All tests, with the race detector (it needs a C compiler; .ci/run demands it)
	@if command -v "$$(go env CC)" >/dev/null; then echo "go test -race ./..."; CGO_ENABLED=1 go test -race -timeout 20m ./...; \
	elif [ -n "$(REQUIRE_ENGINES)" ]; then echo "test: a C compiler is required for the race detector"; exit 1; \
	else echo "test: without the race detector, install a C compiler for it"; go test -timeout 20m ./...; fi

prove: ## Longer proofs: model, histories under faults, random schedules (an hour or so)
	PROOF=long go test -count=1 -timeout 4h -v ./pkg/store/proof

fuzz-short: ## Each fuzz target for a moment
	@$(MAKE) --no-print-directory fuzz FUZZTIME=3s

fuzz: ## Each fuzz target for FUZZTIME (30s)
	@grep -rlE '^func Fuzz' --include='*_test.go' pkg | while read -r file; do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
	    echo "fuzz $$(dirname "$$file") $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; \
	  done; \
	done

bench: ## Performance floors: each with its figure and verdict, some minutes (DynamoDB's need java and npm)
	@cd pkg/cmd/bench/floors && FLOORS=all go test -count=1 -timeout 15m

scale: ## How long refresh, list and deletes take with 10^3 to 10^6 sessions, some minutes
	@go run ./pkg/cmd/bench scale

template: ## Build every function with sam build; lint and validate template.yaml (needs python3 and npm; .ci/run demands them)
	@if python3 -c 'import venv' 2>/dev/null; then $(MAKE) --no-print-directory lint-template; \
	elif [ -n "$(REQUIRE_ENGINES)" ]; then echo "template: python3 with venv is required"; exit 1; \
	else echo "template: sam build and the linters are skipped, install python3 for them; make builds every function"; \
	  BUILD_FUNCTIONS=1 go test -count=1 -timeout 15m -run Builds ./pkg/stack; fi

# cfn-lint checks no IAM action (W3037) while the SAM transform is there, so it reads what SAM makes of it as well.
.PHONY: lint-template
lint-template: export AWS_DEFAULT_REGION := us-east-1
lint-template: export SAM_CLI_TELEMETRY := 0
lint-template: export TRANSLATE := $(value TRANSLATE)
lint-template: $(VENV)/bin/sam
	$(VENV)/bin/cfn-lint --include-checks I -- template.yaml
	$(VENV)/bin/sam validate --lint --template-file template.yaml
	@$(VENV)/bin/python pkg/stack/validate/samconfig.py
	@mkdir -p .build
	@$(VENV)/bin/python -c "$$TRANSLATE" >.build/translated.json
	$(VENV)/bin/cfn-lint -- .build/translated.json
	@pkg/stack/validate/run .build/translated.json
	BUILD_FUNCTIONS=1 SAM=$(VENV)/bin/sam TRANSLATED=$(CURDIR)/.build/translated.json \
	  go test -count=1 -timeout 15m -run 'Builds|Translated' ./pkg/stack

.PHONY: load compare
DURATION ?= 20s
CHAINS   ?= 8
MIX      ?= refresh=80,retry=4,retrieve=6,list=6,delete=4
STORE    ?= embedded
ROUNDS   ?= 9
TURN     ?= 3s
load: ## Chains of refreshes and other requests over HTTP, with a plot (DURATION=20s, CHAINS=8, MIX=..., STORE=embedded or dynamodb)
	@go run ./pkg/cmd/bench load -duration $(DURATION) -chains $(CHAINS) -mix "$(MIX)" -store $(STORE)

compare: ## Side by side with fosite, oidc-provider and a floor, on Linux (ROUNDS=9, TURN=3s, CHAINS=8; needs npm)
	@go run ./pkg/cmd/bench compare -rounds $(ROUNDS) -duration $(TURN) -chains $(CHAINS)

interfaces: ## Lint, fuzz and try out the HTTP surface with other people's tools and clients (needs npm, python3)
	@pkg/e2e/clients/run

moto: ## Rotate keys against moto's Secrets Manager (needs python3; .ci/run demands it)
	@if python3 -c 'import venv' 2>/dev/null; then $(MAKE) --no-print-directory test-moto; \
	elif [ -n "$(REQUIRE_ENGINES)" ]; then echo "moto: python3 with venv is required"; exit 1; \
	else echo "moto: skipped, install python3 to rotate keys against it"; fi

# The server listens on a port that is free now, and ends with this recipe.
.PHONY: test-moto
test-moto: $(MOTO)/bin/moto_server
	@port=$$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'); \
	$(MOTO)/bin/moto_server -H 127.0.0.1 -p $$port >$(MOTO)/server.log 2>&1 & server=$$!; \
	trap 'kill $$server 2>/dev/null' EXIT INT TERM; \
	MOTO_ENDPOINT=http://127.0.0.1:$$port go test -count=1 -run Moto ./pkg/keys/rotation

$(MOTO)/bin/moto_server:
	@python3 -m venv $(MOTO)
	@$(MOTO)/bin/pip install --quiet --disable-pip-version-check 'moto[server]==$(MOTO_VERSION)'

build: ## Build every function for Lambda (arm64) into .build/functions
	@for op in functions/*/; do op=$$(basename $$op); \
	  $(MAKE) --no-print-directory function OP=$$op ARTIFACTS_DIR=$(CURDIR)/.build/functions/$$op || exit 1; done

# sam build calls build-<LogicalId>: RetrieveByIdFunction is functions/retrieve-by-id.
build-%:
	@$(MAKE) --no-print-directory function ARTIFACTS_DIR="$(ARTIFACTS_DIR)" \
	  OP=$$(echo $* | sed -E 's/Function$$//; s/([a-z])([A-Z])/\1-\2/g' | tr 'A-Z' 'a-z')

.PHONY: function
function:
	@mkdir -p "$(ARTIFACTS_DIR)"
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags='-s -w' \
	  -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(OP)

clean: ## Remove builds; tools and local data stay
	rm -rf .build .aws-sam

$(LINT):
	@echo "Building golangci-lint $(GOLANGCI_LINT_VERSION), once; this takes some minutes."
	@mkdir -p $(CACHE)/bin
	GOBIN=$(CACHE)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv $(CACHE)/bin/golangci-lint $@

$(VENV)/bin/sam:
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check cfn-lint==$(CFN_LINT_VERSION) \
	  aws-sam-cli==$(SAM_VERSION) aws-sam-translator==$(SAM_FORM_VERSION)
