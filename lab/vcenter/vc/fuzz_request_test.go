package vc_test

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"vsphere-ha/lab/vcenter/wsdl"
)

// choices reads decisions from bytes; when they are used up, every decision is the first, which ends the request soon.
type choices struct{ left []byte }

func (c *choices) byte() byte {
	if len(c.left) == 0 {
		return 0
	}
	b := c.left[0]
	c.left = c.left[1:]
	return b
}

func (c *choices) of(n int) int { return (int(c.byte())<<8 | int(c.byte())) % n }

func (c *choices) oneIn(n int) bool { return int(c.byte())%n == 1 }

// writer fills requests of the API with what is sometimes sensible: values that are in the inventory beside such that
// nobody has, numbers at the edges, parts that are missing, too many, or too deep.
type writer struct {
	*choices
	refs  []types.ManagedObjectReference
	words []string
}

var numbers = []int64{0, 1, -1, 2, 3, 7, 32, 64, 100, 128, 200, 1000, 1024, 2000, 4000, 4096, 1 << 16, 1<<31 - 1, -1 << 31, 1 << 32, 1<<63 - 1, -1 << 63}

// maxNesting is how deep a request goes; arrays of what contains itself reach it.
const maxNesting = 9

func (w *writer) fill(v reflect.Value, depth int) {
	if enum := v.MethodByName("Strings"); v.Kind() == reflect.String && enum.IsValid() && !w.oneIn(5) {
		values := enum.Call(nil)[0].Interface().([]string)
		v.SetString(values[w.of(len(values))])
		return
	}
	switch v.Interface().(type) {
	case types.ManagedObjectReference:
		v.Set(reflect.ValueOf(w.refs[w.of(len(w.refs))]))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(numbers[w.of(len(numbers))]%4e9, 0).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if depth < maxNesting && (required(v.Type().Field(i)) && !w.oneIn(16) || w.oneIn(3)) {
				w.fill(v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		w.fill(v.Elem(), depth)
	case reflect.Interface:
		w.implement(v, depth)
	case reflect.Slice:
		n := w.of(4)
		if depth < 4 && w.oneIn(40) {
			n = 300
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			w.fill(v.Index(i), depth+1)
		}
	case reflect.String:
		v.SetString(w.words[w.of(len(w.words))])
	case reflect.Bool:
		v.SetBool(w.oneIn(2))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		v.SetInt(numbers[w.of(len(numbers))])
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(numbers[w.of(len(numbers))]))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(numbers[w.of(len(numbers))]))
	}
}

// required tells whether the API always has a property; the optional ones are named so for JSON.
func required(f reflect.StructField) bool {
	return f.Anonymous || !strings.Contains(f.Tag.Get("json"), "omitempty")
}

var (
	typeNames = sync.OnceValue(func() (list []reflect.Type) {
		text, err := wsdl.Text()
		if err != nil {
			panic(err)
		}
		find := types.TypeFunc()
		for _, m := range regexp.MustCompile(`complexType name="(\w+)"`).FindAllSubmatch(text, -1) {
			if t, ok := find(string(m[1])); ok && t.Kind() == reflect.Struct {
				list = append(list, t)
			}
		}
		return list
	})
	kinds sync.Map // of an interface: the types that implement it
)

// implement puts an object of some type that fits into a property of a base type, or a value where anything fits.
func (w *writer) implement(v reflect.Value, depth int) {
	if v.NumMethod() == 0 {
		scalars := []any{"x", int32(1), int64(-1), true, w.refs[w.of(len(w.refs))], []string{"a", "b"}}
		v.Set(reflect.ValueOf(scalars[w.of(len(scalars))]))
		return
	}
	known, ok := kinds.Load(v.Type())
	if !ok {
		var list []reflect.Type
		for _, t := range typeNames() {
			if reflect.PointerTo(t).Implements(v.Type()) {
				list = append(list, t)
			}
		}
		known, _ = kinds.LoadOrStore(v.Type(), list)
	}
	list := known.([]reflect.Type)
	if len(list) == 0 {
		return
	}
	made := reflect.New(list[w.of(len(list))])
	w.fill(made.Elem(), depth+1)
	v.Set(made)
}

// request writes a call on one of the objects: of a method that it has, with arguments as the bytes say.
func (w *writer) request(methods map[string][]reflect.Type) (body, what string, ref types.ManagedObjectReference, err error) {
	for range 8 {
		ref = w.refs[w.of(len(w.refs))]
		if len(methods[ref.Type]) > 0 {
			break
		}
	}
	if len(methods[ref.Type]) == 0 {
		return "", "", ref, nil
	}
	made := reflect.New(methods[ref.Type][w.of(len(methods[ref.Type]))]).Elem()
	w.fill(made, 0)
	made.FieldByName("This").Set(reflect.ValueOf(ref))
	var out bytes.Buffer
	name := made.Type().Name()
	e := xml.NewEncoder(&out)
	start := xml.StartElement{Name: xml.Name{Local: name}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: "urn:vim25"}}}
	if err := e.EncodeElement(made.Interface(), start); err != nil {
		return "", "", ref, err
	}
	return envelope(out.String()), ref.String() + "." + name, ref, e.Flush()
}

// words of the inventory, of paths and properties, and of nothing.
func fuzzWords(own ...string) []string {
	return slices.Concat(own, []string{
		"", "a", "u1", "Lab", "ha", "host", "vm", "nfs-a", "library", "VM Network", "vSwitch0", "vmnic0", "vmnic9", "vmk0", "dvs", "esx-01.lab.test", "esx-03.lab.test",
		"[nfs-a] u1/u1.vmx", "[nfs-a] u1/u1.vmdk", "[nfs-a]", "[]", "[nfs-a] ../../etc/passwd", "[library] x.iso", "/Lab/vm/u1", "group-d1",
		"name", "runtime", "summary.config", "config.hardware.device", "config.hardware.device[2000]", "parent", "childEntity", "host", "vm", "x[\"y\"]", ".", "..", "a.b.c.d.e",
		"VirtualMachine", "HostSystem", "Folder", "ManagedEntity", "NoSuchType", "ubuntu64Guest", "winXPProGuest", "vmx-21", "vmx-99", "0", "-1", "99999999999999999999",
		"add", "edit", "remove", "root", "host-secret", "administrator@vsphere.local", "nfs.lab.test", "/exports/ha-a", "127.0.0.1", "00:50:56:00:00:01",
		"das.isolationaddress0", "com.vmware.vc.HA.DasHostFailedEvent", strings.Repeat("x", 1<<16), "\u00e9\u4e16", "<&>\"'", "%s%n", "%2F",
	})
}
