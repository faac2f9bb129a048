package rotation

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// SigningKeys are the keys of access tokens, which are accepted for at most that long. New keys are made for alg:
// ES256, EdDSA or RS256. A new alg signs after two rotations, since the next key exists already.
func SigningKeys(alg string, accepted time.Duration) Kind {
	return Kind{
		Make:     func(s keys.Status) (keys.JWK, error) { return keys.GenerateSigningKey(alg, s) },
		Test:     testSigning,
		Accepted: accepted,
		Public:   true,
	}
}

// TokenKeys are the keys of refresh tokens, which are accepted for at most that long.
func TokenKeys(accepted time.Duration) Kind {
	return Kind{
		Make:     func(s keys.Status) (keys.JWK, error) { return keys.GenerateTokenKey(s), nil },
		Test:     testToken,
		Accepted: accepted,
	}
}

// testSigning signs with the active key and with the next one, and reads the past ones.
func testSigning(doc keys.Document) error {
	for _, j := range doc.Keys {
		if j.Status == keys.Retired || j.Status == keys.Past {
			continue
		}
		j.Status = keys.Active
		raw, err := keys.MarshalDocument(j)
		if err != nil {
			return err
		}
		set, err := keys.ParseSigningSet(raw)
		if err != nil {
			return err
		}
		if err := probe(set.Active.Signer); err != nil {
			return fmt.Errorf("key %s: %w", j.ID, err)
		}
	}
	raw, err := doc.Marshal()
	if err != nil {
		return err
	}
	set, err := keys.ParseSigningSet(raw)
	for _, j := range doc.Keys {
		if err == nil && j.Status == keys.Past {
			_, err = set.Past(j.ID)
		}
	}
	return err
}

// probe signs a digest that no token has.
func probe(signer crypto.Signer) error {
	digest := sha256.Sum256([]byte("rotation"))
	message, hash := digest[:], crypto.SignerOpts(crypto.SHA256)
	if _, err := signer.Sign(rand.Reader, message, hash); err == nil {
		return nil
	}
	if _, err := signer.Sign(rand.Reader, message, crypto.Hash(0)); err != nil { // Ed25519 hashes by itself
		return errors.New("it does not sign")
	}
	return nil
}

func testToken(doc keys.Document) error {
	raw, err := doc.Marshal()
	if err != nil {
		return err
	}
	_, err = keys.ParseTokenSet(raw)
	return err
}
