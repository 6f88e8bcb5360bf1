# Afterglow. `make` alone lists the targets.
SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
.PHONY: help demo test bench chaos lint fmt golden screenshots build image services run/go run/browser clean

help: ## list the targets
	@grep -hE '^[a-z/]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

demo: build ## start everything on a simulated Shopify: make demo ARGS="--reset"
	@exec bin/afterglow demo $(ARGS)

test: ## everything the build server checks; starts PostgreSQL, Redis, Chromium
	@scripts/test.sh

bench: build ## speed, each figure beside what it is compared to
	@scripts/bench.sh $(ARGS)

chaos: ## crashes and faults at push size; FULL=1 for the promised figures
	@scripts/services.sh scripts/chaos.sh $(ARGS)

lint: ## formatting, vet, staticcheck, the admin's linter and types
	@scripts/test.sh frontend lint

fmt: ## format Go and the admin
	@gofmt -w app migrations frontend/*.go extensions/*.go tests
	@cd frontend && npm run --silent format

golden: ## rewrite the golden mails and pages; read the diff before you commit
	@cd app/mail/templates && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@UPDATE_GOLDEN=1 scripts/services.sh go test -count=1 -run Golden ./app/...

screenshots: build ## take the pictures of docs/screenshots from the demo
	@scripts/screenshots.sh

build: ## bin/afterglow with the admin inside
	@scripts/frontend.sh
	@go build -trimpath -ldflags "-X afterglow/app/boot.Version=$(VERSION)" -o bin/afterglow ./app

image: ## the container image afterglow:dev
	@docker build --build-arg VERSION=$(VERSION) -t afterglow:dev .

services: ## a shell with PostgreSQL and Redis running, for go test by hand
	@scripts/services.sh bash

clean: ## remove what was built and the demo's data
	@rm -rf bin frontend/dist/assets frontend/dist/index.html data
