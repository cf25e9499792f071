// Package device works out what a change of virtual devices makes of a virtual machine: keys, slots and labels as ESXi
// gives them. Pure: files and networks are the caller's.
package device

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// pciController is the key of the one PCI controller of every machine, which adapters and storage controllers sit on.
const pciController = 100

// kind is a family of devices that share their numbering.
type kind struct {
	rank  int32 // order in a machine's device list
	label string
	// firstKey and stride give a device its key: firstKey + stride × bus number + unit, or the next that is free.
	firstKey, stride int32
	first            int // the number that labels begin with
	// buses is how many of this controller a machine takes, slots how many devices one takes, reserved the slot that is
	// the controller's own (vSphere Virtual Machine Administration, "SCSI, SATA, and NVMe Storage Controller Conditions").
	buses, slots, reserved int32
}

// Keys are those seen on ESXi: the API reference leaves them to the server.
var (
	ide       = &kind{rank: 1, label: "IDE", firstKey: 200, first: 0, buses: 2, slots: 2, reserved: -1}
	scsi      = &kind{rank: 10, label: "SCSI controller", firstKey: 1000, first: 0, buses: 4, slots: 16, reserved: 7}
	pvscsi    = &kind{rank: 10, label: "SCSI controller", firstKey: 1000, first: 0, buses: 4, slots: 64, reserved: 7}
	sata      = &kind{rank: 11, label: "SATA controller", firstKey: 15000, first: 0, buses: 4, slots: 30, reserved: -1}
	nvme      = &kind{rank: 12, label: "NVME controller", firstKey: 31000, first: 0, buses: 4, slots: 64, reserved: -1}
	usb       = &kind{rank: 13, label: "USB controller", firstKey: 7000, first: 0, buses: 1, slots: 8, reserved: -1}
	xhci      = &kind{rank: 13, label: "USB xHCI controller", firstKey: 14000, first: 0, buses: 1, slots: 8, reserved: -1}
	builtIn   = &kind{rank: 2, label: "Controller", firstKey: 50000, slots: 256, reserved: -1}
	disk      = &kind{rank: 22, label: "Hard disk", firstKey: 2000, stride: 16, first: 1}
	sataDisk  = &kind{rank: 22, label: "Hard disk", firstKey: 16000, stride: 30, first: 1}
	nvmeDisk  = &kind{rank: 22, label: "Hard disk", firstKey: 32000, stride: 64, first: 1}
	ideDisk   = &kind{rank: 22, label: "Hard disk", firstKey: 3000, stride: 2, first: 1}
	cdrom     = &kind{rank: 21, label: "CD/DVD drive", firstKey: 3000, stride: 2, first: 1}
	sataCdrom = &kind{rank: 21, label: "CD/DVD drive", firstKey: 16000, stride: 30, first: 1}
	adapter   = &kind{rank: 23, label: "Network adapter", firstKey: 4000, first: 1}
	floppy    = &kind{rank: 24, label: "Floppy drive", firstKey: 8000, first: 1}
	serial    = &kind{rank: 25, label: "Serial port", firstKey: 9000, first: 1}
	parallel  = &kind{rank: 25, label: "Parallel port", firstKey: 10000, first: 1}
	sound     = &kind{rank: 25, label: "Sound card", firstKey: 5000, first: 0}
	tpm       = &kind{rank: 25, label: "Virtual TPM", firstKey: 11000, first: 0}
	videoCard = &kind{rank: 5, label: "Video card", firstKey: 500, first: 0}
	vmci      = &kind{rank: 6, label: "VMCI device", firstKey: 12000, first: 0}
	passedOn  = &kind{rank: 26, label: "PCI device", firstKey: 13000, first: 0}
	unlisted  = &kind{rank: 30, label: "Device", firstKey: 60000, first: 1}
)

// kindOf finds a device's family; parent is the kind of the controller that it is attached to, nil where it has none.
func kindOf(d types.BaseVirtualDevice, parent *kind) *kind {
	switch d.(type) {
	case *types.VirtualIDEController:
		return ide
	case *types.ParaVirtualSCSIController:
		return pvscsi
	case types.BaseVirtualSCSIController:
		return scsi
	case types.BaseVirtualSATAController:
		return sata
	case *types.VirtualNVMEController:
		return nvme
	case *types.VirtualUSBController:
		return usb
	case *types.VirtualUSBXHCIController:
		return xhci
	case types.BaseVirtualController, *types.VirtualKeyboard, *types.VirtualPointingDevice:
		return builtIn
	case types.BaseVirtualEthernetCard:
		return adapter
	case *types.VirtualMachineVideoCard:
		return videoCard
	case *types.VirtualMachineVMCIDevice:
		return vmci
	case *types.VirtualDisk:
		return onBus(parent, map[*kind]*kind{sata: sataDisk, nvme: nvmeDisk, ide: ideDisk}, disk)
	case *types.VirtualCdrom:
		return onBus(parent, map[*kind]*kind{sata: sataCdrom}, cdrom)
	case *types.VirtualFloppy:
		return floppy
	case *types.VirtualSerialPort:
		return serial
	case *types.VirtualParallelPort:
		return parallel
	case *types.VirtualTPM:
		return tpm
	case *types.VirtualPCIPassthrough:
		return passedOn
	case types.BaseVirtualSoundCard:
		return sound
	}
	return unlisted
}

func onBus(parent *kind, kinds map[*kind]*kind, otherwise *kind) *kind {
	if k, ok := kinds[parent]; ok {
		return k
	}
	return otherwise
}

// numbered tells whether two kinds are numbered together, as SCSI controllers of all types are.
func (k *kind) numbered(other *kind) bool { return k.rank == other.rank && k.label == other.label }

func (k *kind) title(n int) string {
	if k == vmci {
		return k.label
	}
	return fmt.Sprintf("%s %d", k.label, k.first+n)
}

// isSlotted tells whether a device takes a numbered place on its controller that no other may have.
func isSlotted(d types.BaseVirtualDevice) bool {
	switch d.(type) {
	case *types.VirtualDisk, *types.VirtualCdrom, types.BaseVirtualEthernetCard:
		return true
	}
	return false
}
