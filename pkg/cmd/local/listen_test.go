package main

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// socket is what the system answers for one address: nil is an open socket.
type socket struct{ v4, v6 error }

func (s socket) open(network, address string) (net.Listener, error) {
	err := map[string]error{"tcp4": s.v4, "tcp6": s.v6}[network]
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: os.NewSyscallError("bind", err)}
	}
	return fakeListener(address), nil
}

type fakeListener string

func (l fakeListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l fakeListener) Close() error              { return nil }
func (l fakeListener) Addr() net.Addr            { return nil }

func TestItListensOnTheLoopbackAddressesThatTheMachineHas(t *testing.T) {
	for name, c := range map[string]struct {
		machine socket
		want    string // the addresses, or a part of the error
	}{
		"both":              {socket{}, "127.0.0.1:3000 [::1]:3000"},
		"IPv6 is off":       {socket{v6: syscall.EADDRNOTAVAIL}, "127.0.0.1:3000"},
		"a kernel without":  {socket{v6: syscall.EAFNOSUPPORT}, "127.0.0.1:3000"},
		"IPv6 alone":        {socket{v4: syscall.EADDRNOTAVAIL}, "[::1]:3000"},
		"neither":           {socket{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT}, "no loopback address"},
		"taken on IPv4":     {socket{v4: syscall.EADDRINUSE}, "listen on 127.0.0.1:3000: bind: address already in use (is another"},
		"taken on IPv6":     {socket{v6: syscall.EADDRINUSE}, "listen on [::1]:3000: bind: address already in use (is another"},
		"a privileged port": {socket{v4: syscall.EACCES}, "127.0.0.1:3000: bind: permission denied (choose a port from 1024 on)"},
	} {
		listeners, err := listen(3000, c.machine.open)
		var got []string
		for _, l := range listeners {
			got = append(got, string(l.(fakeListener)))
		}
		if err != nil {
			if len(listeners) > 0 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, %v; want an error with %q", name, got, err, c.want)
			}
		} else if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}
