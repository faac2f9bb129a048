package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
)

// laptop is where local services run.
type laptop struct {
	program   string // the local service, built
	root      string // of the project, where it runs; "" for here
	directory string // for the data of all of them
}

// with starts a service over so many sessions. It is started once before, so that it makes its keys, applications
// and API keys; what would take an hour over HTTP is then written straight into its file.
func (l laptop) with(ctx context.Context, sessions int) (*place, error) {
	data := filepath.Join(l.directory, strconv.Itoa(sessions))
	program := measure.LocalService(l.program, data)
	program.Dir = l.root
	server, err := measure.Start(ctx, program)
	if err != nil {
		return nil, err
	}
	if _, err := server.Stop(); err != nil {
		return nil, err
	}
	credentials, err := measure.Credentials(data)
	if err != nil {
		return nil, err
	}
	who := population{
		tenant: credentials["TENANT_ID"], kept: credentials["APPLICATION_ID"], deleted: credentials["SERVICE_APPLICATION_ID"],
	}
	if err := fillFile(ctx, filepath.Join(data, "store.db"), who, sessions); err != nil {
		return nil, err
	}
	if server, err = measure.Start(ctx, program); err != nil {
		return nil, err
	}
	const timeout = 30 * time.Second
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{DisableCompression: true}}
	p := &place{
		service:    remote{server.Base, who.tenant, credentials["API_KEY"], client},
		population: who, sessions: sessions,
		close: func() error {
			client.CloseIdleConnections()
			_, err := server.Stop()
			return errors.Join(err, os.RemoveAll(data))
		},
	}
	found, err := p.list(ctx, userOf(0))
	if err = expect(err, found == perUser); err != nil { // it does not see what was written
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// fillFile adds sessions to the file of a service that does not run.
func fillFile(ctx context.Context, path string, who population, sessions int) error {
	store, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		return err
	}
	const writers = 2048 // the store syncs once for all that wait
	err = fill(sessions, writers, func(n int) error { return store.Create(ctx, who.session(n)) })
	return errors.Join(err, store.Close())
}
