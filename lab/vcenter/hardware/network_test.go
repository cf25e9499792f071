package hardware_test

import (
	"path/filepath"
	"testing"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/truth"
)

func servers(t *testing.T, names ...string) map[string]*hardware.Server {
	t.Helper()
	log, err := truth.Open(filepath.Join(t.TempDir(), "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*hardware.Server{}
	for _, name := range names {
		all[name] = hardware.NewServer(config.Host{Name: name}, clock.New(1000), log)
		t.Cleanup(all[name].Close)
	}
	return all
}

func TestServersOfOneSegmentReachEachOtherAndWhatTheSplitLeavesThem(t *testing.T) {
	s := servers(t, "a", "b", "c", "d")
	n := hardware.NewNetwork()
	whole := hardware.Place{Gateway: true, VCenter: true}
	for name, server := range s {
		if got := n.Where(server); got != whole {
			t.Errorf("%s: %+v", name, got)
		}
	}
	n.Split("one", hardware.Split{Servers: []string{"a", "b"}, Gateway: true})
	n.Split("two", hardware.Split{Servers: []string{"b", "c"}, Gateway: true, VCenter: true})
	segments := map[string]bool{}
	for _, name := range []string{"a", "b", "c", "d"} {
		segments[n.Where(s[name]).Segment] = true
	}
	if len(segments) != 4 { // two splits that cross leave everybody alone
		t.Errorf("%d segments", len(segments))
	}
	if got := n.Where(s["b"]); !got.Gateway || got.VCenter {
		t.Errorf("b reaches %+v", got)
	}
	n.Heal("two")
	if a, b := n.Where(s["a"]), n.Where(s["b"]); a != b || a == whole || n.Where(s["c"]) != whole {
		t.Errorf("a %+v, b %+v, c %+v", a, b, n.Where(s["c"]))
	}
	n.Heal("one")
	if got := n.Where(s["a"]); got != whole {
		t.Errorf("after all is healed: %+v", got)
	}
}

func TestServerIsAloneWithoutInterfaceUplinkOrLink(t *testing.T) {
	n := hardware.NewNetwork()
	for name, cut := range map[string]func(*hardware.Management){
		"interface": func(m *hardware.Management) { m.Interface = false },
		"uplink":    func(m *hardware.Management) { m.Uplink[0], m.Uplink[1] = false, false },
		"link":      func(m *hardware.Management) { m.Link[0], m.Link[1] = false, false },
	} {
		s := servers(t, "a", "b")
		told := 0
		s["a"].OnNetwork = func(*hardware.Server, hardware.Management) { told++ }
		s["a"].SetManagement("test", cut)
		s["a"].SetManagement("test", cut)
		a, b := n.Where(s["a"]), n.Where(s["b"])
		if a.Segment == b.Segment || a.Gateway || a.VCenter || told != 1 {
			t.Errorf("%s: %+v, told %d times", name, a, told)
		}
		s["a"].SetManagement("test", func(m *hardware.Management) { m.Uplink[2] = true })
		if connected := n.Where(s["a"]).Gateway; connected != (name != "interface") {
			t.Errorf("%s, with another uplink: connected %t", name, connected)
		}
	}
}

func TestServerStaysConnectedByOneOfItsTwoUplinks(t *testing.T) {
	for _, broken := range []int{0, 1} {
		s := servers(t, "a")["a"]
		s.SetManagement("test", func(m *hardware.Management) { m.Link[broken] = false })
		if !s.Management().Connected() || len(s.Management().Uplinks()) != 2 {
			t.Errorf("without the link of %s: %+v", hardware.Adapters[broken], s.Management())
		}
	}
}

func TestLinkComesBackWithABootAndConfigurationDoesNot(t *testing.T) {
	s := servers(t, "a")["a"]
	up := make(chan bool, 1)
	s.OnUp = func(*hardware.Server) { up <- true }
	s.SetManagement("test", func(m *hardware.Management) { m.Link[0], m.Interface = false, false })
	s.Restart("test")
	<-up
	if m := s.Management(); !m.Link[0] || m.Interface {
		t.Errorf("after the boot: %+v", m)
	}
}
