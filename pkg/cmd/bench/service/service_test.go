package service

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// What a figure is made of has been answered rightly.
func TestAWrongAnswerIsAnError(t *testing.T) {
	issue := func(ctx context.Context, s *Service) error { _, err := s.Issue(ctx, "alice", "web"); return err }
	refresh := func(ctx context.Context, s *Service) error { _, err := s.Refresh(ctx, "old"); return err }
	list := func(ctx context.Context, s *Service) error { _, err := s.List(ctx, "key", "alice"); return err }
	byUser := func(ctx context.Context, s *Service) error { _, err := s.DeleteByUser(ctx, "alice"); return err }
	byApplication := func(ctx context.Context, s *Service) error { return s.DeleteByApplication(ctx, "web") }
	for name, row := range map[string]struct {
		status int
		data   string
		do     func(context.Context, *Service) error
		good   bool
	}{
		"issued tokens":              {201, `{"refreshToken":"new","refreshTokenId":"id","accessToken":"a"}`, issue, true},
		"a session without its id":   {201, `{"refreshToken":"new","accessToken":"a"}`, issue, false},
		"a refresh":                  {200, `{"refreshToken":"new","accessToken":"a"}`, refresh, true},
		"the same token":             {200, `{"refreshToken":"old","accessToken":"a"}`, refresh, false},
		"without a token":            {200, `{}`, refresh, false},
		"a refusal":                  {400, `{"refreshToken":"new","accessToken":"a"}`, refresh, false},
		"a list":                     {200, `[{"userId":"alice"}]`, list, true},
		"a list of another user too": {200, `[{"userId":"alice"},{"userId":"bob"}]`, list, false},
		"a list with another page":   {200, `[{"userId":"alice"}],"nextCursor":"x"`, list, false},
		"not a list":                 {200, `{}`, list, false},
		"a deletion":                 {200, `{"deleted":1,"ids":["x"]}`, byUser, true},
		"a deletion that miscounts":  {200, `{"deleted":2,"ids":["x"]}`, byUser, false},
		"an epoch":                   {200, `{"applicationId":"web","epoch":1}`, byApplication, true},
		"another application":        {200, `{"applicationId":"service","epoch":1}`, byApplication, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, `{"data":`+row.data+`}`)
		}))
		if err := row.do(t.Context(), &Service{Client: measure.NewClient(server.URL, 1)}); (err == nil) != row.good {
			t.Errorf("%s: got %v, want success %v", name, err, row.good)
		}
		server.Close()
	}
}
