package vc_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// agentErrors are the hosts that vCenter reports an error of the agent for, in their order.
func (s *site) agentErrors() (hosts []string) {
	s.T.Helper()
	for _, e := range s.Events("HostDasErrorEvent") {
		hosts = append(hosts, e.GetEvent().Host.Name)
	}
	return hosts
}

func (s *site) reconfigureAgent(h *object.HostSystem) error {
	s.T.Helper()
	res, err := methods.ReconfigureHostForDAS_Task(s.Ctx(), s.Client, &types.ReconfigureHostForDAS_Task{This: h.Reference()})
	s.Must(err)
	return object.NewTask(s.Client.Client, res.Returnval).Wait(s.Ctx())
}

func TestAgentThatCannotBeConfiguredIsRetriedAndThenGivenUpUntilSomebodyReconfiguresIt(t *testing.T) {
	s := newSite(t, 40, 3)
	master := s.Settled(s.hosts)
	h, name := s.hosts[s.other(master)], s.Config.Hosts[s.other(master)].Name
	broken := s.Fault(map[string]any{"kind": "agentSetupFails", "host": name})
	if s.Role(h) != "connectedToMaster" {
		t.Errorf("an agent that is configured already: %s", s.Role(h))
	}
	if err := s.reconfigureAgent(h); !failsWith(err, "DasConfigFault") {
		t.Errorf("reconfiguration: %v", err)
	}
	s.Until("it is tried again", func() bool { return s.Role(h) == "retry" })
	if len(s.agentErrors()) > 0 {
		t.Errorf("errors of %v before the last attempt", s.agentErrors())
	}
	s.Until("it is given up", func() bool { return s.Role(h) == "initializationError" })
	s.Until("vCenter says so", func() bool { return slices.Equal(s.agentErrors(), []string{name}) })
	// It takes no part: nothing that runs there restarts when it dies, and it takes no restarts.
	vm := s.running("u1", s.other(master))
	s.lose(s.other(master))
	at := s.labNow()
	s.Until("a host with an agent would have been declared dead", func() bool { return s.labNow()-at > 60 })
	if n := len(s.Events("com.vmware.vc.HA.DasHostFailedEvent")); n > 0 || s.HostOf(vm) != h.Reference() {
		t.Errorf("%d hosts declared dead", n)
	}
	s.Reset(s.other(master), "On")
	s.Until("the host is back", func() bool {
		return s.Host(h).Runtime.ConnectionState == types.HostSystemConnectionStateConnected
	})
	s.EndFault(broken)
	s.Must(s.reconfigureAgent(h))
	s.Settled(s.hosts)
}

func TestAgentThatCannotBeTakenOffSaysSoUntilItIs(t *testing.T) {
	s := newSite(t, 100, 3)
	s.Settled(s.hosts)
	h, name := s.hosts[1], s.Config.Hosts[1].Name
	broken := s.Fault(map[string]any{"kind": "agentRemovalFails", "host": name})
	s.reconfigureHA(&types.ClusterDasConfigInfo{Enabled: types.NewBool(false)})
	s.Until("the error shows", func() bool { return s.Role(h) == "uninitializationError" })
	s.Until("the others have no state", func() bool { return s.Role(s.hosts[0]) == "" && s.Role(s.hosts[2]) == "" })
	if got := s.agentErrors(); !slices.Equal(got, []string{name}) {
		t.Errorf("errors of %v", got)
	}
	s.EndFault(broken)
	s.Run(h.Reconnect(s.Ctx(), nil, nil))
	if got := s.Role(h); got != "" {
		t.Errorf("after it was reconnected: %s", got)
	}
	s.reconfigureHA(&types.ClusterDasConfigInfo{Enabled: types.NewBool(true)})
	s.Settled(s.hosts)
}

func TestFaultsOfAgentsNameAHost(t *testing.T) {
	l := labtest.Start(t, 200)
	for _, kind := range []string{"agentSetupFails", "agentRemovalFails"} {
		if got := l.RefusedFault(map[string]any{"kind": kind, "host": "nowhere"}); got == "" {
			t.Errorf("%s of a host that is not there", kind)
		}
	}
}
