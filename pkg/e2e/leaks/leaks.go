// Package leaks owns the search for secrets in what a process has written. It is test support: it knows credentials by
// their form alone and must never import another package of the module.
package leaks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// credential finds refresh tokens, API keys, access tokens and the secret members of keys.
var credential = regexp.MustCompile(`srt_[\w-]{40,}|sak_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+|"[kd]": *"[\w-]{43}`)

// piece is how many characters of a secret make a leak; so many do not appear by chance.
const piece = 24

// Find searches a log for the beginning of any credential, and for the credentials in texts (requests, answers, key
// documents): for the end of each, and for its secret part and the SHA-256 of that, in hexadecimal and base64.
func Find(log string, texts ...string) error {
	for _, prefix := range []string{"srt_", "sak_", "eyJ"} {
		if at := strings.Index(log, prefix); at >= 0 {
			return fmt.Errorf("the log contains a credential that begins with %s, after %q", prefix, log[max(0, at-60):at])
		}
	}
	pieces := map[string]bool{}
	for _, text := range texts {
		for _, found := range credential.FindAllString(text, -1) {
			found = found[strings.LastIndex(found, `"`)+1:]
			pieces[found[max(0, len(found)-piece):]] = true
			for _, spelling := range spellings(found) {
				pieces[spelling[:piece]] = true
			}
		}
	}
	for i := range max(0, len(log)-piece+1) {
		if pieces[log[i:i+piece]] {
			return errors.New("the log contains a piece of a credential or key, or the hash of a secret")
		}
	}
	return nil
}

// spellings are those of the secret of a refresh token (the 32 bytes before its tag of 16), of an API key (its last 43
// characters) or of a key, and of its hash. An access token is a secret as a whole.
func spellings(text string) (all []string) {
	encoded, isRefresh := strings.CutPrefix(text, "srt_")
	if !isRefresh {
		encoded = text[max(0, len(text)-43):]
	}
	secret, err := base64.RawURLEncoding.DecodeString(encoded)
	if isRefresh && len(secret) >= 48 {
		secret = secret[len(secret)-48 : len(secret)-16]
	}
	if err != nil || len(secret) != sha256.Size {
		return nil
	}
	hash := sha256.Sum256(secret)
	for _, bytes := range [][]byte{secret, hash[:]} {
		all = append(all, hex.EncodeToString(bytes), strings.ToUpper(hex.EncodeToString(bytes)),
			base64.StdEncoding.EncodeToString(bytes), base64.URLEncoding.EncodeToString(bytes))
	}
	return all
}
