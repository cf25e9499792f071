package vc_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// Whatever arrives, the answer is an HTTP status that says so, and the lab lives on: go test -fuzz FuzzSOAPRequest ./vc
func FuzzSOAPRequest(f *testing.F) {
	l := labtest.Start(f, 200)
	l.AsksAnything()
	for _, seed := range []string{
		"", "<", envelope(""), envelope(`<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>`),
		envelope(`<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>a</userName><password>b</password></Login>`),
		envelope(`<RetrieveProperties xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>Folder</type><all>true</all></propSet><objectSet><obj type="Folder">group-d1</obj></objectSet></specSet></RetrieveProperties>`),
		envelope(`<PowerOnVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this></PowerOnVM_Task>`),
		envelope(strings.Repeat("<a>", 300)), strings.Repeat("x", 1<<20), "\x00\xff\xfe", `{"a":[[[[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		own := *l
		own.T = t
		status, answer := send(&own, strings.NewReader(body))
		if status != http.StatusOK && status != http.StatusInternalServerError && status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d: %.200s", status, answer)
		}
	})
}

// bench is what a lab that is started within a fuzz target needs of a test: the target's own may not be used there.
type bench struct {
	testing.TB
	ends []func()
}

func (b *bench) Helper()          {}
func (b *bench) Cleanup(f func()) { b.ends = append(b.ends, f) }
func (b *bench) Fatal(args ...any) {
	panic(args)
}

func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		panic(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (b *bench) close() {
	for i := len(b.ends) - 1; i >= 0; i-- {
		b.ends[i]()
	}
}

// callsPerLab is after how many calls a lab is replaced: they destroy much of what is in it.
const callsPerLab = 2000

// fuzzed is a lab with one of each kind of object, and what may be called there.
type fuzzed struct {
	*labtest.Lab
	bench   *bench
	calls   int
	methods map[string][]reflect.Type
	refs    []types.ManagedObjectReference
}

func newFuzzed(f testing.TB) *fuzzed {
	b := &bench{TB: f}
	l := labtest.Start(b, 1000)
	l.AsksAnything()
	hosts := l.Hosts(3)
	ds := l.NAS("nfs-a", 0, hosts...)
	l.NAS("nfs-b", 1, hosts...)
	l.VMFS("vmfs", hosts[0])
	l.Clone("ubuntu-13.10", "u1", l.Cluster("ha", hosts[:2]), ds)
	newSwitch(l, "dvs", hosts...)
	z := &fuzzed{Lab: l, bench: b}
	z.methods, z.refs = l.Sim.Callable()
	for kind, list := range z.methods {
		z.methods[kind] = slices.DeleteFunc(list, func(t reflect.Type) bool { return slices.Contains(leftOut, t.Name()) })
	}
	return z
}

// leftOut are calls that wait, or that end the session in which the others are made.
var leftOut = []string{"WaitForUpdates", "WaitForUpdatesEx", "Login", "Logout", "TerminateSession", "CloneSession", "LoginBySSPI"}

// Every call of every object, with arguments of the right types but any content, by an administrator: go test -fuzz FuzzSOAPCall
// ./vc. It is answered, its object can be read afterwards, and the process lives on, whose other work the call may have
// disturbed.
func FuzzSOAPCall(f *testing.F) {
	z := newFuzzed(f)
	defer func() { z.bench.close() }()
	for n := range 256 { // some of everything
		seed := make([]byte, 96)
		for i := range seed {
			seed[i] = byte((n+1)*(2*i+3) + i*i*n)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if z.calls++; z.calls%callsPerLab == 0 {
			z.bench.close()
			z = newFuzzed(f)
		}
		w := &writer{choices: &choices{data}, refs: z.refs, words: fuzzWords()}
		body, what, ref, err := w.request(z.methods)
		if err != nil || body == "" {
			t.Skip(err)
		}
		status, answer := z.post(t, what, body)
		if status != http.StatusOK && status != http.StatusInternalServerError {
			t.Errorf("%s: status %d: %.300s", what, status, answer)
		}
		z.readable(t, what, ref)
	})
}

// post makes a call in the administrator's session.
func (z *fuzzed) post(t *testing.T, what, body string) (status int, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), labtest.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+z.Config.Listen+"/sdk", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	err = z.Client.Client.Client.Do(ctx, req, func(res *http.Response) error {
		raw, err := io.ReadAll(res.Body)
		status, answer = res.StatusCode, string(raw)
		return err
	})
	if err != nil {
		t.Fatalf("%s is not answered: %v\n%.2000s", what, err, body)
	}
	return status, answer
}

// readable tells whether the object can be read, or is gone. A call that was broken off must not keep it locked.
func (z *fuzzed) readable(t *testing.T, what string, ref types.ManagedObjectReference) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), labtest.Patience)
	defer cancel()
	start := time.Now()
	_, err := methods.RetrieveProperties(ctx, z.Client, &types.RetrieveProperties{This: z.Client.ServiceContent.PropertyCollector, SpecSet: []types.PropertyFilterSpec{{
		PropSet: []types.PropertySpec{{Type: ref.Type, All: types.NewBool(true)}}, ObjectSet: []types.ObjectSpec{{Obj: ref}},
	}}})
	if ctx.Err() != nil {
		t.Fatalf("after %s the object cannot be read in %v: %v", what, time.Since(start), err)
	}
}
