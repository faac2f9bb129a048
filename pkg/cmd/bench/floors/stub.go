package floors

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// canned is the answer to every request that contains a word.
type canned struct{ word, answer []byte }

// answering makes a canned answer out of a status and a JSON body.
func answering(word string, status int, body string) canned {
	return canned{[]byte(word), fmt.Appendf(nil,
		"HTTP/1.1 %d -\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amzn-Requestid: STUB\r\nContent-Length: %d\r\n\r\n%s",
		status, len(body), body)}
}

// stub answers on a loopback port as DynamoDB and Secrets Manager would, each request with the first answer whose
// word it contains. A request allocates nothing here, so that all allocations of this process are its client's.
type stub struct {
	url       string
	answers   []canned
	delay     time.Duration // before each answer
	failsOnce atomic.Bool   // whether the first of each two requests is a 500
	seen      atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// newStub listens until the end of the measurement.
func newStub(t testing.TB, answers ...canned) *stub {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{url: "http://" + listener.Addr().String(), answers: answers, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = listener.Close()
		s.closeConnections()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			go s.serve(conn)
		}
	}()
	return s
}

// closeConnections does what a peer does to connections that were idle for long.
func (s *stub) closeConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	clear(s.conns)
}

func (s *stub) serve(conn net.Conn) {
	buffer := make([]byte, 64<<10)
	n := 0
	for {
		read, err := conn.Read(buffer[n:])
		if err != nil {
			_ = conn.Close()
			return
		}
		if n += read; !complete(buffer[:n]) {
			continue
		}
		time.Sleep(s.delay)
		if _, err := conn.Write(s.answer(buffer[:n])); err != nil {
			return
		}
		n = 0
	}
}

// complete tells whether a whole HTTP request has been read.
func complete(request []byte) bool {
	head, body, found := bytes.Cut(request, []byte("\r\n\r\n"))
	if !found {
		return false
	}
	_, rest, _ := bytes.Cut(head, []byte("\r\nContent-Length: "))
	digits, _, _ := bytes.Cut(rest, []byte("\r\n"))
	length, _ := strconv.Atoi(string(digits))
	return len(body) >= length
}

// refusal is DynamoDB's answer while one of its hosts fails, and to a request without a canned answer.
var refusal = answering("", 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`).answer

func (s *stub) answer(request []byte) []byte {
	if s.failsOnce.Load() && s.seen.Add(1)%2 == 1 {
		return refusal
	}
	for _, c := range s.answers {
		if bytes.Contains(request, c.word) {
			return c.answer
		}
	}
	return refusal
}
