package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// patience is how long a server may take to start, and to stop.
const patience = 2 * time.Minute

// Program says how a server is started. It receives a free port of 127.0.0.1 as PORT, and of the caller's environment
// PATH and HOME only.
type Program struct {
	Command []string
	Dir     string   // its working directory; "" for the caller's
	Env     []string // NAME=value
	Ready   string   // a path that answers 200 once the server is ready
}

// Server is a running Program. The caller stops it.
type Server struct {
	Base string // http://127.0.0.1:port

	cmd    *exec.Cmd
	output bytes.Buffer // complete once exited is closed
	exited chan struct{}
	ended  error // of the process, once exited is closed
}

// Usage is what a process took in its whole life.
type Usage struct {
	CPU  time.Duration // user and system
	Peak int64         // resident memory, bytes
}

// Start starts a program and waits until it is ready.
func Start(ctx context.Context, p Program) (*Server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{Base: "http://127.0.0.1:" + port, exited: make(chan struct{})}
	//nolint:gosec // the caller's own programs
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), p.Command[0], p.Command[1:]...)
	s.cmd.Dir = p.Dir
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PORT=" + port}, p.Env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	// Ctrl-C interrupts the measuring process, which then stops this one in order.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Command[0], err)
	}
	go func() {
		s.ended = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.ready(ctx, s.Base+p.Ready); err != nil {
		s.kill()
		return nil, fmt.Errorf("start %s: %w; its output:\n%s", p.Command[0], err, s.output.String())
	}
	return s, nil
}

func (s *Server) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(req); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.exited:
			return errors.New("it ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// CPU is the user and system time that the server has taken so far. Linux only; its resolution is 10 ms.
func (s *Server) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time of a running server: %w", err)
	}
	return parseStat(stat)
}

// parseStat reads utime and stime (proc_pid_stat(5), fields 14 and 15), which count in USER_HZ, 100 on every
// architecture that Go runs on. Field 2, the program's name, may contain spaces and brackets.
func parseStat(stat []byte) (time.Duration, error) {
	const utime, stime, afterName = 14, 15, 3
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime-afterName {
		return 0, errors.New("CPU time of a running server: /proc/pid/stat is too short")
	}
	user, err1 := strconv.ParseInt(string(fields[utime-afterName]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[stime-afterName]), 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// Stop interrupts the server, waits until it ends and returns what it took. A server that ended by itself, or ends
// with an error, is an error.
func (s *Server) Stop() (Usage, error) {
	select {
	case <-s.exited:
		return Usage{}, fmt.Errorf("the server ended by itself: %w; its output:\n%s", s.ended, s.output.String())
	default:
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return Usage{}, err
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.kill()
		return Usage{}, errors.New("the server does not end")
	}
	if s.ended != nil {
		return Usage{}, fmt.Errorf("the server ended badly: %w; its output:\n%s", s.ended, s.output.String())
	}
	state := s.cmd.ProcessState
	u := Usage{CPU: state.UserTime() + state.SystemTime()}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Peak = r.Maxrss // getrusage(2): kilobytes, on macOS bytes
		if runtime.GOOS != "darwin" {
			u.Peak <<= 10
		}
	}
	return u, nil
}

func (s *Server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
