package vc

import (
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// scsiControllerUnit is the unit number that a SCSI controller takes on its own bus (vSphere API reference,
// VirtualSCSIController.scsiCtlrUnitNumber). nova's resize reads it.
const scsiControllerUnit = 7

func numberControllers(vm *mo.VirtualMachine) {
	if vm.Config == nil {
		return
	}
	for _, d := range vm.Config.Hardware.Device {
		if c, ok := d.(types.BaseVirtualSCSIController); ok && c.GetVirtualSCSIController().ScsiCtlrUnitNumber == 0 {
			c.GetVirtualSCSIController().ScsiCtlrUnitNumber = scsiControllerUnit
		}
	}
}
