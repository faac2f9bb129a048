// Package storetest owns the contract of session.Store: Run checks each sentence of the port's prose, and builders make
// the values for it. It must never know a particular store, read a store's clock, or rely on an empty store: each case has
// its own tenants.
package storetest
