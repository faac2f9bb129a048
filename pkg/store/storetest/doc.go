// Package storetest owns the contract that every session.Store holds: Run checks each sentence of the port's
// prose, and the builders make the values that such tests need. It must never know one particular store, read a
// store's clock, or rely on a store being empty: every case works in tenants of its own.
package storetest
