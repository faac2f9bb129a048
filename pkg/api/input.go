package api

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The keys of requests, by their canonical names.
const (
	keyID            = "id"
	keyTokenID       = "tokenId"
	keyUserID        = "userId"
	keyApplicationID = "applicationId"
	keyTokenString   = "TokenString"
	keyToken         = "token"
	keyAccessToken   = "accessToken"
	keyRefreshToken  = "refreshToken"
	keyOperation     = "operation"
	keyLimit         = "limit"
	keyCursor        = "cursor"
)

// canonical resolves the documented aliases of a key.
func canonical(name string) string {
	switch name {
	case "applicationsId":
		return keyApplicationID
	case "userID", "usersId":
		return keyUserID
	case "tokenString":
		return keyTokenString
	}
	return name
}

// input is a request's recognised keys with their values.
type input map[string]string

// keys lists what is set, sorted.
func (in input) keys() string {
	return strings.Join(slices.Sorted(maps.Keys(in)), " ")
}

// readInput takes the recognised keys out of members. Every other key, and every value that is not a string
// with something in it, is at fault; so are two spellings of one key with different values.
func readInput(members []member, recognised ...string) (input, error) {
	in := input{}
	spelling := map[string]string{}
	var bad faults
	for _, m := range members {
		name := canonical(m.name)
		if !slices.Contains(recognised, name) {
			bad.add(m.name, "unknown", "is not known here; "+listed(recognised))
			continue
		}
		value, err := stringValue(m.value)
		if err != nil {
			bad.add(m.name, "invalid", err.Error())
			continue
		}
		if before, doubled := in[name]; doubled && before != value {
			bad.add(m.name, "conflict", "contradicts "+spelling[name]+", which means the same")
			continue
		}
		in[name], spelling[name] = value, m.name
	}
	return in, bad.err()
}

func listed(keys []string) string {
	if len(keys) == 0 {
		return "there are no keys"
	}
	return "the keys are: " + strings.Join(keys, ", ")
}

func stringValue(raw json.RawMessage) (string, error) {
	var value *string
	if err := json.Unmarshal(raw, &value); err != nil || value == nil {
		return "", errors.New("must be a string")
	}
	if strings.TrimSpace(*value) == "" {
		return "", session.ErrIDBlank
	}
	return *value, nil
}

// maxFaults bounds what one answer lists: each fault is longer than the key that caused it.
const maxFaults = 32

// faults collects fields at fault.
type faults []session.FieldError

func (f *faults) add(field, code, rule string) {
	if len(*f) == maxFaults {
		return
	}
	*f = append(*f, session.FieldError{Field: field, Code: code, Message: field + " " + rule + "."})
}

// checkID records why an id that was given cannot be one.
func (f *faults) checkID(field, id string) {
	if err := session.CheckID(id); err != nil {
		f.add(field, "invalid", err.Error())
	}
}

// checkName is checkID for an id that comes into being. Clients remove dot segments from a path, encoded or not (RFC 3986
// section 5.2.4), so that a deletion of one user's tokens would arrive as one of all of an application.
func (f *faults) checkName(field, id string) {
	if id == "." || id == ".." {
		f.add(field, "invalid", "must not be . or .., which clients remove from the path of a URL")
		return
	}
	f.checkID(field, id)
}

func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &session.InputError{Fields: *f}
}

// fieldFault is the error of one field at fault.
func fieldFault(field, code, rule string) error {
	var f faults
	f.add(field, code, rule)
	return f.err()
}

// joinFaults merges what several checks of one request found, so that all fields at fault are listed. An error
// of another kind comes first.
func joinFaults(errs ...error) error {
	var all faults
	for _, err := range errs {
		var bad *session.InputError
		switch {
		case errors.As(err, &bad):
			all = append(all, bad.Fields...)
		case err != nil:
			return err
		}
	}
	return all.err()
}
