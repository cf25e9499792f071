package vc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

const vpxd = "/api/vcenter/services/vpxd"

func (s *site) restLogin(user, password string) string {
	s.T.Helper()
	status, answer := rest(s.Lab, http.MethodPost, "/api/session", "", "", user, password)
	var key string
	if err := json.Unmarshal([]byte(answer), &key); err != nil || status >= 300 {
		s.T.Fatalf("login: status %d, %q", status, answer)
	}
	return key
}

// service stops or starts vCenter's service by the appliance's interface.
func (s *site) service(session, action string) {
	s.T.Helper()
	if status, answer := rest(s.Lab, http.MethodPost, vpxd+"?action="+action, "", session); status != http.StatusNoContent {
		s.T.Fatalf("%s: status %d, %q", action, status, answer)
	}
}

// again logs in anew, after the service was stopped.
func (s *site) again() {
	s.T.Helper()
	s.Must(s.Client.SessionManager.Login(s.Ctx(), url.UserPassword(labtest.User, labtest.Password)))
}

func TestServiceOfVCenterStopsAndStartsThroughTheAppliance(t *testing.T) {
	s := newSite(t, 60, 2, withoutAdmission)
	session := s.restLogin(labtest.User, labtest.Password)
	state := func(path string) (got struct{ State, Health string }) {
		_, answer := rest(s.Lab, http.MethodGet, path, "", session)
		s.Must(json.Unmarshal([]byte(answer), &got))
		return got
	}
	if got := state(vpxd); got.State != "STARTED" || got.Health != "HEALTHY" {
		t.Errorf("%+v", got)
	}
	s.service(session, "stop")
	if got := state(vpxd); got.State != "STOPPED" || got.Health != "" {
		t.Errorf("%+v", got)
	}
	if status, _ := rest(s.Lab, http.MethodPost, "/sdk", "", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a call of the stopped service: status %d", status)
	}
	if _, err := s.TryLogin(labtest.User, labtest.Password); err == nil {
		t.Error("the stopped service lets clients in")
	}
	s.service(session, "start")
	if ok, err := s.Client.SessionManager.SessionIsActive(s.Ctx()); err == nil && ok {
		t.Error("a session outlived the service")
	}
	s.again()
	if len(s.Events("ClusterCreatedEvent")) != 1 {
		t.Error("events of the time before are gone")
	}
	if status, _ := rest(s.Lab, http.MethodPost, "/rest/vcenter/services/vpxd/restart", "", session); status != http.StatusOK {
		t.Errorf("restart in the older form: status %d", status)
	}
	for path, want := range map[string]int{"/api/vcenter/services/nothing?action=stop": 404, vpxd + "?action=burn": 400, vpxd: 400} {
		if status, _ := rest(s.Lab, http.MethodPost, path, "", session); status != want {
			t.Errorf("%s: status %d, not %d", path, status, want)
		}
	}
	if status, _ := rest(s.Lab, http.MethodPost, vpxd+"?action=stop", "", ""); status != http.StatusUnauthorized {
		t.Errorf("without a session: status %d", status)
	}
}

func TestReadOnlyUserDoesNotStopTheService(t *testing.T) {
	s := newSiteOf(t, 200, 2, func(c *config.Config) { readers(c) })
	session := s.restLogin("reader@vsphere.local", "reading")
	if status, _ := rest(s.Lab, http.MethodPost, vpxd+"?action=stop", "", session); status != http.StatusForbidden {
		t.Errorf("status %d", status)
	}
}

func TestHAGoesOnWithoutVCenterWhichShowsTheTruthWhenItIsBack(t *testing.T) {
	s := newSite(t, 40, 3)
	s.Settled(s.hosts)
	vm, other := s.ubuntu("u1"), s.ubuntu("u2")
	address := s.Up(vm)
	s.Protected(vm, other)
	victim := s.gather(vm)
	s.on(s.other(victim), other)
	old := s.hosts[victim].Reference()
	session := s.restLogin(labtest.User, labtest.Password)
	s.service(session, "stop")

	s.Fault(map[string]any{"kind": "unprotected", "vm": "u2"}) // which is for vCenter to say
	at := s.lose(victim)                                       // the management controller needs no vCenter
	s.Until("the guest is down with its host", func() bool { return !labtest.Answers(address) })
	s.Until("HA has restarted the guest", func() bool { return labtest.Answers(address) })
	status, _ := rest(s.Lab, http.MethodPost, "/sdk", "", "")
	if status != http.StatusServiceUnavailable {
		t.Errorf("the service answers meanwhile: status %d", status)
	}

	began := time.Now()
	s.service(session, "start")
	s.again()
	p := s.VM(vm)
	if *p.Runtime.Host == old || p.Runtime.PowerState != "poweredOn" || p.Runtime.ConnectionState != "connected" || *p.Runtime.VmFailoverInProgress || !p.Runtime.DasVmProtection.DasProtected {
		t.Errorf("vCenter shows %+v", p.Runtime)
	}
	if h := s.Host(s.hosts[victim]); h.Runtime.ConnectionState != types.HostSystemConnectionStateNotResponding {
		t.Errorf("it shows the lost host as %s", h.Runtime.ConnectionState)
	}
	if role := s.Role(s.hosts[victim]); role != "hostDown" {
		t.Errorf("it shows the lost host's role as %q", role)
	}
	s.Until("vCenter says what is its own to say", func() bool { return len(s.Events("com.vmware.vc.HA.VmUnprotectedEvent")) > 0 })
	for _, kind := range []string{"com.vmware.vc.HA.VmUnprotectedEvent", "HostConnectionLostEvent"} {
		if when := labtest.Happened(s.Events(kind)[0]); when.Before(began) {
			t.Errorf("%s is dated %s: before vCenter was to start, at %s", kind, when, began)
		}
	}
	back := labtest.Happened(s.Events("HostConnectionLostEvent")[0])
	for _, kind := range []string{"com.vmware.vc.HA.DasHostFailedEvent", "com.vmware.vc.ha.VmRestartedByHAEvent", "com.vmware.vc.HA.ClusterFailoverActionCompletedEvent"} {
		events := s.Events(kind)
		if len(events) != 1 {
			t.Errorf("%d of %s", len(events), kind)
			continue
		}
		if when := labtest.Happened(events[0]); when.Before(at) || when.After(back) {
			t.Errorf("%s is dated %s: the host was lost at %s, and vCenter back at %s", kind, when, at, back)
		}
	}
}

func TestHostThatFailsAndReturnsWhileVCenterIsStoppedIsSeenAsItIs(t *testing.T) {
	s := newSite(t, 60, 3, func(c *types.ClusterConfigSpecEx) { c.DasConfig.HostMonitoring = "disabled" })
	vm := s.ubuntu("u1")
	s.Up(vm)
	victim := s.gather(vm)
	session := s.restLogin(labtest.User, labtest.Password)
	s.service(session, "stop")
	s.lose(victim)
	s.Reset(victim, "On")
	name := s.Config.Hosts[victim].Name
	s.Until("the host has booted", func() bool { _, ok := s.truthOf("booted", name); return ok })
	s.service(session, "start")
	s.again()
	p := s.VM(vm)
	if p.Runtime.PowerState != "poweredOff" || p.Runtime.ConnectionState != "connected" || s.Host(s.hosts[victim]).Runtime.ConnectionState != "connected" {
		t.Errorf("vCenter shows %+v", p.Runtime)
	}
}
