package vc_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

// idle makes sessions end after a second.
func idle(c *config.Config) { c.SessionTimeoutSeconds = 1 }

func faultOf(t *testing.T, err error) any {
	t.Helper()
	if err == nil || !soap.IsSoapFault(err) {
		t.Fatalf("no fault: %v", err)
	}
	return soap.ToSoapFault(err).VimFault()
}

func TestIdleSessionExpiresAndTheClientCanLogInAgain(t *testing.T) {
	l := labtest.Start(t, 200, idle)
	c := l.Login(labtest.User, labtest.Password)
	first, err := session.NewManager(c.Client).UserSession(l.Ctx())
	l.Must(err)
	ask := func() error { _, err := methods.GetCurrentTime(l.Ctx(), c); return err }
	for range 15 { // in use for longer than it may be idle
		l.Must(ask())
		_, err := methods.GetCurrentTime(l.Ctx(), l.Client) // whose session watches the other
		l.Must(err)
		time.Sleep(100 * time.Millisecond)
	}
	used := time.Now()
	l.Must(ask())
	l.Until("the session has ended", func() bool {
		var p mo.SessionManager
		l.Must(property.DefaultCollector(l.Client.Client).RetrieveOne(l.Ctx(), *l.Client.ServiceContent.SessionManager, []string{"sessionList"}, &p))
		for _, s := range p.SessionList {
			if s.Key == first.Key {
				return false
			}
		}
		return true
	})
	if after := time.Since(used); after < time.Second {
		t.Errorf("it ended after %v", after)
	}
	if _, ok := faultOf(t, ask()).(types.NotAuthenticated); !ok {
		t.Errorf("an expired session: %v", ask())
	}
	l.Must(session.NewManager(c.Client).Login(l.Ctx(), url.UserPassword(labtest.User, labtest.Password)))
	l.Must(ask())
}

func TestSessionThatWaitsForUpdatesIsNotIdle(t *testing.T) {
	l := labtest.Start(t, 200, idle)
	c := l.Login(labtest.User, labtest.Password)
	pc, err := property.DefaultCollector(c.Client).Create(l.Ctx())
	l.Must(err)
	_, err = pc.CreateFilter(l.Ctx(), types.CreateFilter{Spec: types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: c.ServiceContent.RootFolder}}, PropSet: []types.PropertySpec{{Type: "Folder", PathSet: []string{"name"}}},
	}})
	l.Must(err)
	wait := types.WaitForUpdatesEx{This: pc.Reference(), Options: &types.WaitOptions{MaxWaitSeconds: types.NewInt32(3)}}
	res, err := methods.WaitForUpdatesEx(l.Ctx(), c, &wait)
	l.Must(err)
	wait.Version = res.Returnval.Version
	if _, err := methods.WaitForUpdatesEx(l.Ctx(), c, &wait); err != nil {
		t.Fatal(err)
	}
	if _, err := methods.GetCurrentTime(l.Ctx(), c); err != nil {
		t.Errorf("after it waited for 3 s: %v", err)
	}
}

func readers(c *config.Config) {
	c.Users = []config.User{
		{Name: "reader@vsphere.local", Password: "reading", Role: "ReadOnly"},
		{Name: "operator@vsphere.local", Password: "operating", Privileges: []string{"VirtualMachine.Interact.PowerOn", "VirtualMachine.Interact.PowerOff"}},
		{Name: "nobody@vsphere.local", Password: "nothing", Role: "NoAccess"},
	}
}

func TestReadOnlyUserSeesEverythingAndChangesNothing(t *testing.T) {
	l := labtest.Start(t, 200, readers)
	cluster, vm := l.Pair()
	c := l.Login("Reader@VSPHERE.LOCAL", "reading")
	var read mo.VirtualMachine
	l.Must(property.DefaultCollector(c.Client).RetrieveOne(l.Ctx(), vm.Reference(), []string{"name", "runtime.powerState"}, &read))
	if read.Name == "" || read.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("reads %+v", read)
	}
	folder := l.Client.ServiceContent.RootFolder
	their := object.NewVirtualMachine(c.Client, vm.Reference())
	before := l.Settings(cluster)
	for what, try := range map[string]struct {
		call      func() error
		on        types.ManagedObjectReference
		privilege string
	}{
		"power off": {func() error { _, err := their.PowerOff(l.Ctx()); return err }, vm.Reference(), "VirtualMachine.Interact.PowerOff"},
		"destroy":   {func() error { _, err := their.Destroy(l.Ctx()); return err }, vm.Reference(), "VirtualMachine.Inventory.Delete"},
		"reconfigure": {func() error {
			_, err := their.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{MemoryMB: 1})
			return err
		}, vm.Reference(), "VirtualMachine.Config.Memory"},
		"cluster settings": {func() error {
			_, err := object.NewClusterComputeResource(c.Client, cluster.Reference()).Reconfigure(l.Ctx(), &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{Enabled: types.NewBool(false)}}, true)
			return err
		}, cluster.Reference(), "Host.Inventory.EditCluster"},
		"create a datacenter": {func() error { _, err := object.NewRootFolder(c.Client).CreateDatacenter(l.Ctx(), "mine"); return err }, folder, "Datacenter.Create"},
		"grant itself more": {func() error {
			_, err := methods.SetEntityPermissions(l.Ctx(), c, &types.SetEntityPermissions{
				This: *c.ServiceContent.AuthorizationManager, Entity: folder, Permission: []types.Permission{{Principal: "reader@vsphere.local", RoleId: -1, Propagate: true}},
			})
			return err
		}, folder, "Authorization.ModifyPermissions"},
		"end other sessions": {func() error { return session.NewManager(c.Client).TerminateSession(l.Ctx(), []string{"any"}) }, *c.ServiceContent.SessionManager, "Sessions.TerminateSession"},
		"a method without a stated privilege": {func() error {
			_, err := methods.MoveIntoResourcePool(l.Ctx(), c, &types.MoveIntoResourcePool{This: *l.VM(vm).ResourcePool, List: []types.ManagedObjectReference{vm.Reference()}})
			return err
		}, vm.Reference(), "Resource.AssignVMToPool"},
	} {
		denied, ok := faultOf(t, try.call()).(types.NoPermission)
		if !ok {
			t.Errorf("%s: %v", what, try.call())
		} else if denied.PrivilegeId != try.privilege || *denied.Object != try.on {
			t.Errorf("%s: lacks %s on %v, not %s on %v", what, denied.PrivilegeId, denied.Object, try.privilege, try.on)
		}
	}
	if after := l.Settings(cluster); *after.DasConfig.Enabled != *before.DasConfig.Enabled || l.VM(vm).Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		t.Error("something changed")
	}
}

func TestUserWithAListOfPrivilegesDoesWhatTheyAllowAndNoMore(t *testing.T) {
	l := labtest.Start(t, 200, readers)
	_, vm := l.Pair()
	c := l.Login("operator@vsphere.local", "operating")
	their := object.NewVirtualMachine(c.Client, vm.Reference())
	task, err := their.PowerOff(l.Ctx())
	l.Must(err)
	l.Must(task.Wait(l.Ctx()))
	_, err = their.Destroy(l.Ctx())
	if _, ok := faultOf(t, err).(types.NoPermission); !ok {
		t.Errorf("destroy: %v", err)
	}
}

func TestUserWithoutAnyPermissionCannotLogIn(t *testing.T) {
	l := labtest.Start(t, 200, readers)
	_, err := l.TryLogin("nobody@vsphere.local", "nothing")
	if _, ok := faultOf(t, err).(types.NoPermission); !ok {
		t.Errorf("%v", err)
	}
	_, err = l.TryLogin("nobody@vsphere.local", "guess")
	if _, ok := faultOf(t, err).(types.InvalidLogin); !ok {
		t.Errorf("%v", err)
	}
}

func TestPermissionsGivenInTheAuthorizationManagerCount(t *testing.T) {
	l := labtest.Start(t, 200, readers)
	_, vm := l.Pair()
	m := object.NewAuthorizationManager(l.Client.Client)
	role, err := m.AddRole(l.Ctx(), "power", []string{"VirtualMachine.Interact.PowerOff"})
	l.Must(err)
	roles, err := m.RoleList(l.Ctx())
	l.Must(err)
	if r := roles.ById(role); r == nil || r.Name != "power" {
		t.Fatalf("role %d is not listed", role)
	}
	c := l.Login("reader@vsphere.local", "reading")
	their := object.NewVirtualMachine(c.Client, vm.Reference())
	user, err := session.NewManager(c.Client).UserSession(l.Ctx())
	l.Must(err)
	has := func() bool {
		res, err := methods.HasPrivilegeOnEntity(l.Ctx(), l.Client, &types.HasPrivilegeOnEntity{
			This: m.Reference(), Entity: vm.Reference(), SessionId: user.Key, PrivId: []string{"System.Read", "VirtualMachine.Interact.PowerOff"},
		})
		l.Must(err)
		if !res.Returnval[0] {
			t.Error("the reader does not read")
		}
		return res.Returnval[1]
	}
	if has() {
		t.Error("a reader may power off")
	}
	l.Must(m.SetEntityPermissions(l.Ctx(), vm.Reference(), []types.Permission{{Principal: `VSPHERE.LOCAL\reader`, RoleId: role, Propagate: true}}))
	if !has() {
		t.Error("the permission does not count")
	}
	task, err := their.PowerOff(l.Ctx())
	l.Must(err)
	l.Must(task.Wait(l.Ctx()))
	list, err := m.RetrieveEntityPermissions(l.Ctx(), vm.Reference(), true)
	l.Must(err)
	if len(list) != 5 {
		t.Errorf("permissions %+v", list)
	}
	l.Must(m.RemoveEntityPermission(l.Ctx(), vm.Reference(), "reader@vsphere.local", false))
	if has() {
		t.Error("a permission that was removed still counts")
	}
	l.Must(m.RemoveRole(l.Ctx(), role, true))
}

// rest calls the REST API as a user: with a session where one is given, else with the password.
func rest(l *labtest.Lab, method, path, body, session string, user ...string) (int, string) {
	l.T.Helper()
	req, err := http.NewRequestWithContext(l.Ctx(), method, "https://"+l.Config.Listen+path, strings.NewReader(body))
	l.Must(err)
	if session != "" {
		req.Header.Set("vmware-api-session-id", session)
	} else if len(user) == 2 {
		req.SetBasicAuth(user[0], user[1])
	}
	res, err := l.HTTP.Do(req)
	l.Must(err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	l.Must(err)
	return res.StatusCode, string(answer)
}

func TestRESTSessionsHaveAnOwnerAndAnEnd(t *testing.T) {
	l := labtest.Start(t, 200, readers, idle)
	const category = `{"create_spec":{"name":"mine","description":"","cardinality":"SINGLE","associable_types":[]}}`
	login := func(user, password string) string {
		status, answer := rest(l, http.MethodPost, "/rest/com/vmware/cis/session", "", "", user, password)
		if status >= 400 {
			t.Fatalf("login of %s: status %d", user, status)
		}
		var key struct{ Value string }
		l.Must(json.Unmarshal([]byte(answer), &key))
		return key.Value
	}
	reader, admin := login("reader@vsphere.local", "reading"), login(labtest.User, labtest.Password)
	if status, _ := rest(l, http.MethodGet, "/rest/com/vmware/cis/tagging/category", "", reader); status != http.StatusOK {
		t.Errorf("the reader lists: status %d", status)
	}
	if status, _ := rest(l, http.MethodPost, "/rest/com/vmware/cis/tagging/category", category, reader); status != http.StatusForbidden {
		t.Errorf("the reader creates: status %d", status)
	}
	if status, _ := rest(l, http.MethodPost, "/rest/com/vmware/cis/tagging/category", category, admin); status >= 400 {
		t.Errorf("the administrator creates: status %d", status)
	}
	for what, path := range map[string]string{"without a session": "/rest/com/vmware/cis/tagging/category", "JSON-RPC": "/api"} {
		if status, _ := rest(l, http.MethodPost, path, `{"params":{"serviceId":"com.vmware.cis.session","operationId":"create"}}`, ""); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", what, status)
		}
	}
	if status, _ := rest(l, http.MethodPost, "/rest/com/vmware/cis/session", "", "", "nobody@vsphere.local", "nothing"); status != http.StatusUnauthorized {
		t.Errorf("somebody without a permission logs in: status %d", status)
	}
	time.Sleep(1100 * time.Millisecond) // idle for longer than a session may be
	if status, _ := rest(l, http.MethodGet, "/rest/com/vmware/cis/tagging/category", "", reader); status != http.StatusUnauthorized {
		t.Errorf("an idle session: status %d", status)
	}
}

func TestFilesOfDatastoresAskForASessionOrATicket(t *testing.T) {
	l := labtest.Start(t, 200, readers)
	path := "/folder/note.txt?dcPath=" + l.Config.Datacenter + "&dsName=library"
	if status, _ := rest(l, http.MethodPut, path, "x", ""); status != http.StatusUnauthorized {
		t.Errorf("nobody writes: status %d", status)
	}
	if status, _ := rest(l, http.MethodPut, path, "x", "", "reader@vsphere.local", "reading"); status != http.StatusForbidden {
		t.Errorf("the reader writes: status %d", status)
	}
	if status, _ := rest(l, http.MethodGet, path, "", ""); status != http.StatusUnauthorized {
		t.Errorf("nobody reads: status %d", status)
	}
	ds, err := l.Finder.Datastore(l.Ctx(), "library")
	l.Must(err)
	l.Must(ds.Upload(l.Ctx(), strings.NewReader("hello"), "note.txt", &soap.DefaultUpload))
	read, _, err := ds.Download(l.Ctx(), "note.txt", &soap.DefaultDownload)
	l.Must(err)
	defer func() { _ = read.Close() }()
	if text, err := io.ReadAll(read); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
}
