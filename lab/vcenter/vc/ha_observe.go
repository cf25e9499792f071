package vc

import (
	"net/netip"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// observe lists the members with what is true of each: hosts that are neither in maintenance mode nor disconnected by an
// administrator. A host that does not respond stays a member; its agent is gone.
func (h *ha) observe(cfg *types.ClusterConfigInfoEx, hosts []managedHost, heartbeats []types.DasHeartbeatDatastoreInfo) []fdm.Observation {
	answers := h.s.isolationAddressAnswers(cfg)
	var seen []fdm.Observation
	for _, m := range hosts {
		if m.maintenance || m.disconnected {
			continue
		}
		up, _ := m.server.Up()
		place := h.s.network.Where(m.server)
		o := fdm.Observation{
			ID: m.ref.Value, Up: up, Agent: m.server.Agent(), Segment: place.Segment,
			Gateway: up && place.Gateway && answers, VCenter: up && place.VCenter && h.s.vpxd.runs(),
		}
		for _, ds := range m.mounted {
			if m.reachesDatastore(ds) {
				o.Datastores++
			}
		}
		for _, hb := range heartbeats {
			if m.reachesDatastore(hb.Datastore) {
				o.Heartbeats = append(o.Heartbeats, hb.Datastore.Value)
			}
		}
		seen = append(seen, o)
	}
	return seen
}

// isolationAddressAnswers tells whether one of a cluster's isolation addresses answers hosts that reach the gateway: the
// default gateway, unless das.usedefaultisolationaddress is false, and das.isolationaddress0 to 9 (vSphere Availability,
// "vSphere HA Advanced Options").
func (s *Sim) isolationAddressAnswers(cfg *types.ClusterConfigInfoEx) bool {
	gateway := true
	for _, o := range cfg.DasConfig.Option {
		key, value := option(o)
		switch {
		case key == "das.usedefaultisolationaddress":
			gateway = !strings.EqualFold(value, "false")
		case strings.HasPrefix(key, "das.isolationaddress") && s.deviceAnswers(value):
			return true
		}
	}
	return gateway
}

// deviceAnswers tells whether an address is one of the lab's devices beyond the gateway: vCenter or an NFS server.
func (s *Sim) deviceAnswers(address string) bool {
	if vcenter, err := netip.ParseAddrPort(s.cfg.Listen); err == nil && vcenter.Addr().String() == address {
		return true
	}
	for _, e := range s.cfg.NFS {
		if e.Is(address) {
			return true
		}
	}
	return false
}

// option is an advanced option's name in lower case, and its value as text.
func option(o types.BaseOptionValue) (key, value string) {
	v := o.GetOptionValue()
	text, _ := v.Value.(string)
	return strings.ToLower(v.Key), text
}
