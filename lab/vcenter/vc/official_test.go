package vc_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vsan"
	vsanmethods "github.com/vmware/govmomi/vsan/methods"
	vsantypes "github.com/vmware/govmomi/vsan/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// The calls below are those that the official Pulumi provider 4.17.0 makes beyond those of the built one.

func TestVSANServiceSaysThatVSANIsOff(t *testing.T) {
	l := labtest.Start(t, 10)
	cluster := l.Cluster("c", nil)
	client, err := vsan.NewClient(l.Ctx(), l.Client.Client)
	l.Must(err)
	cfg, err := client.VsanClusterGetConfig(l.Ctx(), cluster.Reference())
	l.Must(err)
	if *cfg.Enabled || *cfg.VsanEsaEnabled || cfg.PerfsvcConfig.Enabled || cfg.UnmapConfig.Enable {
		t.Errorf("%+v", cfg)
	}
	witnesses, err := vsanmethods.VSANVcGetWitnessHosts(l.Ctx(), client, &vsantypes.VSANVcGetWitnessHosts{
		This: vsan.VsanVcStretchedClusterSystem, Cluster: cluster.Reference(),
	})
	l.Must(err)
	if len(witnesses.Returnval) > 0 {
		t.Errorf("witnesses %v", witnesses.Returnval)
	}
	reconfigure := func(on bool) error {
		task, err := client.VsanClusterReconfig(l.Ctx(), cluster.Reference(), vsantypes.VimVsanReconfigSpec{
			Modify: true, VsanClusterConfig: &vsantypes.VsanClusterConfigInfo{
				Enabled: types.NewBool(on), DefaultConfig: &types.VsanClusterConfigInfoHostDefaultInfo{}, VsanEsaEnabled: types.NewBool(false),
			},
			UnmapConfig: &vsantypes.VsanUnmapConfig{}, PerfsvcConfig: &vsantypes.VsanPerfsvcConfig{VerboseMode: types.NewBool(false)},
		})
		l.Must(err)
		return task.Wait(l.Ctx())
	}
	l.Must(reconfigure(false))
	task, err := client.VsanClusterReconfig(l.Ctx(), cluster.Reference(), vsantypes.VimVsanReconfigSpec{
		Modify: true, DatastoreConfig: &vsantypes.VsanAdvancedDatastoreConfig{},
	})
	l.Must(err)
	l.Must(task.Wait(l.Ctx()))
	if err := reconfigure(true); !failsWith(err, "NotSupported") {
		t.Errorf("vSAN was enabled: %v", err)
	}
	if _, err := client.VsanClusterGetConfig(l.Ctx(), types.ManagedObjectReference{Type: "ClusterComputeResource", Value: "domain-c999"}); !failsWith(err, "ManagedObjectNotFound") {
		t.Errorf("a cluster that does not exist: %v", err)
	}
	l.Must(l.Client.Logout(l.Ctx()))
	if _, err := client.VsanClusterGetConfig(l.Ctx(), cluster.Reference()); !failsWith(err, "NotAuthenticated") {
		t.Errorf("without a session: %v", err)
	}
}

func TestHostKeepsItsServicesAndNTPServers(t *testing.T) {
	l := labtest.Start(t, 10)
	h := l.Hosts(1)[0]
	services, err := h.ConfigManager().ServiceSystem(l.Ctx())
	l.Must(err)
	clock, err := h.ConfigManager().DateTimeSystem(l.Ctx())
	l.Must(err)
	ntpd := func() types.HostService {
		list := l.Host(h).Config.Service.Service
		return list[slices.IndexFunc(list, func(s types.HostService) bool { return s.Key == "ntpd" })]
	}
	if s := ntpd(); !s.Running || s.Policy != "on" || len(l.Host(h).Config.DateTimeInfo.NtpConfig.Server) == 0 {
		t.Errorf("a new host's ntpd is %+v", s)
	}
	l.Must(services.Stop(l.Ctx(), "ntpd"))
	l.Must(services.UpdatePolicy(l.Ctx(), "ntpd", "off"))
	if s := ntpd(); s.Running || s.Policy != "off" {
		t.Errorf("ntpd, stopped, is %+v", s)
	}
	l.Must(services.Start(l.Ctx(), "ntpd"))
	l.Must(services.UpdatePolicy(l.Ctx(), "ntpd", "on"))
	l.Must(clock.UpdateConfig(l.Ctx(), types.HostDateTimeConfig{NtpConfig: &types.HostNtpConfig{Server: []string{"0.pool.ntp.org", "1.pool.ntp.org"}}}))
	if s := ntpd(); !s.Running || s.Policy != "on" {
		t.Errorf("ntpd is %+v", s)
	}
	if servers := l.Host(h).Config.DateTimeInfo.NtpConfig.Server; !slices.Equal(servers, []string{"0.pool.ntp.org", "1.pool.ntp.org"}) {
		t.Errorf("servers %v", servers)
	}
	if list, err := services.Service(l.Ctx()); err != nil || !slices.ContainsFunc(list, func(s types.HostService) bool { return s.Key == "ntpd" && s.Running }) {
		t.Errorf("the service system lists %v, %v", list, err)
	}
	if err := services.UpdatePolicy(l.Ctx(), "ntpd", "sometimes"); !failsWith(err, "InvalidArgument") {
		t.Errorf("a policy that does not exist: %v", err)
	}
	if err := services.Start(l.Ctx(), "nosuchd"); !failsWith(err, "NotFound") {
		t.Errorf("a service that does not exist: %v", err)
	}
}

func TestClusterKeepsItsEVCMode(t *testing.T) {
	l := labtest.Start(t, 10)
	cluster := l.Cluster("c", nil)
	res, err := methods.EvcManager(l.Ctx(), l.Client, &types.EvcManager{This: cluster.Reference()})
	l.Must(err)
	configure := func(key string) error {
		res, err := methods.ConfigureEvcMode_Task(l.Ctx(), l.Client, &types.ConfigureEvcMode_Task{This: *res.Returnval, EvcModeKey: key})
		l.Must(err)
		return object.NewTask(l.Client.Client, res.Returnval).Wait(l.Ctx())
	}
	current := func() (string, string) {
		var m mo.ClusterEVCManager
		l.Must(l.Client.RetrieveOne(l.Ctx(), *res.Returnval, nil, &m))
		var c mo.ClusterComputeResource
		l.Must(cluster.Properties(l.Ctx(), cluster.Reference(), []string{"summary"}, &c))
		return m.EvcState.CurrentEVCModeKey, c.Summary.(*types.ClusterComputeResourceSummary).CurrentEVCModeKey
	}
	l.Must(configure("intel-skylake"))
	if manager, summary := current(); manager != "intel-skylake" || summary != manager {
		t.Errorf("manager %q, summary %q", manager, summary)
	}
	if err := configure("intel-sapphirerapids"); !failsWith(err, "EVCModeUnsupportedByHosts") {
		t.Errorf("a baseline that the hosts lack: %v", err)
	}
	off, err := methods.DisableEvcMode_Task(l.Ctx(), l.Client, &types.DisableEvcMode_Task{This: *res.Returnval})
	l.Must(err)
	l.Run(object.NewTask(l.Client.Client, off.Returnval), nil)
	if manager, summary := current(); manager != "" || summary != "" {
		t.Errorf("disabled, manager %q, summary %q", manager, summary)
	}
}

func TestTypesOfATagCategoryAreKeptWithoutTheirPrefix(t *testing.T) {
	l := labtest.Start(t, 200)
	const path = "/rest/com/vmware/cis/tagging/category"
	_, login := rest(l, http.MethodPost, "/rest/com/vmware/cis/session", "", "", labtest.User, labtest.Password)
	var session, id struct{ Value string }
	l.Must(json.Unmarshal([]byte(login), &session))
	call := func(method, path, body string) string {
		status, answer := rest(l, method, path, body, session.Value)
		if status != http.StatusOK {
			t.Fatalf("%s %s: status %d, %s", method, path, status, answer)
		}
		return answer
	}
	kept := func() []string {
		var read struct {
			Value struct {
				Types []string `json:"associable_types"`
			}
		}
		l.Must(json.Unmarshal([]byte(call(http.MethodGet, path+"/id:"+id.Value, "")), &read))
		return slices.Sorted(slices.Values(read.Value.Types))
	}
	create := `{"create_spec":{"name":"c","description":"","cardinality":"SINGLE","associable_types":["urn:vim25:HostSystem","VirtualMachine","urn:vim25:VirtualMachine"]}}`
	l.Must(json.Unmarshal([]byte(call(http.MethodPost, path, create)), &id))
	if got := kept(); !slices.Equal(got, []string{"HostSystem", "VirtualMachine"}) {
		t.Errorf("created with %v", got)
	}
	call(http.MethodPatch, path+"/id:"+id.Value, `{"update_spec":{"associable_types":["urn:vim25:Folder","HostSystem","VirtualMachine"]}}`)
	if got := kept(); !slices.Equal(got, []string{"Folder", "HostSystem", "VirtualMachine"}) {
		t.Errorf("updated to %v", got)
	}
}

func TestClusterKeepsHowItsPoolsShare(t *testing.T) {
	l := labtest.Start(t, 10)
	cluster := l.Cluster("c", nil)
	scale := func() string { return l.Settings(cluster).DrsConfig.ScaleDescendantsShares }
	if scale() != "disabled" {
		t.Errorf("a new cluster has %q", scale())
	}
	change := func(value string) {
		l.Run(cluster.Reconfigure(l.Ctx(), &types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{ScaleDescendantsShares: value}}, true))
	}
	change("scaleCpuAndMemoryShares")
	change("") // unset means unchanged
	if scale() != "scaleCpuAndMemoryShares" {
		t.Errorf("it keeps %q", scale())
	}
}
