package embedded

import (
	"encoding/binary"
	"time"
)

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func appendText[T ~string | ~[]byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMilli()) }

// decoder reads a value. It copies everything, because the value is valid only during its transaction. After the first
// fault it reads zeros, and end returns an error.
type decoder struct {
	rest []byte
	bad  bool
}

func newDecoder(value []byte) *decoder {
	d := &decoder{rest: value}
	d.bad = d.bytes(1)[0] != version2
	return d
}

// end returns an error unless the value consists of exactly the fields that were read.
func (d *decoder) end() error {
	if d.bad || len(d.rest) != 0 {
		return errDamagedValue
	}
	return nil
}

// bytes returns a part of the value, which the caller must copy.
func (d *decoder) bytes(n int) []byte {
	if d.bad || n > len(d.rest) {
		d.bad = true
		return make([]byte, min(n, 64)) // enough for every field of fixed size
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) skip(n int) {
	if n <= 0 {
		d.bad = true
		return
	}
	d.rest = d.rest[n:]
}

func (d *decoder) time() time.Time { return time.UnixMilli(d.int()).UTC() }

func (d *decoder) text() string {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return ""
	}
	return string(d.bytes(int(n)))
}
