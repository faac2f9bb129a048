package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func TestParseObjectIsStrict(t *testing.T) {
	for text, wantDoubled := range map[string]string{
		`{"a":1,"a":2}`:                          "a",
		`{"a":1,"\u0061":2}`:                     "a",
		`{"x":{"a":1,"b":[{"c":1,"c":2}]}}`:      "c",
		`{"x":[[{"k":{}},{"k":{"z":1,"z":1}}]]}`: "z",
	} {
		_, err := ParseObject([]byte(text))
		var doubled DoubledKeyError
		if !errors.As(err, &doubled) || doubled.Name != wantDoubled {
			t.Errorf("%s: got %v, want the doubled key %s", text, err, wantDoubled)
		}
	}
	for _, text := range []string{
		"", " ", "null", "[]", `"a"`, "1", "{", `{"a":1}x`, `{"a":1}{}`, `{a:1}`, `{"a":"\ud800"}`, `{"\udc00":1}`,
		`{"a":"\ud800\u0041"}`, `{"a":"\udc00\ud800"}`, `{"a":"\ud83dx"}`, "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}", `{"a":"\ud83d\"}`,
	} {
		if _, err := ParseObject([]byte(text)); err == nil {
			t.Errorf("%q was read as an object", text)
		}
	}
	for _, text := range []string{
		"{}", " {} ", `{"a":"\ud83d\ude00","b":"😀","c":"\\ud800","d":"\u0000"}`, `{"a":{"k":1},"b":{"k":1},"c":["k","k",{"k":"k"}]}`,
	} {
		if _, err := ParseObject([]byte(text)); err != nil {
			t.Errorf("%s was refused: %v", text, err)
		}
	}
}

func TestKeysKeepTheirSpelling(t *testing.T) {
	members, err := ParseObject([]byte(`{"USERID":"a","userid":"b"}`))
	if err != nil || len(members) != 2 {
		t.Fatal(members, err)
	}
	if _, err := ReadInput(members, "userId"); err == nil {
		t.Error("a key in another case was taken for userId")
	}
}

// FuzzParseObject: what is accepted is an object that encoding/json reads alike and that survives a rewrite.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,{"c":"\ud83d\ude00"}]}}`, `{"a":1,"a":1}`, `{"a":"\ud800"}`, `[]`, `{"a":"\\u`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		members, err := ParseObject(raw)
		if err != nil {
			return
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatalf("accepted what is no object: %v", err)
		}
		if len(object) != len(members) || !utf8.Valid(raw) {
			t.Fatalf("%d members, %d keys", len(members), len(object))
		}
		for _, m := range members {
			if string(object[m.Name]) != string(m.Value) && !json.Valid(m.Value) {
				t.Fatalf("member %q differs", m.Name)
			}
		}
	})
}

// FuzzReadInput: recognised keys come out as they are, and nothing else comes out.
func FuzzReadInput(f *testing.F) {
	f.Add(`{"userId":"a"}`)
	f.Add(`{"userId":"a","x":1,"tokenId":null,"applicationId":" "}`)
	f.Fuzz(func(t *testing.T, text string) {
		members, err := ParseObject([]byte(text))
		if err != nil {
			return
		}
		in, err := ReadInput(members, "userId", "applicationId", "tokenId")
		for name, value := range in {
			if name != "userId" && name != "applicationId" && name != "tokenId" || strings.TrimSpace(value) == "" {
				t.Fatalf("%q=%q came out", name, value)
			}
		}
		var bad *session.InputError
		if err != nil && (!errors.As(err, &bad) || len(bad.Fields) == 0) {
			t.Fatalf("an error without a field: %v", err)
		}
		if err == nil && len(members) < len(in) {
			t.Fatal("more came out than went in")
		}
	})
}
