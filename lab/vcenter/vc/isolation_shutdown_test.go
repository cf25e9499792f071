package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestIsolatedHostShutsGuestsDownAndPowersOffThoseThatDoNotAfter300Seconds(t *testing.T) {
	s := newSite(t, 40, 3, response("shutdown"))
	victim := s.other(s.Settled(s.hosts))
	polite, hung := s.running("polite", victim), s.running("hung", victim)
	s.Fault(map[string]any{"kind": "guestHung", "vm": "hung"})
	_, at := s.isolate(victim)
	s.Until("both run elsewhere", func() bool {
		return s.HostOf(polite) != s.hosts[victim].Reference() && s.HostOf(hung) != s.hosts[victim].Reference()
	})
	results := map[string]string{}
	for _, e := range s.Events("VmShutdownOnIsolationEvent") {
		x := e.(*types.VmShutdownOnIsolationEvent)
		results[x.Vm.Name] = x.ShutdownResult
		want := map[string]float64{"polite": 80, "hung": 360}[x.Vm.Name]
		if got := s.labSeconds(at, labtest.Happened(e)); !near(got, want, 25) {
			t.Errorf("%s after %.0f lab seconds", x.Vm.Name, got)
		}
	}
	if results["polite"] != "shutdown" || results["hung"] != "poweredOff" {
		t.Errorf("results %v", results)
	}
}

func TestIsolationDelayAndShutdownTimeoutFollowAdvancedOptions(t *testing.T) {
	s := newSite(t, 40, 3, response("shutdown"), options("fdm.isolationPolicyDelaySec", "100", "das.isolationshutdowntimeout", "60"))
	victim := s.other(s.Settled(s.hosts))
	s.running("u1", victim)
	s.Fault(map[string]any{"kind": "guestHung", "vm": "u1"})
	_, at := s.isolate(victim)
	s.happened("VmShutdownOnIsolationEvent")
	if got := s.labSeconds(at, labtest.Happened(s.Events("VmShutdownOnIsolationEvent")[0])); !near(got, 190, 20) {
		t.Errorf("powered off after %.0f lab seconds", got)
	}
}
