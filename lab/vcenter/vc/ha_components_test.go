package vc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

const (
	detected    = "com.vmware.vc.HA.VmcpStorageFailureDetectedForVm"
	terminating = "com.vmware.vc.HA.VmcpTerminatingVm"
	putOff      = "com.vmware.vc.HA.VmcpTerminateVmAborted"
	left        = "com.vmware.vc.HA.VmcpNotTerminateVmWithInaccessibleDatastore"
	cleared     = "com.vmware.vc.HA.VmcpStorageFailureCleared"
	allPathsOff = "esxcli storage core path set --state=off -p vmhba64:C0:T0:L0; esxcli storage core path set --state=off -p vmhba65:C0:T0:L0"
	allPathsOn  = "esxcli storage core path set --state=active -p vmhba64:C0:T0:L0; esxcli storage core path set --state=active -p vmhba65:C0:T0:L0"
	lunGone     = "vsish -e set /storage/scsifw/paths/vmhba64:C0:T0:L0/injectError 0x250500000002; " +
		"vsish -e set /storage/scsifw/paths/vmhba65:C0:T0:L0/injectError 0x250500000002; vsish -e set /reliability/vmkstress/ScsiPathInjectError 1"
)

// components sets component protection, with a delay of 60 s after the time-out.
func components(apd, pdl string, change ...func(*types.ClusterVmComponentProtectionSettings)) func(*types.ClusterConfigSpecEx) {
	s := &types.ClusterVmComponentProtectionSettings{VmStorageProtectionForAPD: apd, VmStorageProtectionForPDL: pdl, VmTerminateDelayForAPDSec: 60}
	for _, c := range change {
		c(s)
	}
	return func(c *types.ClusterConfigSpecEx) {
		c.DasConfig.VmComponentProtecting = "enabled"
		c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{VmComponentProtectionSettings: s}
	}
}

// late is how far the instant of an event may lie behind what it tells of, on a busy machine, in lab seconds.
const late = 5

func withReset(s *types.ClusterVmComponentProtectionSettings) { s.VmReactionOnAPDCleared = "reset" }

// vmfsSite is a settled site with a machine on VMFS; it returns the machine and the index of its host.
func vmfsSite(t *testing.T, scale float64, change func(*types.ClusterConfigSpecEx)) (*site, *object.VirtualMachine, int) {
	s := newSite(t, scale, 3, change)
	vmfs := s.VMFS("ha-vmfs", s.hosts[0])
	s.Settled(s.hosts)
	vm := s.Clone("ubuntu-13.10", "u1", s.cluster, vmfs)
	s.Up(vm)
	s.Protected(vm)
	return s, vm, labtest.IndexOf(s.hosts, s.HostOf(vm))
}

// firstEvent is the instant of the first event of a kind, which is waited for.
func (s *site) firstEvent(kind string) time.Time {
	s.T.Helper()
	s.Until("there is "+kind, func() bool { return len(s.Events(kind)) > 0 })
	return labtest.Happened(s.Events(kind)[0])
}

// access is what a datastore says of a host, and of all.
func (s *site) access(name string, host int) (here bool, reason string, anywhere bool) {
	s.T.Helper()
	ds, err := s.Finder.Datastore(s.Ctx(), name)
	s.Must(err)
	var p mo.Datastore
	s.Must(ds.Properties(s.Ctx(), ds.Reference(), []string{"host", "summary"}, &p))
	for _, m := range p.Host {
		if m.Key == s.hosts[host].Reference() {
			return *m.MountInfo.Accessible, m.MountInfo.InaccessibleReason, p.Summary.Accessible
		}
	}
	s.T.Fatalf("%s is not mounted", name)
	return false, "", false
}

func TestAPDTerminatesAfter140SecondsAndTheDelayAndTheMachineRestartsOnAHealthyHost(t *testing.T) {
	s, vm, host := vmfsSite(t, 40, components("restartConservative", "restartAggressive"))
	onNFS := s.ubuntu("u2")
	s.Up(onNFS)
	s.Run(onNFS.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Host: types.NewReference(s.hosts[host].Reference())}, types.VirtualMachineMovePriorityDefaultPriority))
	s.OnHost(host, allPathsOff)
	start := s.firstEvent("esx.problem.storage.apd.start")
	if here, reason, anywhere := s.access("ha-vmfs", host); here || reason != "AllPathsDown_Start" || !anywhere {
		t.Errorf("accessible %v, %s, anywhere %v", here, reason, anywhere)
	}
	for kind, want := range map[string]float64{"esx.problem.storage.apd.timeout": 140, detected: 140, terminating: 200} {
		if after := s.labSeconds(start, s.firstEvent(kind)); after < want-late || after > want+50 {
			t.Errorf("%s after %.1f s, expected %.0f", kind, after, want)
		}
	}
	s.Until("the machine runs on a healthy host", func() bool {
		p := s.VM(vm)
		return p.Runtime.PowerState == "poweredOn" && *p.Runtime.Host != s.hosts[host].Reference()
	})
	s.firstEvent("com.vmware.vc.ha.VmRestartedByHAEvent")
	s.Up(vm)
	if s.HostOf(onNFS) != s.hosts[host].Reference() || len(s.Events(terminating)) != 1 {
		t.Errorf("the machine on NFS is on %s; %d terminations", s.HostOf(onNFS), len(s.Events(terminating)))
	}
	_, reason, _ := s.access("ha-vmfs", host)
	s.OnHost(host, allPathsOn)
	s.firstEvent("esx.clear.storage.apd.exit")
	if here, after, _ := s.access("ha-vmfs", host); !here || after != "" || reason != "AllPathsDown_Timeout" {
		t.Errorf("first %s, then accessible %v, %s", reason, here, after)
	}
	if n := len(s.resets()); n > 0 {
		t.Errorf("%d resets", n)
	}
}

func TestPDLTerminatesAtOnceAndTheMachineRestartsElsewhere(t *testing.T) {
	s, vm, host := vmfsSite(t, 40, components("disabled", "restartAggressive"))
	s.OnHost(host, lunGone)
	lost := s.firstEvent("esx.problem.scsi.device.state.permanentloss")
	if after := s.labSeconds(lost, s.firstEvent(terminating)); after > 60 {
		t.Errorf("terminated after %.1f s", after)
	}
	if _, reason, _ := s.access("ha-vmfs", host); reason != "PermanentDeviceLoss" {
		t.Errorf("reason %s", reason)
	}
	s.Until("the machine runs elsewhere", func() bool {
		p := s.VM(vm)
		return p.Runtime.PowerState == "poweredOn" && *p.Runtime.Host != s.hosts[host].Reference()
	})
	if len(s.Events("esx.problem.storage.apd.start")) > 0 {
		t.Error("a permanent loss is no APD")
	}
}

func TestNFSGoesDownByAPDAndNeverByPDL(t *testing.T) {
	s := newSite(t, 60, 3, components("restartAggressive", "restartAggressive"))
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.Protected(vm)
	host := labtest.IndexOf(s.hosts, s.HostOf(vm))
	s.OnHost(host, lunGone) // there is a LUN, but the machine is not on it
	name := s.Config.Hosts[host].Name
	if got := s.RefusedFault(map[string]any{"kind": "datastoreLost", "host": name, "datastore": "ha-a", "state": "pdl"}); !strings.Contains(got, "VMFS only") {
		t.Errorf("PDL on NFS: %q", got)
	}
	s.OnHost(host, "esxcli network firewall ruleset set -r nfsClient -e false")
	start := s.firstEvent("esx.problem.storage.apd.start")
	if after := s.labSeconds(start, s.firstEvent(terminating)); after < 200-late {
		t.Errorf("terminated after %.1f s", after)
	}
	s.Until("the machine runs elsewhere", func() bool {
		p := s.VM(vm)
		return p.Runtime.PowerState == "poweredOn" && *p.Runtime.Host != s.hosts[host].Reference()
	})
}

func TestAPDThatClearsWithinTheDelayResetsTheMachineWhereItIs(t *testing.T) {
	s, vm, host := vmfsSite(t, 40, components("restartConservative", "disabled", withReset, func(s *types.ClusterVmComponentProtectionSettings) {
		s.VmTerminateDelayForAPDSec = 3600
	}))
	s.OnHost(host, allPathsOff)
	s.firstEvent(detected)
	s.OnHost(host, allPathsOn)
	s.firstEvent(cleared)
	s.Until("HA resets the machine", func() bool { return len(s.resets()) == 1 })
	if e := s.resets()[0]; e.Reason != "vmcpResetApdCleared" {
		t.Errorf("reason %s", e.Reason)
	}
	s.Up(vm)
	if s.HostOf(vm) != s.hosts[host].Reference() || len(s.Events(terminating)) > 0 {
		t.Error("it should stay where it is")
	}
}

func TestResponsesFollowTheSettingsAndTheMachinesOverride(t *testing.T) {
	const conservative, warning, off = "restartConservative", "warning", "disabled"
	own := func(apd string) *types.ClusterVmComponentProtectionSettings {
		return &types.ClusterVmComponentProtectionSettings{
			VmStorageProtectionForAPD: apd, VmStorageProtectionForPDL: "clusterDefault", VmReactionOnAPDCleared: "useClusterDefault", VmTerminateDelayForAPDSec: -1,
		}
	}
	for name, c := range map[string]struct {
		cluster  func(*types.ClusterConfigSpecEx)
		override *types.ClusterVmComponentProtectionSettings
		event    string // empty: none at all
	}{
		"warning":                      {components(warning, off), nil, left},
		"disabled":                     {components(off, off), nil, ""},
		"a machine of its own":         {components(off, off), own(conservative), terminating},
		"a machine that is left alone": {components(conservative, off), own(off), ""},
		"a machine as the cluster":     {components(conservative, off), own("clusterDefault"), terminating},
		"protection off for the cluster": {func(c *types.ClusterConfigSpecEx) {
			components(conservative, off)(c)
			c.DasConfig.VmComponentProtecting = off
		}, nil, ""},
		"without host monitoring": {func(c *types.ClusterConfigSpecEx) {
			components(conservative, off)(c)
			c.DasConfig.HostMonitoring = "disabled"
		}, nil, left},
	} {
		t.Run(name, func(t *testing.T) {
			s, vm, host := vmfsSite(t, 100, c.cluster)
			if c.override != nil {
				s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
					ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd},
					Info:            &types.ClusterDasVmConfigInfo{Key: vm.Reference(), DasSettings: &types.ClusterDasVmSettings{VmComponentProtectionSettings: c.override}},
				}}}, true))
			}
			s.OnHost(host, allPathsOff)
			start := s.firstEvent("esx.problem.storage.apd.start")
			if c.event != "" {
				s.firstEvent(c.event)
			}
			s.Until("the delay has passed", func() bool { return s.labSeconds(start, time.Now()) > 260 })
			if n := len(s.Events(terminating)); (n > 0) != (c.event == terminating) {
				t.Errorf("%d terminations", n)
			}
			if n := len(s.Events(detected)); (n > 0) != (c.event != "") {
				t.Errorf("%d reports", n)
			}
			if c.event != terminating && (s.VM(vm).Runtime.PowerState != "poweredOn" || s.HostOf(vm) != s.hosts[host].Reference()) {
				t.Error("the machine should go on where it is")
			}
		})
	}
}

func TestMachineIsNotTerminatedWhileNoHostReachesItsStorage(t *testing.T) {
	s, vm, host := vmfsSite(t, 60, components("restartConservative", "disabled"))
	for i := range s.hosts {
		s.OnHost(i, allPathsOff)
	}
	s.firstEvent(putOff)
	if _, _, anywhere := s.access("ha-vmfs", host); anywhere || len(s.Events(terminating)) > 0 || s.VM(vm).Runtime.PowerState != "poweredOn" {
		t.Errorf("accessible anywhere: %v; %d terminations", anywhere, len(s.Events(terminating)))
	}
	s.OnHost((host+1)%3, allPathsOn)
	s.firstEvent(terminating)
	s.Until("the machine runs on the host that reaches it", func() bool {
		p := s.VM(vm)
		return p.Runtime.PowerState == "poweredOn" && *p.Runtime.Host == s.hosts[(host+1)%3].Reference()
	})
}

func TestHostWithoutAPathStartsAndTakesNoMachineOfTheDatastore(t *testing.T) {
	s, vm, host := vmfsSite(t, 60, components("disabled", "disabled"))
	other := (host + 1) % 3
	id := s.Fault(map[string]any{"kind": "datastoreLost", "host": s.Config.Hosts[other].Name, "datastore": "ha-vmfs", "state": "apd"})
	task, err := vm.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Host: types.NewReference(s.hosts[other].Reference())}, types.VirtualMachineMovePriorityDefaultPriority)
	s.Must(err)
	if err := task.Wait(s.Ctx()); !fault.Is(err, new(types.InvalidDatastore)) {
		t.Errorf("vMotion to a host without a path: %v", err)
	}
	s.EndFault(id)
	s.firstEvent("esx.clear.storage.apd.exit")
	s.Run(vm.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Host: types.NewReference(s.hosts[other].Reference())}, types.VirtualMachineMovePriorityDefaultPriority))
	s.Run(vm.PowerOff(s.Ctx()))
	for i := range s.hosts {
		s.OnHost(i, allPathsOff)
	}
	if task, err = vm.PowerOn(s.Ctx()); err == nil {
		err = task.Wait(s.Ctx())
	}
	if err == nil {
		t.Error("a machine started without its storage")
	}
}

func TestPathsOfTheSharedDiskAreListedWithTheirState(t *testing.T) {
	s, _, host := vmfsSite(t, 60, components("disabled", "disabled"))
	states := func() (list []string) {
		for _, u := range s.Host(s.hosts[host]).Config.StorageDevice.MultipathInfo.Lun {
			if u.Id == s.Config.LUN.Name {
				for _, p := range u.Path {
					list = append(list, p.Name+" "+p.PathState)
				}
			}
		}
		return list
	}
	if got := strings.Join(states(), ", "); got != "vmhba64:C0:T0:L0 active, vmhba65:C0:T0:L0 active" {
		t.Errorf("%s", got)
	}
	s.OnHost(host, "esxcli storage core path set --state=off -p vmhba64:C0:T0:L0")
	if got := strings.Join(states(), ", "); got != "vmhba64:C0:T0:L0 disabled, vmhba65:C0:T0:L0 active" {
		t.Errorf("%s", got)
	}
	if here, _, _ := s.access("ha-vmfs", host); !here {
		t.Error("one path is enough")
	}
}
