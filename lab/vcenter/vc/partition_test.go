package vc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestPartitionShowsThoseOutsideTheMastersSegmentAndTheirMachinesRunOn(t *testing.T) {
	s := newSite(t, 20, 4)
	master := s.Settled(s.hosts)
	cut := []int{(master + 1) % 4, (master + 2) % 4}
	vm := s.running("u1", cut[0])
	fault := s.Fault(map[string]any{"kind": "partition", "hosts": []string{s.Config.Hosts[cut[0]].Name, s.Config.Hosts[cut[1]].Name}})
	for _, i := range cut {
		s.becomes(i, "networkPartitionedFromMaster")
	}
	s.happened("com.vmware.vc.HA.HostPartitionedFromMasterEvent")
	if got := s.Host(s.hosts[cut[0]]).Runtime.DasHostState.StateReporter; got == nil || *got != s.hosts[master].Reference() {
		t.Errorf("reported by %v", got)
	}
	if s.Role(s.hosts[master]) != "master" || s.Role(s.hosts[(master+3)%4]) != "connectedToMaster" {
		t.Error("the master's own segment changed")
	}
	s.EndFault(fault)
	s.Settled(s.hosts)
	if s.HostOf(vm) != s.hosts[cut[0]].Reference() || s.lives("u1") != 1 {
		t.Error("its machine did not just run on")
	}
}

func TestVCenterInAnotherSegmentThanTheMasterHearsThatOfItsOwn(t *testing.T) {
	s := newSite(t, 20, 4)
	master := s.Settled(s.hosts)
	other := (master + 1) % 4
	s.Fault(map[string]any{"kind": "partition", "hosts": []string{s.Config.Hosts[master].Name, s.Config.Hosts[other].Name}})
	s.becomes(master, "networkPartitionedFromMaster")
	s.becomes(other, "networkPartitionedFromMaster")
	masters := 0
	for _, h := range s.hosts {
		if s.Role(h) == "master" {
			masters++
		}
	}
	if masters != 1 {
		t.Errorf("vCenter shows %d masters", masters)
	}
}

func TestAgentFailureShowsAsUnreachableAndNothingRestarts(t *testing.T) {
	s := newSite(t, 40, 3)
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	at := time.Now()
	fault := s.Fault(map[string]any{"kind": "agentDown", "host": s.Config.Hosts[victim].Name})
	s.becomes(victim, "fdmUnreachable")
	s.Until("it had the time to be taken for dead", func() bool { return s.labSeconds(at, time.Now()) > 120 })
	if s.Role(s.hosts[victim]) != "fdmUnreachable" || s.Host(s.hosts[victim]).Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
		t.Errorf("role %s", s.Role(s.hosts[victim]))
	}
	s.EndFault(fault)
	s.Settled(s.hosts)
	if s.HostOf(vm) != s.hosts[victim].Reference() || s.lives("u1") != 1 {
		t.Error("its machine did not just run on")
	}
}

func TestUplinksThatGoDownTakeTheGuestsNetworkWithThemAndOneAloneDoesNot(t *testing.T) {
	s := newSite(t, 20, 3, response("powerOff"))
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	address := s.Up(vm)
	s.OnHost(victim, "esxcli network nic down -n vmnic0")
	s.Until("vCenter shows the broken link", func() bool { return s.Host(s.hosts[victim]).Config.Network.Pnic[0].LinkSpeed == nil })
	if !labtest.Answers(address) || s.Role(s.hosts[victim]) != "connectedToMaster" {
		t.Error("the other uplink does not carry on")
	}
	s.Order(victim, "(sleep 400; esxcli network nic up -n vmnic1) >/dev/null 2>&1 & esxcli network nic down -n vmnic1")
	s.Until("the guest is cut off", func() bool { return !labtest.Answers(address) })
	s.Until("it runs elsewhere and answers", func() bool { return s.HostOf(vm) != s.hosts[victim].Reference() && labtest.Answers(address) })
	s.Settled(s.hosts)
	if s.lives("u1") != 1 {
		t.Error("it runs twice")
	}
	s.Until("vCenter shows the link that is up again", func() bool { return s.Host(s.hosts[victim]).Config.Network.Pnic[1].LinkSpeed != nil })
	if s.Host(s.hosts[victim]).Config.Network.Pnic[0].LinkSpeed != nil {
		t.Error("the other link is up, too")
	}
}

func TestHostThatIsAwayForAMomentIsNotMissed(t *testing.T) {
	s := newSite(t, 20, 3)
	victim := s.other(s.Settled(s.hosts))
	connected := len(s.Events("HostConnectedEvent"))
	fault, at := s.isolate(victim)
	s.Until("a few heartbeats are missed", func() bool { return s.labSeconds(at, time.Now()) > 6 })
	s.EndFault(fault)
	s.Until("it had the time to be missed", func() bool { return s.labSeconds(at, time.Now()) > 100 })
	if s.Role(s.hosts[victim]) != "connectedToMaster" || len(s.Events("HostConnectionLostEvent")) > 0 || len(s.Events("HostConnectedEvent")) != connected {
		t.Error("somebody missed it")
	}
}

func TestNetworkFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	s := newSite(t, 200, 2)
	for _, c := range []struct {
		fault map[string]any
		says  string
	}{
		{map[string]any{"kind": "partition"}, "hosts"},
		{map[string]any{"kind": "isolate", "host": "esx-99"}, "esx-99"},
		{map[string]any{"kind": "agentDown"}, "host"},
		{map[string]any{"kind": "datastoreLost", "host": s.Config.Hosts[0].Name, "state": "gone"}, "gone"},
		{map[string]any{"kind": "datastoreLost", "host": s.Config.Hosts[0].Name, "state": "apd", "datastore": "nowhere"}, "nowhere"},
		{map[string]any{"kind": "flood"}, "partition"},
	} {
		if got := s.RefusedFault(c.fault); !strings.Contains(got, c.says) {
			t.Errorf("%v: %q", c.fault, got)
		}
	}
}
