package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Lambda allows 10 seconds for an init phase, and 2 between SIGTERM and SIGKILL; a machine with other work gets more.
const (
	initTimeout     = 2 * time.Minute
	shutdownTimeout = 2 * time.Minute
)

// Process is one execution environment: a function that runs, and its Runtime API.
type Process struct {
	*Server
	// Init is the time from exec to the first request for an event.
	Init time.Duration

	cmd            *exec.Cmd
	stdout, stderr *os.File
	exited         chan struct{}
	invoking       sync.Mutex
}

// Start starts a function and returns once it asks for its first event. Errors: *FunctionError for an init error that it
// reported, *ExitError when it ended, ErrTimedOut after a minute. The caller closes the process.
func Start(ctx context.Context, f Function) (*Process, error) {
	p, err := newProcess(f)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", f.Name, err), p.release())
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the state says it all
	}()
	if err := p.initialise(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Init = time.Since(began)
	return p, nil
}

func newProcess(f Function) (*Process, error) {
	server, err := NewServer(f.arn())
	if err != nil {
		return nil, err
	}
	p := &Process{Server: server, exited: make(chan struct{})}
	var errs [2]error
	p.stdout, errs[0] = newOutput()
	p.stderr, errs[1] = newOutput()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, p.release())
	}
	p.cmd = exec.Command(f.Binary) //nolint:gosec,noctx // the caller's own function, which lives until Close
	p.cmd.Args[0] = "/var/runtime/bootstrap"
	p.cmd.Dir = filepath.Dir(f.Binary)
	p.cmd.Env = f.environment(server.Addr())
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	return p, nil
}

// release gives back what newProcess took.
func (p *Process) release() error {
	_ = p.stdout.Close() // nothing was lost: it has been read or will not be
	_ = p.stderr.Close()
	return p.Server.Close()
}

func (p *Process) initialise(ctx context.Context) error {
	limit := time.NewTimer(initTimeout)
	defer limit.Stop()
	select {
	case <-p.idle:
		p.idle <- struct{}{}
		return nil
	case failure := <-p.broken:
		return failure
	case <-p.exited:
		return p.exit()
	case <-limit.C:
		return ErrTimedOut
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Process) exit() error {
	return &ExitError{State: p.cmd.ProcessState, Stderr: p.Stderr()}
}

// Invoke is Server.Invoke, and then waits until the function asks for its next event or ends: only then does Lambda
// freeze it. Errors besides: *ExitError. A function that is late is killed.
func (p *Process) Invoke(ctx context.Context, event []byte, timeout time.Duration) (Answer, error) {
	p.invoking.Lock()
	defer p.invoking.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrTimedOut)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	answer, err := p.Server.Invoke(ctx, event, timeout)
	var failure *FunctionError
	if err == nil || errors.As(err, &failure) {
		_ = p.Idle(ctx) // the answer stands, whatever becomes of the process
	}
	if errors.Is(context.Cause(ctx), ErrTimedOut) {
		p.Kill()
	}
	if p.State() != nil && err != nil && failure == nil && !errors.Is(err, ErrTimedOut) {
		return Answer{}, p.exit()
	}
	return answer, err
}

// Freeze stops the process, as Lambda does between invocations.
func (p *Process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Terminate sends SIGTERM, and SIGKILL to a process that ignores it, which is then an error.
func (p *Process) Terminate() (*os.ProcessState, error) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	select {
	case <-p.exited:
		return p.cmd.ProcessState, nil
	case <-time.After(shutdownTimeout):
		return p.Kill(), fmt.Errorf("the process ignored SIGTERM for %v", shutdownTimeout)
	}
}

// Kill ends the process at once. Its state tells CPU time (UserTime, SystemTime) and, as SysUsage, the largest memory.
func (p *Process) Kill() *os.ProcessState {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
	return p.cmd.ProcessState
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// State is nil while the process runs.
func (p *Process) State() *os.ProcessState {
	select {
	case <-p.exited:
		return p.cmd.ProcessState
	default:
		return nil
	}
}

// MaxRSS is the largest memory of an ended process, in bytes.
func MaxRSS(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss * 1024
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stdout and Stderr are what the process has written so far; Lambda sends both to its log.
func (p *Process) Stdout() string { return text(p.stdout) }

// Stderr is like Stdout.
func (p *Process) Stderr() string { return text(p.stderr) }

// Close ends process and server. What the process wrote can no longer be read.
func (p *Process) Close() error {
	p.Kill()
	return p.release()
}

// newOutput is a nameless file: what the process writes is there at once, whatever this side does.
func newOutput() (*os.File, error) {
	file, err := os.CreateTemp("", "runtimeapi-")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}

func text(file *os.File) string {
	all, err := io.ReadAll(io.NewSectionReader(file, 0, math.MaxInt64))
	if err != nil {
		return "no output: " + err.Error()
	}
	return string(all)
}
