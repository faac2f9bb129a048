// Command preflight answers OPTIONS on every public path.
package main

import "github.com/stencil-auth/refresh-tokens/pkg/deploy/process"

func main() {
	p := process.New()
	p.Start(p.Frame().Preflight)
}
