package embedded

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Values are one byte of version and the fields in the order below, without those in the key. Numbers are varints, times
// milliseconds, durations nanoseconds, texts a length and their bytes.
const version2 = 2

const (
	flagReusable = 1 << iota
	flagRequireAccess
	flagKeepAccess
	flagDevice
	flagDeleted
	flagBound
	flagDPoPAllowed
	flagDPoPRequired
)

var errDamagedValue = errors.New("a value in the store is damaged, or of a later version")

func encodeSession(s session.Session) []byte {
	device := session.Device{}
	if s.Device != nil {
		device = *s.Device
	}
	b := make([]byte, 0, 192+len(s.Scope)+len(s.Claims)+len(s.HookClaims)+len(device.UserAgent)+len(device.Name))
	b = append(b, version2, flag(s.Policy.Reusable, flagReusable)|
		flag(s.Policy.KeepPreviousAccess, flagKeepAccess)|flag(s.Device != nil, flagDevice)|flag(!s.JKT.IsZero(), flagBound))
	b = append(b, s.SecretHash[:]...)
	b = append(b, s.RootHash[:]...)
	b = append(b, s.AccessTokenID[:]...)
	b = append(b, s.RotatedBy[:]...)
	b = binary.AppendUvarint(b, uint64(s.TokenKeyID))
	b = binary.AppendUvarint(b, uint64(s.Generation))
	b = binary.AppendUvarint(b, uint64(s.SessionVersion))
	b = binary.AppendUvarint(b, uint64(s.Updates))
	b = binary.AppendUvarint(b, s.Epoch)
	for _, t := range append(s.Rotated[:], s.CreatedAt, s.IdleExpiresAt, s.AbsoluteExpiresAt) {
		b = appendTime(b, t)
	}
	b = appendText(b, s.LastSeen.Address.AsSlice())
	b = appendText(b, s.LastSeen.UserAgent)
	b = append(b, s.LastSeen.AgentHash[:]...)
	for _, d := range []time.Duration{s.Policy.Access, s.Policy.Idle, s.Policy.Overlap} {
		b = binary.AppendVarint(b, int64(d))
	}
	b = appendText(b, s.Scope)
	b = appendText(b, s.Claims)
	b = appendText(b, s.HookClaims)
	if s.Device != nil {
		for _, text := range []string{device.Name, device.Type, device.UserAgent, device.IP} {
			b = appendText(b, text)
		}
	}
	if !s.JKT.IsZero() {
		b = append(b, s.JKT[:]...)
	}
	return b
}

func decodeSession(key session.Key, value []byte) (session.Session, error) {
	d := newDecoder(value)
	s := session.Session{Key: key}
	flags := d.bytes(1)[0]
	s.Policy.Reusable = flags&flagReusable != 0
	s.Policy.KeepPreviousAccess = flags&flagKeepAccess != 0
	copy(s.SecretHash[:], d.bytes(len(s.SecretHash)))
	copy(s.RootHash[:], d.bytes(len(s.RootHash)))
	copy(s.AccessTokenID[:], d.bytes(len(s.AccessTokenID)))
	copy(s.RotatedBy[:], d.bytes(len(s.RotatedBy)))
	s.TokenKeyID = keys.TokenKeyID(d.uint())
	s.Generation = uint32(d.uint())
	s.SessionVersion = uint32(d.uint())
	s.Updates = uint32(d.uint())
	s.Epoch = d.uint()
	for slot := range s.Rotated {
		s.Rotated[slot] = d.time()
	}
	s.CreatedAt, s.IdleExpiresAt, s.AbsoluteExpiresAt = d.time(), d.time(), d.time()
	s.LastSeen.Address, _ = netip.AddrFromSlice([]byte(d.text()))
	s.LastSeen.UserAgent = d.text()
	copy(s.LastSeen.AgentHash[:], d.bytes(len(s.LastSeen.AgentHash)))
	for _, p := range []*time.Duration{&s.Policy.Access, &s.Policy.Idle, &s.Policy.Overlap} {
		*p = time.Duration(d.int())
	}
	s.Scope = d.text()
	for _, claims := range []*json.RawMessage{&s.Claims, &s.HookClaims} {
		if text := d.text(); text != "" {
			*claims = json.RawMessage(text)
		}
	}
	if flags&flagDevice != 0 {
		s.Device = &session.Device{Name: d.text(), Type: d.text(), UserAgent: d.text(), IP: d.text()}
	}
	if flags&flagBound != 0 {
		copy(s.JKT[:], d.bytes(len(s.JKT)))
	}
	return s, d.end()
}

// application is one with the time of its deletion, zero for one that exists.
type application struct {
	session.Application

	deletedAt time.Time
}

func encodeApplication(app application) []byte {
	set := app.Settings
	b := []byte{version2, flag(set.Usage == session.Reusable, flagReusable) |
		flag(set.RequireAccessTokenPresent, flagRequireAccess) | flag(set.KeepPreviousAccessToken, flagKeepAccess) |
		flag(!app.deletedAt.IsZero(), flagDeleted) |
		flag(set.DPoP == session.DPoPAllowed, flagDPoPAllowed) | flag(set.DPoP == session.DPoPRequired, flagDPoPRequired)}
	b = binary.AppendUvarint(b, app.Epoch)
	b = binary.AppendUvarint(b, app.Version)
	for _, n := range []int64{
		set.AccessTokenSeconds, set.RefreshIdleSeconds, set.RefreshAbsoluteSeconds,
		set.OverlapSeconds, int64(set.MaxSessionsPerUser),
	} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(set.Audiences)))
	for _, audience := range set.Audiences {
		b = appendText(b, audience)
	}
	if b = appendText(b, app.Name); !app.deletedAt.IsZero() {
		b = appendTime(b, app.deletedAt)
	}
	return b
}

func decodeApplication(tenant, id string, value []byte) (application, error) {
	d := newDecoder(value)
	flags := d.bytes(1)[0]
	app := application{Application: session.Application{Tenant: tenant, ID: id, Epoch: d.uint(), Version: d.uint()}}
	app.Settings = session.Settings{
		AccessTokenSeconds: d.int(), RefreshIdleSeconds: d.int(), RefreshAbsoluteSeconds: d.int(),
		OverlapSeconds: d.int(), MaxSessionsPerUser: int(d.int()),
		Usage:                     session.OneTime,
		DPoP:                      session.DPoPOff,
		KeepPreviousAccessToken:   flags&flagKeepAccess != 0,
		RequireAccessTokenPresent: flags&flagRequireAccess != 0,
	}
	if flags&flagReusable != 0 {
		app.Settings.Usage = session.Reusable
	}
	for n := d.uint(); n > 0 && !d.bad; n-- {
		app.Settings.Audiences = append(app.Settings.Audiences, d.text())
	}
	switch {
	case flags&flagDPoPAllowed != 0:
		app.Settings.DPoP = session.DPoPAllowed
	case flags&flagDPoPRequired != 0:
		app.Settings.DPoP = session.DPoPRequired
	}
	if app.Name = d.text(); flags&flagDeleted != 0 {
		app.deletedAt = d.time()
	}
	return app, d.end()
}

func encodeAPIKey(key session.APIKey) []byte {
	b := append([]byte{version2}, key.SecretHash[:]...)
	b = appendText(appendText(b, key.Tenant), key.Name)
	b = appendTime(appendTime(b, key.CreatedAt), key.ExpiresAt)
	b = binary.AppendUvarint(b, uint64(len(key.Permissions)))
	for _, permission := range key.Permissions {
		b = appendText(b, permission)
	}
	return b
}

func decodeAPIKey(id string, value []byte) (session.APIKey, error) {
	d := newDecoder(value)
	key := session.APIKey{ID: id}
	copy(key.SecretHash[:], d.bytes(len(key.SecretHash)))
	key.Tenant, key.Name = d.text(), d.text()
	key.CreatedAt, key.ExpiresAt = d.time(), d.time()
	for n := d.uint(); n > 0 && !d.bad; n-- {
		key.Permissions = append(key.Permissions, session.Permission(d.text()))
	}
	return key, d.end()
}
