package dynamo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// reader reads attributes and keeps the error of the first one of a wrong type. A missing one reads as zero, its strictest
// value: an expiry in the past, a hash that no secret has, a flag that is not set.
type reader struct {
	item item
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) malformed(name string) { r.fail(fmt.Errorf("%w: %s", errMalformed, name)) }

func (r *reader) text(name string) string {
	value, ok := r.item[name].(*types.AttributeValueMemberS)
	if ok {
		return value.Value
	}
	if r.item[name] != nil {
		r.malformed(name)
	}
	return ""
}

// binary reads a value of exactly the length of into.
func (r *reader) binary(name string, into []byte) {
	value, ok := r.item[name].(*types.AttributeValueMemberB)
	switch {
	case ok && len(value.Value) == len(into):
		copy(into, value.Value)
	case r.item[name] != nil:
		r.malformed(name)
	}
}

// bytes reads a value of any length.
func (r *reader) bytes(name string) []byte {
	value, ok := r.item[name].(*types.AttributeValueMemberB)
	if ok {
		return value.Value
	}
	if r.item[name] != nil {
		r.malformed(name)
	}
	return nil
}

func (r *reader) number(name string, bits int) uint64 {
	value, ok := r.item[name].(*types.AttributeValueMemberN)
	if !ok {
		if r.item[name] != nil {
			r.malformed(name)
		}
		return 0
	}
	n, err := strconv.ParseUint(value.Value, 10, bits)
	if err != nil {
		r.malformed(name)
	}
	return n
}

// time reads epoch milliseconds. A missing attribute is the zero time.
func (r *reader) time(name string) time.Time {
	if r.item[name] == nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(r.number(name, 63))).UTC()
}

// hasNumbers reports whether attributes have these numbers; nil is a missing one.
func (i item) hasNumbers(expected item) bool {
	stored, want := reader{item: i}, reader{item: expected}
	for name, value := range expected {
		if stored.number(name, 64) != want.number(name, 64) || (i[name] == nil) != (value == nil) {
			return false
		}
	}
	return true
}

func (r *reader) span(name string) time.Duration {
	return time.Duration(r.number(name, 43)) * time.Millisecond // a Duration holds at most 2^43 ms
}

func (r *reader) flag(name string) bool {
	value, ok := r.item[name].(*types.AttributeValueMemberBOOL)
	if !ok && r.item[name] != nil {
		r.malformed(name)
	}
	return ok && value.Value
}

func (r *reader) device(name string) *session.Device {
	value, ok := r.item[name].(*types.AttributeValueMemberM)
	if !ok {
		if r.item[name] != nil {
			r.malformed(name)
		}
		return nil
	}
	d := reader{item: value.Value}
	device := &session.Device{
		Name: d.text(attrDeviceName), Type: d.text(attrDeviceType), UserAgent: d.text(attrDeviceAgent), IP: d.text(attrDeviceIP),
	}
	r.fail(d.err)
	return device
}
