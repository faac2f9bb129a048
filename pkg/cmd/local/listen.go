package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// openSocket listens on one address.
func openSocket(ctx context.Context) func(network, address string) (net.Listener, error) {
	return func(network, address string) (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, network, address)
	}
}

// listen takes the port on both loopback addresses, since a client's "localhost" may be either. A machine without one
// of them has the other alone; a port that another program has on either is an error.
func listen(port int, open func(network, address string) (net.Listener, error)) ([]net.Listener, error) {
	var all []net.Listener
	var absent []error
	for _, loopback := range []struct{ network, host string }{{"tcp4", "127.0.0.1"}, {"tcp6", "::1"}} {
		address := net.JoinHostPort(loopback.host, strconv.Itoa(port))
		l, err := open(loopback.network, address)
		if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
			absent = append(absent, err)
			continue
		}
		if err != nil {
			closeAll(all)
			return nil, fmt.Errorf("listen on %s: %w%s", address, cause(err), advice(err))
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("this machine has no loopback address: %w", errors.Join(absent...))
	}
	return all, nil
}

// cause is an error of package net without the address, which its message has already.
func cause(err error) error {
	var wrapped *net.OpError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func advice(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return " (is another one running? choose a port with PORT=3001 make run)"
	case errors.Is(err, syscall.EACCES):
		return " (choose a port from 1024 on)"
	}
	return ""
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // the server has closed it already, or nobody has used it
	}
}
