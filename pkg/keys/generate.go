package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"math/big"
)

// GenerateSigningKey makes a private key for ES256, EdDSA or RS256. Errors: any other algorithm.
func GenerateSigningKey(alg string, status Status) (JWK, error) {
	j := JWK{Alg: alg, Use: "sig", Status: status}
	switch alg {
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return j, err
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			return j, err
		}
		d, err := key.Bytes()
		if err != nil {
			return j, err
		}
		j.KeyType, j.Curve, j.X, j.Y, j.D = "EC", "P-256", encode(point[1:33]), encode(point[33:]), encode(d)
	case "EdDSA":
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return j, err
		}
		j.KeyType, j.Curve, j.X, j.D = "OKP", "Ed25519", encode(public), encode(private.Seed())
	case "RS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return j, err
		}
		j.KeyType, j.N, j.E = "RSA", encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
		j.D, j.P, j.Q = encode(key.D.Bytes()), encode(key.Primes[0].Bytes()), encode(key.Primes[1].Bytes())
	default:
		return j, fmt.Errorf("algorithm %q is not one of ES256, EdDSA, RS256", alg)
	}
	j.ID = j.thumbprint()
	return j, nil
}

// GenerateTokenKey makes a token key of 256 random bits.
func GenerateTokenKey(status Status) JWK {
	var id [4]byte
	var secret [32]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand.Read ends the program instead
	_, _ = rand.Read(secret[:])
	return JWK{KeyType: "oct", ID: hex.EncodeToString(id[:]), Alg: "HS256", Status: status, K: encode(secret[:])}
}
