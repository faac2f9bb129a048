package floors

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemRoots are the root certificates of this machine, about as many as those of Amazon Linux.
func systemRoots(t *testing.T) []byte {
	t.Helper()
	for _, file := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"} {
		if bundle, err := os.ReadFile(file); err == nil {
			return bundle
		}
	}
	t.Skip("needs the system's root certificates: apt-get install -y ca-certificates")
	return nil
}

// amazonsOwn are the roots that AWS's endpoints stand under (https://www.amazontrust.com/repository/).
func amazonsOwn(t *testing.T, bundle []byte) []byte {
	t.Helper()
	var own []byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if root, err := x509.ParseCertificate(block.Bytes); err == nil &&
			(strings.HasPrefix(root.Subject.CommonName, "Amazon Root CA") || strings.HasPrefix(root.Subject.CommonName, "Starfield Services Root")) {
			own = append(own, pem.EncodeToMemory(block)...)
		}
	}
	return own
}

// certificate makes a root of its own that stands for AWS on the loopback address.
func certificate() (own tls.Certificate, asPEM []byte) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "loopback"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// roots measures the CPU of a start and its first refresh over TLS under three choices of roots: as Amazon Linux 2023
// has them (a bundle, which its two directories hold again), as template.yaml sets them (the bundle alone), and only
// Amazon's own.
func roots(t *testing.T) []samples {
	const rounds = 15
	bundle := systemRoots(t)
	own, asPEM := certificate()
	dir := t.TempDir()
	write := func(name string, certificates []byte) string {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, bytes.Join([][]byte{certificates, asPEM}, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	one, other := write("ssl/ca-bundle.crt", bundle), write("pki/ca-bundle.crt", bundle)
	few := write("amazon.crt", amazonsOwn(t, bundle))
	c := newScene(t)
	f, _ := buildBoth(t)
	url := newStub(t, &own, c.answers...).url
	all := make([]samples, 3)
	for range rounds {
		for i, setting := range [][]string{
			{"SSL_CERT_FILE=" + other, "SSL_CERT_DIR=" + filepath.Dir(one) + ":" + filepath.Dir(other)},
			{"SSL_CERT_FILE=" + other, "SSL_CERT_DIR=/var/empty"},
			{"SSL_CERT_FILE=" + few, "SSL_CERT_DIR=/var/empty"},
		} {
			f.Env = environment(url, setting...)
			all[i] = append(all[i], ms(live(t, f, c.refresh, 1).cpu))
		}
	}
	return all
}
