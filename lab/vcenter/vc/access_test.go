package vc_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestWrongPasswordIsRefused(t *testing.T) {
	l := labtest.Start(t, 200)
	for user, password := range map[string]string{labtest.User: "guess", "somebody": labtest.Password} {
		_, err := l.TryLogin(user, password)
		if err == nil || !soap.IsSoapFault(err) {
			t.Fatalf("%s: %v", user, err)
		}
		if _, ok := soap.ToSoapFault(err).VimFault().(types.InvalidLogin); !ok {
			t.Errorf("%s: %#v", user, soap.ToSoapFault(err).VimFault())
		}
		if got := soap.ToSoapFault(err).String; got != "Cannot complete login due to an incorrect user name or password." {
			t.Errorf("message %q", got)
		}
	}
	for header, want := range map[string]int{"Basic guess": http.StatusUnauthorized, "SIGN token=anything": http.StatusUnauthorized} {
		req, err := http.NewRequestWithContext(l.Ctx(), http.MethodPost, "https://"+l.Config.Listen+"/rest/com/vmware/cis/session", nil)
		l.Must(err)
		req.Header.Set("Authorization", header)
		res, err := l.HTTP.Do(req)
		l.Must(err)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("REST login with %q: status %d", header, res.StatusCode)
		}
	}
}

func TestWithoutASessionNothingIsAnswered(t *testing.T) {
	l := labtest.Start(t, 200)
	c, err := vim25.NewClient(l.Ctx(), anonymous(l))
	l.Must(err)
	var root mo.Folder
	err = object.NewRootFolder(c).Properties(l.Ctx(), c.ServiceContent.RootFolder, []string{"name"}, &root)
	if err == nil || !soap.IsSoapFault(err) {
		t.Fatalf("properties: %v", err)
	}
	if _, ok := soap.ToSoapFault(err).VimFault().(types.NotAuthenticated); !ok {
		t.Errorf("%#v", soap.ToSoapFault(err).VimFault())
	}
	if _, err := object.NewRootFolder(c).CreateDatacenter(l.Ctx(), "x"); err == nil {
		t.Error("a datacenter was created")
	}
}

func anonymous(l *labtest.Lab) *soap.Client {
	sc := soap.NewClient(&url.URL{Scheme: "https", Host: l.Config.Listen, Path: "/sdk"}, false)
	l.Must(sc.SetRootCAs(l.Config.TLS.Cert))
	return sc
}

func TestBMCAsksForCredentialsAndControlsPower(t *testing.T) {
	l := labtest.Start(t, 200)
	for _, c := range []struct {
		user, password string
		want           int
	}{{"", "", http.StatusUnauthorized}, {"admin", "guess", http.StatusUnauthorized}, {"admin", labtest.BMCPassword, http.StatusOK}} {
		if status, _, _ := l.Redfish(0, http.MethodGet, "/redfish/v1/Systems/1", nil, c.user, c.password); status != c.want {
			t.Errorf("%q: status %d, not %d", c.user, status, c.want)
		}
	}
	power := func() string {
		_, _, body := l.Redfish(0, http.MethodGet, "/redfish/v1/Systems/1", nil, "admin", labtest.BMCPassword)
		return body["PowerState"].(string)
	}
	l.Reset(0, "ForceOff")
	if got := power(); got != "Off" {
		t.Errorf("after ForceOff: %s", got)
	}
	l.Reset(0, "On")
	if got := power(); got != "On" {
		t.Errorf("after On: %s", got)
	}
	if status, _, _ := l.Redfish(0, http.MethodPost, "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", map[string]string{"ResetType": "Explode"}, "admin", labtest.BMCPassword); status != http.StatusBadRequest {
		t.Errorf("an unknown reset type: status %d", status)
	}
	if _, _, root := l.Redfish(0, http.MethodGet, "/redfish/v1/", nil, "", ""); root["RedfishVersion"] == nil {
		t.Errorf("service root %v", root)
	}
}

func TestBMCSessionWorksUntilItIsDeleted(t *testing.T) {
	l := labtest.Start(t, 200)
	if status, _, _ := l.Redfish(0, http.MethodPost, "/redfish/v1/SessionService/Sessions", map[string]string{"UserName": "admin", "Password": "guess"}, "", ""); status != http.StatusUnauthorized {
		t.Errorf("wrong password: status %d", status)
	}
	status, header, _ := l.Redfish(0, http.MethodPost, "/redfish/v1/SessionService/Sessions", map[string]string{"UserName": "admin", "Password": labtest.BMCPassword}, "", "")
	if status != http.StatusCreated || header.Get("X-Auth-Token") == "" {
		t.Fatalf("status %d", status)
	}
	with := func(method, path string) int {
		req, err := http.NewRequestWithContext(l.Ctx(), method, "https://"+l.Config.Hosts[0].BMC+path, nil)
		l.Must(err)
		req.Header.Set("X-Auth-Token", header.Get("X-Auth-Token"))
		res, err := l.HTTP.Do(req)
		l.Must(err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	for _, step := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/redfish/v1/Systems", http.StatusOK},
		{http.MethodDelete, header.Get("Location"), http.StatusNoContent},
		{http.MethodGet, "/redfish/v1/Systems", http.StatusUnauthorized},
	} {
		if got := with(step.method, step.path); got != step.want {
			t.Errorf("%s %s: status %d, not %d", step.method, step.path, got, step.want)
		}
	}
}

func TestFaultAPIDisturbsCallsUntilTheFaultIsRemoved(t *testing.T) {
	l := labtest.Start(t, 200)
	ask := func() error { _, err := session.NewManager(l.Client.Client).UserSession(l.Ctx()); return err }
	slow := l.Fault(map[string]any{"kind": "slow", "ms": 300})
	at := time.Now()
	l.Must(ask())
	if time.Since(at) < 300*time.Millisecond {
		t.Error("the call was not slow")
	}
	l.EndFault(slow)
	l.Fault(map[string]any{"kind": "http500", "count": 1})
	if ask() == nil {
		t.Error("the call did not fail")
	}
	if err := ask(); err != nil {
		t.Errorf("the call after the failing one: %v", err)
	}
	l.Fault(map[string]any{"kind": "expireSessions"})
	if s, err := session.NewManager(l.Client.Client).UserSession(l.Ctx()); err == nil && s != nil {
		t.Error("the session is still there")
	}
	res, err := http.Post("http://"+l.Config.FaultListen+"/faults", "application/json", nil)
	l.Must(err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("no fault at all: status %d", res.StatusCode)
	}
}
