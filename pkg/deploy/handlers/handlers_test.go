package handlers_test

import (
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/handlers"
)

func TestEveryOperationWithARouteHasAHandler(t *testing.T) {
	all := handlers.Parts{Authorizer: &authorizer.Authorizer{}}.All()
	for _, rule := range api.Rules() {
		got, want := all[rule.Operation] != nil, rule.Who != api.AWS && rule.Who != api.Operators
		if got != want {
			t.Errorf("%s: got a handler: %v, want %v", rule.Operation, got, want)
		}
	}
}
