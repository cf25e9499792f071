package guest_test

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/guest"
	"vsphere-ha/lab/vcenter/loopback"
	"vsphere-ha/lab/vcenter/truth"
)

func fleet(t *testing.T, network string) (*guest.Fleet, chan string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "truth.jsonl")
	truthFiles.Store(t.Name(), file)
	log, err := truth.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	f := guest.NewFleet(clock.New(1000), log, netip.MustParsePrefix(network))
	t.Cleanup(f.Close)
	booted := make(chan string, 100)
	f.OnChange = func(id string) { booted <- id }
	return f, booted
}

var truthFiles sync.Map

func truthFile(t *testing.T) string {
	t.Helper()
	file, _ := truthFiles.Load(t.Name())
	return file.(string)
}

func network() string {
	second, err := loopback.Own()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("127.%d.250.0/28", second)
}

func xp(id string) guest.Machine {
	return guest.Machine{ID: id, Name: id, GuestID: "winXPProGuest", Host: "h1"}
}

func await(t *testing.T, booted chan string) {
	t.Helper()
	select {
	case <-booted:
	case <-time.After(30 * time.Second):
		t.Fatal("no guest booted")
	}
}

func TestAddressStaysWithTheMachineUntilItIsForgotten(t *testing.T) {
	f, booted := fleet(t, network())
	f.PowerOn(xp("a"))
	await(t, booted)
	first, _ := f.Address("a")
	f.PowerOff("a", "test")
	f.PowerOn(xp("b"))
	await(t, booted)
	other, _ := f.Address("b")
	f.PowerOn(xp("a"))
	await(t, booted)
	if again, _ := f.Address("a"); again != first || other == first {
		t.Errorf("%s, then %s; another machine %s", first, again, other)
	}
	f.Forget("a")
	f.PowerOn(xp("c"))
	await(t, booted)
	if freed, _ := f.Address("c"); freed != first {
		t.Errorf("%s is free, but %s was given", first, freed)
	}
}

func TestSameMachineCannotRunTwice(t *testing.T) {
	f, booted := fleet(t, network())
	if !f.PowerOn(xp("a")) {
		t.Fatal("it did not start")
	}
	await(t, booted)
	if f.PowerOn(xp("a")) {
		t.Error("it started again")
	}
}

func TestFullNetworkLeavesAGuestWithoutService(t *testing.T) {
	f, booted := fleet(t, network())
	for i := range 15 { // a /28 has 14 addresses for hosts
		f.PowerOn(xp(fmt.Sprint(i)))
		await(t, booted)
	}
	served := 0
	for i := range 15 {
		if _, ok := f.Address(fmt.Sprint(i)); ok {
			served++
		}
	}
	if served != 14 {
		t.Errorf("%d guests have a service", served)
	}
}

func TestHostDownEndsItsGuestsOnlyAndAtOnce(t *testing.T) {
	f, booted := fleet(t, network())
	f.PowerOn(xp("a"))
	b := xp("b")
	b.Host = "h2"
	f.PowerOn(b)
	await(t, booted)
	await(t, booted)
	lost, _ := f.Address("a")
	kept, _ := f.Address("b")
	if ids := f.HostDown("h1", "test"); len(ids) != 1 || ids[0] != "a" {
		t.Errorf("lost %v", ids)
	}
	if c, err := net.Dial("tcp", lost); err == nil {
		_ = c.Close()
		t.Error("the guest of the lost host answers")
	}
	c, err := net.Dial("tcp", kept)
	if err != nil {
		t.Fatalf("the other guest: %v", err)
	}
	_ = c.Close()
}

func TestGuestThatIsStoppedWhileBootingDoesNotComeUp(t *testing.T) {
	f, booted := fleet(t, network())
	f.PowerOn(xp("a"))
	f.PowerOff("a", "test")
	f.PowerOn(xp("b"))
	await(t, booted)
	if _, ok := f.Address("a"); ok {
		t.Error("it has a service")
	}
}
