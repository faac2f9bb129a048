// Package stencil owns the interface of the Stencil refresh-token guide: everything under /jwt, the documented forms
// included. One file is one operation, which reads a request into typed values and calls one verb of the core. It must
// never decide whether a session is good, and never know another interface.
package stencil
