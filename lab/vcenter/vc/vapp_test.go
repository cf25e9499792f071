package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// vApp makes an empty vApp in a pool or in another vApp.
func vApp(l *labtest.Lab, pool *object.ResourcePool, name string) *object.VirtualApp {
	app, err := pool.CreateVApp(l.Ctx(), name, types.DefaultResourceConfigSpec(), types.VAppConfigSpec{Annotation: "note"}, nil)
	l.Must(err)
	return app
}

func vAppOf(l *labtest.Lab, app *object.VirtualApp) (p mo.VirtualApp) {
	l.Must(app.Properties(l.Ctx(), app.Reference(), nil, &p))
	return p
}

func TestAVAppIsFoundInItsFolderAndInItsPool(t *testing.T) {
	l := labtest.Start(t, 200)
	c, _ := l.Pair()
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	outer := vApp(l, pool, "outer")
	inner := vApp(l, outer.ResourcePool, "inner")
	for path, want := range map[string]*object.VirtualApp{"outer": outer, "/Lab/vm/outer": outer, "/Lab/host/ha/Resources/outer/inner": inner} {
		if found, err := l.Finder.VirtualApp(l.Ctx(), path); err != nil || found.Reference() != want.Reference() {
			t.Errorf("%s: %v, %v", path, found, err)
		}
	}
	p := vAppOf(l, inner)
	if p.ParentVApp == nil || *p.ParentVApp != outer.Reference() || p.ParentFolder != nil || p.VAppConfig.Annotation != "note" {
		t.Errorf("the inner vApp lies in %v and %v, annotated %q", p.ParentVApp, p.ParentFolder, p.VAppConfig.Annotation)
	}
	l.Run(outer.Destroy(l.Ctx()))
	if _, err := l.Finder.VirtualApp(l.Ctx(), "outer"); err == nil {
		t.Error("the folder still has the vApp")
	}
	if err := inner.Properties(l.Ctx(), inner.Reference(), nil, &p); !failsWith(err, "ManagedObjectNotFound") {
		t.Errorf("the inner vApp: %v", err)
	}
}

func TestAVAppKeepsTheOrderOfItsMachines(t *testing.T) {
	l := labtest.Start(t, 200)
	c, vm := l.Pair()
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	app, ref := vApp(l, pool, "app"), vm.Reference()
	order := func(e types.VAppEntityConfigInfo) error {
		return app.UpdateConfig(l.Ctx(), types.VAppConfigSpec{EntityConfig: []types.VAppEntityConfigInfo{e}})
	}
	if err := order(types.VAppEntityConfigInfo{Key: &ref, StartOrder: 2}); !failsWith(err, "InvalidArgument") {
		t.Errorf("a machine that is not in the vApp: %v", err)
	}
	_, err = methods.MoveIntoResourcePool(l.Ctx(), l.Client, &types.MoveIntoResourcePool{This: app.Reference(), List: []types.ManagedObjectReference{ref}})
	l.Must(err)
	l.Must(order(types.VAppEntityConfigInfo{Key: &ref, StartOrder: 2}))
	l.Must(order(types.VAppEntityConfigInfo{Key: &ref, StopAction: "guestShutdown"}))
	list := vAppOf(l, app).VAppConfig.EntityConfig
	if len(list) != 1 || list[0].StartOrder != 2 || list[0].StopAction != "guestShutdown" || list[0].StartAction != "powerOn" || list[0].StopDelay != 120 {
		t.Errorf("%+v", list)
	}
	task, err := app.Destroy(l.Ctx())
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "InvalidPowerState") {
		t.Errorf("a vApp with a running machine was removed: %v", err)
	}
	l.Run(vm.PowerOff(l.Ctx()))
	l.Run(app.Destroy(l.Ctx()))
	if _, err := l.Finder.VirtualMachine(l.Ctx(), "vm-1"); err == nil {
		t.Error("the machine outlived its vApp")
	}
}

func TestAMachineIsMadeInAVApp(t *testing.T) {
	l := labtest.Start(t, 200)
	c, _ := l.Pair()
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	app := vApp(l, pool, "app")
	vm := l.Run(app.CreateChildVM(l.Ctx(), types.VirtualMachineConfigSpec{
		Name: "child", GuestId: "ubuntu64Guest", Files: &types.VirtualMachineFileInfo{VmPathName: "[nfs-a]"},
	}, nil)).(types.ManagedObjectReference)
	if p := vAppOf(l, app); len(p.Vm) != 1 || p.Vm[0] != vm {
		t.Errorf("the vApp holds %v", p.Vm)
	}
}
