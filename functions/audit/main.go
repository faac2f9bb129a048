// Command audit publishes what changes in the table's stream as events on a bus.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle"
)

func main() {
	f := deploy.New()
	f.Start(lifecycle.New(f.AWS, f.EventBus(), f.Log).Handle)
}
