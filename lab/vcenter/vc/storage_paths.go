package vc

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

// loss is what a host lost of a datastore that it mounts, since when in lab time, and after how long it stops retrying; zero is
// never.
type loss struct {
	state   hardware.Reach
	since   time.Duration
	timeout time.Duration
}

// reachesDatastore tells whether the host mounts a datastore and has a path to it.
func (h managedHost) reachesDatastore(ds types.ManagedObjectReference) bool {
	return slices.Contains(h.mounted, ds) && h.lost[ds].state == hardware.Reached
}

// storageChanged follows a server's connection to its storage.
func (s *Sim) storageChanged(server *hardware.Server) {
	h, ok := s.hostOf(server)
	if !ok {
		return
	}
	s.checkPaths(s.context(), h)
}

// checkPaths compares what a host reaches with what was known of it, and tells what changed.
func (s *Sim) checkPaths(ctx *simulator.Context, h managedHost) {
	s.showPaths(ctx, h)
	for _, ref := range h.mounted {
		if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok {
			if state := s.reachOf(ctx, h, ds); state != h.lost[ref].state {
				s.pathChanged(ctx, h, ds, state)
			}
		}
	}
}

// reachOf is what a host has of a datastore, by its hardware or because a fault says so.
func (s *Sim) reachOf(ctx *simulator.Context, h managedHost, ds *simulator.Datastore) hardware.Reach {
	var kind, name string
	var shared bool
	ctx.WithLock(ds, func() { kind, name, shared = ds.Summary.Type, ds.Name, s.onLUN(ds) })
	if state, ok := s.faults.loss(h.server.Name, name, kind == string(types.HostFileSystemVolumeFileSystemTypeVMFS)); ok {
		return state
	}
	switch {
	case shared:
		return h.server.Storage().LUN()
	case kind == string(types.HostFileSystemVolumeFileSystemTypeNFS):
		if !s.reachesServer(ctx, h, ds) {
			return hardware.AllDown
		}
		return h.server.Storage().NFS()
	}
	return hardware.Reached
}

// pathChanged notes and reports that a host lost a datastore, or has it back.
func (s *Sim) pathChanged(ctx *simulator.Context, h managedHost, ds *simulator.Datastore, state hardware.Reach) {
	now := loss{state, s.clock.Now(), h.apdTimeout()}
	before := h.lost[ds.Self]
	s.updateHost(h.ref, func(x *managedHost) {
		x.lost = maps.Clone(x.lost) // copies of the host share the old one
		if x.lost == nil {
			x.lost = map[types.ManagedObjectReference]loss{}
		}
		if state == hardware.Reached {
			delete(x.lost, ds.Self)
		} else {
			x.lost[ds.Self] = now
		}
	})
	switch state {
	case hardware.Reached:
		s.showAccess(ctx, h, ds, "")
		if before.state == hardware.AllDown && before.timeout == 0 {
			return
		}
		s.postStorage(ctx, h, ds, cleared(before.state), "is accessible again")
	case hardware.AllDown:
		s.showAccess(ctx, h, ds, types.HostMountInfoInaccessibleReasonAllPathsDown_Start)
		if now.timeout == 0 {
			return // a host that does not handle this state does not tell of it either (an assumption)
		}
		s.postStorage(ctx, h, ds, "esx.problem.storage.apd.start", "has entered the all paths down state")
		s.clock.AfterFunc(now.timeout, func() { s.apdTimedOut(h, ds, now) })
	case hardware.DeviceLost:
		s.showAccess(ctx, h, ds, types.HostMountInfoInaccessibleReasonPermanentDeviceLoss)
		s.postStorage(ctx, h, ds, "esx.problem.scsi.device.state.permanentloss", "is permanently lost")
	}
}

// cleared is the event of a loss that is over.
func cleared(before hardware.Reach) string {
	if before == hardware.DeviceLost {
		return "esx.problem.scsi.device.state.permanentloss.pluggedback"
	}
	return "esx.clear.storage.apd.exit"
}

// apdTimedOut reports that a host has given up retrying, if it still waits for the same loss to end.
func (s *Sim) apdTimedOut(h managedHost, ds *simulator.Datastore, begun loss) {
	now, ok := s.host(h.ref)
	if up, _ := h.server.Up(); !ok || !up || now.lost[ds.Self] != begun || s.life.Err() != nil {
		return
	}
	ctx := s.context()
	s.showAccess(ctx, now, ds, types.HostMountInfoInaccessibleReasonAllPathsDown_Timeout)
	s.postStorage(ctx, now, ds, "esx.problem.storage.apd.timeout", fmt.Sprintf("has been in the all paths down state for %.0f seconds: I/O fails at once now", begun.timeout.Seconds()))
}

// showAccess publishes whether a host reaches a datastore, and whether any does.
func (s *Sim) showAccess(ctx *simulator.Context, h managedHost, ds *simulator.Datastore, reason types.HostMountInfoInaccessibleReason) {
	ctx.WithLock(ds, func() {
		mounts, anywhere := clone(ds.Host), false
		for i := range mounts {
			if m := &mounts[i].MountInfo; mounts[i].Key == h.ref {
				m.Accessible, m.InaccessibleReason = types.NewBool(reason == ""), string(reason)
			}
			anywhere = anywhere || isTrue(mounts[i].MountInfo.Accessible)
		}
		ctx.Update(ds, []types.PropertyChange{{Name: "host", Val: mounts}, {Name: "summary.accessible", Val: anywhere}})
	})
}

func (s *Sim) postStorage(ctx *simulator.Context, h managedHost, ds *simulator.Datastore, id, what string) {
	severity := "error"
	if what == "is accessible again" {
		severity = "info"
	}
	e := s.hostEvent(ctx, h.ref).Event
	e.Ds = &types.DatastoreEventArgument{EntityEventArgument: named(ds.Name), Datastore: ds.Self}
	s.post(s.extended(id, severity, "The storage of datastore "+ds.Name+" "+what+" on host "+h.server.Name, e, h.ref, h.server.Name))
}

// locked tells whether a machine runs on a host that still holds the locks on its files, so that no other host can start
// it. A host that lost its paths to them loses its locks, too (VMware KB 10051).
func (s *Sim) locked(m machine) bool {
	status, runs := s.fleet.Status(m.id)
	if !runs {
		return false
	}
	server := s.servers[status.Host]
	if server == nil {
		return false
	}
	h, ok := s.hostOf(server)
	if up, _ := server.Up(); !ok || !up {
		return false
	}
	for _, ds := range m.files {
		if !h.reachesDatastore(ds) {
			return false
		}
	}
	return true
}
