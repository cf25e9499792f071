package vc_test

import (
	"fmt"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

// withAddress lets the servers of the lab's exports have an address.
func withAddress(address string) func(*config.Config) {
	return func(c *config.Config) {
		for i := range c.NFS {
			c.NFS[i].Address = address
		}
	}
}

func mountFrom(l *labtest.Lab, h *object.HostSystem, server string) error {
	dss, err := h.ConfigManager().DatastoreSystem(l.Ctx())
	l.Must(err)
	_, err = dss.CreateNasDatastore(l.Ctx(), types.HostNasVolumeSpec{
		RemoteHost: server, RemotePath: "/exports/ha-a", LocalPath: "nfs", AccessMode: "readWrite", Type: "NFS",
	})
	return err
}

// reaches tells whether the host reaches its datastore.
func reaches(l *labtest.Lab, h *object.HostSystem) bool {
	ds, err := l.Finder.Datastore(l.Ctx(), "nfs")
	l.Must(err)
	var p mo.Datastore
	l.Must(ds.Properties(l.Ctx(), ds.Reference(), []string{"host"}, &p))
	for _, m := range p.Host {
		if m.Key == h.Reference() {
			return *m.MountInfo.Accessible
		}
	}
	return false
}

func TestHostsHaveARouteForEachNetworkOfTheirAdapters(t *testing.T) {
	l := labtest.Start(t, 10)
	h := l.Hosts(1)[0]
	table := func() (text string) {
		for _, r := range l.Host(h).Config.Network.RouteTableInfo.IpRoute {
			text += fmt.Sprintf("%s/%d %s; ", r.Network, r.PrefixLength, r.DeviceName)
		}
		return text
	}
	const own = "0.0.0.0/0 vmk0; 127.0.0.0/8 vmk0; "
	if got := table(); got != own+"192.0.2.0/24 vmk1; " {
		t.Errorf("%s", got)
	}
	ns, err := h.ConfigManager().NetworkSystem(l.Ctx())
	l.Must(err)
	l.Must(ns.UpdateVirtualNic(l.Ctx(), "vmk1", types.HostVirtualNicSpec{Ip: &types.HostIpConfig{IpAddress: "198.51.100.130", SubnetMask: "255.255.255.128"}}))
	if got := table(); got != own+"198.51.100.128/25 vmk1; " {
		t.Errorf("after a change: %s", got)
	}
	l.Must(ns.UpdateVirtualNic(l.Ctx(), "vmk1", types.HostVirtualNicSpec{NetStackInstanceKey: "vmotion"}))
	if got := table(); got != own {
		t.Errorf("in another stack: %s", got)
	}
}

func TestNFSGoesByTheAdapterWhoseNetworkTheServerIsIn(t *testing.T) {
	for name, c := range map[string]struct{ address, cut string }{
		"the management network": {"127.0.0.5", "esxcli network ip interface set -e false -i vmk0"},
		"the default gateway":    {"203.0.113.5", "esxcli network ip interface set -e false -i vmk0"},
		"the storage network":    {"192.0.2.5", "esxcli network nic down -n vmnic4; esxcli network nic down -n vmnic5"},
	} {
		t.Run(name, func(t *testing.T) {
			l := labtest.Start(t, 100, withAddress(c.address))
			h := l.Hosts(1)[0]
			l.Must(mountFrom(l, h, c.address))
			if !reaches(l, h) {
				t.Fatal("not reached from the start")
			}
			l.OnHost(0, "esxcli network nic down -n vmnic4") // there is another one
			if !reaches(l, h) {
				t.Error("one link of two is enough")
			}
			l.Order(0, c.cut) // which may cut off its own answer
			l.Until("the host has lost its datastore", func() bool { return !reaches(l, h) })
		})
	}
}

func TestNFSElsewhereSurvivesTheManagementNetwork(t *testing.T) {
	l := labtest.Start(t, 100, withAddress("192.0.2.5"))
	h := l.Hosts(1)[0]
	l.Must(mountFrom(l, h, "nfs.lab.test"))
	l.Order(0, "esxcli network ip interface set -e false -i vmk0")
	l.Until("vCenter misses the host", func() bool { return l.Host(h).Runtime.ConnectionState != "connected" })
	if !reaches(l, h) {
		t.Error("the storage network is another one")
	}
}
