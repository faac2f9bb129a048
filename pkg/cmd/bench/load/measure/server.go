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
	"sync"
	"syscall"
	"time"
)

// patience is how long a server may take to start, and to end.
const patience = 30 * time.Second

// Program says how a server is started. It gets a free port of 127.0.0.1 as PORT, and nothing of the caller's
// environment but PATH and HOME.
type Program struct {
	Command []string
	Dir     string   // its working directory; "" for the caller's
	Env     []string // NAME=value
	Ready   string   // a path that answers 200 as soon as it is ready
}

// Server is a running Program. Stop must be called.
type Server struct {
	Base string // http://127.0.0.1:port

	cmd    *exec.Cmd
	output lockedBuffer
	exited chan struct{}
	ended  error // how it exited, once that is closed
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
	s := &Server{Base: "http://127.0.0.1:" + strconv.Itoa(port), exited: make(chan struct{})}
	//nolint:gosec // the caller's own programs
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), p.Command[0], p.Command[1:]...)
	s.cmd.Dir = p.Dir
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PORT=" + strconv.Itoa(port)}, p.Env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	// Ctrl-C is for the measuring process, which then ends this one in order.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Command[0], err)
	}
	go func() {
		s.ended = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.ready(ctx, s.Base+p.Ready); err != nil {
		err = fmt.Errorf("start %s: %w; it said:\n%s", p.Command[0], err, s.output.String())
		return nil, errors.Join(err, s.kill())
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
// architecture that Go runs on. The name of the program, field 2, may hold anything but ends at the last bracket.
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

// Stop interrupts the server, waits for its end and returns what it took. It is an error if the server had ended
// by itself, or ends badly.
func (s *Server) Stop() (Usage, error) {
	select {
	case <-s.exited:
		return Usage{}, fmt.Errorf("the server ended by itself: %w; it said:\n%s", s.ended, s.output.String())
	default:
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return Usage{}, err
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		return Usage{}, errors.Join(errors.New("the server does not end"), s.kill())
	}
	if s.ended != nil {
		return Usage{}, fmt.Errorf("the server ended badly: %w; it said:\n%s", s.ended, s.output.String())
	}
	state := s.cmd.ProcessState
	u := Usage{CPU: state.UserTime() + state.SystemTime()}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Peak = peak(r.Maxrss, runtime.GOOS)
	}
	return u, nil
}

// peak is getrusage's ru_maxrss in bytes: macOS counts these, all others kilobytes.
func peak(maxrss int64, system string) int64 {
	if system == "darwin" {
		return maxrss
	}
	return maxrss << 10
}

func (s *Server) kill() error {
	err := s.cmd.Process.Kill()
	<-s.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, errors.Join(err, l.Close())
	}
	port, err := strconv.Atoi(text)
	return port, errors.Join(err, l.Close())
}

// lockedBuffer collects what a process prints.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
