package vc_test

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/callrecord"
	"vsphere-ha/lab/vcenter/labtest"
)

// made are objects that only exist once a call has made them.
var made = map[string]mo.Reference{
	"ContainerView":         &simulator.ContainerView{},
	"ListView":              &simulator.ListView{},
	"PropertyFilter":        &simulator.PropertyFilter{},
	"EventHistoryCollector": &simulator.EventHistoryCollector{},
	"TaskHistoryCollector":  &simulator.TaskHistoryCollector{},
	"HttpNfcLease":          &simulator.HttpNfcLease{},
	"VirtualApp":            &simulator.VirtualApp{},
	"StoragePod":            &simulator.StoragePod{},
}

// The record says what clients call. Each of these calls must be somebody's: a call that is on record and not implemented, or
// an implementation that was taken away, fails here.
func TestEveryCallOnRecordIsImplemented(t *testing.T) {
	record, err := callrecord.Load(callrecord.Path())
	if err != nil {
		t.Fatal(err)
	}
	l := labtest.Start(t, 200)
	c, vm := l.Pair()
	_, err = methods.EvcManager(l.Ctx(), l.Client, &types.EvcManager{This: c.Reference()})
	l.Must(err)
	l.Run(vm.CreateSnapshot(l.Ctx(), "s", "", false, false))
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	l.Run(folders.NetworkFolder.CreateDVS(l.Ctx(), types.DVSCreateSpec{ConfigSpec: &types.VMwareDVSConfigSpec{
		DVSConfigSpec: types.DVSConfigSpec{Name: "dvs"},
	}}))
	if l.Sim.Implements(l.Sim.ObjectOf("VirtualMachine"), "ConjureVM_Task") {
		t.Error("a call that nobody carries out counts as implemented")
	}
	for client, calls := range record {
		for call := range calls {
			kind, method, soap := strings.Cut(call, ".")
			if !soap || strings.Contains(call, "/") || kind == "ManagedObject" {
				continue // the REST API, and Fetch, which is of every object
			}
			obj := l.Sim.ObjectOf(kind)
			if obj == nil {
				obj = made[kind]
			}
			if obj == nil {
				t.Errorf("%s of %s: the lab has no %s", call, client, kind)
			} else if !l.Sim.Implements(obj, method) {
				t.Errorf("%s of %s is not implemented", call, client)
			}
		}
	}
}
