package stencil

import (
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The longest members of a device, in bytes. Longer ones are cut.
const (
	maxDeviceName = 64
	maxDeviceType = 32
	maxUserAgent  = 256
)

// readDevice takes what can be kept of a device, which is nil if nothing can: no value in it fails a login. Only an
// unknown member, or a device that is no object, is at fault; null is no device.
func readDevice(raw json.RawMessage, bad *api.Faults) *session.Device {
	if string(raw) == "null" {
		return nil
	}
	members, err := api.ParseObject(raw)
	if err != nil {
		bad.Add("device", "invalid", "must be an object")
		return nil
	}
	d := &session.Device{}
	for _, m := range members {
		value, err := api.StringValue(m.Value)
		if err != nil {
			value = "" // as if it was not there
		}
		switch m.Name {
		case "name":
			d.Name = cut(value, maxDeviceName)
		case "type":
			d.Type = cut(value, maxDeviceType)
		case "userAgent":
			d.UserAgent = cut(value, maxUserAgent)
		case "ip":
			d.IP = address(value)
		default:
			bad.Add("device."+m.Spelled, "unknown", "is not known here; the keys are: name, type, userAgent, ip")
		}
	}
	if *d == (session.Device{}) {
		return nil
	}
	return d
}

// cut is what fits into limit bytes, without a part of a character; "" for blanks.
func cut(text string, limit int) string {
	if len(text) > limit {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return text
}

// address is an IP address without its port, brackets and zone; "" for anything else.
func address(text string) string {
	text = strings.TrimSpace(text)
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	} else if inner, opened := strings.CutPrefix(text, "["); opened {
		text = strings.TrimSuffix(inner, "]")
	}
	text, _, _ = strings.Cut(text, "%")
	if _, err := netip.ParseAddr(text); err != nil {
		return ""
	}
	return text
}
