package vc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// settleNew gives a machine to be what vCenter chooses for it: identifiers, a folder for its files, and its devices.
func (s *Sim) settleNew(ctx *simulator.Context, f *simulator.Folder, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.Name == "" {
		return &types.InvalidVmConfig{Property: "configSpec.name"}
	}
	if spec.Uuid == "" {
		spec.Uuid = uuid.NewString()
	}
	if spec.InstanceUuid == "" {
		spec.InstanceUuid = uuid.NewString()
	}
	h := home{dc: datacenterOf(ctx, f.Self)}
	h.vmx.FromString(spec.Files.VmPathName)
	dir, ok := s.datastoreDir(ctx, h.dc, h.vmx.Datastore)
	if !ok {
		return &types.InvalidDatastorePath{InvalidDatastore: types.InvalidDatastore{Name: h.vmx.Datastore}, DatastorePath: spec.Files.VmPathName}
	}
	if path.Ext(h.vmx.Path) != ".vmx" {
		name, err := makeHome(dir, h.vmx.Path, spec.Name)
		if err != nil {
			return &types.CannotCreateFile{FileFault: types.FileFault{File: spec.Files.VmPathName}}
		}
		h.vmx.Path = path.Join(name, path.Base(name)+".vmx")
	}
	spec.Files.VmPathName = h.vmx.String()
	defaults := types.DefaultResourceConfigSpec()
	spec.CpuAllocation, spec.MemoryAllocation = merged(&defaults.CpuAllocation, spec.CpuAllocation), merged(&defaults.MemoryAllocation, spec.MemoryAllocation)
	spec.Flags, spec.Tools = merged(defaultFlags(), spec.Flags), merged(defaultTools(), spec.Tools)
	spec.BootOptions = merged(defaultBootOptions(), spec.BootOptions)
	var fault types.BaseMethodFault
	spec.DeviceChange, fault = s.planDevices(ctx, h, esx.VirtualDevice, spec.DeviceChange)
	// Changes of devices that every machine has are left out: the simulator makes those after the change.
	spec.DeviceChange = slices.DeleteFunc(spec.DeviceChange, func(c types.BaseVirtualDeviceConfigSpec) bool {
		return c.GetVirtualDeviceConfigSpec().Operation != types.VirtualDeviceConfigSpecOperationAdd
	})
	if fault != nil {
		_ = os.Remove(filepath.Join(dir, path.Dir(h.vmx.Path))) // if nothing is in it
	}
	return fault
}

// makeHome makes the folder for a new machine's files; one that is taken gets a number, as in vCenter.
func makeHome(dir, wanted, name string) (string, error) {
	if wanted == "" {
		wanted = name
	}
	for n := range 1000 {
		tried := wanted
		if n > 0 {
			tried = fmt.Sprintf("%s_%d", wanted, n)
		}
		err := os.Mkdir(filepath.Join(dir, tried), 0o700)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.MkdirAll(filepath.Join(dir, tried), 0o700)
		}
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return tried, err
		}
	}
	return "", fs.ErrExist
}

func defaultFlags() *types.VirtualMachineFlagInfo {
	return &types.VirtualMachineFlagInfo{
		EnableLogging: types.NewBool(true), DiskUuidEnabled: types.NewBool(false), VirtualMmuUsage: "automatic", VirtualExecUsage: "hvAuto",
	}
}

func defaultTools() *types.ToolsConfigInfo {
	return &types.ToolsConfigInfo{
		AfterPowerOn: types.NewBool(true), AfterResume: types.NewBool(true), BeforeGuestStandby: types.NewBool(true),
		BeforeGuestShutdown: types.NewBool(true), BeforeGuestReboot: types.NewBool(false), SyncTimeWithHost: types.NewBool(false),
		ToolsUpgradePolicy: "manual",
	}
}

func defaultBootOptions() *types.VirtualMachineBootOptions {
	return &types.VirtualMachineBootOptions{
		BootRetryEnabled: types.NewBool(false), BootRetryDelay: 10000, EfiSecureBootEnabled: types.NewBool(false),
	}
}
