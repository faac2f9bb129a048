// Package hook owns how the claims hook of a deployment is asked: a Lambda function, or a URL on a laptop. It encodes the
// question, reads the answer strictly, and gives up with the context. It must never send a token, repeat a question, keep
// an answer, or put a word of an answer into an error.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// MaxAnswer is the longest answer that is read, in bytes.
const MaxAnswer = 16 << 10

// question is the JSON that a hook is asked with.
type question struct {
	Version       int    `json:"version"`
	Event         string `json:"event"`
	TenantID      string `json:"tenantId"`
	ApplicationID string `json:"applicationId"`
	UserID        string `json:"userId"`
	TokenID       string `json:"tokenId"`
	Generation    uint32 `json:"generation"`
	RequestID     string `json:"requestId"`
}

// Ask asks one hook.
type Ask = func(ctx context.Context, call session.HookCall) (session.HookAnswer, error)

// client sends one request; it follows no redirection.
type client interface {
	Do(request *http.Request) (*http.Response, error)
}

// URL asks by HTTP POST.
func URL(address string) Ask {
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return ask(&http.Client{CheckRedirect: noRedirect}, func(ctx context.Context, body []byte) (*http.Request, error) {
		return newRequest(ctx, address, body)
	})
}

func newRequest(ctx context.Context, address string, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// ask sends what build makes of the question.
func ask(client client, build func(ctx context.Context, body []byte) (*http.Request, error)) Ask {
	return func(ctx context.Context, call session.HookCall) (session.HookAnswer, error) {
		body, err := json.Marshal(question{
			1, call.Event, call.Key.Tenant, call.Key.Application, call.Key.User, call.Key.ID.String(), call.Generation, call.RequestID,
		})
		if err != nil {
			return session.HookAnswer{}, err
		}
		request, err := build(ctx, body)
		if err != nil {
			return session.HookAnswer{}, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return session.HookAnswer{}, err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return session.HookAnswer{}, fmt.Errorf("status %d", answer.StatusCode)
		}
		if answer.Header.Get("X-Amz-Function-Error") != "" {
			return session.HookAnswer{}, errors.New("the function failed")
		}
		raw, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
		if err != nil {
			return session.HookAnswer{}, err
		}
		return read(raw)
	}
}

var (
	errTooLong = fmt.Errorf("the answer is longer than %d bytes", MaxAnswer)
	errShape   = errors.New(`the answer must be {}, {"claims": {...}} or {"deny": true, "reason": "..."}`)
)

// read reads an answer. Its reason may be anything: a hook that denies is not overruled for a word.
func read(raw []byte) (answer session.HookAnswer, err error) {
	if len(raw) > MaxAnswer {
		return answer, errTooLong
	}
	members, err := api.ParseObject(raw)
	if err != nil {
		return answer, errShape
	}
	given := map[string]json.RawMessage{}
	for _, m := range members {
		given[m.Name] = m.Value
	}
	claims, deny, reason := given["claims"], given["deny"], given["reason"]
	known := 0
	for _, value := range []json.RawMessage{claims, deny, reason} {
		if value != nil {
			known++
		}
	}
	switch {
	case known != len(members), claims != nil && known > 1, reason != nil && deny == nil:
		return answer, errShape
	case claims != nil:
		answer.Claims, err = readClaims(claims)
		return answer, err
	case deny != nil && string(deny) != "true":
		return answer, errShape
	}
	answer.Deny = deny != nil
	if text, isText := api.StringValue(reason); isText == nil && session.IsReason(text) {
		answer.Reason = text
	}
	return answer, nil
}

// readClaims returns the claims as an access token will hold them, where encoding/json escapes <, > and &.
func readClaims(raw json.RawMessage) (json.RawMessage, error) {
	var compact, signed bytes.Buffer
	if _, err := api.ParseObject(raw); err != nil || json.Compact(&compact, raw) != nil {
		return nil, errShape
	}
	json.HTMLEscape(&signed, compact.Bytes())
	if bad := session.ClaimFaults(signed.Bytes(), nil); len(bad) > 0 {
		codes := make([]string, len(bad))
		for i, fault := range bad {
			codes[i] = fault.Code
		}
		return nil, fmt.Errorf("the claims are not those of an access token: %s", strings.Join(codes, ", "))
	}
	return signed.Bytes(), nil
}
