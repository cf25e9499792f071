package vc

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
)

// libraryHost is in the inventory from the start and holds the templates to clone.
var libraryHost = config.Host{Name: "templates.lab.test", CPUMHz: 2600, Cores: 4, MemoryMB: 16384}

// building guards the simulator's package variables: it fills them when it is made, and its license manager reads them
// whenever an object is added.
var building sync.RWMutex

// licenses is the simulator's license manager, which several simulations in one process share a variable of.
type licenses struct {
	*simulator.LicenseAssignmentManager
}

func (l *licenses) PutObject(ctx *simulator.Context, o mo.Reference) {
	building.RLock()
	defer building.RUnlock()
	l.LicenseAssignmentManager.PutObject(ctx, o)
}

const libraryDatastore = "library"

// about says in the full name what this is: clients refuse to scale time anywhere but in a lab.
func about() types.AboutInfo {
	a := vpx.ServiceContent.About
	// The name stays the product's: clients compare it to tell vCenter from ESXi.
	a.FullName = "VMware vCenter Server 8.0.3, simulated by the vsphere-ha lab"
	a.Version, a.ApiVersion, a.Build = "8.0.3", "8.0.3.0", "24022515"
	a.ApiType = "VirtualCenter"
	a.InstanceUuid = uuid.NewString()
	return a
}

func (s *Sim) build() error {
	content := vpx.ServiceContent
	content.About = about()
	ctx := simulator.NewContext()
	building.Lock()
	s.svc = simulator.New(simulator.NewServiceInstance(ctx, content, vpx.RootFolder))
	building.Unlock()
	client, err := vim25.NewClient(context.Background(), s.svc)
	if err != nil {
		return err
	}
	s.client = client
	s.svc.Context.Map.OptionManager().UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
		&types.OptionValue{Key: "vcsim.home", Value: s.cfg.DataDir},
	}})
	s.svc.Context.Map.AddHandler(&watcher{s})
	for _, m := range s.svc.Context.Map.AllReference("LicenseAssignmentManager") {
		if l, ok := m.(*simulator.LicenseAssignmentManager); ok {
			s.svc.Context.Map.AddHandler(&licenses{l})
		}
	}
	s.addGuestAuth()
	manager := s.svc.Context.Map.SessionManager()
	manager.ValidLogin = func(r *types.Login) bool { return s.validLogin(r.UserName, r.Password) }
	if s.book, err = newBook(s.cfg, client.ServiceContent.RootFolder); err != nil {
		return err
	}
	s.showRoles()
	s.describePerformance()
	s.svc.Context.Map.Handler = s.dispatch
	return s.populate(context.Background())
}

// populate makes the inventory that a lab starts with: a datacenter with a library of templates.
func (s *Sim) populate(ctx context.Context) error {
	dc, err := object.NewRootFolder(s.client).CreateDatacenter(ctx, s.cfg.Datacenter)
	if err != nil {
		return fmt.Errorf("datacenter %s: %w", s.cfg.Datacenter, err)
	}
	folders, err := dc.Folders(ctx)
	if err != nil {
		return err
	}
	spec := types.HostConnectSpec{HostName: libraryHost.Name, UserName: s.cfg.HostUser, Password: s.cfg.HostPassword}
	task, err := folders.HostFolder.AddStandaloneHost(ctx, spec, true, nil, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx)
	if err != nil {
		return fmt.Errorf("host %s: %w", libraryHost.Name, err)
	}
	hosts, err := object.NewComputeResource(s.client, info.Result.(types.ManagedObjectReference)).Hosts(ctx)
	if err != nil {
		return err
	}
	dss, err := hosts[0].ConfigManager().DatastoreSystem(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(s.cfg.DataDir, libraryDatastore)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := dss.CreateLocalDatastore(ctx, libraryDatastore, dir); err != nil {
		return fmt.Errorf("datastore %s: %w", libraryDatastore, err)
	}
	for _, t := range templates {
		if err := s.createTemplate(ctx, folders.VmFolder, hosts[0], t); err != nil {
			return fmt.Errorf("template %s: %w", t.name, err)
		}
	}
	if s.cfg.Inventory != nil {
		if err := s.populateCluster(ctx, folders); err != nil {
			return fmt.Errorf("inventory: %w", err)
		}
	}
	return nil
}

// thumbprint is the SHA-1 fingerprint that vSphere names certificates by.
func thumbprint(c tls.Certificate) string {
	sum := sha1.Sum(c.Certificate[0])
	return strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"))
}
