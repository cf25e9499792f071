package vc_test

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

func (s *site) heartbeats() int {
	s.T.Helper()
	res, err := methods.RetrieveDasAdvancedRuntimeInfo(s.Ctx(), s.Client.Client, &types.RetrieveDasAdvancedRuntimeInfo{This: s.cluster.Reference()})
	s.Must(err)
	return len(res.Returnval.GetClusterDasAdvancedRuntimeInfo().HeartbeatDatastoreInfo)
}

func TestHostsHaveAsManyHeartbeatDatastoresAsTheAdvancedOptionSays(t *testing.T) {
	l := labtest.Start(t, 200, func(c *config.Config) {
		c.NFS = append(c.NFS, config.NFS{Server: "nfs.lab.test", Path: "/exports/ha-c", CapacityGB: 500})
	})
	s := &site{Lab: l, hosts: l.Hosts(2)}
	for i, name := range []string{"ha-a", "ha-b", "ha-c"} {
		l.NAS(name, i, s.hosts...)
	}
	s.cluster = l.Cluster("ha", s.hosts)
	for value, want := range map[string]int{"3": 3, "2": 2, "1": 2, "9": 2, "many": 2} {
		spec := &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{}}
		options("das.heartbeatDsPerHost", value)(spec)
		s.Run(s.cluster.Reconfigure(s.Ctx(), spec, true))
		if got := s.heartbeats(); got != want {
			t.Errorf("das.heartbeatDsPerHost %s: %d datastores", value, got)
		}
	}
}

func TestHostWithTooFewHeartbeatDatastoresSaysSoUntilItHasEnoughOrThatIsIgnored(t *testing.T) {
	l := labtest.Start(t, 100)
	s := &site{Lab: l, hosts: l.Hosts(2)}
	l.NAS("ha-a", 0, s.hosts...)
	s.cluster = l.Cluster("ha", s.hosts)
	issues := func() string {
		var all []string
		for _, e := range s.Host(s.hosts[0]).ConfigIssue {
			all = append(all, e.GetEvent().FullFormattedMessage)
		}
		return strings.Join(all, "; ")
	}
	const says = "The number of vSphere HA heartbeat datastores for this host is 1, which is less than required: 2"
	s.Until("the host says so", func() bool { return issues() == says })
	s.happened("com.vmware.vc.HA.HeartbeatDatastoreNotSufficient")
	l.NAS("ha-b", 1, s.hosts...)
	s.Until("it has enough", func() bool { return issues() == "" })
	l.Run(s.cluster.Reconfigure(l.Ctx(), &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{HBDatastoreCandidatePolicy: "userSelectedDs"}}, true))
	s.Until("none is selected", func() bool { return strings.Contains(issues(), "is 0") })
	spec := &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{}}
	options("das.ignoreInsufficientHbDatastore", "true")(spec)
	l.Run(s.cluster.Reconfigure(l.Ctx(), spec, true))
	s.Until("it is ignored", func() bool { return issues() == "" })
}

func TestVCenterSaysOnceThatItFindsNoMaster(t *testing.T) {
	s := newSite(t, 60, 2)
	s.Settled(s.hosts)
	if len(s.Events("com.vmware.vc.HA.VcCannotFindMasterEvent")) > 0 {
		t.Error("it said so although there is one")
	}
	s.lose(0)
	s.lose(1)
	s.happened("com.vmware.vc.HA.VcCannotFindMasterEvent")
	s.becomes(0, "fdmUnreachable")
	s.becomes(1, "fdmUnreachable")
	if got := len(s.Events("com.vmware.vc.HA.VcCannotFindMasterEvent")); got != 1 {
		t.Errorf("it said so %d times", got)
	}
}
