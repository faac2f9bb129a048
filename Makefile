# The tools that the checks need are pinned here and live in .cache, out of git's sight.
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION   := v1.8.0
INDEXDB_VERSION       := v0.0.0-20261105234957-e22db6528018
CFN_LINT_VERSION      := 1.51.0
SAM_VERSION           := 1.161.1
SAM_FORM_VERSION      := 1.110.0
MOTO_VERSION          := 5.2.5

CACHE     := $(CURDIR)/.cache
LINT      := $(CACHE)/bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
VULNCHECK := $(CACHE)/bin/govulncheck-$(GOVULNCHECK_VERSION)
INDEXDB   := $(CACHE)/bin/indexdb-$(INDEXDB_VERSION)
VENV      := $(CACHE)/venv-$(CFN_LINT_VERSION)-$(SAM_VERSION)-$(SAM_FORM_VERSION)
MOTO      := $(CACHE)/venv-moto-$(MOTO_VERSION)
FUZZTIME  ?= 30s
PACKAGES  ?= ./...

# What this machine has, and what is left out without it: $(call skip,what,condition,tools). In CI that is a failure.
has    = $(shell command -v $(1) >/dev/null && echo yes)
python = $(shell python3 -c 'import venv, ensurepip' 2>/dev/null && echo yes)
engine = $(and $(call has,java),$(call has,npm))
cc     = $(call has,$(shell go env CC))
skip   = $(if $(2),:,echo "$(1): skipped, needs $(3)"$(if $(REQUIRE_ENGINES),; exit 1))

# Most of the tests' waiting is for the disk, so their files are in memory where a system has room for them.
IN_MEMORY = $(shell [ -w /dev/shm ] && ! grep -q ' /dev/shm .*noexec' /proc/mounts && \
  df -Pk /dev/shm | awk 'NR == 2 && $$4 > 2000000 { print "TMPDIR=/dev/shm" }')

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
.NOTPARALLEL:
.PHONY: help run rtctl test check nightly skipped format lint fix vulnerabilities race prove fuzz fuzz-short bench bill scale build \
  template interfaces moto invoke sam-local clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Build and start the whole service on http://localhost:3000; .build/local --help has the settings
	@echo "Building, about a minute the first time"
	@mkdir -p .build && go build -o .build/local ./pkg/cmd/local
	@exec env TEMPLATE="$${TEMPLATE:-template.yaml}" .build/local

rtctl: ## Build the operators' command into .build/rtctl
	@mkdir -p .build && go build -o .build/rtctl ./pkg/cmd/rtctl

test: ## The inner loop, seconds: every test that needs Go alone, in memory, the long ones shortened
	@echo "test: DynamoDB Local, built functions, long proofs, the race detector and other people's tools:" \
	  "skipped, make check runs them"
	@$(IN_MEMORY) go test -short $(PACKAGES)

STEPS := format lint vulnerabilities race fuzz-short moto interfaces template
check: skipped ## What CI runs, up to 20 minutes: format, linters, vulnerabilities, all tests, fuzzing, clients, template
	@mkdir -p .build && rm -f .build/steps
	@for step in $(STEPS); do \
	  started=$$(date +%s); $(MAKE) --no-print-directory $$step || exit 1; \
	  echo "$$(($$(date +%s) - started)) s $$step" >>.build/steps; \
	done
	@echo "check: every step passed"; cat .build/steps
	@echo "check: the slowest packages"; awk '$$1 == "ok" { print $$3, $$2 }' .build/tests | sort -rn | head

nightly: fuzz prove bench compare test-sam-local ## What takes hours: fuzzing, longer proofs, floors, comparison, sam local

skipped: # what make check leaves out on this machine, before it starts
	@$(call skip,race detector,$(cc),a C compiler)
	@$(call skip,DynamoDB Local,$(engine),java and npm)
	@$(call skip,moto and SAM,$(python),python3 with venv)
	@$(call skip,other clients and cdk-nag,$(call has,node),node and npm)

format: $(LINT) ## Check the format of the code
	$(LINT) fmt --diff

lint: $(LINT) ## Vet and lint the code
	go vet ./...
	$(LINT) run

fix: $(LINT) ## Format the code
	$(LINT) fmt

# The functions are built with the toolchain that go.mod names, or a newer one: that one's standard library counts.
vulnerabilities: $(VULNCHECK) ## Known vulnerabilities that the code reaches, from the newest database on the module proxy
	@version=$$(cd / && go list -m -f '{{.Version}}' golang.org/x/vulndb@latest 2>/dev/null); \
	db=$(CACHE)/vulndb-$$version; \
	if [ -n "$$version" ] && [ ! -d $$db ]; then $(MAKE) --no-print-directory vulndb VERSION=$$version || exit 1; fi; \
	[ -n "$$version" ] || db=$$(ls -d $(CACHE)/vulndb-* 2>/dev/null | tail -1); \
	if [ -z "$$db" ]; then \
	  echo "vulnerabilities: skipped, the database cannot be reached"; [ -z "$(REQUIRE_ENGINES)" ]; exit; \
	fi; \
	named=$$(awk '$$1 == "toolchain" { print $$2 }' go.mod) here=$$(go env GOVERSION); \
	[ "$$here" = "$$named" ] || echo "vulnerabilities: of $$named, which go.mod names; this machine builds with $$here"; \
	echo "vulnerabilities: $$(basename $$db)"; GOVERSION=$$named $(VULNCHECK) -db file://$$db ./...

.PHONY: vulndb
vulndb: $(INDEXDB)
	@data=$$(cd / && go mod download -json golang.org/x/vulndb@$(VERSION) | awk -F '"' '$$2 == "Dir" { print $$4 }'); \
	rm -rf $(CACHE)/vulndb*; $(INDEXDB) -vulns $$data/data/osv -out $(CACHE)/vulndb.new && \
	  mv $(CACHE)/vulndb.new $(CACHE)/vulndb-$(VERSION)

race: export CGO_ENABLED = $(if $(cc),1,0)
race: ## All tests, with the race detector
	@mkdir -p .build
	@{ $(IN_MEMORY) go test $(if $(cc),-race) -count=1 -timeout 60m $(PACKAGES) 2>&1; echo $$? >.build/status; } \
	  | tee .build/tests; exit $$(cat .build/status)

prove: ## Longer proofs: model, histories under faults, random schedules (an hour or so)
	PROOF=long go test -count=1 -timeout 4h -v ./pkg/store/proof/... ./pkg/cmd/bench/overlap

# A number of inputs, and not seconds: on a busy machine Go reports an input that the end of the time cuts off as failed.
fuzz-short: ## Each fuzz target, with 5 000 inputs
	@$(MAKE) --no-print-directory fuzz FUZZTIME=5000x

fuzz: ## Each fuzz target for FUZZTIME (30s)
	@grep -rlE '^func Fuzz' --include='*_test.go' pkg | while read -r file; do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
	    echo "fuzz $$(dirname "$$file") $$target"; \
	    $(IN_MEMORY) go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; \
	  done; \
	done

bench: ## Performance floors: each with its figure and verdict, some minutes (DynamoDB's need java and npm)
	@go run ./pkg/cmd/bench floors

bill: ## What a million refreshes and a month cost at list prices (PARAMETERS="HotRoute=true Firewall=true")
	@go run ./pkg/cmd/bench bill $(PARAMETERS)

scale: ## How long refresh, list and deletes take with 10^3 to 10^6 sessions, some minutes
	@go run ./pkg/cmd/bench scale

template: ## Build every function with sam build; lint and validate template.yaml (needs python3 and npm)
	@$(call skip,template: sam build and the linters,$(python),python3 with venv)
	@$(if $(python),$(MAKE) --no-print-directory lint-template, \
	  BUILD_FUNCTIONS=1 go test -count=1 -timeout 60m -run Builds ./pkg/stack)

# cfn-lint checks no IAM action (W3037) while the SAM transform is there, so it reads what SAM makes of it as well.
.PHONY: lint-template
lint-template: export AWS_DEFAULT_REGION := us-east-1
lint-template: export SAM_CLI_TELEMETRY := 0
lint-template: export TRANSLATE := $(value TRANSLATE)
lint-template: $(VENV)/bin/sam $(MOTO)/bin/moto_server
	$(VENV)/bin/cfn-lint --include-checks I -- template.yaml
	$(VENV)/bin/sam validate --lint --template-file template.yaml
	@mkdir -p .build
	@$(VENV)/bin/python pkg/stack/validate/samconfig.py >.build/overrides
	@$(VENV)/bin/python -c "$$TRANSLATE" >.build/translated.json
	$(VENV)/bin/cfn-lint -- .build/translated.json
	@$(VENV)/bin/python pkg/stack/validate/commands.py functions/README.md
	@pkg/stack/validate/run .build/translated.json
	@$(MOTO)/bin/python pkg/stack/validate/create.py .build/translated.json <.build/overrides 2>.build/moto.log || \
	  { cat .build/moto.log; exit 1; }
	BUILD_FUNCTIONS=1 SAM=$(VENV)/bin/sam TRANSLATED=$(CURDIR)/.build/translated.json \
	  go test -count=1 -timeout 60m -run 'Builds|Translated|SAMLocal' ./pkg/stack

.PHONY: load compare overlap
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

overlap: ## What the rules of this service and of other products cost honest clients and leave to thieves, with a chart
	@mkdir -p .build && go run ./pkg/cmd/bench overlap -chart .build/overlap.svg

interfaces: ## Lint, fuzz and try out the HTTP surface with other people's tools and clients (needs npm, python3)
	@pkg/e2e/clients/run

invoke: ## Run one function on one event, without a container (OP=refresh EVENT=events/refresh-reused.json; needs java and npm)
	@go run ./pkg/cmd/invoke -op "$(OP)" -event "$(EVENT)"

sam-local: ready-for-sam-local ## The account of sam local, and the commands to paste (needs a container engine, java, npm, python3)
	@go build -o .build/samlocal ./pkg/cmd/samlocal
	@pkg/cmd/samlocal/engine .build/samlocal -moto $(MOTO)/bin/moto_server -sam $(VENV)/bin/sam

# For the processor of this machine, where functions need no emulation; apart from the build that sam deploy takes.
.PHONY: ready-for-sam-local test-sam-local
ready-for-sam-local: export SAM_CLI_TELEMETRY := 0
ready-for-sam-local: export AWS_DEFAULT_REGION := us-east-1
ready-for-sam-local: $(VENV)/bin/sam $(MOTO)/bin/moto_server
	@mkdir -p .build
	@GOARCH=$$(go env GOHOSTARCH) $(VENV)/bin/sam build --build-dir .build/sam >.build/sam.log 2>&1 || { cat .build/sam.log; exit 1; }
	@go run ./pkg/cmd/samlocal -fetch

test-sam-local: $(if $(and $(python),$(engine)),ready-for-sam-local)
	@$(call skip,sam local,$(and $(python),$(engine)),python3 with venv and java and npm)
	@$(if $(and $(python),$(engine)),SAM_CLI_TELEMETRY=0 SAM=$(VENV)/bin/sam MOTO=$(MOTO)/bin/moto_server \
	  pkg/cmd/samlocal/engine go test -count=1 -timeout 60m -v ./pkg/cmd/samlocal)

moto: ## Rotate keys against moto's Secrets Manager (needs python3)
	@$(call skip,moto,$(python),python3 with venv)
	@$(if $(python),$(MAKE) --no-print-directory test-moto)

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

# The processor of the template's Architecture: arm64, or amd64 for x86_64.
GOARCH ?= arm64
build: ## Build every function for Lambda (GOARCH=arm64) into .build/functions
	@for op in functions/*/; do op=$$(basename $$op); \
	  $(MAKE) --no-print-directory function OP=$$op ARTIFACTS_DIR=$(CURDIR)/.build/functions/$$op || exit 1; done

# sam build calls build-<LogicalId>: RetrieveByIdFunction is functions/retrieve-by-id.
build-%:
	@$(MAKE) --no-print-directory function ARTIFACTS_DIR="$(ARTIFACTS_DIR)" \
	  OP=$$(echo $* | sed -E 's/Function$$//; s/([a-z])([A-Z])/\1-\2/g' | tr 'A-Z' 'a-z')

.PHONY: function
function:
	@mkdir -p "$(ARTIFACTS_DIR)"
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH) go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags='-s -w' \
	  -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(OP)

clean: ## Remove builds; tools and local data stay
	rm -rf .build .aws-sam

$(LINT): PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
$(VULNCHECK): PACKAGE := golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
$(INDEXDB): PACKAGE := golang.org/x/vulndb/cmd/indexdb@$(INDEXDB_VERSION)
$(LINT) $(VULNCHECK) $(INDEXDB):
	@echo "go install $(PACKAGE), once; it takes a while"
	@mkdir -p $(CACHE)/bin
	@GOBIN=$(CACHE)/bin go install $(PACKAGE)
	@mv $(CACHE)/bin/$(notdir $(firstword $(subst @, ,$(PACKAGE)))) $@

$(VENV)/bin/sam:
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check cfn-lint==$(CFN_LINT_VERSION) \
	  aws-sam-cli==$(SAM_VERSION) aws-sam-translator==$(SAM_FORM_VERSION)
