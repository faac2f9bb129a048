// Package main owns the comparison with what a user would take instead of this service: the same rotating refreshes
// over HTTP, on one machine, in turns, against fosite, oidc-provider and a floor. It measures what each takes, and
// tries what each answers to concurrent uses of one token and to a retry. The harnesses that make servers of the two
// libraries are under testdata, where no build, linter or go.mod of this module sees them. Nothing that is deployed
// may import any of it.
package main
