// Command rotate-signing-keys rotates the keys of access tokens for Secrets Manager, and drops a leaked one for an operator.
package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New()
	f.Start(f.RotateSigningKeys().Handle)
}
