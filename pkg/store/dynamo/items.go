package dynamo

import (
	endian "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var (
	errMalformedKey = errors.New("a stored key has another layout")
	errMalformed    = errors.New("a stored attribute has another layout")
)

func sessionItem(s session.Session) item {
	i := sessionKey(s.Key)
	i[attrGSI1PK] = text(indexKey(s.Tenant, s.ID))
	i[attrTTL] = number(ceilSeconds(s.IdleExpiresAt.UnixMilli()))
	i[attrSecretHash] = binary(s.SecretHash[:])
	i[attrRootHash] = binary(s.RootHash[:])
	i[attrTokenKey] = tokenKey(s.TokenKeyID)
	i[attrVersion] = number(s.SessionVersion)
	i[attrUpdates] = number(s.Updates)
	i[attrGeneration] = number(s.Generation)
	i[attrAccessToken] = binary(s.AccessTokenID[:])
	i[attrIdleEnd] = millis(s.IdleExpiresAt)
	i[attrAbsoluteEnd] = millis(s.AbsoluteExpiresAt)
	i[attrAccessSpan] = number(s.Policy.Access.Milliseconds())
	i[attrIdleSpan] = number(s.Policy.Idle.Milliseconds())
	i[attrIdleSeconds] = number(ceilSeconds(s.Policy.Idle.Milliseconds()))
	if !s.CreatedAt.Equal(s.ID.Time()) {
		i[attrCreatedAt] = millis(s.CreatedAt)
	}
	if s.RotatedBy != (token.ID{}) {
		i[attrRotatedBy] = binary(s.RotatedBy[:])
	}
	if !s.JKT.IsZero() {
		i[attrJKT] = binary(s.JKT[:])
	}
	if s.LastSeen != (session.Seen{}) {
		i[attrLastSeen] = binary(encodeSeen(s.LastSeen))
	}
	for slot, at := range s.Rotated {
		if !at.IsZero() {
			i[attrRotated(uint32(slot))] = millis(at)
		}
	}
	i.setNumber(attrEpoch, s.Epoch)
	i.setNumber(attrOverlapSpan, uint64(s.Policy.Overlap.Milliseconds()))
	i.setFlag(attrReusable, s.Policy.Reusable)
	i.setFlag(attrKeepsAccess, s.Policy.KeepPreviousAccess)
	i.setText(attrScope, s.Scope)
	i.setBinary(attrClaims, s.Claims)
	i.setBinary(attrHookClaims, s.HookClaims)
	i.setDevice(s.Device)
	return i
}

// setDevice writes a device, if there is one.
func (i item) setDevice(d *session.Device) {
	if d == nil {
		return
	}
	device := item{}
	device.setText(attrDeviceName, d.Name)
	device.setText(attrDeviceType, d.Type)
	device.setText(attrDeviceAgent, d.UserAgent)
	device.setText(attrDeviceIP, d.IP)
	i[attrDevice] = &types.AttributeValueMemberM{Value: device}
}

func decodeSession(key session.Key, i item) (session.Session, error) {
	r := reader{item: i}
	s := session.Session{
		Key:               key,
		Generation:        uint32(r.number(attrGeneration, 32)),
		CreatedAt:         r.time(attrCreatedAt),
		SessionVersion:    uint32(r.number(attrVersion, 32)),
		Updates:           uint32(r.number(attrUpdates, 32)),
		LastSeen:          r.seen(attrLastSeen),
		IdleExpiresAt:     r.time(attrIdleEnd),
		AbsoluteExpiresAt: r.time(attrAbsoluteEnd),
		Epoch:             r.number(attrEpoch, 64),
		Policy: session.Policy{
			Reusable:           r.flag(attrReusable),
			KeepPreviousAccess: r.flag(attrKeepsAccess),
			Access:             r.span(attrAccessSpan),
			Idle:               r.span(attrIdleSpan),
			Overlap:            r.span(attrOverlapSpan),
		},
		Scope: r.text(attrScope),
	}
	var tokenKey [4]byte
	r.binary(attrTokenKey, tokenKey[:])
	s.TokenKeyID = keys.TokenKeyID(endian.BigEndian.Uint32(tokenKey[:]))
	r.binary(attrSecretHash, s.SecretHash[:])
	r.binary(attrRootHash, s.RootHash[:])
	r.binary(attrAccessToken, s.AccessTokenID[:])
	r.binary(attrRotatedBy, s.RotatedBy[:])
	r.binary(attrJKT, s.JKT[:])
	for slot := range s.Rotated {
		s.Rotated[slot] = r.time(attrRotated(uint32(slot)))
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = key.ID.Time()
	}
	s.Claims, s.HookClaims = r.bytes(attrClaims), r.bytes(attrHookClaims)
	s.Device = r.device(attrDevice)
	return s, r.err
}

// decodeApplication returns session.ErrNoApplication for one that was deleted.
func decodeApplication(tenant, id string, i item) (session.Application, error) {
	r := reader{item: i}
	app := session.Application{
		Tenant: tenant, ID: id, Name: r.text(attrName), Epoch: r.number(attrAppEpoch, 64),
		Version: r.number(attrAppVersion, 64),
	}
	if json.Unmarshal([]byte(r.text(attrSettings)), &app.Settings) != nil {
		r.fail(fmt.Errorf("%w: %s", errMalformed, attrSettings))
	}
	if r.err == nil && i[attrDeletedAt] != nil {
		return session.Application{}, session.ErrNoApplication
	}
	return app, r.err
}

func apiKeyItem(k session.APIKey) item {
	i := apiKeyKey(k.ID)
	i[attrKeyHash] = binary(k.SecretHash[:])
	i[attrTenant] = text(k.Tenant)
	i[attrName] = text(k.Name)
	i[attrCreated] = millis(k.CreatedAt)
	if !k.ExpiresAt.IsZero() {
		i[attrExpires] = millis(k.ExpiresAt)
	}
	permissions := make([]types.AttributeValue, len(k.Permissions))
	for n, permission := range k.Permissions {
		permissions[n] = text(string(permission))
	}
	i[attrPermissions] = &types.AttributeValueMemberL{Value: permissions}
	return i
}

// listedItem is what the list of a tenant's API keys shows: all but the hash.
func listedItem(k session.APIKey) item {
	i := apiKeyItem(k)
	delete(i, attrKeyHash)
	maps.Copy(i, listedKey(k.Tenant, k.ID))
	return i
}

func decodeAPIKey(id string, i item) (session.APIKey, error) {
	r := reader{item: i}
	k := session.APIKey{
		ID: id, Tenant: r.text(attrTenant), Name: r.text(attrName),
		CreatedAt: r.time(attrCreated), ExpiresAt: r.time(attrExpires),
	}
	r.binary(attrKeyHash, k.SecretHash[:])
	permissions, isList := i[attrPermissions].(*types.AttributeValueMemberL)
	if !isList {
		return session.APIKey{}, fmt.Errorf("%w: %s", errMalformed, attrPermissions)
	}
	for _, permission := range permissions.Value {
		one := reader{item: item{attrPermissions: permission}}
		k.Permissions = append(k.Permissions, session.Permission(one.text(attrPermissions)))
		r.fail(one.err)
	}
	return k, r.err
}

// ceilSeconds turns milliseconds into whole seconds, rounded up.
func ceilSeconds(ms int64) int64 { return (ms + 999) / 1000 }

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func binary(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }
func millis(t time.Time) types.AttributeValue {
	return number(t.UnixMilli())
}

func number[N ~int64 | ~uint32 | ~uint64](n N) types.AttributeValue {
	if n < 0 {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
	}
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(uint64(n), 10)}
}

func tokenKey(id keys.TokenKeyID) types.AttributeValue {
	return binary(endian.BigEndian.AppendUint32(nil, uint32(id)))
}

// setNumber writes a number that exists only when it is not zero.
func (i item) setNumber(name string, n uint64) {
	if n != 0 {
		i[name] = number(n)
	}
}

// setFlag writes a flag that exists only when it is true.
func (i item) setFlag(name string, on bool) {
	if on {
		i[name] = &types.AttributeValueMemberBOOL{Value: true}
	}
}

// setText writes a string that exists only when it is not empty.
func (i item) setText(name, value string) {
	if value != "" {
		i[name] = text(value)
	}
}

// setBinary writes bytes that exist only when there are any.
func (i item) setBinary(name string, value []byte) {
	if len(value) > 0 {
		i[name] = binary(value)
	}
}
