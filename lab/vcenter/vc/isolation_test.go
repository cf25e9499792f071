package vc_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func response(word string) func(*types.ClusterConfigSpecEx) {
	return func(c *types.ClusterConfigSpecEx) {
		c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{IsolationResponse: word}
	}
}

func options(pairs ...string) func(*types.ClusterConfigSpecEx) {
	return func(c *types.ClusterConfigSpecEx) {
		for i := 0; i < len(pairs); i += 2 {
			c.DasConfig.Option = append(c.DasConfig.Option, &types.OptionValue{Key: pairs[i], Value: pairs[i+1]})
		}
	}
}

func (s *site) isolate(host int) (fault string, at time.Time) {
	s.T.Helper()
	fault = s.Fault(map[string]any{"kind": "isolate", "host": s.Config.Hosts[host].Name})
	return fault, s.really("networkDown", host)
}

// when is the instant at which something really happened to a host, in lab seconds after another.
func (s *site) when(event string, host int, from time.Time) float64 {
	s.T.Helper()
	name := s.Config.Hosts[host].Name
	s.Until(name+": "+event, func() bool { _, ok := s.truthOf(event, name); return ok })
	e, _ := s.truthOf(event, name)
	return (e.T - float64(from.UnixMicro())/1000) / 1000 * s.Config.TimeScale
}

// really is the instant at which something last happened to a host.
func (s *site) really(event string, host int) time.Time {
	s.T.Helper()
	e, ok := s.truthOf(event, s.Config.Hosts[host].Name)
	if !ok {
		s.T.Fatalf("the truth log does not know of %s", event)
	}
	return time.UnixMicro(int64(e.T * 1000))
}

func (s *site) becomes(host int, state string) {
	s.T.Helper()
	s.Until(s.Config.Hosts[host].Name+" becomes "+state, func() bool { return s.Role(s.hosts[host]) == state })
}

// lives counts how often a guest runs: it must never be more than once.
func (s *site) lives(name string) int {
	up := 0
	for _, e := range s.Truth() {
		if e.Name == name && e.Event == "up" {
			up++
		} else if e.Name == name && e.Event == "down" {
			up--
		}
	}
	return up
}

func (s *site) happened(kinds ...string) {
	s.T.Helper()
	for _, kind := range kinds {
		s.Until("there is a "+kind, func() bool { return len(s.Events(kind)) > 0 })
	}
}

func (s *site) running(name string, host int) *object.VirtualMachine {
	s.T.Helper()
	vm := s.ubuntu(name)
	if s.HostOf(vm) != s.hosts[host].Reference() {
		s.Run(vm.Migrate(s.Ctx(), nil, s.hosts[host], types.VirtualMachineMovePriorityDefaultPriority, ""))
	}
	s.Up(vm)
	s.Protected(vm)
	return vm
}

func TestSecondaryDeclaresItselfIsolatedAfter30SecondsAndKeepsItsMachines(t *testing.T) {
	s := newSite(t, timelineScale, 3)
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	address := s.Up(vm)
	fault, at := s.isolate(victim)
	if got := s.when("isolated", victim, at); !timely(got, 30) {
		t.Errorf("isolated after %.1f lab seconds", got)
	}
	s.becomes(victim, "networkIsolated")
	s.happened("com.vmware.vc.HA.DasHostIsolatedEvent", "com.vmware.vc.HA.HostPartitionedFromMasterEvent")
	s.Until("vCenter misses it", func() bool {
		return s.Host(s.hosts[victim]).Runtime.ConnectionState == types.HostSystemConnectionStateNotResponding &&
			s.VM(vm).Runtime.ConnectionState == types.VirtualMachineConnectionStateDisconnected
	})
	if len(s.Events("DasHostIsolatedEvent")) > 0 {
		t.Error("the classic event came before the host was back")
	}
	s.EndFault(fault)
	s.Settled(s.hosts)
	s.happened("DasHostIsolatedEvent")
	s.Until("vCenter manages it again", func() bool {
		return s.Host(s.hosts[victim]).Runtime.ConnectionState == types.HostSystemConnectionStateConnected &&
			s.VM(vm).Runtime.ConnectionState == types.VirtualMachineConnectionStateConnected
	})
	if s.HostOf(vm) != s.hosts[victim].Reference() || s.lives("u1") != 1 || !labtest.Answers(address) {
		t.Error("its machine did not just run on")
	}
	if _, dead := s.truthOf("declaredDead", s.Config.Hosts[victim].Name); dead {
		t.Error("it was declared dead although it kept its heartbeat datastores")
	}
}

func TestMasterDeclaresItselfIsolatedAfter5SecondsAndAnotherIsElected(t *testing.T) {
	s := newSite(t, timelineScale, 3)
	master := s.Settled(s.hosts)
	_, at := s.isolate(master)
	if got := s.when("isolated", master, at); !timely(got, 5) {
		t.Errorf("isolated after %.1f lab seconds", got)
	}
	s.becomes(master, "networkIsolated")
	others := append(append([]*object.HostSystem{}, s.hosts[:master]...), s.hosts[master+1:]...)
	s.Settled(others)
}

func TestIsolatedHostPowersOffItsMachinesAndTheMasterRestartsThem(t *testing.T) {
	s := newSite(t, 20, 3, response("powerOff"))
	victim := s.other(s.Settled(s.hosts))
	vm, kept := s.running("u1", victim), s.running("kept", victim)
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"},
		Info:            &types.ClusterDasVmConfigInfo{Key: kept.Reference(), DasSettings: &types.ClusterDasVmSettings{IsolationResponse: "none"}},
	}}}, true))
	address := s.Up(vm)
	// As an injector does it: the host is told to undo it before it is cut off.
	s.Order(victim, "nohup sh -c 'sleep 300; esxcli network ip interface set -e true -i vmk0' >/dev/null 2>&1 & esxcli network ip interface set -e false -i vmk0")
	s.when("networkDown", victim, time.Now())
	at := s.really("networkDown", victim)
	s.Until("the guest is down", func() bool { return s.lives("u1") == 0 })
	for _, e := range s.Truth() {
		if e.Name != "u1" || e.Event != "down" {
			continue
		}
		// Documented: 60 s. A busy machine takes note of the cut a moment late; the host that is cut off declares itself after 30 s.
		if got := (e.T - float64(at.UnixMicro())/1000) / 1000 * s.Config.TimeScale; got < 55 || got > 68 || e.Cause != "isolation response" {
			t.Errorf("it went down after %.1f lab seconds: %+v", got, e)
		}
	}
	s.Until("it runs elsewhere", func() bool { return s.HostOf(vm) != s.hosts[victim].Reference() && labtest.Answers(address) })
	s.happened("VmPowerOffOnIsolationEvent", "com.vmware.vc.ha.VmRestartedByHAEvent")
	off := s.Events("VmPowerOffOnIsolationEvent")[0].(*types.VmPowerOffOnIsolationEvent)
	if off.IsolatedHost.Host != s.hosts[victim].Reference() || off.Vm.Name != "u1" {
		t.Errorf("the event says %+v", off)
	}
	s.Settled(s.hosts) // the host undoes it by itself
	if got := s.when("networkUp", victim, at); got < 300 {
		t.Errorf("undone after %.1f lab seconds", got)
	}
	if s.lives("u1") != 1 || s.lives("kept") != 1 || s.HostOf(kept) != s.hosts[victim].Reference() {
		t.Error("a machine runs twice, or the one to leave alone was not")
	}
}

func TestWithoutAMasterThatWouldRestartThemAnIsolatedHostLeavesMachinesOn(t *testing.T) {
	s := newSite(t, 60, 2, response("powerOff"))
	s.Settled(s.hosts)
	s.running("u1", 0)
	s.running("u2", 1)
	s.isolate(0)
	_, at := s.isolate(1)
	s.when("isolated", 0, at)
	s.when("isolated", 1, at)
	s.Until("they had the time to respond", func() bool { return s.labSeconds(at, time.Now()) > 200 })
	if s.lives("u1") != 1 || s.lives("u2") != 1 {
		t.Error("a machine was stopped although no host is left to restart it")
	}
}

func TestMachinesOfAnIsolatedHostThatLosesItsDatastoresRestartAndDoNotRunTwice(t *testing.T) {
	s := newSite(t, 20, 3)
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	address := s.Up(vm)
	network, _ := s.isolate(victim)
	storage := s.Fault(map[string]any{"kind": "datastoreLost", "host": s.Config.Hosts[victim].Name, "state": "apd"})
	s.becomes(victim, "hostDown")
	s.Until("it runs elsewhere", func() bool { return s.HostOf(vm) != s.hosts[victim].Reference() && s.lives("u1") == 1 })
	if got := s.Sim.Copies(s.Config.Hosts[victim].Name); got != 1 {
		t.Errorf("the host that knows nothing runs %d machines", got)
	}
	if s.Up(vm) != address {
		t.Error("its address changed")
	}
	s.EndFault(storage)
	s.EndFault(network)
	s.Settled(s.hosts)
	s.Until("the old copy is gone", func() bool { return s.Sim.Copies(s.Config.Hosts[victim].Name) == 0 })
	if s.lives("u1") != 1 || !labtest.Answers(address) || s.HostOf(vm) == s.hosts[victim].Reference() {
		t.Error("the machine does not run once, where it was restarted")
	}
}

func TestMachinesThatStillRunOnAHostTakenForDeadAreLockedAndNotStartedTwice(t *testing.T) {
	l := labtest.Start(t, 20)
	s := &site{Lab: l, hosts: l.Hosts(3)}
	s.ds = l.NAS("ha-a", 0, s.hosts...)
	// A heartbeat datastore that nobody has: nothing tells the isolated host from a dead one.
	s.cluster = l.Cluster("ha", s.hosts, func(c *types.ClusterConfigSpecEx) { c.DasConfig.HBDatastoreCandidatePolicy = "userSelectedDs" })
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	fault, at := s.isolate(victim)
	if got := s.when("declaredDead", victim, at); got < 14.5 || got > 30 {
		t.Errorf("declared dead after %.1f lab seconds", got)
	}
	s.happened("VmFailoverFailed")
	reason := s.Events("VmFailoverFailed")[0].(*types.VmFailoverFailed).Reason
	if _, ok := reason.Fault.(*types.FileLocked); !ok {
		t.Errorf("the restart failed for %#v", reason)
	}
	s.EndFault(fault)
	s.Settled(s.hosts)
	s.Until("its failover is over", func() bool {
		p := s.VM(vm)
		return !*p.Runtime.VmFailoverInProgress && p.Runtime.ConnectionState == types.VirtualMachineConnectionStateConnected
	})
	if s.lives("u1") != 1 || s.HostOf(vm) != s.hosts[victim].Reference() {
		t.Error("it does not run once, where it always did")
	}
}

func TestIsolationAddressTellsIsolatedFromPartitioned(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		state   string
	}{
		"default gateway":         {nil, "networkPartitionedFromMaster"},
		"none that answers":       {[]string{"das.usedefaultisolationaddress", "false", "das.isolationaddress0", "192.0.2.1"}, "networkIsolated"},
		"one that answers":        {[]string{"das.usedefaultisolationaddress", "false", "das.isolationaddress0", "192.0.2.1", "das.isolationaddress1", "nfs.lab.test"}, "networkPartitionedFromMaster"},
		"no more than the silent": {[]string{"das.usedefaultisolationaddress", "false"}, "networkIsolated"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 60, 3, options(c.options...))
			victim := s.other(s.Settled(s.hosts))
			at := time.Now()
			s.Fault(map[string]any{"kind": "partition", "hosts": []string{s.Config.Hosts[victim].Name}, "gateway": true})
			s.Until("it had the time to find out", func() bool { return s.labSeconds(at, time.Now()) > 60 })
			s.becomes(victim, c.state)
		})
	}
}

func TestMachinesPoweredOffByAHostTakenForDeadRestartOnce(t *testing.T) {
	l := labtest.Start(t, 60)
	s := &site{Lab: l, hosts: l.Hosts(3)}
	s.ds = l.NAS("ha-a", 0, s.hosts...)
	s.cluster = l.Cluster("ha", s.hosts, response("powerOff"), func(c *types.ClusterConfigSpecEx) { c.DasConfig.HBDatastoreCandidatePolicy = "userSelectedDs" })
	victim := s.other(s.Settled(s.hosts))
	vm := s.running("u1", victim)
	fault, _ := s.isolate(victim)
	s.Until("it runs elsewhere at a later attempt", func() bool { return s.HostOf(vm) != s.hosts[victim].Reference() && s.lives("u1") == 1 })
	s.EndFault(fault)
	s.Settled(s.hosts)
	s.happened("VmFailoverFailed", "VmPowerOffOnIsolationEvent")
	if s.lives("u1") != 1 || len(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")) != 1 {
		t.Error("it was not restarted once")
	}
}

func TestHostThatIsBackBeforeItIsMissedTellsWhatItStopped(t *testing.T) {
	s := newSite(t, 20, 3, response("powerOff"))
	master := s.Settled(s.hosts)
	vm := s.running("u1", master)
	fault, _ := s.isolate(master) // the master responds 35 s after it was cut off, and vCenter misses a host after 60 s
	s.Until("the guest is down", func() bool { return s.lives("u1") == 0 })
	s.EndFault(fault)
	s.Settled(s.hosts)
	s.happened("VmPowerOffOnIsolationEvent", "com.vmware.vc.ha.VmRestartedByHAEvent")
	s.Up(vm)
	if s.lives("u1") != 1 {
		t.Error("it does not run once")
	}
}
