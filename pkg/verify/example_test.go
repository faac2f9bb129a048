package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

// auth is the service for the examples, and accessToken what it has issued to alice.
var auth, accessToken = func() (*server, string) {
	s := serve(fixture.NewKeys("ES256"))
	s.Pass(time.Since(s.Now()))
	return s, s.sign(nil)
}()

func Example() {
	verifier, err := verify.New(verify.Config{
		Issuer:   auth.URL, // such as https://auth.example.com
		Tenants:  []string{"demo"},
		Audience: "https://notes.example",
	})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), accessToken)
	fmt.Println(claims.TenantID, claims.UserID, claims.HasScope("read"), err)

	_, err = verifier.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.")
	fmt.Println(errors.Is(err, verify.ErrInvalid))
	// Output:
	// demo alice true <nil>
	// true
}

// A middleware answers 401 and 503, and hands the claims on.
func ExampleVerifier_Request() {
	verifier, err := verify.New(verify.Config{Issuer: auth.URL, Tenants: []string{"demo"}, Audience: "https://notes.example"})
	if err != nil {
		log.Fatal(err)
	}
	type claimsKey struct{}
	protect := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			claims, err := verifier.Request(r)
			switch {
			case errors.Is(err, verify.ErrUnavailable):
				w.Header().Set("Retry-After", "5")
				http.Error(w, "unavailable", http.StatusServiceUnavailable)
			case err != nil:
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
				http.Error(w, "unauthorized", http.StatusUnauthorized)
			default:
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
			}
		})
	}
	api := protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims := r.Context().Value(claimsKey{}).(verify.Claims)
		fmt.Fprintln(w, "the notes of", claims.UserID)
	}))

	for _, authorization := range []string{"Bearer " + accessToken, ""} {
		r := httptest.NewRequest(http.MethodGet, "/notes", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 the notes of alice
	// 401 unauthorized
}

// Events may come over any channel. pkg/verify/queue feeds a denylist from Amazon SQS.
func ExampleDenylist() {
	denylist := verify.NewDenylist(15 * time.Minute) // accessTokenSeconds
	verifier, err := verify.New(verify.Config{
		Issuer: auth.URL, Tenants: []string{"demo"}, Audience: "https://notes.example", Denylist: denylist,
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), accessToken)
	fmt.Println(err)

	events := make(chan verify.Event, 1)
	events <- delivered(entryAt(time.Now(), session.EventDeleted, nil)) // of alice's session
	close(events)
	if err := denylist.Follow(context.Background(), events); err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), accessToken)
	fmt.Println(err)
	// Output:
	// <nil>
	// not a valid access token for this API: revoked
}
