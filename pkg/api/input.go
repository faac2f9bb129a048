package api

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// KeyRefreshToken is the one key that several interfaces know.
const KeyRefreshToken = "refreshToken"

// Input is a request's recognised keys with their values.
type Input map[string]string

// Keys lists what is set, sorted.
func (in Input) Keys() string {
	return strings.Join(slices.Sorted(maps.Keys(in)), " ")
}

// ReadInput takes the recognised keys out of members. Every other key, and every value that is not a string
// with something in it, is at fault; so are two spellings of one key with different values.
func ReadInput(members []Member, recognised ...string) (Input, error) {
	in := Input{}
	spelling := map[string]string{}
	var bad Faults
	for _, m := range members {
		name := m.Name
		if !slices.Contains(recognised, name) {
			bad.Add(m.Spelled, "unknown", "is not known here; "+listed(recognised))
			continue
		}
		value, err := StringValue(m.Value)
		if err != nil {
			bad.Add(m.Spelled, "invalid", err.Error())
			continue
		}
		if before, doubled := in[name]; doubled && before != value {
			bad.Add(m.Spelled, "conflict", "contradicts "+spelling[name]+", which means the same")
			continue
		}
		in[name], spelling[name] = value, m.Spelled
	}
	return in, bad.Err()
}

// Mentions says whether a key is there, even with a value at fault.
func Mentions(members []Member, name string) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Name == name })
}

func listed(keys []string) string {
	if len(keys) == 0 {
		return "there are no keys"
	}
	return "the keys are: " + strings.Join(keys, ", ")
}

// StringValue is a JSON string with something in it.
func StringValue(raw json.RawMessage) (string, error) {
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

// Faults collects fields at fault.
type Faults []session.FieldError

// Add records a field at fault, which a caller may have named.
func (f *Faults) Add(field, code, rule string) {
	if len(*f) == maxFaults {
		return
	}
	field = KeyName(field)
	*f = append(*f, session.FieldError{Field: field, Code: code, Message: field + " " + rule + "."})
}

// CheckID records what is wrong with an id.
func (f *Faults) CheckID(field, id string) {
	if err := session.CheckID(id); err != nil {
		f.Add(field, "invalid", err.Error())
	}
}

// CheckIDs is CheckID for the ids that the input has.
func (f *Faults) CheckIDs(in Input, names ...string) {
	for _, name := range names {
		if value, given := in[name]; given {
			f.CheckID(name, value)
		}
	}
}

// CheckTenantID is CheckID for a tenant.
func (f *Faults) CheckTenantID(field, id string) {
	if err := session.CheckTenantID(id); err != nil {
		f.Add(field, "invalid", err.Error())
	}
}

// Err is nil without faults.
func (f *Faults) Err() error {
	if len(*f) == 0 {
		return nil
	}
	return &session.InputError{Fields: *f}
}

// FieldFault is the error of one field at fault.
func FieldFault(field, code, rule string) error {
	var f Faults
	f.Add(field, code, rule)
	return f.Err()
}

// JoinFaults merges what several checks of one request found, so that all fields at fault are listed. An error
// of another kind comes first.
func JoinFaults(errs ...error) error {
	var all Faults
	for _, err := range errs {
		var bad *session.InputError
		switch {
		case errors.As(err, &bad):
			all = append(all, bad.Fields...)
		case err != nil:
			return err
		}
	}
	return all.Err()
}

// MaxScope is the longest scope, in bytes.
const MaxScope = 256

// WellFormedScope says whether there are scope tokens with single spaces between them (RFC 6749 section 3.3).
func WellFormedScope(scope string) bool {
	for one := range strings.SplitSeq(scope, " ") {
		invalid := func(c rune) bool { return c < 0x21 || c > 0x7e || c == '"' || c == '\\' }
		if one == "" || strings.ContainsFunc(one, invalid) {
			return false
		}
	}
	return true
}
