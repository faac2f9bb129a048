package dpop

import (
	"testing"
	"time"
)

// The examples of RFC 9449: figure 2, a proof for the token endpoint; figure 12, one for a resource; section 6.1, the
// thumbprint of their key.
const (
	exampleHeader = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
	exampleProof  = exampleHeader + ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" +
		".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	exampleAtResource = exampleHeader + ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9" +
		".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	exampleThumbprint  = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	exampleAccessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
)

func TestTheExamplesOfTheRFCVerify(t *testing.T) {
	for _, c := range []struct {
		proof, method, base, path string
		at                        int64
		accessToken               string
	}{
		{exampleProof, "POST", "https://server.example.com", "/token", 1562262616, ""},
		{exampleAtResource, "GET", "https://resource.example.org", "/protectedresource", 1562262618, exampleAccessToken},
	} {
		base, err := ParseBase(c.base)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Presented{Proofs: []string{c.proof}, Method: c.method, Path: c.path, Bases: []Base{base}}.Verify()
		if err != nil || p.Key.String() != exampleThumbprint {
			t.Fatalf("%s: got key %s and %v, want %s", c.path, p.Key, err, exampleThumbprint)
		}
		if at := time.Unix(c.at, 0); !p.Recent(at.Add(60*time.Second)) || p.Recent(at.Add(61*time.Second)) ||
			!p.Recent(at.Add(-60*time.Second)) || p.Recent(at.Add(-61*time.Second)) {
			t.Errorf("%s: want it recent within 60 s of %d alone", c.path, c.at)
		}
		if got := p.For(exampleAccessToken); got != (c.accessToken != "") {
			t.Errorf("%s: for the access token: got %t, want %t", c.path, got, c.accessToken != "")
		}
	}
}
