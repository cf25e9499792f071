package timelines_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
	"vsphere-ha/lab/vcenter/timelines"
)

var (
	scale   = flag.Float64("scale", 1, "lab seconds in one second")
	figures = flag.String("figures", "", "`DIR` to write the figures to")
)

// The timelines pass in real time and mostly wait: all at once.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// tolerance is how far an instant may be off, in lab seconds: one at scale 1, and what a busy machine adds at others.
func tolerance() float64 { return max(1, *scale/4) }

// run is one measured fault.
type run struct {
	*labtest.Lab
	hosts   []*object.HostSystem
	ds      types.ManagedObjectReference
	cluster *object.ClusterComputeResource
	line    timelines.Timeline
	at      time.Time // of the fault
}

// measure sets up four hosts, with heartbeat datastores or without, and a cluster.
func measure(t *testing.T, fault string, datastores bool, change ...func(*types.ClusterConfigSpecEx)) *run {
	l := labtest.Start(t, *scale)
	r := &run{Lab: l, hosts: l.Hosts(4), line: timelines.Timeline{Fault: fault, Scale: *scale}}
	if datastores {
		r.ds = l.NAS("ha-a", 0, r.hosts...)
		l.NAS("ha-b", 1, r.hosts...)
	}
	r.cluster = l.Cluster("ha", r.hosts, change...)
	return r
}

// wait is Until for times of scale 1.
func (r *run) wait(what string, condition func() bool) {
	r.T.Helper()
	for end := time.Now().Add(labtest.Patience + time.Duration(float64(3*time.Minute) / *scale)); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	r.T.Fatalf("waited in vain until %s", what)
}

// settled is the index of the master and of another host.
func (r *run) settled() (master, other int) {
	r.T.Helper()
	r.wait("HA has a master and all others are connected", func() bool {
		connected := 0
		for i, h := range r.hosts {
			switch r.Role(h) {
			case "master":
				master = i
			case "connectedToMaster":
				connected++
			}
		}
		return connected == len(r.hosts)-1
	})
	return master, (master + 1) % len(r.hosts)
}

// machine runs a guest on a host.
func (r *run) machine(host int) {
	r.T.Helper()
	vm := r.Clone("ubuntu-13.10", "u1", r.cluster, r.ds)
	if r.HostOf(vm) != r.hosts[host].Reference() {
		r.Run(vm.Migrate(r.Ctx(), nil, r.hosts[host], types.VirtualMachineMovePriorityDefaultPriority, ""))
	}
	r.wait("the guest is up", func() bool { return r.VM(vm).Guest.IpAddress != "" })
	r.wait("HA protects it", func() bool {
		p := r.VM(vm).Runtime.DasVmProtection
		return p != nil && p.DasProtected
	})
}

// onLUN runs a machine on the shared disk and returns the index of its host. It waits for no guest: what happens to the
// machine's storage does not depend on one.
func (r *run) onLUN() (host int) {
	r.T.Helper()
	vm := r.Clone("ubuntu-13.10", "u1", r.cluster, r.VMFS("ha-vmfs", r.hosts[0]))
	r.settled()
	r.wait("HA protects it", func() bool {
		p := r.VM(vm).Runtime.DasVmProtection
		return p != nil && p.DasProtected
	})
	return labtest.IndexOf(r.hosts, r.HostOf(vm))
}

// onHost does something to a host over SSH, which something really happens by.
func (r *run) onHost(host int, event string, commands ...string) {
	r.T.Helper()
	r.OnHost(host, strings.Join(commands, "; "))
	r.happened(event, host)
}

func (r *run) seconds(at time.Time) float64 { return at.Sub(r.at).Seconds() * *scale }

// mark keeps an instant and compares it with the documented one.
func (r *run) mark(what string, at time.Time, documented float64) {
	r.T.Helper()
	got := r.seconds(at)
	r.line.Marks = append(r.line.Marks, timelines.Mark{What: what, Measured: got, Documented: documented})
	if documented >= 0 && (got < documented-tolerance() || got > documented+tolerance()) {
		r.T.Errorf("%s: %s after %.2f lab seconds, documented are %g", r.line.Fault, what, got, documented)
	}
}

// role marks when vCenter heard that a host has a role; after the fault, for the first time.
func (r *run) role(what string, host int, state string, documented float64) {
	r.T.Helper()
	var at time.Time
	r.wait(what, func() bool {
		for _, e := range r.Events("com.vmware.vc.HA.HostStateChangedEvent") {
			x := e.(*types.EventEx)
			if x.ObjectId == r.hosts[host].Reference().Value && strings.HasSuffix(x.Message, " "+state) && labtest.Happened(e).After(r.at) {
				at = labtest.Happened(e)
				return true
			}
		}
		return false
	})
	r.mark(what, at, documented)
}

// truth marks what really happened, to a host or to a guest.
func (r *run) truth(what, event, subject string, documented float64) {
	r.T.Helper()
	var at time.Time
	r.wait(what, func() bool {
		for _, e := range r.Truth() {
			when := time.UnixMicro(int64(e.T * 1000))
			if e.Event == event && (e.Host == subject && e.Name == "" || e.Name == subject) && when.After(r.at) {
				at = when
				return true
			}
		}
		return false
	})
	r.mark(what, at, documented)
}

// event marks the first event of a kind.
func (r *run) event(what, kind string, documented float64) {
	r.T.Helper()
	r.wait(what, func() bool { return len(r.Events(kind)) > 0 })
	r.mark(what, labtest.Happened(r.Events(kind)[0]), documented)
}

// restarted marks when a machine was powered on again, and when its guest answered.
func (r *run) restarted(known float64) {
	r.T.Helper()
	r.poweredOn(known)
	r.truth("its guest answers again", "up", "u1", -1)
}

// poweredOn marks when a machine was powered on again: 10 to 15 s after the master knew that it must be.
func (r *run) poweredOn(known float64) {
	r.T.Helper()
	r.wait("the machine is restarted", func() bool { return len(r.Events("com.vmware.vc.ha.VmRestartedByHAEvent")) > 0 })
	at := labtest.Happened(r.Events("com.vmware.vc.ha.VmRestartedByHAEvent")[0])
	r.mark("machine restarted elsewhere", at, -1)
	if after := r.seconds(at) - known; after < 10-tolerance() || after > 15+tolerance() {
		r.T.Errorf("restarted %.1f lab seconds after the master knew, documented are 10 to 15", after)
	}
}

// inject makes a fault, which something really happens to a host by.
func (r *run) inject(fault map[string]any, host int, event string) {
	r.T.Helper()
	r.Fault(fault)
	r.happened(event, host)
}

func (r *run) powerOff(host int) {
	r.T.Helper()
	r.Reset(host, "ForceOff")
	r.happened("powerOff", host)
}

// happened takes the instant of the fault from the log of what really happened.
func (r *run) happened(event string, host int) {
	r.T.Helper()
	for _, e := range r.Truth() {
		if e.Event == event && e.Host == r.name(host) {
			r.at = time.UnixMicro(int64(e.T * 1000))
			return
		}
	}
	r.T.Fatalf("the truth log does not know of %s", event)
}

func (r *run) name(host int) string { return r.Config.Hosts[host].Name }

// draw writes the figure.
func (r *run) draw(file string) {
	r.T.Helper()
	fmt.Print(r.line.Text())
	if *figures == "" {
		return
	}
	r.Must(os.MkdirAll(*figures, 0o755))
	r.Must(os.WriteFile(filepath.Join(*figures, file+".svg"), []byte(r.line.SVG()), 0o644))
}

func powerOffOnIsolation(c *types.ClusterConfigSpecEx) {
	c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{IsolationResponse: "powerOff"}
}

// apdDelay is shorter than the default of 180 s, which would make this the longest of all tests.
const apdDelay = 30

func componentProtection(c *types.ClusterConfigSpecEx) {
	c.DasConfig.VmComponentProtecting = "enabled"
	c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{VmComponentProtectionSettings: &types.ClusterVmComponentProtectionSettings{
		VmStorageProtectionForAPD: "restartConservative", VmStorageProtectionForPDL: "restartAggressive", VmTerminateDelayForAPDSec: apdDelay,
	}}
}

// guestMonitoring is by its defaults: the minimum uptime passes while there is no I/O.
func guestMonitoring(c *types.ClusterConfigSpecEx) {
	c.DasConfig.VmMonitoring = "vmMonitoringOnly"
	c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{
		VmMonitoring: "vmMonitoringOnly", FailureInterval: 30, MinUpTime: 120, MaxFailures: 3, MaxFailureWindow: -1,
	}}
}

func TestTimelineOfASecondaryThatDiesWithHeartbeatDatastores(t *testing.T) {
	r := measure(t, "A secondary host loses its power", true)
	_, victim := r.settled()
	r.machine(victim)
	r.powerOff(victim)
	r.role("master: unreachable", victim, "fdmUnreachable", 10)
	r.truth("master: declared dead", "declaredDead", r.name(victim), 18)
	r.restarted(18)
	r.draw("secondary-dies")
}

func TestTimelineOfASecondaryThatDiesWithoutHeartbeatDatastores(t *testing.T) {
	r := measure(t, "A secondary host loses its power, without heartbeat datastores", false)
	_, victim := r.settled()
	r.powerOff(victim)
	r.role("master: unreachable", victim, "fdmUnreachable", 10)
	r.truth("master: declared dead", "declaredDead", r.name(victim), 15)
	r.draw("secondary-dies-without-datastores")
}

func TestTimelineOfAMasterThatDies(t *testing.T) {
	r := measure(t, "The master host loses its power", true)
	master, _ := r.settled()
	r.machine(master)
	r.powerOff(master)
	next := (master + 3) % 4 // of equals the last in order wins
	if master != 3 {
		next = 3
	}
	r.role("secondaries: election", (master+1)%4, "election", 10)
	r.role("new master", next, "master", 25)
	r.truth("new master: declared dead", "declaredDead", r.name(master), 50)
	r.restarted(50)
	r.draw("master-dies")
}

func TestTimelineOfASecondaryThatIsIsolated(t *testing.T) {
	r := measure(t, "A secondary host is isolated (response: power off)", true, powerOffOnIsolation)
	_, victim := r.settled()
	r.machine(victim)
	r.inject(map[string]any{"kind": "isolate", "host": r.name(victim)}, victim, "networkDown")
	r.role("master: unreachable", victim, "fdmUnreachable", 10)
	r.role("master: cut off, heartbeat datastores written", victim, "networkPartitionedFromMaster", 18)
	r.truth("host: declares itself isolated", "isolated", r.name(victim), 30)
	r.role("master: isolated", victim, "networkIsolated", 30)
	r.truth("host: powers its machine off", "down", "u1", 60)
	r.restarted(60)
	r.draw("secondary-isolated")
}

func TestTimelineOfAMasterThatIsIsolated(t *testing.T) {
	r := measure(t, "The master host is isolated (response: power off)", true, powerOffOnIsolation)
	master, _ := r.settled()
	r.machine(master)
	next := 3
	if master == 3 {
		next = 2
	}
	r.inject(map[string]any{"kind": "isolate", "host": r.name(master)}, master, "networkDown")
	r.truth("host: declares itself isolated", "isolated", r.name(master), 5)
	r.role("secondaries: election", (master+1)%4, "election", 10)
	r.role("new master", next, "master", 25)
	r.truth("host: powers its machine off", "down", "u1", 35)
	r.restarted(35)
	r.draw("master-isolated")
}

func TestTimelineOfAPartition(t *testing.T) {
	r := measure(t, "Two of four hosts are cut off together", true)
	master, other := r.settled()
	third := (other + 1) % 4
	if third == master {
		third = (third + 1) % 4
	}
	r.inject(map[string]any{"kind": "partition", "hosts": []string{r.name(other), r.name(third)}}, other, "networkDown")
	r.role("master: first host unreachable", other, "fdmUnreachable", 10)
	r.role("master: first host partitioned", other, "networkPartitionedFromMaster", 18)
	r.role("master: second host partitioned", third, "networkPartitionedFromMaster", 18)
	r.draw("partition")
}

func TestTimelineOfAnAgentThatFails(t *testing.T) {
	r := measure(t, "The HA agent of a secondary host fails", true)
	_, victim := r.settled()
	r.inject(map[string]any{"kind": "agentDown", "host": r.name(victim)}, victim, "agentDown")
	r.role("master: agent unreachable, host answers pings", victim, "fdmUnreachable", 10)
	r.draw("agent-fails")
}

func TestTimelineOfAllPathsDown(t *testing.T) {
	r := measure(t, fmt.Sprintf("A host loses all paths to a LUN (APD, delay for failover %d s)", apdDelay), true, componentProtection)
	host := r.onLUN()
	r.onHost(host, "lun apd", "esxcli storage core path set --state=off -p vmhba64:C0:T0:L0", "esxcli storage core path set --state=off -p vmhba65:C0:T0:L0")
	r.event("host: all paths down", "esx.problem.storage.apd.start", 0)
	r.event("host: APD time-out", "esx.problem.storage.apd.timeout", 140)
	r.event("HA: tells of the loss", "com.vmware.vc.HA.VmcpStorageFailureDetectedForVm", 140)
	r.event("HA: terminates the machine", "com.vmware.vc.HA.VmcpTerminatingVm", 140+apdDelay)
	r.poweredOn(140 + apdDelay)
	r.draw("all-paths-down")
}

func TestTimelineOfPermanentDeviceLoss(t *testing.T) {
	r := measure(t, "A LUN tells a host that it is lost for good (PDL)", true, componentProtection)
	host := r.onLUN()
	const lost = "vsish -e set /storage/scsifw/paths/%s:C0:T0:L0/injectError 0x250500000002" // ILLEGAL REQUEST, LUN not supported
	r.onHost(host, "lun pdl", fmt.Sprintf(lost, "vmhba64"), fmt.Sprintf(lost, "vmhba65"), "vsish -e set /reliability/vmkstress/ScsiPathInjectError 1")
	r.event("host: device lost", "esx.problem.scsi.device.state.permanentloss", 0)
	r.event("HA: terminates the machine", "com.vmware.vc.HA.VmcpTerminatingVm", 0)
	r.restarted(0)
	r.draw("permanent-device-loss")
}

func TestTimelineOfAGuestThatHangs(t *testing.T) {
	r := measure(t, "A guest hangs (failure interval 30 s, I/O check 120 s)", true, guestMonitoring)
	_, other := r.settled()
	r.machine(other)
	r.inject(map[string]any{"kind": "guestHung", "vm": "u1"}, other, "down")
	r.event("HA: resets the machine", "VmDasBeingResetEvent", 120)
	r.truth("its guest answers again", "up", "u1", -1)
	r.draw("guest-hangs")
}
