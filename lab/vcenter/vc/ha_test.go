package vc_test

import (
	"math"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
	"vsphere-ha/lab/vcenter/truth"
)

// site is a cluster with HA and DRS, two shared datastores, and running machines.
type site struct {
	*labtest.Lab
	hosts   []*object.HostSystem
	ds      types.ManagedObjectReference
	cluster *object.ClusterComputeResource
}

func newSite(t *testing.T, scale float64, hosts int, change ...func(*types.ClusterConfigSpecEx)) *site {
	return newSiteOf(t, scale, hosts, func(*config.Config) {}, change...)
}

// newSiteOf is newSite on a lab with other settings.
func newSiteOf(t *testing.T, scale float64, hosts int, lab func(*config.Config), change ...func(*types.ClusterConfigSpecEx)) *site {
	l := labtest.Start(t, scale, lab)
	s := &site{Lab: l, hosts: l.Hosts(hosts)}
	s.ds = l.NAS("ha-a", 0, s.hosts...)
	l.NAS("ha-b", 1, s.hosts...)
	s.cluster = l.Cluster("ha", s.hosts, change...)
	return s
}

func (s *site) ubuntu(name string) *object.VirtualMachine {
	return s.Clone("ubuntu-13.10", name, s.cluster, s.ds)
}

// lose cuts a host's power and returns the instant at which it really went.
func (s *site) lose(host int) time.Time {
	s.T.Helper()
	s.Reset(host, "ForceOff")
	e, ok := s.truthOf("powerOff", s.Config.Hosts[host].Name)
	if !ok {
		s.T.Fatal("the truth log does not know of the loss of power")
	}
	return time.UnixMicro(int64(e.T * 1000))
}

// labSeconds converts a difference of wall time.
func (s *site) labSeconds(from, to time.Time) float64 {
	return to.Sub(from).Seconds() * s.Config.TimeScale
}

func (s *site) truthOf(event, host string) (truth.Entry, bool) {
	var found truth.Entry
	ok := false
	for _, e := range s.Truth() {
		if e.Event == event && e.Host == host {
			found, ok = e, true
		}
	}
	return found, ok
}

func (s *site) declaredDead(host int, from time.Time) float64 {
	s.T.Helper()
	name := s.Config.Hosts[host].Name
	s.Until(name+" is declared dead", func() bool { _, ok := s.truthOf("declaredDead", name); return ok })
	e, _ := s.truthOf("declaredDead", name)
	return (e.T - float64(from.UnixMicro())/1000) / 1000 * s.Config.TimeScale
}

func (s *site) other(master int) int { return (master + 1) % len(s.hosts) }

// timelineScale is low where instants are compared: a busy machine is late by tenths of a second, and the race detector
// makes it worse.
const timelineScale = 4

func near(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance }

// timely tells whether something came when it is due at timelineScale: never early, and late by what a busy machine
// makes of it. Instants to the second are measured by the timelines package, at scale 1.
func timely(got, want float64) bool { return got > want-0.7 && got < want+2.9 }

func TestSecondaryIsDeclaredDeadAfter18SecondsWithHeartbeatDatastores(t *testing.T) {
	s := newSite(t, timelineScale, 3)
	victim := s.other(s.Settled(s.hosts))
	if got := s.declaredDead(victim, s.lose(victim)); !timely(got, 18) {
		t.Errorf("declared dead after %.1f lab seconds", got)
	}
	s.Until("the host is shown as down", func() bool { return s.Role(s.hosts[victim]) == "hostDown" })
	h := s.Host(s.hosts[victim])
	if h.Runtime.ConnectionState != types.HostSystemConnectionStateNotResponding || h.OverallStatus != types.ManagedEntityStatusRed {
		t.Errorf("connection %s, status %s", h.Runtime.ConnectionState, h.OverallStatus)
	}
}

func TestSecondaryIsDeclaredDeadAfter15SecondsWithoutHeartbeatDatastores(t *testing.T) {
	l := labtest.Start(t, timelineScale)
	s := &site{Lab: l, hosts: l.Hosts(3)}
	s.cluster = l.Cluster("ha", s.hosts)
	victim := s.other(s.Settled(s.hosts))
	if got := s.declaredDead(victim, s.lose(victim)); !timely(got, 15) {
		t.Errorf("declared dead after %.1f lab seconds", got)
	}
}

func TestMasterIsReplacedAfter25SecondsAndDeclaredDeadAfter50(t *testing.T) {
	s := newSite(t, timelineScale, 3)
	master := s.Settled(s.hosts)
	at := s.lose(master)
	if got := s.declaredDead(master, at); !timely(got, 50) {
		t.Errorf("declared dead after %.1f lab seconds", got)
	}
	elected := false
	for _, e := range s.Events("com.vmware.vc.HA.HostStateChangedEvent") {
		x := e.(*types.EventEx)
		if after := s.labSeconds(at, labtest.Happened(e)); after > 0 && x.ObjectId != s.hosts[master].Reference().Value && timely(after, 25) {
			elected = true
		}
	}
	if !elected {
		t.Error("no new master 25 lab seconds after the old one died")
	}
}

func TestMachinesOfALostHostRestartElsewhereAndReportIt(t *testing.T) {
	s := newSite(t, 10, 3)
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	s.Protected(vm)
	old := s.HostOf(vm)
	victim := labtest.IndexOf(s.hosts, old)
	if victim == s.Settled(s.hosts) {
		t.Log("the machine runs on the master")
	}
	at := s.lose(victim)
	if labtest.Answers(address) {
		t.Error("the guest answers although its host has no power")
	}
	s.Until("the machine is shown as disconnected", func() bool {
		p := s.VM(vm)
		return p.Runtime.ConnectionState == types.VirtualMachineConnectionStateDisconnected &&
			p.Runtime.VmFailoverInProgress != nil && *p.Runtime.VmFailoverInProgress
	})
	s.Until("the machine runs elsewhere", func() bool { return s.HostOf(vm) != old && s.VM(vm).Runtime.PowerState == "poweredOn" })
	restarted := s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")
	if len(restarted) != 1 {
		t.Fatalf("%d restart events", len(restarted))
	}
	dead := s.declaredDead(victim, at)
	if got := s.labSeconds(at, labtest.Happened(restarted[0])) - dead; got < 9.5 || got > 15.5 {
		t.Errorf("restarted %.1f lab seconds after the declaration", got)
	}
	if again := s.Up(vm); again != address {
		t.Errorf("address %s became %s", address, again)
	}
	s.Until("the guest answers again", func() bool { return labtest.Answers(address) })
	for _, kind := range []string{
		"com.vmware.vc.HA.DasHostFailedEvent", "DasHostFailedEvent", "com.vmware.vc.HA.ClusterFailoverActionInitiatedEvent",
		"com.vmware.vc.HA.ClusterFailoverActionCompletedEvent", "com.vmware.vc.HA.VmProtectedEvent",
	} {
		if len(s.Events(kind)) == 0 {
			t.Errorf("no %s", kind)
		}
	}
	p := s.VM(vm)
	if p.Runtime.ConnectionState != "connected" || *p.Runtime.VmFailoverInProgress {
		t.Errorf("connection %s, failover in progress %v", p.Runtime.ConnectionState, *p.Runtime.VmFailoverInProgress)
	}
}

func TestReturningHostJoinsAndItsMachinesDoNotRunTwice(t *testing.T) {
	s := newSite(t, 60, 3)
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	s.Protected(vm)
	old := s.HostOf(vm)
	victim := labtest.IndexOf(s.hosts, old)
	s.lose(victim)
	s.Until("the machine runs elsewhere", func() bool { return s.HostOf(vm) != old })
	s.Up(vm)
	s.Reset(victim, "On")
	s.Settled(s.hosts)
	s.Until("vCenter manages the host again", func() bool {
		return s.Host(s.hosts[victim]).Runtime.ConnectionState == types.HostSystemConnectionStateConnected
	})
	if s.HostOf(vm) == old || !labtest.Answers(address) {
		t.Error("the machine should run on where it was restarted")
	}
	ups := 0
	for _, e := range s.Truth() {
		if e.Name == "u1" && e.Event == "up" {
			ups++
		} else if e.Name == "u1" && e.Event == "down" {
			ups--
		}
	}
	if ups != 1 {
		t.Errorf("the guest runs %d times", ups)
	}
}

func TestWithoutHAOrHostMonitoringNothingRestarts(t *testing.T) {
	for name, change := range map[string]func(*types.ClusterConfigSpecEx){
		"HA off":              func(c *types.ClusterConfigSpecEx) { c.DasConfig.Enabled = types.NewBool(false) },
		"host monitoring off": func(c *types.ClusterConfigSpecEx) { c.DasConfig.HostMonitoring = "disabled" },
		"priority disabled": func(c *types.ClusterConfigSpecEx) {
			c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{RestartPriority: "disabled"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 60, 3, change)
			vm := s.ubuntu("u1")
			s.Up(vm)
			old := s.HostOf(vm)
			victim := labtest.IndexOf(s.hosts, old)
			s.lose(victim)
			s.Until("the host is shown as not responding", func() bool {
				return s.Host(s.hosts[victim]).Runtime.ConnectionState == types.HostSystemConnectionStateNotResponding
			})
			s.Reset(victim, "On")
			s.Until("the machine is shown as off when its host is back", func() bool {
				p := s.VM(vm)
				return p.Runtime.PowerState == "poweredOff" && p.Runtime.ConnectionState == "connected"
			})
			if s.HostOf(vm) != old || len(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")) > 0 {
				t.Error("the machine was restarted")
			}
		})
	}
}
