// Package fakesm owns an in-memory AWS Secrets Manager for tests: GetSecretValue, PutSecretValue, DescribeSecret and
// UpdateSecretVersionStage over the JSON 1.1 protocol, with staging labels, idempotent client request tokens and
// injected failures. It must never be linked into a function: it checks no signature and keeps secrets in the clear.
package fakesm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
)

// The staging labels that Secrets Manager moves by itself.
const (
	Current  = "AWSCURRENT"
	Previous = "AWSPREVIOUS"
	Pending  = "AWSPENDING"
)

// Failure is one injected answer.
type Failure struct {
	Status int    // 400 or 5xx; 0 breaks the connection
	Code   string // such as ThrottlingException; "" for a body that is not JSON, as of a proxy
	// Applied runs the request before the failure: the reply is lost, its effect is not.
	Applied bool
}

// Failures that clients must tolerate.
var (
	Throttled = Failure{Status: http.StatusBadRequest, Code: "ThrottlingException"}
	Internal  = Failure{Status: http.StatusInternalServerError, Code: "InternalServiceError"}
	LostReply = Failure{Applied: true}
)

// Server is an http.Handler, and an HTTP client of the SDK that answers in process.
type Server struct {
	mu       sync.Mutex
	secrets  map[string]*secret // by ARN
	failures map[string][]Failure
	calls    map[string]int
}

type secret struct {
	name     string
	rotates  bool
	versions map[string]*version
}

// version is one version; value is nil until it is put, as for the pending version of a new rotation.
type version struct {
	value  *string
	stages []string
}

// New makes a server without secrets.
func New() *Server {
	return &Server{secrets: map[string]*secret{}, failures: map[string][]Failure{}, calls: map[string]int{}}
}

// Create adds a secret whose current version holds value, and returns its ARN.
func (s *Server) Create(name, value string) string {
	arn := s.CreateEmpty(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[arn].versions["00000000-0000-4000-8000-000000000001"] = &version{value: &value, stages: []string{Current}}
	return arn
}

// CreateEmpty adds a secret without any version, and returns its ARN.
func (s *Server) CreateEmpty(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" + name + "-AbCdEf"
	s.secrets[arn] = &secret{name: name, rotates: true, versions: map[string]*version{}}
	return arn
}

// StartRotation makes the version that Secrets Manager makes before it invokes a rotation function: pending, without a
// value, with the ClientRequestToken of the event as its id.
func (s *Server) StartRotation(arn, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.secrets[arn]
	found.move(Pending, token)
	if found.versions[token] == nil {
		found.versions[token] = &version{stages: []string{Pending}}
	}
}

// DisableRotation ends the rotation of a secret, as DescribeSecret reports it.
func (s *Server) DisableRotation(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[arn].rotates = false
}

// Value is the value of the version with a stage; false if the version or its value is missing.
func (s *Server) Value(arn, stage string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.secrets[arn].versions[s.secrets[arn].under(stage)]; v != nil && v.value != nil {
		return *v.value, true
	}
	return "", false
}

// Version is the id of the version with a stage; "" if no version has it.
func (s *Server) Version(arn, stage string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secrets[arn].under(stage)
}

// Fail adds failures for the next calls of an operation, such as "GetSecretValue".
func (s *Server) Fail(operation string, failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[operation] = append(s.failures[operation], failures...)
}

// Calls counts the requests of an operation, failed ones included.
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Client is a client with the options of production whose requests the server answers in process.
func (s *Server) Client(options ...func(*secretsmanager.Options)) *secretsmanager.Client {
	config, err := awsconfig.Local("http://127.0.0.1:1")
	if err != nil {
		panic(err) // of a constant
	}
	config.HTTPClient = awsconfig.Attempts(s, time.Minute)
	return secretsmanager.NewFromConfig(config, options...)
}

// Do implements the HTTP client of the SDK.
func (s *Server) Do(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			if aborted, ok := broken.(error); !ok || !errors.Is(aborted, http.ErrAbortHandler) {
				panic(broken)
			}
			response, err = nil, fmt.Errorf("read tcp: connection reset by peer: %w", http.ErrServerClosed)
		}
	}()
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// ServeHTTP answers one request of the JSON 1.1 protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	operation, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	var in request
	switch err := json.NewDecoder(r.Body).Decode(&in); {
	case !found || err != nil:
		fail(w, http.StatusBadRequest, "SerializationException", "not a request of Secrets Manager")
		return
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") ||
		!strings.Contains(r.Header.Get("Authorization"), "/secretsmanager/aws4_request"):
		fail(w, http.StatusBadRequest, "MissingAuthenticationTokenException", "the request is not signed")
		return
	}
	s.calls[operation]++
	if queue := s.failures[operation]; len(queue) > 0 {
		s.failures[operation] = queue[1:]
		s.inject(w, queue[0], operation, in)
		return
	}
	out, refused := s.handle(operation, in)
	if refused != nil {
		fail(w, http.StatusBadRequest, refused.code, refused.message)
		return
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) inject(w http.ResponseWriter, f Failure, operation string, in request) {
	if f.Applied {
		_, _ = s.handle(operation, in)
	}
	switch {
	case f.Status == 0:
		panic(http.ErrAbortHandler)
	case f.Code == "":
		http.Error(w, "<html>bad gateway</html>", f.Status)
	default:
		fail(w, f.Status, f.Code, "injected")
	}
}

func fail(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]string{"__type": code, "Message": message})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// under is the id of the version with a stage; "" if no version has it.
func (x *secret) under(stage string) string {
	for _, id := range slices.Sorted(maps.Keys(x.versions)) {
		if slices.Contains(x.versions[id].stages, stage) {
			return id
		}
	}
	return ""
}

// move moves a stage to another version, or removes it if that version does not exist. AWSPREVIOUS follows AWSCURRENT.
func (x *secret) move(stage, to string) {
	from := x.under(stage)
	if from == to {
		return
	}
	if v := x.versions[from]; v != nil {
		v.stages = slices.DeleteFunc(v.stages, func(have string) bool { return have == stage })
		if stage == Current {
			x.move(Previous, from)
		}
	}
	if v := x.versions[to]; v != nil {
		v.stages = append(v.stages, stage)
	}
}
