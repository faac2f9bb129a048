package rotation

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// SigningKeys are the keys of access tokens. New ones are made for alg: ES256, EdDSA or RS256. A change of alg takes
// two rotations until it signs, since the next key has been made already.
func SigningKeys(alg string) Kind {
	return Kind{
		Make:         func(s keys.Status) (keys.JWK, error) { return keys.GenerateSigningKey(alg, s) },
		Test:         testSigning,
		Keep:         KeepSigning,
		StripRetired: true,
	}
}

// TokenKeys are the keys of refresh tokens.
func TokenKeys() Kind {
	return Kind{
		Make: func(s keys.Status) (keys.JWK, error) { return keys.GenerateTokenKey(s), nil },
		Test: testToken,
		Keep: KeepToken,
	}
}

// testSigning signs with the active key and with the next one, as each will have to.
func testSigning(doc keys.Document) error {
	for _, j := range doc.Keys {
		if j.Status == keys.Retired {
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
	_, err = keys.ParseSigningSet(raw)
	return err
}

// probe has a key sign something that is no token.
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
