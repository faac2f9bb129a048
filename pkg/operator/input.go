package operator

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

const (
	// maxName is the longest name of an application or an API key, in bytes.
	maxName = 128
	// maxReason is the longest reason of an ending, in bytes (law 9).
	maxReason = 32
)

// decode reads a JSON object strictly into a struct, which keeps what the object does not name. The keys are the struct's
// JSON names, letter by letter. Prefix goes before the names of fields at fault, of which the error lists all.
func decode(raw json.RawMessage, prefix string, into any) error {
	members, err := api.ParseObject(raw)
	if err != nil {
		field := strings.TrimSuffix(prefix, ".")
		if field == "" {
			field = "the payload"
		}
		return api.FieldFault(field, "invalid", "must be one JSON object in UTF-8 without doubled keys")
	}
	value, known, names := reflect.ValueOf(into).Elem(), map[string]int{}, []string{}
	for i := range value.NumField() {
		name := value.Type().Field(i).Tag.Get("json")
		known[name], names = i, append(names, name)
	}
	var bad api.Faults
	for _, m := range members {
		i, found := known[m.Name]
		if !found {
			bad.Add(prefix+m.Name, "unknown", "is not known here; the keys are: "+strings.Join(names, ", "))
			continue
		}
		if rule := assign(m.Value, value.Field(i)); rule != "" {
			bad.Add(prefix+m.Name, "invalid", rule)
		}
	}
	return bad.Err()
}

// assign reads one value, and says what it must be if it is not.
func assign(raw json.RawMessage, field reflect.Value) (rule string) {
	if field.Kind() == reflect.String {
		text, err := api.StringValue(raw)
		if err != nil {
			return err.Error()
		}
		field.SetString(text)
		return ""
	}
	if string(raw) == "null" || json.Unmarshal(raw, field.Addr().Interface()) != nil {
		return "must be " + form(field.Type())
	}
	return ""
}

func form(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time such as 2030-01-31T12:00:00Z (RFC 3339)"
	case t == reflect.TypeFor[json.RawMessage]():
		return "an object"
	case t == reflect.TypeFor[[]json.RawMessage]():
		return "a list of objects"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return `a list of strings such as ["one", "two"]`
	case t.Kind() == reflect.String:
		return "a string"
	default:
		return "a whole number"
	}
}

func checkReason(bad *api.Faults, reason string) {
	foreign := func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_-", c) }
	if len(reason) > maxReason || strings.ContainsFunc(reason, foreign) {
		bad.Add("reason", "invalid", "may have 32 characters of a-z, 0-9, _ and -")
	}
}
