package e2e

import (
	"strings"
	"testing"
)

// What stands in device never fails a login.
func TestADeviceIsKeptAsFarAsItCanBe(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	long := func(unit string, bytes int) string { return strings.Repeat(unit, bytes/len(unit)) }
	cases := map[string]struct{ sent, kept any }{
		"null":                            {nil, nil},
		"empty":                           {object{}, nil},
		"null members":                    {object{"name": nil, "type": nil, "userAgent": nil, "ip": nil}, nil},
		"blank members":                   {object{"name": "", "type": " ", "userAgent": "\t", "ip": ""}, nil},
		"members that are no strings":     {object{"name": 1, "type": []int{1}, "userAgent": object{"a": 1}, "ip": true}, nil},
		"one member that can be kept":     {object{"name": nil, "type": "mobile", "ip": "x"}, object{"type": "mobile"}},
		"the longest":                     {object{"name": long("x", 64), "type": long("y", 32)}, object{"name": long("x", 64), "type": long("y", 32)}},
		"a name of 65 bytes":              {object{"name": long("x", 65)}, object{"name": long("x", 64)}},
		"a type of 33 bytes":              {object{"type": long("x", 33)}, object{"type": long("x", 32)}},
		"a user agent of 281 bytes":       {object{"userAgent": long("x", 281)}, object{"userAgent": long("x", 256)}},
		"a character across the end":      {object{"name": "x" + long("\u00e9", 64)}, object{"name": "x" + long("\u00e9", 62)}},
		"four bytes across the end":       {object{"type": "xx" + long("\U0001F600", 32)}, object{"type": "xx" + long("\U0001F600", 28)}},
		"blank before the end":            {object{"type": long(" ", 40) + "x"}, nil},
		"an address":                      {object{"ip": "192.0.2.1"}, object{"ip": "192.0.2.1"}},
		"an address with a port":          {object{"ip": "127.0.0.1:52113"}, object{"ip": "127.0.0.1"}},
		"an IPv6 address":                 {object{"ip": "2001:db8::1"}, object{"ip": "2001:db8::1"}},
		"an IPv6 address with a port":     {object{"ip": "[::1]:80"}, object{"ip": "::1"}},
		"an IPv6 address in brackets":     {object{"ip": "[::1]"}, object{"ip": "::1"}},
		"an IPv6 address with a zone":     {object{"ip": "fe80::1%" + long("x", 300)}, object{"ip": "fe80::1"}},
		"a host":                          {object{"ip": "localhost:80"}, nil},
		"a list of addresses":             {object{"ip": "192.0.2.1, 192.0.2.2"}, nil},
		"an address that is out of range": {object{"ip": "192.0.2.256", "name": "a"}, object{"name": "a"}},
		"a token in place of an address":  {object{"ip": "srt_AAAA"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := jsonOf(map[string]any{"userId": fresh(), "applicationId": home.demo.web, "device": c.sent, "scope": long("s", 256)})
			a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
			x := session{tenant: home.demo.id, id: a.data("refreshTokenId")}
			equal(t, "device", checkResource(t, home.resource(t, x).want(t, 200).body["data"])["device"], c.kept)
		})
	}
}
