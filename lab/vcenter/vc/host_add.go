package vc

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

// managedHost is a physical server that is in the inventory.
type managedHost struct {
	ref    types.ManagedObjectReference
	server *hardware.Server
	// cluster is the zero reference for a standalone host.
	cluster      types.ManagedObjectReference
	maintenance  bool
	leaving      int  // orders into maintenance mode that are under way
	disconnected bool // by an administrator
	responding   bool // as vCenter sees it
	mounted      []types.ManagedObjectReference
	issues       map[hostIssue]types.BaseEvent         // shown on the host; never changed in place
	options      map[string]int64                      // advanced settings that differ from the defaults; never changed in place
	lost         map[types.ManagedObjectReference]loss // datastores without a path; never changed in place
}

type folder struct {
	*simulator.Folder
	s *Sim
}

// AddStandaloneHostTask adds a server of the lab, if name, user, password and thumbprint are right.
func (f *folder) AddStandaloneHostTask(ctx *simulator.Context, req *types.AddStandaloneHost_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		h, fault := f.s.addHost(ctx, f.Folder, req.Spec, req.AddConnected)
		if fault != nil {
			return nil, fault
		}
		return *h.Parent, nil
	}
	return &methods.AddStandaloneHost_TaskBody{Res: &types.AddStandaloneHost_TaskResponse{
		Returnval: f.s.task(ctx, f.Self, "addStandaloneHost", run),
	}}
}

// AddHostTask adds a server of the lab straight into the cluster.
func (c *clusterResource) AddHostTask(ctx *simulator.Context, req *types.AddHost_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		parent, ok := ctx.Map.Get(*c.Parent).(*simulator.Folder)
		if !ok {
			return nil, &types.ManagedObjectNotFound{Obj: *c.Parent}
		}
		h, fault := c.s.addHost(ctx, parent, req.Spec, req.AsConnected)
		if fault != nil {
			return nil, fault
		}
		return h.Self, c.s.moveIntoCluster(ctx, c.ClusterComputeResource, []types.ManagedObjectReference{h.Self})
	}
	return &methods.AddHost_TaskBody{Res: &types.AddHost_TaskResponse{Returnval: c.s.task(ctx, c.Self, "addHost", run)}}
}

// verifyHost checks what a client says of a host that it wants to connect to.
func (s *Sim) verifyHost(spec types.HostConnectSpec) (*hardware.Server, types.BaseMethodFault) {
	server := s.servers[strings.ToLower(spec.HostName)]
	if server == nil {
		return nil, &types.NoHost{Name: spec.HostName}
	}
	if !s.reaches(server) {
		return nil, &types.NoHost{Name: spec.HostName}
	}
	if spec.SslThumbprint != "" && !strings.EqualFold(spec.SslThumbprint, s.thumb) {
		return nil, &types.SSLVerifyFault{Thumbprint: s.thumb}
	}
	if spec.UserName != s.cfg.HostUser || spec.Password != s.cfg.HostPassword {
		return nil, &types.InvalidLogin{}
	}
	return server, nil
}

func (s *Sim) addHost(ctx *simulator.Context, f *simulator.Folder, spec types.HostConnectSpec, connect bool) (*simulator.HostSystem, types.BaseMethodFault) {
	server, fault := s.verifyHost(spec)
	if fault != nil {
		return nil, fault
	}
	if !s.reserve(server) {
		return nil, &types.AlreadyConnected{Name: spec.HostName}
	}
	h, fault := simulator.CreateStandaloneHost(ctx, f, types.HostConnectSpec{HostName: server.Name})
	if fault != nil {
		s.release(server)
		return nil, fault
	}
	network := s.defaultNetworkOf(ctx, f)
	ctx.WithLock(h, func() { s.describe(ctx, h, server, connect, network) })
	s.register(h.Self, server, connect)
	s.mountShared(ctx, h.Self)
	s.addNetworkHost(ctx, network, h.Self)
	cr := ctx.Map.Get(*h.Parent).(*mo.ComputeResource)
	ctx.WithLock(cr, func() { cr.Network = []types.ManagedObjectReference{network} })
	s.refreshResource(ctx, cr.Self)
	s.post(&types.HostAddedEvent{HostEvent: s.hostEvent(ctx, h.Self)})
	return h, nil
}

// describe fills in what distinguishes this server from the simulator's template. The caller holds the host's lock.
func (s *Sim) describe(ctx *simulator.Context, h *simulator.HostSystem, server *hardware.Server, connect bool, network types.ManagedObjectReference) {
	s.addManagers(ctx, h)
	_, since := server.Up()
	id := uuid.NewSHA1(uuid.NameSpaceDNS, []byte(server.Name)).String()
	bytes := int64(server.MemoryMB) << 20
	hw := clone(*h.Hardware)
	hw.SystemInfo.Uuid, hw.SystemInfo.Vendor, hw.SystemInfo.Model = id, "vsphere-ha lab", "simulated server"
	hw.CpuInfo = types.HostCpuInfo{NumCpuPackages: 1, NumCpuCores: int16(server.Cores), NumCpuThreads: int16(server.Cores), Hz: int64(server.CPUMHz) * 1e6}
	hw.MemorySize = bytes
	h.Hardware = &hw
	summary := clone(*h.Summary.Hardware)
	summary.Vendor, summary.Model, summary.Uuid = hw.SystemInfo.Vendor, hw.SystemInfo.Model, id
	summary.CpuMhz, summary.NumCpuPkgs = int32(server.CPUMHz), 1
	summary.NumCpuCores, summary.NumCpuThreads = int16(server.Cores), int16(server.Cores)
	summary.MemorySize = bytes
	h.Summary.Hardware = &summary
	h.Summary.Config.SslThumbprint = s.thumb
	h.Summary.ManagementServerIp = strings.Split(s.cfg.Listen, ":")[0]
	h.Config.LockdownMode = types.HostLockdownModeLockdownDisabled
	h.Config.VsanHostConfig = &types.VsanHostConfigInfo{Enabled: types.NewBool(false)}
	s.describeNetwork(ctx, h, server)
	s.describeStorage(ctx, h)
	h.Network = []types.ManagedObjectReference{network}
	h.Datastore = nil
	h.Summary.QuickStats = types.HostListSummaryQuickStats{}
	h.Runtime.BootTime = &since
	h.Runtime.PowerState = types.HostSystemPowerStatePoweredOn
	h.Runtime.ConnectionState = types.HostSystemConnectionStateDisconnected
	if connect {
		h.Runtime.ConnectionState = types.HostSystemConnectionStateConnected
	}
	h.Summary.OverallStatus = types.ManagedEntityStatusGreen
}

// reserve claims a server for the inventory; false when it is in it already.
func (s *Sim) reserve(server *hardware.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if h.server == server {
			return false
		}
	}
	s.hosts[types.ManagedObjectReference{Type: "reserved", Value: server.Name}] = &managedHost{server: server}
	return true
}

func (s *Sim) release(server *hardware.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.hosts, types.ManagedObjectReference{Type: "reserved", Value: server.Name})
}

func (s *Sim) register(ref types.ManagedObjectReference, server *hardware.Server, connected bool) {
	s.release(server)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[ref] = &managedHost{ref: ref, server: server, disconnected: !connected, responding: true}
}

// host returns a copy of what is known of a host; false when it is not in the inventory.
func (s *Sim) host(ref types.ManagedObjectReference) (managedHost, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hosts[ref]; h != nil {
		return *h, true
	}
	return managedHost{}, false
}

func (s *Sim) updateHost(ref types.ManagedObjectReference, f func(*managedHost)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hosts[ref]; h != nil {
		f(h)
	}
}

// hostOf finds the inventory's reference of a server; false when it was not added.
func (s *Sim) hostOf(server *hardware.Server) (managedHost, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if h.server == server && h.ref.Value != "" {
			return *h, true
		}
	}
	return managedHost{}, false
}

func (s *Sim) entityName(ref types.ManagedObjectReference) string {
	if h, ok := s.host(ref); ok {
		return h.server.Name
	}
	if vm, ok := s.machine(ref); ok {
		return vm.name
	}
	return fmt.Sprintf("%s:%s", ref.Type, ref.Value)
}
