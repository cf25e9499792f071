package amqp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Frame types and the frame's last octet: AMQP 0-9-1, section 4.2.3.
const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	frameEnd       = 0xCE

	frameOverhead = 8       // type, channel, size, end
	frameMax      = 1 << 17 // what the broker offers in tune
)

type frame struct {
	kind    byte
	channel uint16
	payload []byte
}

func readFrame(r *bufio.Reader) (frame, error) {
	var head [7]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	size := binary.BigEndian.Uint32(head[3:])
	if size > frameMax {
		return frame{}, fmt.Errorf("frame of %d octets exceeds the negotiated %d", size, frameMax)
	}
	f := frame{kind: head[0], channel: binary.BigEndian.Uint16(head[1:]), payload: make([]byte, size)}
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, err
	}
	end, err := r.ReadByte()
	if err == nil && end != frameEnd {
		err = fmt.Errorf("frame ends with 0x%02x, want 0x%02x", end, frameEnd)
	}
	return f, err
}

func (f frame) encode() []byte {
	b := make([]byte, 0, len(f.payload)+frameOverhead)
	b = append(b, f.kind)
	b = binary.BigEndian.AppendUint16(b, f.channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.payload)))
	b = append(b, f.payload...)
	return append(b, frameEnd)
}

// table is a field table; the broker looks at few of its values.
type table map[string]any

var errShort = errors.New("arguments end too early")

// reader takes a method's arguments apart in the protocol's order. The first error sticks; values after it are zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || len(r.b) < n {
		if r.err == nil {
			r.err = errShort
		}
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) uint(octets int) uint64 {
	var v uint64
	for _, o := range r.take(octets) {
		v = v<<8 | uint64(o)
	}
	return v
}

func (r *reader) octet() byte      { return byte(r.uint(1)) }
func (r *reader) short() uint16    { return uint16(r.uint(2)) }
func (r *reader) long() uint32     { return uint32(r.uint(4)) }
func (r *reader) longlong() uint64 { return r.uint(8) }
func (r *reader) shortstr() string { return string(r.take(int(r.octet()))) }
func (r *reader) longstr() []byte  { return r.take(int(r.long())) }

func (r *reader) table() table {
	inner := &reader{b: r.longstr()}
	t := table{}
	for r.err == nil && len(inner.b) > 0 {
		name := inner.shortstr()
		t[name] = inner.value()
		r.err = inner.err
	}
	return t
}

// value reads one tagged field value; the tags are those RabbitMQ and its clients use.
func (r *reader) value() any {
	switch tag := r.octet(); tag {
	case 't':
		return r.octet() != 0
	case 'b', 'B':
		return int64(int8(r.octet()))
	case 's', 'u':
		return int64(int16(r.short()))
	case 'I', 'i':
		return int64(int32(r.long()))
	case 'l', 'L', 'T':
		return int64(r.longlong())
	case 'f':
		return float64(math.Float32frombits(r.long()))
	case 'd':
		return math.Float64frombits(r.longlong())
	case 'D':
		return r.take(5)
	case 'S', 'x':
		return string(r.longstr())
	case 'A':
		items := &reader{b: r.longstr()}
		var list []any
		for items.err == nil && len(items.b) > 0 {
			list = append(list, items.value())
		}
		if r.err == nil {
			r.err = items.err
		}
		return list
	case 'F':
		return r.table()
	case 'V':
		return nil
	default:
		if r.err == nil {
			r.err = fmt.Errorf("unknown field type %q", tag)
		}
		return nil
	}
}

// writer puts a method's arguments together.
type writer struct{ b []byte }

func method(id methodID) *writer {
	return new(writer).short(id.class).short(id.method)
}

func (w *writer) octet(v byte) *writer      { w.b = append(w.b, v); return w }
func (w *writer) short(v uint16) *writer    { w.b = binary.BigEndian.AppendUint16(w.b, v); return w }
func (w *writer) long(v uint32) *writer     { w.b = binary.BigEndian.AppendUint32(w.b, v); return w }
func (w *writer) longlong(v uint64) *writer { w.b = binary.BigEndian.AppendUint64(w.b, v); return w }
func (w *writer) longstr(v []byte) *writer  { w.long(uint32(len(v))); w.b = append(w.b, v...); return w }

func (w *writer) shortstr(v string) *writer {
	if len(v) > 255 {
		v = v[:255]
	}
	w.octet(byte(len(v)))
	w.b = append(w.b, v...)
	return w
}

func (w *writer) bit(v bool) *writer {
	if v {
		return w.octet(1)
	}
	return w.octet(0)
}

// capabilities writes a table of true flags under one name, and a product name: the only table the broker sends.
func (w *writer) serverProperties(product string, capabilities []string) *writer {
	flags := new(writer)
	for _, c := range capabilities {
		flags.shortstr(c).octet('t').octet(1)
	}
	t := new(writer)
	t.shortstr("product").octet('S').longstr([]byte(product))
	t.shortstr("capabilities").octet('F').longstr(flags.b)
	return w.longstr(t.b)
}
