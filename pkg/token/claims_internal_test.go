package token

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// The names are those that encoding/json reads.
func FuzzMemberNames(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, ` { "a" : [ {"b":"c,{"} ] , "\u0061" : "\\" }`, `{"a":{"b":[1,"x"]},"c":"\"","d":null}`, `[]`, `null`, `"{"`, `{"a":1,"a":2}`,
		"{\"\xff\":1}", `{"\ud800":1,"":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := memberNames(raw)
		var all map[string]json.RawMessage
		if json.Unmarshal(raw, &all) != nil || all == nil {
			if err == nil {
				t.Fatalf("got %q of a value that is not an object, want an error", got)
			}
			return
		}
		var want []string
		d := json.NewDecoder(bytes.NewReader(raw))
		_, _ = d.Token()
		for d.More() {
			name, _ := d.Token()
			want = append(want, name.(string))
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		if doubled := len(all) != len(want); doubled != (err != nil) || !doubled && !slices.Equal(got, want) {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	})
}
