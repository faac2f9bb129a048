package dynamotest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Engine is one running DynamoDB Local, with its tables in memory.
type Engine struct {
	Endpoint string

	process   *exec.Cmd
	lifeline  io.Closer
	exited    chan struct{}
	directory string
}

// Acquire starts an engine. It ends with Close, or with this process, even a killed one. Errors: ErrUnavailable.
func Acquire() (*Engine, error) {
	for _, tool := range []string{"java", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %s is missing; enable it with: apt-get install -y default-jre-headless npm",
				ErrUnavailable, tool)
		}
	}
	engine, err := fetch()
	if err != nil {
		return nil, err
	}
	for range 3 {
		var e *Engine
		if e, err = start(engine); err == nil {
			return e, nil // otherwise another process may have taken the same port
		}
	}
	return nil, err
}

// watch runs a program until it ends or its standard input does, as it does at the end of the process that holds the
// other end; then it removes the directory.
const watch = `exec 3<&0
directory=$1
shift
"$@" 3<&- </dev/null &
child=$!
{ cat <&3; kill $child; } >/dev/null 2>&1 &
wait $child
rm -rf "$directory"`

const startTimeout = 5 * time.Minute // a busy machine takes long

func start(engine string) (*Engine, error) {
	directory, err := os.MkdirTemp("", "dynamodb-local-") // the engine writes into its working directory
	if err != nil {
		return nil, err
	}
	e := &Engine{exited: make(chan struct{}), directory: directory}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.Endpoint = "http://127.0.0.1:" + strconv.Itoa(port)
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	defer func() { _ = log.Close() }() // only a failure to start is ever read from it
	//nolint:gosec,noctx // constant arguments; the lifeline ends it
	process := exec.Command("sh", "-c", watch, "sh", directory,
		"java", "-Djava.library.path="+filepath.Join(engine, "DynamoDBLocal_lib"),
		"-jar", filepath.Join(engine, "DynamoDBLocal.jar"),
		"-inMemory", "-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(port))
	process.Dir, process.Stdout, process.Stderr = directory, log, log
	lifeline, err := process.StdinPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.process, e.lifeline = process, lifeline
	go func() {
		defer close(e.exited)
		_ = process.Wait() // the log has the reason
	}()
	if err := e.ready(); err != nil {
		said := make([]byte, 4096)
		n, _ := log.ReadAt(said, 0)
		return nil, errors.Join(fmt.Errorf("start DynamoDB Local: %w: %s", err, said[:n]), e.Close())
	}
	return e, nil
}

// ready waits for the first answer of the engine, whatever its status.
func (e *Engine) ready() error {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.After(startTimeout)
	for {
		//nolint:noctx // the client has a time-out
		if answer, err := client.Get(e.Endpoint); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-e.exited:
			return errors.New("it ended during its start")
		case <-deadline:
			return fmt.Errorf("no answer in %v", startTimeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close ends the engine.
func (e *Engine) Close() error {
	if e.process != nil {
		_ = e.lifeline.Close() // Wait may have closed it already
		<-e.exited
	}
	return os.RemoveAll(e.directory)
}

func freePort() (int, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}
